"""Lines as they are written: the ingester publishes what it commits, to those who listen, and to them only."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pytest_django import Settings

from monitoring import live
from monitoring.live import Ended, Listener, Publisher, channel
from monitoring.models import LogChunk
from tests.broker import running_redis
from tests.family import wait_for
from tests.monitoring.conftest import ACCOUNT, REGION, START_MS, ingest, make_report

HELLO = channel(ACCOUNT, REGION, "/aws/lambda/hello")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def broker(server: str, settings: Settings) -> str:
    settings.REDIS_URL = server
    return server


@pytest.fixture
def listener(broker: str) -> Iterator[Listener]:
    made = Listener(HELLO)
    with redis.Redis.from_url(broker) as client:
        wait_for("the subscription", lambda: made.wait(0.01) is None and client.pubsub_channels())
    yield made
    made.close()


@pytest.mark.django_db
def test_committed_lines_reach_who_listens_to_their_group(listener: Listener, directory: Path) -> None:
    report = make_report()
    ingest(directory, make_report("other"), report)
    batch = listener.wait(60)
    assert batch is not None
    assert batch.dropped == 0
    assert [(line.ms, line.message) for line in batch.lines] == report.lines
    assert {(line.request_id, line.stream) for line in batch.lines} == {(report.request_id, report.log_stream)}
    assert listener.wait(0.1) is None


def test_nothing_is_sent_where_nobody_listens(broker: str) -> None:
    with redis.Redis.from_url(broker) as client:
        publisher = Publisher()
        before = client.info("commandstats")["cmdstat_publish"]["calls"] if published(client) else 0
        publisher.publish([make_report()])
        after = client.info("commandstats")["cmdstat_publish"]["calls"] if published(client) else 0
    assert after == before


def published(client: redis.Redis) -> bool:
    return "cmdstat_publish" in client.info("commandstats")


def test_a_message_is_bounded_and_what_is_left_out_is_counted(listener: Listener) -> None:
    publisher = Publisher()
    many = make_report(lines=[(START_MS, f"{number}\n") for number in range(live.MESSAGE_LINES + 234)])
    publisher.publish([many])
    batch = listener.wait(60)
    assert batch is not None
    assert (len(batch.lines), batch.dropped) == (live.MESSAGE_LINES, 234)
    publisher.publish([make_report(lines=[(START_MS, "x" * 10 * live.LINE_CHARACTERS)] * 100)])
    batch = listener.wait(60)
    assert batch is not None
    assert {len(line.message) for line in batch.lines} == {live.LINE_CHARACTERS}
    assert len(batch.lines) + batch.dropped == 100
    assert len(batch.lines) * live.LINE_CHARACTERS <= live.MESSAGE_CHARACTERS


def test_a_message_that_never_came_is_counted(listener: Listener, broker: str) -> None:
    publisher = Publisher()
    publisher.publish([make_report()])
    assert listener.wait(60) is not None
    publisher._seen[HELLO] += 7  # as if Redis had lost one
    publisher.publish([make_report()])
    batch = listener.wait(60)
    assert batch is not None
    assert (len(batch.lines), batch.dropped) == (3, 7)


@pytest.mark.django_db
def test_a_broker_that_is_away_costs_no_line_and_no_time(settings: Settings, directory: Path, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nothing.sock"
    ingest(directory, *[make_report() for _ in range(50)])
    assert LogChunk.objects.count() == 50
    publisher = Publisher()
    publisher.publish([make_report()])
    assert publisher._quiet_until > time.monotonic()


def test_every_tail_ends_when_hearth_stops(listener: Listener) -> None:
    live.end_all()
    with pytest.raises(Ended):
        listener.wait(60)


def test_to_listen_without_a_broker_is_an_error(settings: Settings, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nothing.sock"
    with pytest.raises(redis.RedisError):
        Listener(HELLO)
