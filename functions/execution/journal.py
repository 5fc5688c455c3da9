"""What is written and told of one environment: the platform's events and the lines of the function and its extensions.

Only environments whose log has the format JSON, or that have extensions, have one. For the others events are lines of
text, and what a function prints is kept as it is.
Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
"""

import time
from typing import Any

import orjson

from functions.execution.events import Event, Level, LogsDropped, TelemetrySubscription
from functions.execution.lane import encode_head
from functions.execution.logs import LogBuffer, now_ms
from functions.execution.spec import FunctionSpec
from functions.execution.telemetry.subscription import Room, Subscription

# What runtimes and libraries call levels, beyond AWS's own names.
LEVELS = {level.name: level for level in Level} | {"WARNING": Level.WARN, "CRITICAL": Level.FATAL}
LEVEL_KEYS = ("level", "log_level")
EARLY_BYTES = 1024 * 1024  # of events that are kept for those who subscribe during init
APIS = frozenset(("telemetry", "logs"))
Told = tuple[frozenset[str], str, bytes]  # for which APIs, of which type, the event


class Journal:
    """Events before the end of init are kept for those who subscribe then (`open`)."""

    __slots__ = ("_application", "_early", "_early_size", "_json", "_logs", "_subscriptions", "_system", "open", "room")

    def __init__(self, spec: FunctionSpec, logs: LogBuffer) -> None:
        self._json = spec.log_format == "JSON"
        self._application = LEVELS[spec.application_log_level]
        self._system = LEVELS[spec.system_log_level]
        self._logs = logs
        self._early: list[Told] = []
        self._early_size = 0
        self._subscriptions: list[Subscription] = []
        self.room = Room()
        self.open = True
        logs.on_lines = self._lines

    # --- what happens ---

    def emit(self, event: Event) -> None:
        at_ms = now_ms()
        told = self._is_heard and not event.of.isdisjoint(APIS)
        data = b""
        if told or self._json:
            data = encode_head({"time": stamp(at_ms), "type": event.kind, "record": event.record()})
        if not self._json:
            if text := event.text():
                self._logs.add(text)
        elif "json" in event.of and event.level >= self._system:
            self._logs.add(data.decode() + "\n")
        if told:
            self._tell(event.of, "platform", data)

    def extension_lines(self, at_ms: int, texts: list[str]) -> None:
        self._logs.lines += [(at_ms, text) for text in texts]
        self._tell_lines(at_ms, "extension", texts, False)

    def _lines(self, at_ms: int, texts: list[str]) -> list[str]:
        """What is to be kept of lines of the function."""
        self._tell_lines(at_ms, "function", texts, self._json)
        if not self._json:
            return texts
        return [text for text in texts if text[0] != "{" or level_of(text) >= self._application]

    def _tell_lines(self, at_ms: int, kind: str, texts: list[str], is_json: bool) -> None:
        """There may be tens of thousands at once, and others wait for the loop."""
        takers = [each for each in self._subscriptions if kind in each.wanted.types]
        if not takers and not self.open:
            return
        start = b'{"time":"%b","type":"%b","record":' % (stamp(at_ms).encode(), kind.encode())
        for text in texts:
            data = start + (as_json(text) if is_json else orjson.dumps(text.rstrip("\n"))) + b"}"
            if self.open:
                self._remember((APIS, kind, data))
            for taker in takers:
                taker.take(data)

    # --- who is told ---

    def subscribe(self, subscription: Subscription, event: TelemetrySubscription) -> None:
        """From now on it is told, and of what was before. A second one of the same extension replaces the first."""
        for each in self._subscriptions[:]:
            if (each.name, each.wanted.api) == (subscription.name, subscription.wanted.api):
                each.close()
                self._subscriptions.remove(each)
        self._subscriptions.append(subscription)
        for told in self._early:
            give(subscription, told)
        self.emit(event)

    def end_init(self) -> None:
        self.open = False
        self._early.clear()

    def dropped(self, size: int, count: int, reason: str) -> None:
        self.emit(LogsDropped(size, count, reason))

    def flush(self) -> None:
        for subscription in self._subscriptions:
            subscription.flush()

    def close(self) -> None:
        for subscription in self._subscriptions:
            subscription.close()

    @property
    def _is_heard(self) -> bool:
        return self.open or bool(self._subscriptions)

    def _tell(self, apis: frozenset[str], kind: str, data: bytes) -> None:
        told = (apis, kind, data)
        if self.open:
            self._remember(told)
        for subscription in self._subscriptions:
            give(subscription, told)

    def _remember(self, told: Told) -> None:
        if self._early_size + len(told[2]) <= EARLY_BYTES:
            self._early.append(told)
            self._early_size += len(told[2])


def give(subscription: Subscription, told: Told) -> None:
    apis, kind, data = told
    if subscription.wanted.api in apis and kind in subscription.wanted.types:
        subscription.take(data)


def stamp(at_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_ms // 1000)) + f".{at_ms % 1000:03d}Z"


def parsed(text: str) -> Any:
    """A line that is a JSON object, as one."""
    if text.startswith("{"):
        try:
            return orjson.loads(text)
        except ValueError:
            pass
    return text.rstrip("\n")


def as_json(text: str) -> bytes:
    try:
        return orjson.dumps(parsed(text))
    except TypeError:  # what can be read can be too deep to be written
        return orjson.dumps(text.rstrip("\n"))


def level_of(text: str) -> Level:
    """Of a line that a function printed. What is no JSON object has none, and is always kept; AWS takes a JSON object
    without a level it knows for INFO."""
    values = parsed(text)
    if not isinstance(values, dict):
        return Level.FATAL
    for key in LEVEL_KEYS:
        if isinstance(name := values.get(key), str):
            return LEVELS.get(name.upper(), Level.INFO)
    return Level.INFO
