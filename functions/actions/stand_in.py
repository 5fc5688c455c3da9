"""Let one interpreter stand in for a runtime that is not installed: an administrator's explicit choice."""

from functions.access.caller import Caller
from functions.actions.base import change
from functions.actions.runtime import is_refused
from functions.errors import InvalidParameterValueException, ResourceNotFoundException
from functions.execution.runtimes import discovery
from functions.execution.runtimes.families import FAMILIES
from functions.execution.runtimes.interpreter import Interpreter
from functions.execution.runtimes.table import RUNTIMES
from functions.models import StandIn


def choose(caller: Caller, runtime: str, interpreter: str) -> StandIn:
    """`interpreter` is the id of one that this machine has: ruby3.1. Takes the place of an earlier choice."""
    if runtime not in RUNTIMES or RUNTIMES[runtime].family not in FAMILIES or is_refused(runtime):
        raise InvalidParameterValueException(f"Nothing can stand in for {runtime}.", field="runtime")
    discovery.look()
    if discovery.interpreter(runtime) is not None:
        raise InvalidParameterValueException(f"{runtime} is installed on this machine.", field="runtime")
    if interpreter not in {each.runtime for each in candidates(runtime)}:
        raise InvalidParameterValueException(
            f"{interpreter or 'Nothing'} cannot stand in for {runtime}: this machine has no such interpreter of the "
            "same language.",
            field="interpreter",
        )
    with change(caller, "ChooseStandIn", _arn(caller, runtime), interpreter=interpreter):
        return StandIn.objects.update_or_create(
            account_id=caller.account_id,
            runtime=runtime,
            defaults={"interpreter": interpreter, "chosen_by": caller.user_name},
        )[0]


def remove(caller: Caller, runtime: str) -> None:
    with change(caller, "RemoveStandIn", _arn(caller, runtime)):
        if not StandIn.objects.filter(account_id=caller.account_id, runtime=runtime).delete()[0]:
            raise ResourceNotFoundException(f"Nothing stands in for {runtime}.", field="runtime")


def candidates(runtime: str) -> list[Interpreter]:
    """Of the same language, one of each release."""
    found = {each.runtime: each for each in reversed(discovery.of_family(RUNTIMES[runtime].family))}
    return sorted(found.values(), key=lambda each: [int(part) for part in each.release.split(".")], reverse=True)


def _arn(caller: Caller, runtime: str) -> str:
    return f"arn:aws:lambda:{caller.region}:{caller.account_id}:runtime:{runtime}"
