"""Functions with failed or refused invocations."""

from dataclasses import dataclass

from monitoring.queries import health, metrics
from monitoring.queries.metrics import Metric


@dataclass(frozen=True, slots=True)
class Trouble:
    function_name: str
    invocations: int
    errors: int
    throttles: int

    @property
    def error_rate(self) -> float:
        """0 to 1."""
        return self.errors / self.invocations if self.invocations else 0.0


def troubled(account_id: str, region: str, start: int, end: int, limit: int = 10) -> list[Trouble]:
    """The functions with the most errors and throttles between two times (epoch seconds). Two queries at most."""
    found = health.sums(account_id, region, ("Errors", "Throttles"), start, end)
    errors, throttles = found["Errors"], found["Throttles"]
    worst = sorted({*errors, *throttles}, key=lambda name: (-errors.get(name, 0) - throttles.get(name, 0), name))[
        :limit
    ]
    calls = metrics.totals(account_id, region, [Metric.of_function("Invocations", name) for name in worst], start, end)
    return [
        Trouble(
            name,
            int(calls[Metric.of_function("Invocations", name)].total),
            errors.get(name, 0),
            throttles.get(name, 0),
        )
        for name in worst
    ]
