"""`manage.py ingest`: write the reports of the spool to the database until told to stop."""

import signal
from argparse import ArgumentParser
from pathlib import Path
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from monitoring.ingest.ingester import Ingester


class Command(BaseCommand):
    help = "Write the reports of invocations from the spool to the database. SIGTERM ends it cleanly."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--spool", type=Path, default=settings.HEARTH_SPOOL, help="the spool's directory")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        Ingester(options["spool"]).run(stop)
