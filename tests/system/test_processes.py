"""Processes die: nothing accepted is lost, nothing is left running, and two instances live side by side."""

import json
import os
import signal
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from functions.execution.lane import LaneClient
from tests.family import RunningHearth, start, wait_for, zip_of
from tests.processes import alive, descendants

SQLITE_ONLY = pytest.mark.skipif("DATABASE_URL" in os.environ, reason="looks into the SQLite file")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RunningHearth]:
    """A family that a test may hurt."""
    running = start(tmp_path / "data", HEARTH_RETRY_FIRST_SECONDS="1", HEARTH_RETRY_SECOND_SECONDS="1")
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0, running.log.read_text()


def health(hearth: RunningHearth) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{hearth.endpoint}/healthz", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:  # nobody listens, or whoever did was killed
        return 0, ""


def query(hearth: RunningHearth, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(hearth.data / "hearth.sqlite3", timeout=20) as connection:
        return connection.execute(sql).fetchall()


@SQLITE_ONLY
def test_killing_the_worker_during_a_thousand_events_loses_none(own: RunningHearth) -> None:
    own.deploy("counted", "def handler(event, context): print('seen', event['n'])")
    client = own.client("lambda", max_pool_connections=16)

    def send(n: int) -> int:
        return int(
            client.invoke(FunctionName="counted", InvocationType="Event", Payload=json.dumps({"n": n}))["StatusCode"]
        )

    with ThreadPoolExecutor(8) as threads:
        sending = [threads.submit(send, n) for n in range(1000)]
        for _ in range(3):
            time.sleep(0.7)
            os.kill(wait_for("a worker", lambda: own.pids().get("worker")), signal.SIGKILL)
        assert {future.result() for future in sending} == {202}

    def all_ended() -> bool:
        return query(own, "SELECT count(*) FROM functions_asyncevent WHERE state = 'succeeded'") == [(1000,)]

    wait_for("the end of all events", all_ended, 120)

    def seen() -> set[str]:
        pages = (
            own.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName="/aws/lambda/counted", filterPattern="seen")
        )
        return {event["message"].split()[1] for page in pages for event in page["events"]}

    expected = {str(n) for n in range(1000)}
    wait_for("every line", lambda: seen() >= expected)


@SQLITE_ONLY
def test_no_line_nor_metric_of_an_answered_call_is_lost_when_everything_is_killed(own: RunningHearth) -> None:
    own.deploy("killed", "def handler(event, context): print('line', event)")
    client = own.client("lambda")
    for n in range(50):
        client.invoke(FunctionName="killed", Payload=str(n).encode())
    for pid in [own.process.pid, *descendants(own.process.pid)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # ended with its parent
    own.process.wait(10)
    again = start(own.data, HEARTH_PORT=str(own.port))
    try:
        counts = wait_for(
            "the records",
            lambda: (
                query(again, "SELECT count(*) FROM monitoring_invocation WHERE function_name = 'killed'") == [(50,)]
            ),
        )
        assert counts
    finally:
        assert again.stop() == 0


def test_every_member_is_started_again(own: RunningHearth) -> None:
    own.deploy("survivor", "def handler(event, context): return 'alive'")
    client = own.client("lambda")
    for name in ("web", "edge", "worker", "beat", "redis"):
        before = wait_for(name, lambda: own.pids().get(name))  # noqa: B023 used at once
        os.kill(before, signal.SIGKILL)
        wait_for(f"a new {name}", lambda: own.pids().get(name, before) != before)  # noqa: B023 used at once
        if name == "edge":
            with socket.create_connection(("127.0.0.1", own.port), timeout=60) as early:  # it is kept waiting
                early.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
                assert early.recv(12) == b"HTTP/1.1 200"
        wait_for("health", lambda: health(own)[0] == 200)

        def answers() -> bool:
            try:
                return bool(client.invoke(FunctionName="survivor")["Payload"].read() == b'"alive"')
            except (ClientError, BotoCoreError):
                return False

        wait_for(f"an answer after {name} was killed", answers)


def test_health_says_what_is_missing(own: RunningHearth) -> None:
    assert health(own)[0] == 200
    worker = own.pids()["worker"]
    os.kill(worker, signal.SIGSTOP)
    try:
        status, body = wait_for("unhealthy", lambda: (found := health(own))[0] == 503 and found)
    finally:
        os.kill(worker, signal.SIGCONT)
    assert status == 503
    assert "worker" in body
    wait_for("health", lambda: health(own)[0] == 200)


def test_ctrl_c_leaves_nothing(own: RunningHearth) -> None:
    own.deploy("left", "import time\ndef handler(event, context):\n    time.sleep(event)")
    client = own.client("lambda")
    client.invoke(FunctionName="left", Payload=b"0")
    family = descendants(own.process.pid)
    assert len(family) > 6
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(client.invoke, FunctionName="left", Payload=b"2")
        with closing(LaneClient(str(own.data / "run" / "lane.sock"))) as lane:
            wait_for("the call", lambda: lane.status()["in_flight"])
        assert own.stop() == 0
        assert call.result()["StatusCode"] == 200  # what runs is answered
    assert [pid for pid in family if alive(pid)] == []


def test_two_instances_side_by_side(hearth: RunningHearth, own: RunningHearth) -> None:
    own.deploy("only-here", "def handler(event, context): return 'here'")
    assert own.client("lambda").invoke(FunctionName="only-here")["Payload"].read() == b'"here"'
    with pytest.raises(ClientError, match="Function not found"):
        hearth.client("lambda").invoke(FunctionName="only-here")
    other = hearth.credentials
    assert other["access_key_id"] != own.credentials["access_key_id"]
    assert (own.data / "credentials.json").stat().st_mode & 0o777 == 0o600


def test_a_second_start_keeps_login_keys_and_functions_and_hides_the_password(own: RunningHearth) -> None:
    own.deploy("kept", "def handler(event, context): return 'kept'")
    assert own.credentials["console_password"] in own.log.read_text()
    assert own.stop() == 0
    own.log.unlink()
    again = start(own.data, HEARTH_PORT=str(own.port))
    try:
        assert again.credentials == own.credentials
        assert own.credentials["console_password"] not in again.log.read_text()
        assert again.client("lambda").invoke(FunctionName="kept")["Payload"].read() == b'"kept"'
    finally:
        assert again.stop() == 0


def test_an_open_instance_accepts_any_key(tmp_path: Path) -> None:
    running = start(tmp_path / "data", HEARTH_OPEN="1")
    try:
        running.credentials = {**running.credentials, "access_key_id": "test", "secret_access_key": "test"}
        code = {"ZipFile": zip_of({"app.py": "def handler(event, context): return 1"})}
        running.deploy("any", "", Code=code)
        assert "any access key" in running.log.read_text()
    finally:
        assert running.stop() == 0
