"""The Telemetry API and the Logs API as AWS serves them: one route each, to subscribe.

Source: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html
and https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
"""

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from functions.execution import events
from functions.execution.extensions.extension import Extension
from functions.execution.journal import Journal
from functions.execution.loop import Loop
from functions.execution.runtime_api.exchange import Exchange
from functions.execution.runtime_api.routes import Handler
from functions.execution.runtime_api.server import ADDRESS
from functions.execution.telemetry.delivery import HttpDelivery, TcpDelivery
from functions.execution.telemetry.subscription import Delivery, Subscription, Wanted

TELEMETRY, LOGS = "/2022-07-01/telemetry", "/2020-08-15/logs"
SCHEMAS = {"telemetry": ("2022-07-01", "2022-12-13", "2025-01-29"), "logs": ("2020-08-15", "2021-03-18")}
TYPES = ("platform", "function", "extension")
HOSTS = ("sandbox.localdomain", "sandbox")
# The member of `buffering`: least, default, most.
BUFFERING = {
    "maxItems": (1000, 10_000, 10_000),
    "maxBytes": (262_144, 262_144, 1_048_576),
    "timeoutMs": (25, 1000, 30_000),
}
MAX_BODY = 65_536


class Invalid(Exception):
    pass


@dataclass(slots=True)
class TelemetryApi:
    """The handlers of one environment. `identified` answers those who are unknown; `journal` is None when subscriptions
    are closed."""

    loop: Loop
    identified: Callable[[Exchange], Extension | None]
    journal: Callable[[], Journal | None]
    connect: Callable[[], socket.socket]
    frozen: Callable[[], bool]

    def routes(self) -> dict[str, Handler]:
        return {
            **dict.fromkeys(
                (f"PUT {TELEMETRY}", f"PUT {TELEMETRY}/"), lambda exchange: self._asked(exchange, "telemetry")
            ),
            **dict.fromkeys((f"PUT {LOGS}", f"PUT {LOGS}/"), lambda exchange: self._asked(exchange, "logs")),
        }

    def _asked(self, exchange: Exchange, api: str) -> None:
        extension = self.identified(exchange)
        if extension is not None:
            exchange.collect(MAX_BODY, lambda body, _: self._subscribe(exchange, extension, api, body))

    def _subscribe(self, exchange: Exchange, extension: Extension, api: str, body: bytes | None) -> None:
        journal = self.journal()
        if journal is None:
            name = api.capitalize()
            exchange.refuse(403, f"{name}.SubscriptionClosed", f"{name} API subscription is closed")
            return
        try:
            request = parse(body)
            wanted = self._wanted(api, request)
            delivery = self._delivery(api, request)
        except Invalid as error:
            exchange.refuse(400, "ValidationError", str(error))
            return
        subscription = Subscription(
            self.loop, extension.name, wanted, delivery, journal.dropped, journal.room, self.frozen
        )
        exchange.answer(200, b'"OK"')
        kind = events.TelemetrySubscription if api == "telemetry" else events.LogsSubscription
        journal.subscribe(subscription, kind(extension.name, list(wanted.types)))

    def _wanted(self, api: str, request: dict[str, Any]) -> Wanted:
        schema = request.get("schemaVersion", SCHEMAS["logs"][0] if api == "logs" else None)
        if schema not in SCHEMAS[api]:
            raise Invalid(f"schemaVersion must be one of {', '.join(SCHEMAS[api])}")
        types = request.get("types")
        if not isinstance(types, list) or not types or any(each not in TYPES for each in types):
            raise Invalid(f"types must be a list of {', '.join(TYPES)}")
        given = request.get("buffering") or {}
        if not isinstance(given, dict):
            raise Invalid("buffering must be an object")
        values = []
        for name, (least, default, most) in BUFFERING.items():
            value = given.get(name, default)
            if type(value) is not int or not least <= value <= most:
                raise Invalid(f"buffering.{name} must be a number from {least} to {most}")
            values.append(value)
        return Wanted(api, tuple(dict.fromkeys(types)), values[0], values[1], values[2] / 1000)

    def _delivery(self, api: str, request: dict[str, Any]) -> Delivery:
        destination = request.get("destination")
        if not isinstance(destination, dict):
            raise Invalid("destination must be an object")
        match destination.get("protocol"):
            case "TCP":
                return TcpDelivery(self.loop, self.connect, port_of(destination.get("port")))
            case "HTTP":
                method = destination.get("method", "POST") if api == "logs" else "POST"
                if method not in ("POST", "PUT"):
                    raise Invalid("destination.method must be POST or PUT")
                if destination.get("encoding", "JSON") != "JSON":
                    raise Invalid("destination.encoding must be JSON")
                return HttpDelivery(self.loop, self.connect, *place_of(destination.get("URI")), method)
        raise Invalid("destination.protocol must be HTTP or TCP")


def parse(body: bytes | None) -> dict[str, Any]:
    try:
        request = json.loads(body) if body is not None else None
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        raise Invalid("the request is no JSON object, or too large")
    return request


def port_of(value: object) -> int:
    if type(value) is not int or not 1 <= value <= 65_535 or value == ADDRESS[1]:
        raise Invalid("the port of the destination is not valid")
    return value


def place_of(uri: object) -> tuple[int, str]:
    """Port and path of a subscriber."""
    if not isinstance(uri, str) or not uri.isascii() or not uri.isprintable() or " " in uri or len(uri) > 2048:
        raise Invalid("destination.URI is not valid")
    try:
        parts = urlsplit(uri)
        port = parts.port or 80
    except ValueError:
        raise Invalid("destination.URI is not valid") from None
    if parts.scheme != "http" or parts.hostname not in HOSTS:
        raise Invalid("destination.URI host must be sandbox.localdomain")
    return port_of(port), (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
