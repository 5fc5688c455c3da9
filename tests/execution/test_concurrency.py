"""How many at once: counted as AWS counts, refused with AWS's reasons, never leaked."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest

from functions.execution import rate
from functions.execution.concurrency import Concurrency
from functions.execution.spec import FunctionSpec, Throttled
from monitoring.report import Kind
from tests.execution.running import RunningExecutor, eventually

HANDLER = "def handler(event, context):\n    return context.log_stream_name"
SPEC = FunctionSpec("k", "1", "r", "f", "1", "python3.11", "h", "c", 128, 3, 512)


def test_reserved_concurrency_is_the_functions_own() -> None:
    counts = Concurrency()
    with counts.lease(SPEC, 2, 0) as first, counts.lease(SPEC, 2, 0) as second:
        assert (first, second) == (1, 2)
        with (
            pytest.raises(Throttled, match="ReservedFunctionConcurrentInvocationLimitExceeded"),
            counts.lease(SPEC, 2, 0),
        ):
            pass
    assert not counts.by_function
    assert not counts.unreserved


def test_in_a_second_begin_ten_times_as_many_as_may_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(rate, "time", SimpleNamespace(monotonic=lambda: now[0]))
    counts, other = rate.Rate(10), replace(SPEC, function_name="g")
    for _ in range(20):
        counts.take(SPEC, 2, 1)
    with pytest.raises(Throttled, match="ReservedFunctionInvocationRateLimitExceeded"):
        counts.take(SPEC, 2, 1)
    for _ in range(10):
        counts.take(other, None, 1)
    with pytest.raises(Throttled, match=r"^FunctionInvocationRateLimitExceeded"):
        counts.take(other, None, 1)
    now[0] += 1
    counts.take(SPEC, 2, 1)


def test_unreserved_functions_share_the_accounts_rest() -> None:
    counts = Concurrency()
    other = replace(SPEC, function_name="g")
    foreign = replace(SPEC, account_id="2")
    with counts.lease(SPEC, None, 1):
        with pytest.raises(Throttled, match=r"^ConcurrentInvocationLimitExceeded"), counts.lease(other, None, 1):
            pass
        with counts.lease(foreign, None, 1), counts.lease(other, 1, 1):
            assert counts.unreserved == {"1:r": 1, "2:r": 1}
    assert not counts.unreserved


def test_a_lease_ends_with_its_block_whatever_happens() -> None:
    counts = Concurrency()
    with pytest.raises(ZeroDivisionError), counts.lease(SPEC, 1, 1):
        _ = 1 / 0
    with counts.lease(SPEC, 1, 1) as in_use:
        assert in_use == 1


@pytest.mark.sandbox
def test_several_environments_at_once(executor: RunningExecutor) -> None:
    spec = executor.waiting()
    with ThreadPoolExecutor(5) as pool:
        running = [pool.submit(executor.invoke, spec, "go") for _ in range(5)]
        eventually(lambda: executor.busy(spec) == 5)
        executor.let_go(spec)
        assert len({each.result().payload for each in running}) == 5
    concurrency = sorted(report.concurrency for report in executor.reports(spec) if report.kind == Kind.INVOCATION)
    assert concurrency == [1, 2, 3, 4, 5]


@pytest.mark.sandbox
def test_beyond_the_reserve_an_invocation_is_refused_and_recorded(executor: RunningExecutor) -> None:
    spec = executor.waiting(reserved_concurrency=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(executor.invoke, spec, "go")
        eventually(lambda: executor.busy(spec))
        with pytest.raises(Throttled) as refused:
            executor.invoke(spec)
        executor.let_go(spec)
        assert first.result().function_error == ""
    assert refused.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
    report = next(report for report in executor.reports(spec) if report.kind == Kind.THROTTLE)
    assert report.reason == refused.value.reason
    assert executor.invoke(spec).function_error == ""


@pytest.mark.sandbox
def test_a_reserve_of_zero_refuses_all(executor: RunningExecutor) -> None:
    with pytest.raises(Throttled, match="Reserved"):
        executor.invoke(executor.function(HANDLER, reserved_concurrency=0))


@pytest.mark.sandbox
def test_a_changed_limit_needs_no_new_environment(executor: RunningExecutor) -> None:
    spec = executor.function(HANDLER)
    stream = executor.invoke(spec).payload
    with pytest.raises(Throttled):
        executor.invoke(replace(spec, reserved_concurrency=0))
    assert executor.invoke(spec).payload == stream


@pytest.mark.sandbox
def test_crashes_and_timeouts_give_their_place_back(executor: RunningExecutor) -> None:
    source = "import os, time\ndef handler(event, context):\n    os._exit(1) if event == 'die' else time.sleep(9)"
    spec = executor.function(source, reserved_concurrency=1, timeout_s=1)
    assert executor.invoke(spec, "die").error_type == "Runtime.ExitError"
    assert executor.invoke(spec, "sleep").error_type == "Sandbox.Timedout"
    assert executor.invoke(spec, "die").error_type == "Runtime.ExitError"
