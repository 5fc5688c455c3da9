"""The paths of a REST service's operations, compiled once from the model."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from botocore.model import OperationModel

from console.gateway.wire.catalogue import Service

LABEL = re.compile(r"\{([^}+]+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Route:
    operation: str
    strict: re.Pattern[str]
    # The server decodes %2F before we see the path: a label may hold slashes, if nothing else fits.
    loose: re.Pattern[str]
    labels: tuple[str, ...]
    constants: tuple[tuple[str, str], ...]  # of the query string
    weight: tuple[int, int, int]  # more constants, more literal segments, fewer labels first


@cache
def routes(service: Service) -> dict[str, tuple[Route, ...]]:
    """By HTTP method, the most particular first."""
    by_method: dict[str, list[Route]] = {}
    for name in service.model.operation_names:
        http = service.model.operation_model(name).http
        by_method.setdefault(http["method"], []).append(_compile(name, http["requestUri"]))
    return {method: tuple(sorted(found, key=lambda route: route.weight)) for method, found in by_method.items()}


def _compile(name: str, uri: str) -> Route:
    path, _, query = uri.partition("?")
    constants = tuple((part.partition("=")[0], part.partition("=")[2]) for part in query.split("&") if part)
    segments = len(path.strip("/").split("/"))
    labels = tuple(label[1] for label in LABEL.finditer(path))
    return Route(
        name,
        re.compile(_pattern(path, "[^/]+")),
        re.compile(_pattern(path, ".+")),
        labels,
        constants,
        (-len(constants), len(labels) - segments, len(labels)),
    )


def _pattern(path: str, label: str) -> str:
    pattern, end = "", 0
    for found in LABEL.finditer(path):
        pattern += re.escape(path[end : found.start()]) + f"({'.+' if found[2] else label})"
        end = found.end()
    return pattern + re.escape(path[end:].rstrip("/")) + "/?"


def find(
    service: Service, method: str, path: str, query: dict[str, list[str]]
) -> tuple[OperationModel, dict[str, str]] | None:
    """The operation and the labels of its path. A HEAD is a GET without its body."""
    candidates = routes(service).get("GET" if method == "HEAD" else method, ())
    for loosely in (False, True):
        for route in candidates:
            found = (route.loose if loosely else route.strict).fullmatch(path)
            if found is not None and all(_has(query, *constant) for constant in route.constants):
                labels = dict(zip(route.labels, found.groups(), strict=True))
                return service.model.operation_model(route.operation), labels
    return None


def _has(query: dict[str, list[str]], key: str, value: str) -> bool:
    return key in query and (not value or query[key][0] == value)


def spellings(service: Service, method: str, path: str, safe: str) -> Iterator[str]:
    """The path with the slashes in its labels percent-encoded again, for each operation that it may name."""
    for route in routes(service).get("GET" if method == "HEAD" else method, ()):
        found = None if route.strict.fullmatch(path) else route.loose.fullmatch(path)
        if found is not None:
            written, end = "", 0
            for start, stop in found.regs[1:]:
                written += path[end:start] + quote(path[start:stop], safe=safe)
                end = stop
            yield written + path[end:]
