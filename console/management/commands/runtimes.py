"""`manage.py runtimes`: what runs which runtime on this machine, and what stands in for what."""

from argparse import ArgumentParser
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from functions import runtime_catalogue
from functions.access.caller import Caller
from functions.actions import stand_in
from functions.errors import ServiceError
from functions.execution.spec import LaneError
from functions.invoke import nodes
from functions.models import Account
from functions.runtime_catalogue import Row, State


class Command(BaseCommand):
    help = "List every runtime of AWS's model: installed, stood in for, missing with a command to get it, deprecated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", default=settings.HEARTH_ACCOUNT_ID, help="whose stand-ins")
        parser.add_argument("--stand-in", metavar="RUNTIME=INTERPRETER", help="let one serve another: ruby3.3=ruby3.1")
        parser.add_argument("--remove", metavar="RUNTIME", help="let nothing stand in for it any more")

    def handle(self, *args: Any, **options: Any) -> None:
        account = options["account"]
        if not Account.objects.filter(pk=account).exists():
            raise CommandError(f"There is no account {account}.")
        caller = Caller(account, settings.HEARTH_REGION, None, "manage.py", "system")
        try:
            if options["stand_in"]:
                runtime, _, interpreter = options["stand_in"].partition("=")
                stand_in.choose(caller, runtime, interpreter)
            if options["remove"]:
                stand_in.remove(caller, options["remove"])
        except ServiceError as error:
            raise CommandError(error.message) from error
        try:
            statuses = list(nodes.status())
        except (redis.RedisError, LaneError, OSError):
            statuses = []  # nothing runs now: this machine alone is told of
        for row in runtime_catalogue.rows(account, statuses):
            self.stdout.write(f"{row.runtime.id:<18} {row.state.value:<11} {_text(row)}".rstrip())
        for each in runtime_catalogue.unnamed():
            self.stdout.write(f"{each.runtime:<18} {'no runtime':<11} {each.version}  {each.path}")


def _text(row: Row) -> str:
    on = f"  on {', '.join(row.nodes)}" if row.nodes else ""
    if row.runtime.family == "custom" and row.state is State.INSTALLED:
        return f"brought by the function{on}"
    if row.serving is not None:
        return f"{row.serving.version}  {row.serving.path}{on}"
    return row.command if row.state is State.MISSING else ""
