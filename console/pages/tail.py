"""Live tail: the lines of a function's log group as server-sent events, while the page is open.

An open tail holds a thread of the web server. So their number is limited, for each process and for each user, and a
tail whose reader is gone ends with the next heartbeat.
"""

import json
import logging
import threading
import time
import uuid
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from console.pages import access, function_head, logfilter, loglines
from functions.cache import GenerationCache, Realm
from functions.invoke.nodes import broker
from functions.models import Membership
from monitoring.live import Batch, Ended, Listener, LiveLine, channel
from monitoring.queries.patterns import InvalidPattern, Matches

# Short, for the write of a heartbeat is what finds out that the reader is gone.
HEARTBEAT_SECONDS = 3.0
LEASE_SECONDS = 30
# Threads of one web process that tails may hold, and tails of one user in all processes.
PER_PROCESS = max(1, settings.HEARTH_WEB_THREADS // 4)
PER_USER = 4
# Beyond this many lines in one second a browser shows nobody anything: they are counted, not sent.
LINES_PER_SECOND = 300
USER_KEY = "hearth:tails:"

log = logging.getLogger(__name__)


class Refused(Exception):
    """No tail for now. The text is for the reader."""


class Places:
    """The places for tails in this process."""

    def __init__(self, number: int) -> None:
        self._free = threading.BoundedSemaphore(number)
        self.number = number

    def take(self) -> None:
        if not self._free.acquire(blocking=False):
            raise Refused(
                f"{self.number} live tails are open on this web process: that is all it has threads for. "
                "Close one, or try again in a moment."
            )

    def give_back(self) -> None:
        self._free.release()


places = Places(PER_PROCESS)


class Seat:
    """A user's place among his tails: kept in the broker by a lease, so that a process that dies leaves none behind."""

    def __init__(self, user_id: int) -> None:
        self._key = f"{USER_KEY}{user_id}"
        self._name = uuid.uuid4().hex

    def take(self) -> None:
        broker().zremrangebyscore(self._key, "-inf", time.time())
        self.renew()
        if broker().zcard(self._key) > PER_USER:
            self.give_back()
            raise Refused(f"You have {PER_USER} live tails open. Close one of them first.")

    def renew(self) -> None:
        broker().zadd(self._key, {self._name: time.time() + LEASE_SECONDS})
        broker().expire(self._key, LEASE_SECONDS)

    def give_back(self) -> None:
        broker().zrem(self._key, self._name)


@dataclass(frozen=True)
class Reader:
    """Who reads a tail. It may be open for hours: whether he still may is asked before anything is sent."""

    session_key: str
    user_id: int
    account_id: str

    def may_read(self) -> bool:
        """From memory, until a change of access anywhere, or for some seconds."""
        return _may_read.get(self, self._ask)

    def _ask(self) -> bool:
        is_signed_in = Session.objects.filter(session_key=self.session_key, expire_date__gt=timezone.now()).exists()
        members = Membership.objects.filter(user_id=self.user_id, account_id=self.account_id, is_active=True)
        answer = is_signed_in and members.exists()
        rest()
        return answer


_may_read: GenerationCache[bool] = GenerationCache(realm=Realm.ACCESS)


def rest() -> None:
    """Give the connection back: an open tail needs none."""
    if not connection.in_atomic_block:
        connection.close()


@dataclass
class Sieve:
    """Keeps lines that match, as many each second as a page can show. `dropped` counts what a reader misses."""

    matches: Matches | None
    dropped: int = 0
    _second: int = 0
    _sent: int = 0

    def pass_(self, batch: Batch) -> list[LiveLine]:
        self.dropped += batch.dropped
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._sent = second, 0
        wanted = [line for line in batch.lines if self.matches is None or self.matches(line.message)]
        kept = wanted[: max(0, LINES_PER_SECOND - self._sent)]
        self._sent += len(kept)
        self.dropped += len(wanted) - len(kept)
        return kept


@access.page
@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    """The page."""
    head = function_head.load(request, name, "logs")
    text, level = request.GET.get("q", "").strip(), logfilter.known_level(request.GET.get("level", "all"))
    problem = ""
    try:
        logfilter.matches(text, level)
    except InvalidPattern as error:
        problem = f"The filter is not understood: {error}."
    context = {
        "head": head,
        "section": "functions",
        "text": text,
        "level": level,
        "levels": logfilter.LEVELS,
        "problem": problem,
        "group": head.version.log_group,
    }
    return render(request, "function/tail.html", context)


@access.page
@require_safe
def stream(request: HttpRequest, name: str) -> HttpResponseBase:
    """Events: `open`, `lines` ({lines, dropped}), `refused` ({message}, the end), and comments that keep it alive."""
    head = function_head.load(request, name, "logs")
    level = logfilter.known_level(request.GET.get("level", "all"))
    try:
        sieve = Sieve(logfilter.matches(request.GET.get("q", "").strip(), level))
    except InvalidPattern as error:
        return _events(iter([_event("refused", {"message": f"The filter is not understood: {error}."})]))
    wanted = channel(head.function.account_id, head.function.region, head.version.log_group)
    user_id = int(request.user.pk or 0)
    reader = Reader(str(request.session.session_key), user_id, head.function.account_id)
    rest()
    return _events(tail(wanted, Seat(user_id), sieve, reader))


def tail(wanted: str, seat: Seat, sieve: Sieve, reader: Reader) -> Generator[bytes, None, None]:
    """The events of one tail, until its reader is gone. Begins nothing before it is asked for the first one."""
    listener = None
    try:
        places.take()
    except Refused as refusal:
        yield _event("refused", {"message": str(refusal)})
        return
    try:
        seat.take()
        listener = Listener(wanted)
        yield b"retry: 2000\n" + _event("open", {})
        yield from _follow(listener, seat, sieve, reader)
    except Refused as refusal:
        yield _event("refused", {"message": str(refusal)})
    except Ended:
        yield b"retry: 5000\n\n"
    except redis.RedisError as error:
        log.warning("a live tail ended: %s", error)
        yield _event("broken", {"message": "The broker is away: lines are kept, but cannot be shown as they come."})
    finally:
        if listener is not None:
            listener.close()
        try:
            seat.give_back()
        except redis.RedisError as error:
            log.warning("the lease of a live tail runs out by itself: %s", error)
        places.give_back()


def _follow(listener: Listener, seat: Seat, sieve: Sieve, reader: Reader) -> Iterator[bytes]:
    beat = time.monotonic()
    told = 0
    while True:
        batch = listener.wait(max(0.01, beat + HEARTBEAT_SECONDS - time.monotonic()))
        if not reader.may_read():
            raise Refused("You are signed out, or no longer a member of this account.")
        if batch is not None:
            lines = sieve.pass_(batch)
            if lines or sieve.dropped != told:
                told = sieve.dropped
                yield _event("lines", {"lines": [_shown(line) for line in lines], "dropped": told})
        if time.monotonic() >= beat + HEARTBEAT_SECONDS:
            beat = time.monotonic()
            seat.renew()
            yield b": here\n\n"


def _shown(line: LiveLine) -> dict[str, Any]:
    parsed = loglines.parse(line.message, line.ms)
    return {
        "ms": line.ms,
        "level": parsed.level,
        "kind": parsed.kind,
        "message": parsed.message,
        "fields": parsed.fields,
        "request": line.request_id,
    }


def _event(kind: str, data: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def _events(content: Iterator[bytes]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(content, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # a proxy in front must not wait for more
    return response
