"""`manage.py ingest`: write the reports of the spool to the database until told to stop."""

import os
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from monitoring.ingest.ingester import Ingester
from monitoring.ingest.stop import Stop


class Command(BaseCommand):
    help = "Write the reports of invocations from the spool to the database. SIGTERM ends it cleanly."
    requires_system_checks: list[str] = []  # they load the console's URLs: seconds for nothing

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--spool", type=Path, default=settings.HEARTH_SPOOL, help="the spool's directory")

    def handle(self, *args: Any, **options: Any) -> None:
        os.nice(10)  # a report may wait a moment, an invocation must not
        Ingester(options["spool"]).run(Stop().on_signal(signal.SIGTERM, signal.SIGINT))
