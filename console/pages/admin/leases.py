"""The limits of an account that its nodes keep together: how much of each is in use, and which node holds how much."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from console.pages.admin.workers import Worker
from functions import reservations
from functions.models import Function

ROWS = 100


@dataclass(frozen=True, slots=True)
class Part:
    """Of one node. `granted` is None while it is alone: then it holds all."""

    node: str
    used: int
    granted: int | None


@dataclass(slots=True)
class Lease:
    name: str  # of the function; empty for what all functions without a reservation share
    limit: int | None  # None: the function has none of its own
    parts: list[Part] = field(default_factory=list)

    @property
    def used(self) -> int:
        return sum(part.used for part in self.parts)

    @property
    def percent(self) -> int | None:
        return None if self.limit is None else min(100, 100 * self.used // self.limit) if self.limit else 100


def of(account_id: str, region: str, workers: Iterable[Worker]) -> list[Lease]:
    """The account's rest first, then functions with a reservation or something running: the busiest, at most ROWS."""
    workers = [worker for worker in workers if not worker.problem]
    account = f"{account_id}:{region}"
    shared = Lease("", reservations.unreserved(account_id, region))
    for worker in workers:
        shared.parts.append(_part(worker, worker.unreserved.get(account, 0), f"a:{account}"))
    reserved = Function.objects.filter(account_id=account_id, region=region, reserved_concurrency__isnull=False)
    limits: dict[str, int | None] = dict(reserved.order_by("name").values_list("name", "reserved_concurrency")[:ROWS])
    for worker in workers:
        for key in worker.in_use:
            if key.startswith(f"{account}:"):
                limits.setdefault(key.rpartition(":")[2], None)
    leases = [_of_function(name, limit, account, workers) for name, limit in limits.items()]
    return [shared, *sorted(leases, key=lambda lease: (-lease.used, lease.name))[:ROWS]]


def _of_function(name: str, limit: int | None, account: str, workers: list[Worker]) -> Lease:
    lease, key = Lease(name, limit), f"{account}:{name}"
    for worker in workers:
        part = _part(worker, worker.in_use.get(key, 0), f"f:{key}")
        if part.used or part.granted:
            lease.parts.append(part)
    return lease


def _part(worker: Worker, used: int, scope: str) -> Part:
    return Part(worker.id, used, None if worker.granted is None else worker.granted.get(scope, 0))
