"""Every runtime of AWS's model with what this machine and the other nodes have for it. For the page and the command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from functions import stand_ins
from functions.actions import stand_in
from functions.actions.runtime import is_refused
from functions.execution.runtimes import discovery
from functions.execution.runtimes.families import FAMILIES
from functions.execution.runtimes.interpreter import Interpreter
from functions.execution.runtimes.table import RUNTIMES, Runtime


class State(Enum):
    INSTALLED = "installed"
    STAND_IN = "stand-in"
    MISSING = "missing"
    DEPRECATED = "deprecated"  # nobody can create a function of it, here or on AWS
    KEPT = "kept"  # functions of it can be kept, not run


@dataclass(frozen=True, slots=True)
class Row:
    """`serving` runs its functions on this machine; `chosen` was chosen to stand in, also where it does not now."""

    runtime: Runtime
    state: State
    serving: Interpreter | None = None
    chosen: str = ""
    command: str = ""  # puts an interpreter where it is looked for
    candidates: list[Interpreter] = field(default_factory=list)  # that could stand in
    nodes: list[str] = field(default_factory=list)  # ids of those that have what serves it


def rows(account_id: str, nodes: Sequence[Mapping[str, Any]]) -> list[Row]:
    """In the order of the table. `nodes` are statuses, as `functions.invoke.nodes.status` gives them."""
    installed, chosen = discovery.installed(), stand_ins.chosen(account_id)
    found = []
    for runtime in RUNTIMES.values():
        own = installed.get(runtime.id)
        other = chosen.get(runtime.id, "")
        serving = own or stand_ins.serving(account_id, runtime.id)
        family = FAMILIES.get(runtime.family)
        state = _state(runtime, own, serving)
        name = serving.runtime if serving and state is State.STAND_IN else runtime.id
        has_it = [str(node["node"]) for node in nodes if name in node.get("runtimes", {})]
        command = family.command.format(version=runtime.version) if family and state is not State.INSTALLED else ""
        others = stand_in.candidates(runtime.id) if family and own is None else []
        found.append(Row(runtime, state, serving, other, command, others, has_it))
    return found


def _state(runtime: Runtime, own: Interpreter | None, serving: Interpreter | None) -> State:
    if own is not None:
        return State.INSTALLED
    if serving is not None:
        return State.STAND_IN
    if is_refused(runtime.id):
        return State.DEPRECATED
    return State.MISSING if runtime.family in FAMILIES else State.KEPT


def unnamed() -> list[Interpreter]:
    """What was found on this machine and AWS has no runtime for: the candidates for stand-ins."""
    named = {(runtime.family, runtime.version) for runtime in RUNTIMES.values()}
    return [each for each in discovery.found() if (each.family, each.release) not in named]
