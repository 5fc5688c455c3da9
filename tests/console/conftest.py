"""The world of the pages: a team with an owner, a developer and a viewer, and an outsider with a team of his own."""

import io
import json
import sys
import time
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from console.pages.operations import call
from console.pages.order import order
from functions.access.caller import Caller
from functions.models import Account, Function, Membership, Role, User
from monitoring.ingest.ingester import Ingester
from monitoring.ingest.spool import SpoolWriter
from monitoring.report import Kind, Outcome, Report

TEAM, OTHERS = "111111111111", "222222222222"
REGION = "us-east-1"
RUNTIME = f"python3.{sys.version_info.minor}"
CODE = "def handler(event, context):\n    return event\n"


def zipped(files: dict[str, str | bytes] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in (files or {"app.py": CODE}).items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return buffer.getvalue()


def role(account_id: str) -> str:
    return f"arn:aws:iam::{account_id}:role/lambda-role"


@dataclass
class Person:
    """A user with a browser, and what the actions take of him."""

    user: User
    client: Client
    caller: Caller

    def post_json(self, url: str, body: dict[str, Any], method: str = "post") -> Any:
        return getattr(self.client, method)(url, json.dumps(body), content_type="application/json")

    def create(self, name: str, **members: Any) -> Function:
        request = {
            "Runtime": RUNTIME,
            "Handler": "app.handler",
            "Role": role(self.caller.account_id),
            "Code": {"ZipFile": zipped()},
            **members,
        }
        call(self.caller, "CreateFunction", FunctionName=name, **request)
        return Function.objects.get(account_id=self.caller.account_id, name=name)


@pytest.fixture(autouse=True)
def code_store(settings: Settings, tmp_path: Path) -> None:
    settings.HEARTH_CODE = tmp_path / "code"
    settings.HEARTH_CODE.mkdir()
    # Hashing is slow on purpose; not for tests.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def no_order() -> None:
    """Another test's figures are none of ours."""
    order.forget()


@pytest.fixture
def person(db: None) -> Callable[..., Person]:
    def make(name: str, account_id: str, preset: Membership.Preset, *, signed_in: bool = True) -> Person:
        account, is_new = Account.objects.get_or_create(id=account_id, defaults={"name": f"team-{account_id[0]}"})
        if is_new:
            Role.objects.create(id=f"AROA{account_id}", account=account, name="lambda-role", trust_policy="{}")
        user = User.objects.create_user(name, password=f"secret-of-{name}")
        Membership.objects.create(user=user, account=account, preset=preset)
        client = Client()
        if signed_in:
            client.force_login(user)
        return Person(user, client, Caller(account_id, REGION, user.pk, name, "console", preset=preset))

    return make


@pytest.fixture
def alice(person: Callable[..., Person]) -> Person:
    """The owner."""
    return person("alice", TEAM, Membership.Preset.ADMIN)


@pytest.fixture
def bob(person: Callable[..., Person]) -> Person:
    """A developer of the same team."""
    return person("bob", TEAM, Membership.Preset.DEVELOPER)


@pytest.fixture
def victor(person: Callable[..., Person]) -> Person:
    """A viewer of the same team."""
    return person("victor", TEAM, Membership.Preset.VIEWER)


@pytest.fixture
def mallory(person: Callable[..., Person]) -> Person:
    """The owner of another team."""
    return person("mallory", OTHERS, Membership.Preset.ADMIN)


@pytest.fixture
def invoked(alice: Person, tmp_path: Any) -> Any:
    """Writes invocations of alice's functions through the spool, as a worker node does."""

    def write(name: str, *lines: str, at_ms: float | None = None, **changes: Any) -> str:
        request_id = str(uuid.uuid4())
        at = time.time() * 1000 - 5000 if at_ms is None else at_ms
        text = [f"START RequestId: {request_id} Version: $LATEST\n", *lines, f"END RequestId: {request_id}\n"]
        values: dict[str, Any] = {
            "kind": Kind.INVOCATION,
            "account_id": alice.caller.account_id,
            "region": alice.caller.region,
            "function_name": name,
            "version": "$LATEST",
            "request_id": request_id,
            "source": "api",
            "at_ms": at,
            "log_group": f"/aws/lambda/{name}",
            "log_stream": "2026/11/21/[$LATEST]0123456789abcdef",
            "lines": [(int(at) + number, line) for number, line in enumerate(text)],
            "outcome": Outcome.SUCCESS,
            "duration_ms": 12.5,
            "billed_ms": 13,
            "memory_mb": 128,
            "max_memory_mb": 40,
            "concurrency": 1,
        }
        spool = tmp_path / f"spool-{request_id}"
        writer = SpoolWriter(spool, "node-1")
        assert writer.append(Report(**{**values, **changes}))
        writer.close()
        Ingester(spool).step()
        return request_id

    return write
