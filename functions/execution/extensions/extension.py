"""One extension of an environment, and its states.

    external:  STARTED ---> REGISTERED ---> READY <---> RUNNING
    internal:               REGISTERED ---> READY <---> RUNNING
    either:    INIT_ERROR, EXIT_ERROR; external ones also LAUNCH_ERROR, EXITED

ready    it asks for its next event, which it gets when there is one
running  it has an event and has not asked for the next one

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

from dataclasses import dataclass, field
from enum import Enum
from uuid import uuid4

from functions.execution.logs import LogBuffer
from functions.execution.runtime_api.exchange import Exchange
from functions.execution.sandbox.factory import Process


class State(Enum):
    """As AWS calls them."""

    STARTED = "Started"
    REGISTERED = "Registered"
    READY = "Ready"
    RUNNING = "Running"
    INIT_ERROR = "InitError"
    EXIT_ERROR = "ExitError"
    LAUNCH_ERROR = "LaunchError"
    EXITED = "Exited"


TRANSITIONS: dict[State, set[State]] = {
    State.STARTED: {State.REGISTERED, State.LAUNCH_ERROR, State.EXITED},
    State.REGISTERED: {State.READY, State.INIT_ERROR, State.EXIT_ERROR, State.EXITED},
    State.READY: {State.RUNNING, State.EXIT_ERROR, State.EXITED},
    State.RUNNING: {State.READY, State.EXIT_ERROR, State.EXITED},
    State.INIT_ERROR: {State.INIT_ERROR, State.EXITED},
    State.EXIT_ERROR: {State.EXIT_ERROR, State.EXITED},
    State.LAUNCH_ERROR: set(),
    State.EXITED: set(),
}


class NotAllowed(Exception):
    """A transition that the state does not allow."""


@dataclass(slots=True, eq=False)
class Extension:
    name: str
    internal: bool
    state: State = State.STARTED
    events: list[str] = field(default_factory=list)
    error_type: str = ""
    identifier: str = field(default_factory=lambda: str(uuid4()))
    next: Exchange | None = None  # the request that waits for an event
    process: Process | None = None
    logs: LogBuffer = field(default_factory=lambda: LogBuffer(-1))

    def move(self, state: State) -> None:
        if state not in TRANSITIONS[self.state]:
            # Who registers is not known to be the one of that name: the identifier is not for him.
            who = self.name if state is State.REGISTERED else self.identifier
            raise NotAllowed(
                f"State transition from {self.state.value} to {state.value} failed for extension {who}. "
                "Error: State transition is not allowed"
            )
        self.state = state

    @property
    def lives(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.pidfd >= 0
