"""Functions that call themselves: the lineage in the trace header."""

import dataclasses

import pytest

from functions.access.caller import Caller
from functions.arn import parse
from functions.errors import RecursiveInvocationException
from functions.invoke import events, recursion, routing
from functions.invoke.trace import trace_id
from functions.models import AsyncEvent
from tests.functions.world import arn, create
from tests.invoke.test_destinations import accepted, configure, end


@pytest.fixture
def thumbs(alice: Caller) -> Caller:
    create(alice, "thumbs")
    create(alice, "after")
    return alice


def route(caller: Caller, name: str = "thumbs") -> routing.Route:
    return routing.resolve(parse(name, None, caller))


def test_a_function_turns_sixteen_times(thumbs: Caller) -> None:
    trace = trace_id()
    own = recursion.identity(thumbs.account_id, thumbs.region, "thumbs")
    for turn in range(1, 17):
        trace = recursion.advance(trace, route(thumbs))
        assert trace.endswith(f";Sampled=0;Lineage={own}:{turn}")
    with pytest.raises(RecursiveInvocationException):
        recursion.advance(trace, route(thumbs))
    recursion.advance(trace, route(thumbs, "after"))  # another function may go on
    allowing = dataclasses.replace(route(thumbs), may_recurse=True)
    assert recursion.advance(trace, allowing).endswith(":17")


def test_functions_in_a_circle_are_counted_each(thumbs: Caller) -> None:
    trace = trace_id()
    for _ in range(16):
        trace = recursion.advance(trace, route(thumbs)).replace("|", "%7C")  # as botocore sends it on
        trace = recursion.advance(trace, route(thumbs, "after"))
    with pytest.raises(RecursiveInvocationException):
        recursion.advance(trace, route(thumbs))


@pytest.mark.parametrize("text", ["", "nonsense", "a87bd80c:-1", "a87bd80c:99999999999", ":|:|:", "Lineage=1"])
def test_a_strange_lineage_starts_anew(thumbs: Caller, text: str) -> None:
    own = recursion.identity(thumbs.account_id, thumbs.region, "thumbs")
    assert recursion.advance(f"Root=1;Lineage={text};Self=2", route(thumbs)) == f"Root=1;Self=2;Lineage={own}:1"


def test_a_lineage_has_an_end(thumbs: Caller) -> None:
    many = "|".join(f"{number:08x}:3" for number in range(50))
    trace = recursion.advance(f"Root=1;Lineage={many}", route(thumbs))
    assert trace.count(":") == recursion.KEPT
    assert "00000031:3" in trace


def test_a_circle_through_destinations_is_broken(thumbs: Caller) -> None:
    configure(thumbs, retries=0, destinations={"OnSuccess": {"Destination": arn("after")}})
    trace = trace_id()
    for _ in range(16):
        trace = recursion.advance(trace, route(thumbs))
    event = accepted(thumbs, trace_id=trace)
    (following,) = end(event, trace=trace)
    assert following.trace_id == trace
    outcome = events._attempt(event)
    assert (outcome["state"], outcome["error_type"]) == (AsyncEvent.State.FAILED, "RecursiveInvocationException")
