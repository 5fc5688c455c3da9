"""How many asynchronous events and outcomes of an account wait."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Min, Q
from django.utils import timezone

from functions.models import AsyncEvent, Delivery, Function

FUNCTIONS = 10


@dataclass(frozen=True, slots=True)
class Line:
    """Of one function."""

    name: str
    waiting: int
    running: int
    exists: bool  # it may have been deleted since


@dataclass(frozen=True, slots=True)
class Queue:
    due: int  # may run now
    later: int  # wait for a retry, or for concurrency
    running: int
    deliveries: int  # outcomes on their way to destinations
    oldest: datetime | None  # of what waits: when it was accepted
    lines: list[Line] = field(default_factory=list)  # the longest

    @property
    def waiting(self) -> int:
        return self.due + self.later


def of(account_id: str, region: str) -> Queue:
    pending, running = Q(state=AsyncEvent.State.PENDING), Q(state=AsyncEvent.State.RUNNING)
    events = AsyncEvent.objects.filter(account_id=account_id, region=region).open().order_by()
    found = events.aggregate(
        due=Count("pk", filter=pending & Q(due_at__lte=timezone.now())),
        all=Count("pk", filter=pending),
        running=Count("pk", filter=running),
        oldest=Min("accepted_at", filter=pending),
    )
    longest = list(
        events.values("function_name")
        .annotate(waiting=Count("pk", filter=pending), running=Count("pk", filter=running))
        .order_by("-waiting", "-running", "function_name")
        .values_list("function_name", "waiting", "running")[:FUNCTIONS]
    )
    functions = Function.objects.filter(account_id=account_id, region=region, name__in=[name for name, _, _ in longest])
    names = set(functions.values_list("name", flat=True))
    deliveries = Delivery.objects.pending().filter(event__account_id=account_id, event__region=region).count()
    return Queue(
        found["due"],
        found["all"] - found["due"],
        found["running"],
        deliveries,
        found["oldest"],
        [Line(name, waiting, running, name in names) for name, waiting, running in longest],
    )
