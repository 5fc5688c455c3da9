"""The Celery application. A worker node is a Celery worker whose bootstep owns the executor."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

app = Celery("hearth")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["functions"])

# Only a worker has steps: web and beat import this without effect. By name, so that one that cannot be imported stops
# the worker: a signal's handler would be passed over in silence.
app.steps["worker"].add("functions.worker:NodeStep")
