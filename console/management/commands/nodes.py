"""`manage.py nodes`: the worker nodes, and taking one out of service."""

from argparse import ArgumentParser
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from functions.access.caller import Caller
from functions.actions import node as actions
from functions.errors import ServiceError
from functions.invoke import nodes


class Command(BaseCommand):
    help = "List the worker nodes. With --drain one takes nothing new, with --undrain it is in service again."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--drain", metavar="NODE", help="let it run nothing new and finish what runs")
        which.add_argument("--undrain", metavar="NODE", help="put it into service again")

    def handle(self, *args: Any, **options: Any) -> None:
        caller = Caller(settings.HEARTH_ACCOUNT_ID, settings.HEARTH_REGION, None, "manage.py", "system")
        try:
            if options["drain"]:
                actions.drain(caller, options["drain"])
            elif options["undrain"]:
                actions.undrain(caller, options["undrain"])
            found = nodes.live()
        except ServiceError as error:
            raise CommandError(error.message or error.code) from None
        except redis.RedisError as error:
            raise CommandError(f"The broker, which knows the nodes, is away: {error}") from None
        told = options["drain"], options["undrain"]
        for node in found:
            # What a node was just told is in its next announcement.
            draining = node.id == told[0] or (node.draining and node.id != told[1])
            facts = node.facts
            state = "draining" if draining else "serving"
            text = f"{node.id:<32} {state:<9} running {facts.get('running', 0)} on {facts.get('cores', '?')} cores"
            self.stdout.write(" ".join(filter(None, [text, node.capacity_provider])))
        self.stdout.write(f"{len(found)} worker node{'' if len(found) == 1 else 's'}")
