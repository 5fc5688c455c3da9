"""`manage.py ingest`: write the reports of the spool to the database until told to stop."""

import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from monitoring.ingest.ingester import Ingester
from monitoring.ingest.priority import give_way
from monitoring.ingest.stop import Stop


class Command(BaseCommand):
    help = "Write the reports of invocations from the spool to the database. SIGTERM ends it cleanly."
    requires_system_checks: list[str] = []  # they load the console's URLs: seconds for nothing

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--spool", type=Path, default=settings.HEARTH_SPOOL, help="the spool's directory")

    def handle(self, *args: Any, **options: Any) -> None:
        give_way()
        Ingester(options["spool"]).run(Stop().on_signal(signal.SIGTERM, signal.SIGINT))
