"""The states of an execution environment, and which may follow which.

    STARTING ---> READY ---> INITIALISING ---> IDLE <---> BUSY
                                                |          |
                                                |          v
                                                +---> DRAINING
    IDLE ---> INITIALISING ---> IDLE, once: the restore of one that was initialised ahead (SnapStart)
    any of them ---> DEAD

starting      the sandbox is being made, or the runtime in it has not said `ready` yet
ready         the runtime is loaded and belongs to no function: it may be assigned, once
initialising  code, variables and limits are in place; the handler is being imported
idle          waits for an invocation; frozen after a while
busy          runs one
draining      runs its last one (its function changed, it is recycled, or the executor ends)
dead          its processes are gone; uid and cgroup may be used again

Anything else is refused: a transition that is not in TRANSITIONS raises.
"""

from enum import Enum


class State(Enum):
    STARTING = "starting"
    READY = "ready"
    INITIALISING = "initialising"
    IDLE = "idle"
    BUSY = "busy"
    DRAINING = "draining"
    DEAD = "dead"


TRANSITIONS: dict[State, set[State]] = {
    State.STARTING: {State.READY, State.DEAD},
    State.READY: {State.INITIALISING, State.DEAD},
    State.INITIALISING: {State.IDLE, State.DEAD},
    State.IDLE: {State.INITIALISING, State.BUSY, State.DRAINING, State.DEAD},
    State.BUSY: {State.IDLE, State.DRAINING, State.DEAD},
    State.DRAINING: {State.DEAD},
    State.DEAD: set(),
}


class IllegalTransition(Exception):
    """A fault of the engine: the state machine was asked for what it does not allow."""
