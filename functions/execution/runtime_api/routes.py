"""Which handler serves which request. Each API brings its own table and the server looks them through in order."""

from collections.abc import Callable

from functions.execution.runtime_api.exchange import Exchange

Handler = Callable[[Exchange], None]


class Routes:
    """Built from {"GET /2018-06-01/runtime/invocation/next": handler}; `*` stands for one part of a path."""

    __slots__ = ("_exact", "_patterns")

    def __init__(self, table: dict[str, Handler]) -> None:
        self._exact: dict[str, dict[str, Handler]] = {}
        self._patterns: list[tuple[list[str], dict[str, Handler]]] = []
        patterns: dict[str, dict[str, Handler]] = {}
        for route, handler in table.items():
            method, _, path = route.partition(" ")
            (patterns if "*" in path else self._exact).setdefault(path, {})[method] = handler
        self._patterns = [(path.split("/"), methods) for path, methods in patterns.items()]

    def find(self, path: str) -> tuple[dict[str, Handler], tuple[str, ...]] | None:
        """The handlers of a path by method, and what stands for its placeholders; None for a path of others."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact, ()
        parts = path.split("/", 16)
        for pattern, methods in self._patterns:
            if len(pattern) == len(parts) and all(
                want in ("*", part) for want, part in zip(pattern, parts, strict=True)
            ):
                return methods, tuple(part for want, part in zip(pattern, parts, strict=True) if want == "*")
        return None
