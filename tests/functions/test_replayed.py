"""Every step that was recorded from AWS is compared by some test, or listed with the reason why it is not."""

from pathlib import Path

import pytest

from functions.execution.runtimes.discovery import installed
from functions.execution.runtimes.table import RUNTIMES
from tests.functions.replay import RECORDINGS, REPLAYED
from tests.functions.unreachable import UNREACHABLE


def test_what_is_unreachable_was_recorded() -> None:
    assert {scenario for scenario, steps in RECORDINGS.items() if not steps} <= set(UNREACHABLE)
    for name, reason in UNREACHABLE.items():
        scenario, _, step = name.partition("/")
        assert scenario in RECORDINGS, name
        assert not step or step in RECORDINGS[scenario], name
        assert reason.endswith(".")


def test_nothing_is_missing(request: pytest.FixtureRequest) -> None:
    """Runs last (`conftest`), and only where all replays ran."""
    config = request.config
    modules = Path(__file__).parent.glob("test_*.py")
    replays = {path.name for path in modules if " Replay(" in path.read_text()}
    collected = {item.path.name for item in request.session.items}
    if replays - collected or config.getoption("keyword") or any("::" in argument for argument in config.args):
        pytest.skip("not all replays run")
    missing = [
        (scenario, step)
        for scenario, steps in RECORDINGS.items()
        for step in steps
        if (scenario, step) not in REPLAYED
        and not {scenario, f"{scenario}/{step}"} & set(UNREACHABLE)
        and not _lacks_runtime(scenario)
    ]
    assert missing == []
    listed = {name.partition("/")[::2] for name in UNREACHABLE}
    assert not {each for each in REPLAYED if each in listed or (each[0], "") in listed}


def _lacks_runtime(scenario: str) -> bool:
    """Of a runtime that this machine does not have, though others may."""
    parameter = scenario.partition("[")[2].removesuffix("]")
    return parameter in RUNTIMES and parameter not in installed()
