"""Failed invocations by function and type: what breaks, since when, how often."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min

from monitoring.models import Invocation


@dataclass(slots=True)
class Failure:
    """Invocations of one function that failed in the same way. What follows `versions` is the newest one's."""

    function_name: str
    outcome: str
    error_type: str
    count: int
    first: datetime
    last: datetime
    versions: list[str]
    last_id: int
    message: str = ""
    request_id: str = ""
    response: str = ""  # as recorded: with the stack trace of an error of the handler


def grouped(
    account_id: str, region: str, start: datetime, end: datetime, *, function_name: str | None = None, limit: int = 100
) -> list[Failure]:
    """The kinds of failures of a range, the most frequent first. Two queries."""
    rows = Invocation.objects.failed().filter(account_id=account_id, region=region)
    rows = rows.filter(started_at__gte=start, started_at__lt=end)
    if function_name is not None:
        rows = rows.filter(function_name=function_name)
    found: dict[tuple[str, str, str], Failure] = {}
    kinds = rows.values_list("function_name", "outcome", "error_type", "version").annotate(
        count=Count("pk"), first=Min("started_at"), last=Max("started_at"), last_id=Max("pk")
    )
    for name, outcome, kind, version, count, first, last, pk in kinds.order_by():
        failure = found.get((name, outcome, kind))
        if failure is None:
            found[name, outcome, kind] = Failure(name, outcome, kind, count, first, last, [version], pk)
            continue
        failure.count += count
        failure.first, failure.last = min(failure.first, first), max(failure.last, last)
        failure.versions.append(version)
        failure.last_id = max(failure.last_id, pk)
    failures = sorted(found.values(), key=lambda each: (-each.count, each.function_name))[:limit]
    newest = Invocation.objects.only("error_message", "request_id", "response").in_bulk(
        [each.last_id for each in failures]
    )
    for failure in failures:
        record = newest.get(failure.last_id)
        if record is not None:
            failure.message, failure.request_id = record.error_message, str(record.request_id)
            failure.response = record.response or ""
    return failures
