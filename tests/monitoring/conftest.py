"""A spool in a temporary directory and reports to put in it."""

import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from pytest_django import Settings

from functions.access.bootstrap import ensure_account
from monitoring.ingest.ingester import Ingester
from monitoring.ingest.spool import SpoolWriter
from monitoring.report import Kind, Outcome, Report
from tests.gateway.world import client

ACCOUNT = "000000000000"
REGION = "us-east-1"
START_MS = 1_700_000_040_000  # a full minute


def make_report(function: str = "hello", at_ms: float = START_MS, **changes: Any) -> Report:
    request_id = str(changes.pop("request_id", uuid.uuid4()))
    values: dict[str, Any] = {
        "kind": Kind.INVOCATION,
        "account_id": ACCOUNT,
        "region": REGION,
        "function_name": function,
        "version": "$LATEST",
        "request_id": request_id,
        "source": "api",
        "at_ms": at_ms,
        "log_group": f"/aws/lambda/{function}",
        "log_stream": "2023/11/14/[$LATEST]0123456789abcdef",
        "lines": [
            (int(at_ms), f"START RequestId: {request_id} Version: $LATEST\n"),
            (int(at_ms) + 1, "hello\n"),
            (int(at_ms) + 2, f"END RequestId: {request_id}\n"),
        ],
        "outcome": Outcome.SUCCESS,
        "duration_ms": 12.5,
        "billed_ms": 13,
        "memory_mb": 128,
        "max_memory_mb": 40,
        "concurrency": 1,
    }
    return Report(**{**values, **changes})


def spool(directory: Path, *reports: Report, node: str = "node-1") -> None:
    """Write reports in a segment of their own."""
    writer = SpoolWriter(directory, node)
    for report in reports:
        assert writer.append(report)
    writer.close()


def ingest(directory: Path, *reports: Report, node: str = "node-1") -> Ingester:
    """Write reports and bring them, with all else the spool has, to the database."""
    if reports:
        spool(directory, *reports, node=node)
    ingester = Ingester(directory)
    empty(ingester)
    return ingester


def empty(ingester: Ingester) -> None:
    while ingester.step():
        pass
    ingester.step()  # the ended segments are deleted when they are met again


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def boto(db: None, settings: Settings) -> Iterator[Callable[..., Any]]:
    """`boto("logs")`: a client of the account's administrator that reaches the front door in this process."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    account = ensure_account(ACCOUNT, REGION, password="correct-horse-battery")
    for signal in (request_started, request_finished):  # a request's end must not close the test's connection
        signal.disconnect(close_old_connections)
    yield partial(client_of, key=account.access_key_id, secret=account.secret_access_key)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def client_of(service: str, *, key: str, secret: str) -> Any:
    return client(service, key, secret)
