"""The Extensions API as AWS serves it: paths, headers, errors.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html#runtimes-extensions-api-reg-a
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from functions.execution.extensions.extension import Extension, NotAllowed, State
from functions.execution.extensions.registry import Extensions
from functions.execution.runtime_api.exchange import Exchange, Trailers
from functions.execution.runtime_api.routes import Handler
from functions.execution.spec import FunctionSpec

PREFIX = "/2020-01-01/extension"
IDENTIFIER, ERROR_TYPE = "lambda-extension-identifier", "lambda-extension-function-error-type"
MAX_BODY = 65_536
MAX_NAME = 128
ACCEPTED = b'{"status":"OK"}\n'
INVALID_STATE = "Extension.InvalidExtensionState"


@dataclass(slots=True)
class ExtensionsApi:
    """The handlers of one environment. `spec` and `extensions` are asked for when a request comes: before the
    environment belongs to a function there are none, and every request is refused."""

    spec: Callable[[], FunctionSpec | None]
    extensions: Callable[[], Extensions]

    def routes(self) -> dict[str, Handler]:
        return {
            f"POST {PREFIX}/register": self._register,
            f"GET {PREFIX}/event/next": self._next,
            f"POST {PREFIX}/init/error": lambda exchange: self._error(exchange, State.INIT_ERROR),
            f"POST {PREFIX}/exit/error": lambda exchange: self._error(exchange, State.EXIT_ERROR),
        }

    def identified(self, exchange: Exchange) -> Extension | None:
        """Who asks; None when it was refused."""
        given = exchange.header(IDENTIFIER)
        if not given:
            exchange.refuse(403, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
            return None
        try:
            identifier = str(UUID(given))
        except ValueError:
            exchange.refuse(403, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
            return None
        extension = self.extensions().find(identifier) if self.spec() is not None else None
        if extension is None:
            exchange.refuse(403, "Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}")
        return extension

    def _register(self, exchange: Exchange) -> None:
        name = exchange.header("lambda-extension-name")
        if not name or len(name) > MAX_NAME:
            exchange.refuse(403, "Extension.InvalidExtensionName", "Empty extension name" if not name else "Too long")
            return
        exchange.collect(MAX_BODY, lambda body, _: self._registered(exchange, name, body))

    def _registered(self, exchange: Exchange, name: str, body: bytes | None) -> None:
        spec = self.spec()
        if spec is None:
            exchange.refuse(403, "Extension.RegistrationClosed", "Extension registration is not open")
            return
        try:
            wanted = parse(body)
        except ValueError as error:
            exchange.refuse(403, "InvalidRequestFormat", str(error))
            return
        try:
            extension = self.extensions().register(name, wanted)
        except NotAllowed as error:
            exchange.refuse(403, INVALID_STATE, str(error))
            return
        if not isinstance(extension, Extension):
            exchange.refuse(403, *extension)
            return
        told = {"functionName": spec.function_name, "functionVersion": spec.version, "handler": spec.handler}
        if "accountId" in map(str.strip, exchange.header("lambda-extension-accept-feature").split(",")):
            told["accountId"] = spec.account_id
        exchange.answer(200, json.dumps(told).encode(), (("Lambda-Extension-Identifier", extension.identifier),))

    def _next(self, exchange: Exchange) -> None:
        extension = self.identified(exchange)
        if extension is not None:
            try:
                self.extensions().wait(extension, exchange)
            except NotAllowed as error:
                exchange.refuse(403, INVALID_STATE, str(error))

    def _error(self, exchange: Exchange, state: State) -> None:
        extension = self.identified(exchange)
        if extension is None:
            return
        error_type = exchange.header(ERROR_TYPE)[:256]
        if not error_type:
            exchange.refuse(403, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found")
            return

        def told(_body: bytes | None, _trailers: Trailers) -> None:
            try:
                self.extensions().fail(extension, state, error_type)
            except NotAllowed as error:
                exchange.refuse(403, INVALID_STATE, str(error))
            else:
                exchange.answer(202, ACCEPTED)

        exchange.collect(MAX_BODY, told)


def parse(body: bytes | None) -> list[str]:
    """The events that a registration asks for. ValueError."""
    if body is None:
        raise ValueError("the request is too large")
    try:
        given = json.loads(body)
    except RecursionError:
        raise ValueError("the request is nested too deep") from None
    if not isinstance(given, dict):
        raise ValueError("the request is no JSON object")
    if given.get("configurationKeys"):
        raise ValueError("configurationKeys are deprecated; use environment variables instead")
    wanted = given.get("events") or []
    if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted) or len(wanted) > 16:
        raise ValueError("events is no list of names")
    return wanted
