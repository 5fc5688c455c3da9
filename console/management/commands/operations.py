"""`manage.py operations`: which operations of AWS Lambda this installation serves."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from console.gateway import coverage
from console.gateway.coverage import Status


class Command(BaseCommand):
    help = "List every operation of the Lambda API: served, served in part, or not."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--status", choices=[status.value for status in Status], help="only these")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = coverage.of_lambda()
        for row in rows:
            if options["status"] in (None, row.status.value):
                self.stdout.write(f"{row.status.value:<7} {row.name:<44} {row.text}".rstrip())
        counts = ", ".join(f"{sum(row.status is each for row in rows)} {each.value}" for each in Status)
        self.stdout.write(f"{len(rows)} operations: {counts}")
