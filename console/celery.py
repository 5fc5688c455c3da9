"""The Celery application. A worker node is a Celery worker whose bootstep owns the executor."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

app = Celery("hearth")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["functions"])


@app.on_after_configure.connect
def make_node(sender: Celery, **_: object) -> None:
    """Only a worker has steps: the web and beat processes import this without effect."""
    from functions.worker import NodeStep

    assert sender.steps is not None
    sender.steps["worker"].add(NodeStep)
