"""Functions with failed or refused invocations."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from monitoring.dimensions import parse
from monitoring.models import MetricBucket
from monitoring.queries import metrics
from monitoring.queries.metrics import LAMBDA, Metric, whole_range

NAMES = ("Errors", "Throttles")


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
    rows: Any = (
        MetricBucket.objects.filter(
            whole_range(start, end), account_id=account_id, region=region, namespace=LAMBDA, name__in=NAMES, total__gt=0
        )
        .values_list("dimensions", "name")
        .annotate(sum=Sum("total"))
        .order_by()
    )
    found: dict[str, dict[str, int]] = {}
    for dimensions, name, total in rows:
        which = parse(dimensions)
        if set(which) == {"FunctionName"}:
            found.setdefault(which["FunctionName"], {})[name] = int(total)
    worst = sorted(found, key=lambda name: -sum(found[name].values()))[:limit]
    calls = metrics.totals(account_id, region, [Metric.of_function("Invocations", name) for name in worst], start, end)
    return [
        Trouble(
            name,
            int(calls[Metric.of_function("Invocations", name)].total),
            found[name].get("Errors", 0),
            found[name].get("Throttles", 0),
        )
        for name in worst
    ]
