"""An interpreter that stands in for a runtime which is not installed: chosen by an administrator, never by itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions import runtime_catalogue, stand_ins
from functions.access.caller import Caller
from functions.actions import stand_in
from functions.arn import FunctionReference
from functions.cache import generation
from functions.errors import InvalidParameterValueException, ResourceNotFoundException
from functions.execution.runtimes import discovery
from functions.execution.runtimes.table import RUNTIMES
from functions.invoke import routing
from functions.models import AuditEntry, StandIn
from functions.runtime_catalogue import State
from tests.functions.world import ACCOUNT, PYTHON, REGION, request

MISSING = next(
    each.id
    for each in reversed(RUNTIMES.values())
    if each.family == "python" and not each.deprecated and each.id not in discovery.installed()
)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """What a commit does, which a test never reaches: nothing is remembered from another test, nor for one."""
    generation().bump()
    yield
    generation().bump()


def test_a_function_of_a_runtime_that_is_stood_in_for(aws: Any, alice: Caller) -> None:
    with pytest.raises(ClientError, match=f"The runtime {MISSING} is not"):
        aws.create_function(**request("one", Runtime=MISSING))
    stand_in.choose(alice, MISSING, PYTHON)
    generation().bump()
    aws.create_function(**request("one", Runtime=MISSING))
    spec = routing.resolve(FunctionReference(ACCOUNT, REGION, "one")).spec
    assert (spec.runtime, spec.stand_in, spec.interpreter) == (MISSING, PYTHON, PYTHON)
    shown = aws.get_function_configuration(FunctionName="one")["RuntimeVersionConfig"]
    aws.create_function(**request("two", Runtime=PYTHON))
    own = aws.get_function_configuration(FunctionName="two")["RuntimeVersionConfig"]
    assert "Error" not in shown
    assert shown["RuntimeVersionArn"] != own["RuntimeVersionArn"]
    stand_in.remove(alice, MISSING)
    generation().bump()
    shown = aws.get_function_configuration(FunctionName="one")["RuntimeVersionConfig"]
    assert shown["Error"]["ErrorCode"] == "InvalidRuntimeException"
    assert routing.resolve(FunctionReference(ACCOUNT, REGION, "one")).spec.interpreter == MISSING


def test_a_runtime_of_its_own_comes_first(aws: Any, alice: Caller) -> None:
    """As after the installation of what was missing: the choice stays, and does nothing."""
    StandIn.objects.create(account_id=ACCOUNT, runtime=PYTHON, interpreter="python3.1", chosen_by="alice")
    aws.create_function(**request("one", Runtime=PYTHON))
    assert routing.resolve(FunctionReference(ACCOUNT, REGION, "one")).spec.stand_in == ""
    assert stand_ins.serving(ACCOUNT, PYTHON) is None


@pytest.mark.parametrize(
    ("runtime", "interpreter", "message"),
    [
        (PYTHON, PYTHON, f"{PYTHON} is installed on this machine"),
        (MISSING, "python3.1", "python3.1 cannot stand in"),
        (MISSING, "nodejs20.x", "nodejs20.x cannot stand in"),
        (MISSING, "", "Nothing cannot stand in"),
        ("provided", PYTHON, "Nothing can stand in for provided"),
        ("cobol", PYTHON, "Nothing can stand in for cobol"),
    ],
)
def test_what_cannot_be_chosen(aws: Any, alice: Caller, runtime: str, interpreter: str, message: str) -> None:
    with pytest.raises(InvalidParameterValueException, match=message):
        stand_in.choose(alice, runtime, interpreter)
    assert not StandIn.objects.exists()


def test_the_choice_is_of_one_account_and_in_the_audit_log(aws: Any, alice: Caller) -> None:
    stand_in.choose(alice, MISSING, PYTHON)
    assert stand_ins.chosen("222222222222") == {}
    states = {
        row.runtime.id: row for row in runtime_catalogue.rows(ACCOUNT, [{"node": "n", "runtimes": {PYTHON: "3"}}])
    }
    assert set(states) == set(RUNTIMES)
    assert (states[MISSING].state, states[PYTHON].state) == (State.STAND_IN, State.INSTALLED)
    assert (states["python2.7"].state, states["custom"].state) == (State.DEPRECATED, State.KEPT)
    assert (states[PYTHON].nodes, states[MISSING].nodes, states["python2.7"].nodes) == (["n"], ["n"], [])
    stand_in.remove(alice, MISSING)
    with pytest.raises(ResourceNotFoundException):
        stand_in.remove(alice, MISSING)
    rows = AuditEntry.objects.order_by("id").values_list("action", "resource", "detail")
    resource = f"arn:aws:lambda:{REGION}:{ACCOUNT}:runtime:{MISSING}"
    assert [row for row in rows if "StandIn" in row[0]] == [
        ("ChooseStandIn", resource, {"interpreter": PYTHON}),
        ("RemoveStandIn", resource, {}),
    ]
