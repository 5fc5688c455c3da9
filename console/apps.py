from importlib import import_module

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "console"
    verbose_name = "Console"

    def ready(self) -> None:
        # In each process, the web's too: a task that finds no app of its own looks for a broker of Celery's choice.
        import_module("console.celery")
        import_module("console.sessions").connect()
