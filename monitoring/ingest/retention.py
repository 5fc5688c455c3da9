"""Deleting what is older than its retention, in small batches: the database has one writer, and others wait for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from monitoring.models import Invocation, LogChunk, LogGroup, LogStream, MetricBucket

BATCH = 1000
LAMBDA_PREFIX = "/aws/lambda/"


def default_days() -> int:
    days: int = getattr(settings, "HEARTH_RETENTION_DAYS", 30)
    return days


def expire(now: datetime | None = None, limit: int = 200_000) -> int:
    """Delete what is due at `now`, at most `limit` rows; the number deleted. Idempotent: run it every few minutes.

    Log lines and invocation records follow their log group's retention, or the default where it has none; metrics
    follow the default. A stream goes with its last line.
    """
    now = now or datetime.now(UTC)
    default = now - timedelta(days=default_days())
    deleted = 0
    for group in LogGroup.objects.order_by("pk"):
        deleted += expire_group(group, now, limit - deleted)
    keep_longer = LogGroup.objects.filter(retention_days__gt=default_days()).values("name")
    for account_id, region in LogGroup.objects.values_list("account_id", "region").distinct().order_by():
        old = Invocation.objects.filter(account_id=account_id, region=region, started_at__lt=default)
        deleted += delete(old.exclude(log_group__in=keep_longer), limit - deleted)
    deleted += delete(MetricBucket.objects.filter(start__lt=int(default.timestamp())), limit - deleted)
    return deleted


def expire_group(group: LogGroup, now: datetime, limit: int) -> int:
    cutoff = now - timedelta(days=group.retention_days or default_days())
    cutoff_ms = int(cutoff.timestamp() * 1000)
    deleted = delete(LogChunk.objects.filter(group=group, first_ms__lt=cutoff_ms - LogChunk.SPAN_MS), limit)
    empty = LogStream.objects.filter(group=group, last_event_ms__lt=cutoff_ms, chunks__isnull=True)
    deleted += delete(empty, limit - deleted)
    if group.retention_days and group.name.startswith(LAMBDA_PREFIX):
        records = Invocation.objects.filter(
            account_id=group.account_id,
            region=group.region,
            function_name=group.name.removeprefix(LAMBDA_PREFIX),
            log_group=group.name,
            started_at__lt=cutoff,
        )
        deleted += delete(records, limit - deleted)
    return deleted


def delete(rows: QuerySet[Any], limit: int) -> int:
    """Delete rows, each batch in a transaction of its own."""
    deleted = 0
    while deleted < limit:
        keys = list(rows.values_list("pk", flat=True)[: min(BATCH, limit - deleted)])
        if not keys:
            break
        rows.model._default_manager.filter(pk__in=keys).delete()
        deleted += len(keys)
    return deleted
