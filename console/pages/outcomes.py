"""How the end of an invocation is shown, everywhere the same."""

from dataclasses import dataclass

from monitoring.models import Invocation
from monitoring.report import Outcome

RUNNING = "running"
OUTCOMES = {
    Outcome.SUCCESS: ("Succeeded", "ok", "check"),
    Outcome.ERROR: ("Error", "err", "err"),
    Outcome.TIMEOUT: ("Timed out", "err", "clock"),
    Outcome.CRASH: ("Crashed", "err", "err"),
    Outcome.OUT_OF_MEMORY: ("Out of memory", "err", "err"),
    Outcome.INIT_ERROR: ("Init error", "err", "err"),
    RUNNING: ("Running", "info", "clock"),
}
FAILED = [outcome.value for outcome in Outcome if outcome is not Outcome.SUCCESS]


@dataclass(frozen=True, slots=True)
class Badge:
    text: str
    look: str
    icon: str


def badge(outcome: str, error_type: str = "") -> Badge:
    """Of an outcome; an error of the handler is named by its type. Without an outcome: lines outside of requests."""
    text, look, icon = OUTCOMES.get(outcome, ("Outside of requests", "", "server"))
    if outcome == Outcome.ERROR and error_type:
        text = error_type.rpartition(".")[2]
    return Badge(text, look, icon)


def of(record: Invocation) -> Badge:
    return badge(record.outcome, record.error_type)
