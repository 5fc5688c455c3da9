"""The limit of the init phase, ten seconds on AWS, and the init that follows on the invocation's own time.

Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.execution.spec import FunctionSpec
from monitoring.report import Outcome
from tests.execution.custom import PYTHON_RUNTIME, in_python
from tests.execution.extensions.programs import layer
from tests.execution.running import RunningExecutor, eventually

pytestmark = pytest.mark.sandbox
SLOW = "import time\ntime.sleep(600)\n"
HANDLER = "def handler(event, context):\n    return context.get_remaining_time_in_millis()\n"


@pytest.fixture(scope="module")
def executor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningExecutor]:
    running = RunningExecutor.start(tmp_path_factory.mktemp("hasty"), "--init", "0.5")
    yield running
    assert running.stop() == 0


def ends_in_init(executor: RunningExecutor, spec: FunctionSpec) -> None:
    """Both inits take too long."""
    result = executor.invoke(spec)
    assert result.error_type == "Sandbox.Timedout"
    first, start, second, *_ = [line for line in executor.messages(spec) if not line.startswith("EXTENSION")]
    assert re.fullmatch(r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: timeout\n", first)
    assert start == f"START RequestId: {result.request_id} Version: $LATEST\n"
    assert re.fullmatch(r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: invoke\tStatus: timeout\n", second)
    assert executor.last(spec).outcome == Outcome.INIT_ERROR


def test_a_module_that_never_ends(executor: RunningExecutor) -> None:
    ends_in_init(executor, executor.function(SLOW + HANDLER, timeout_s=1))


def test_an_extension_that_never_registers(executor: RunningExecutor) -> None:
    ends_in_init(executor, executor.function(HANDLER, layers=layer(executor, silent=SLOW), timeout_s=1))


def test_an_extension_that_never_asks_for_an_event(executor: RunningExecutor) -> None:
    layers = layer(executor, silent=f'register(NAME, "INVOKE")\n{SLOW}')
    ends_in_init(executor, executor.function(HANDLER, layers=layers, timeout_s=1))


@pytest.mark.parametrize("custom", [False, True])
def test_the_second_init_has_the_whole_timeout(executor: RunningExecutor, custom: bool) -> None:
    """The caller of a function whose init is slow once sees nothing of it but the time."""
    wait = "import os, time\nwhile not os.path.exists('/var/task/go'):\n    time.sleep(0.01)\n"
    changes = {"timeout_s": 60}
    spec = (
        in_python(executor, wait + PYTHON_RUNTIME, **changes)
        if custom
        else executor.function(wait + HANDLER, **changes)
    )
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(executor.invoke, spec, "respond(59_000)")
        eventually(lambda: "START " in "".join(executor.messages(spec)), seconds=50)
        (executor.directory / "code" / spec.code / "go").touch()
        result = answer.result()
    assert (result.function_error, result.init_ms) == ("", None)
    assert int(result.payload) > 50_000
    before, after = "".join(executor.messages(spec)).split("START ")
    assert re.fullmatch(r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: timeout\n", before)
    assert "Init Duration" not in after
