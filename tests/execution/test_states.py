"""The state machine of an environment denies by default."""

import itertools

import pytest

from functions.execution.environment import Environment
from functions.execution.states import TRANSITIONS, IllegalTransition, State

ALLOWED = {
    (State.STARTING, State.READY),
    (State.READY, State.INITIALISING),
    (State.INITIALISING, State.IDLE),
    (State.IDLE, State.INITIALISING),
    (State.IDLE, State.BUSY),
    (State.IDLE, State.DRAINING),
    (State.BUSY, State.IDLE),
    (State.BUSY, State.DRAINING),
    *((state, State.DEAD) for state in State if state is not State.DEAD),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(State, State)))
def test_only_the_documented_transitions_are_made(before: State, after: State) -> None:
    moved: list[Environment] = []
    environment = Environment.__new__(Environment)
    environment.state = before
    environment.on_change = moved.append
    if (before, after) in ALLOWED:
        environment.move(after)
        assert (environment.state, moved) == (after, [environment])
    else:
        with pytest.raises(IllegalTransition):
            environment.move(after)
        assert (environment.state, moved) == (before, [])


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(State)
