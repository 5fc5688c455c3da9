"""Samples of metrics that belong to no invocation, from any process of a node to its spool."""

import os
import time
from functools import cache

from django.conf import settings

from monitoring.ingest.spool import SpoolWriter
from monitoring.report import Kind, Report, Sample


def emit(
    metric: Sample, account_id: str, region: str, function_name: str, *, qualifier: str = "", value: float = 1.0
) -> None:
    """One sample, now. Any thread may call it; costs one write(2) and raises nothing."""
    _writer(os.getpid()).append(
        Report(
            kind=Kind.SAMPLE,
            account_id=account_id,
            region=region,
            function_name=function_name,
            qualifier=qualifier,
            at_ms=time.time() * 1000,
            metric=metric,
            value=value,
        )
    )


@cache
def _writer(pid: int) -> SpoolWriter:
    return SpoolWriter(settings.HEARTH_SPOOL, f"{os.uname().nodename}-{pid}")
