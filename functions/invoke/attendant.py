"""A thread of each web process that keeps ready what calls need: then they find it in memory.

It reads the route of what any process has just deployed, reads again what was used and is out of date, knows the nodes,
and writes when keys were used. Only a help: a call that finds nothing reads for itself, and what is not in memory yet
is only slower.
"""

import json
import logging
import threading
import time

import redis
from django.db import DatabaseError, close_old_connections

from functions import cache
from functions.access import credentials, resource_policies
from functions.arn import FunctionReference
from functions.errors import ServiceError
from functions.invoke import routing
from functions.invoke.lanes import lanes
from functions.invoke.nodes import broker

CHANNEL = "hearth:deployed"
ROUND_SECONDS = 0.1
PAUSE_SECONDS = 1.0  # after the broker went away
log = logging.getLogger(__name__)


def announce(reference: FunctionReference) -> None:
    """To be called after the commit of a deployment: every web process reads what its first call needs."""
    try:
        broker().publish(CHANNEL, json.dumps([reference.account_id, reference.region, reference.name]))
    except redis.RedisError as error:
        log.debug("a deployment was not announced: %s", error)


def start() -> None:
    threading.Thread(target=_run, name="attendant", daemon=True).start()


def _run() -> None:
    while True:
        try:
            _attend()
        except (redis.RedisError, DatabaseError) as error:
            log.warning("the attendant starts again: %s", error)
            time.sleep(PAUSE_SECONDS)


def _attend() -> None:
    with broker().pubsub(ignore_subscribe_messages=True) as deployed:  # type: ignore[no-untyped-call]
        deployed.subscribe(CHANNEL)
        while True:
            message = deployed.get_message(timeout=ROUND_SECONDS)
            close_old_connections()
            if message is not None:
                prepare(FunctionReference(*json.loads(message["data"])))
            cache.renew()
            lanes().refresh()
            credentials.write_uses()


def prepare(reference: FunctionReference) -> None:
    """Read what the first call of a function needs."""
    try:
        routing.resolve(reference)
        resource_policies.of(reference)
    except ServiceError as error:  # deleted since
        log.debug("%s is not ready: %s", reference.name, error)
