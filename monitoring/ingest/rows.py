"""Reports to rows of invocations and log chunks: values in the order of the columns, ready for the driver."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from monitoring.ingest.checks import UUID_TEXT
from monitoring.models import Invocation, LogChunk
from monitoring.report import Report

INVOCATION_COLUMNS = (
    "request_id",
    "attempt",
    "account_id",
    "region",
    "function_name",
    "version",
    "qualifier",
    "source",
    "tenant_id",
    "started_at",
    "outcome",
    "duration_ms",
    "billed_ms",
    "init_ms",
    "memory_mb",
    "max_memory_mb",
    "error_type",
    "error_message",
    "log_group",
    "log_stream",
    "event_size",
    "response_size",
    "event",
    "response",
)
CHUNK_COLUMNS = ("stream_id", "group_id", "request_id", "first_ms", "last_ms", "ingested_ms", "lines")
CHUNK_LINES = 500
CHUNK_CHARACTERS = 256 * 1024
_LIMIT = {field.name: getattr(field, "max_length", None) for field in Invocation._meta.get_fields()}
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode

Lines = list[tuple[int, str]]


def key_of(request_id: str) -> Any:
    """A request id as the driver wants it, or None when it is not a UUID."""
    if not UUID_TEXT.fullmatch(request_id):
        return None
    if connection.features.has_native_uuid_field:
        return uuid.UUID(request_id)
    return request_id.replace("-", "").lower()


def moment(at_ms: float) -> Any:
    return connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(at_ms / 1000, UTC))


def group_of(report: Report) -> str:
    return (report.log_group or f"/aws/lambda/{report.function_name}")[:512]


def stream_of(report: Report) -> str:
    return (report.log_stream or "unknown")[:512]


def invocation(report: Report) -> tuple[Any, ...]:
    limit = _LIMIT
    return (
        key_of(report.request_id),
        min(report.attempt, 32767),
        report.account_id[: limit["account_id"]],
        report.region[: limit["region"]],
        report.function_name[: limit["function_name"]],
        report.version[: limit["version"]],
        report.qualifier[: limit["qualifier"]],
        report.source[: limit["source"]],
        report.tenant_id[: limit["tenant_id"]],
        moment(report.at_ms),
        report.outcome[: limit["outcome"]],
        report.duration_ms,
        report.billed_ms,
        report.init_ms,
        report.memory_mb,
        report.max_memory_mb,
        report.error_type[: limit["error_type"]],
        report.error_message,
        group_of(report),
        stream_of(report),
        report.event_size,
        report.response_size,
        report.event,
        report.response,
    )


def chunk(stream_id: int, group_id: int, request: Any, ingested_ms: int, lines: Lines) -> tuple[Any, ...]:
    times = [at for at, _ in lines]
    return (stream_id, group_id, request, min(times), max(times), ingested_ms, _encode(lines))


def parts(lines: Lines) -> Iterator[Lines]:
    """Lines cut to what one chunk may hold: by number, size and span of time. The order stays."""
    first = last = lines[0][0]
    if len(lines) <= CHUNK_LINES:  # nearly always all in one
        times = [at for at, _ in lines]
        if max(times) - min(times) <= LogChunk.SPAN_MS and sum(len(text) for _, text in lines) <= CHUNK_CHARACTERS:
            yield lines
            return
    part: Lines = []
    size = 0
    for at, text in lines:
        low, high = min(first, at), max(last, at)
        full = len(part) >= CHUNK_LINES or size + len(text) > CHUNK_CHARACTERS or high - low > LogChunk.SPAN_MS
        if part and full:
            yield part
            part, size, low, high = [], 0, at, at
        part.append((at, text))
        size += len(text)
        first, last = low, high
    yield part
