"""Records of invocations, the newest first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, F, Q
from django.db.models.functions import Cast

from monitoring.models import Invocation
from monitoring.report import Outcome

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
BIGGEST = 1 << 62


class BigInteger(Cast):
    """As 64 bits: PostgreSQL would multiply in 32, SQLite has none shorter."""

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return compiler.compile(self.source_expressions[0])


COST = BigInteger("billed_ms", BigIntegerField()) * F("memory_mb")


class InvalidToken(ValueError):
    """A token that no page gave."""


@dataclass(frozen=True, slots=True)
class InvocationPage:
    """`items` come without `event` and `response`: reading these costs a query each. `next_token` of None: the last."""

    items: list[Invocation]
    next_token: str | None


def recent(
    account_id: str,
    region: str,
    *,
    function_name: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    outcomes: Collection[str] = (),
    version: str | None = None,
    qualifier: str | None = None,
    source: str | None = None,
    environment: str | None = None,
    most_expensive: bool = False,
    limit: int = 50,
    token: str | None = None,
) -> InvocationPage:
    """Records from `start` to before `end`. `outcomes` are values of `monitoring.report.Outcome`; none means any.

    `environment` is a log stream. The newest first, or those with the most billed GB-seconds. One query. A token stays
    good while new invocations come in; it belongs to its order. Raises InvalidToken.
    """
    rows = Invocation.objects.filter(account_id=account_id, region=region).defer("event", "response")
    if function_name is not None:
        rows = rows.filter(function_name=function_name)
    if start is not None:
        rows = rows.filter(started_at__gte=start)
    if end is not None:
        rows = rows.filter(started_at__lt=end)
    if outcomes:
        rows = rows.filter(outcome__in=outcomes)
        if Outcome.SUCCESS not in outcomes:
            rows = rows.failed()
    if version is not None:
        rows = rows.filter(version=version)
    if qualifier is not None:
        rows = rows.filter(qualifier=qualifier)
    if source is not None:
        rows = rows.filter(source=source)
    if environment is not None:
        rows = rows.filter(log_stream=environment)
    if most_expensive:
        if token is not None:
            cost, pk = _numbers(token)
            rows = rows.alias(cost=COST).filter(Q(cost__lt=cost) | Q(cost=cost, pk__lt=pk))
        rows = rows.order_by(COST.desc(), "-pk")
        # Chosen along an index that holds the cost: only those shown are read.
        chosen = Invocation.objects.filter(pk__in=rows[: limit + 1]).defer("event", "response")
        rows = chosen.order_by(COST.desc(), "-pk")
    else:
        if token is not None:
            at, pk = _position(token)
            rows = rows.filter(started_at__lte=at).filter(Q(started_at__lt=at) | Q(pk__lt=pk))
        rows = rows.order_by("-started_at", "-pk")
    found: list[Invocation] = list(rows[: limit + 1])
    if len(found) <= limit:
        return InvocationPage(found, None)
    last = found[limit - 1]
    return InvocationPage(found[:limit], f"{cost_of(last)}.{last.pk}" if most_expensive else _token(last))


def cost_of(invocation: Invocation) -> int:
    """Billed megabyte-milliseconds."""
    return invocation.billed_ms * invocation.memory_mb


def attempts(account_id: str, region: str, request_id: str) -> list[Invocation]:
    """The records of one request, in order of the attempts; empty when it is unknown or not a request id."""
    try:
        key = UUID(request_id)
    except ValueError:
        return []
    rows = Invocation.objects.filter(account_id=account_id, region=region, request_id=key)
    return list(rows.order_by("started_at", "pk"))


def one(account_id: str, region: str, request_id: str) -> Invocation | None:
    """The record of a request's last attempt."""
    found = attempts(account_id, region, request_id)
    return found[-1] if found else None


def _token(invocation: Invocation) -> str:
    return f"{(invocation.started_at - EPOCH) // MICROSECOND}.{invocation.pk}"


def _position(token: str) -> tuple[datetime, int]:
    at, pk = _numbers(token)
    try:
        return EPOCH + at * MICROSECOND, pk
    except OverflowError as error:
        raise InvalidToken(token) from error


def _numbers(token: str) -> tuple[int, int]:
    try:
        first, pk = map(int, token.split("."))
    except ValueError as error:
        raise InvalidToken(token) from error
    if not (0 <= first < BIGGEST and 0 <= pk < BIGGEST):
        raise InvalidToken(token)
    return first, pk
