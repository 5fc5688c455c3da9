"""Which interpreters stand in for runtimes that are not installed, read from memory."""

from functions.cache import GenerationCache
from functions.execution.runtimes import discovery
from functions.execution.runtimes.interpreter import Interpreter
from functions.models import StandIn

_chosen: GenerationCache[dict[str, str]] = GenerationCache()


def chosen(account_id: str) -> dict[str, str]:
    """Runtime -> the id of what was chosen to serve it, whether it does now or not."""
    rows = StandIn.objects.filter(account_id=account_id)
    return _chosen.get(account_id, lambda: dict(rows.values_list("runtime", "interpreter")))


def in_force(runtime: str, interpreter: str | None) -> str:
    """`interpreter` was chosen: itself, or empty while the runtime has its own."""
    return interpreter if interpreter and discovery.interpreter(runtime) is None else ""


def serving(account_id: str, runtime: str) -> Interpreter | None:
    """What stands in on this machine now."""
    if discovery.interpreter(runtime) is not None:
        return None
    interpreter = chosen(account_id).get(runtime)
    return discovery.interpreter(interpreter) if interpreter else None


def all_serving(account_id: str) -> dict[str, Interpreter]:
    """By runtime."""
    found = {runtime: serving(account_id, runtime) for runtime in chosen(account_id)}
    return {runtime: interpreter for runtime, interpreter in found.items() if interpreter is not None}
