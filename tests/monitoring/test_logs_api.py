"""CloudWatch Logs as boto3 sees it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from monitoring.ingest.append import append
from monitoring.models import LogChunk, LogStream
from tests.monitoring.conftest import START_MS, ingest, make_report

GROUP = "/aws/lambda/hello"
NOW = int(time.time() * 1000)


@pytest.fixture
def logs(boto: Callable[..., Any]) -> Any:
    return boto("logs")


def lines(count: int, at_ms: int = START_MS, step: int = 10) -> list[tuple[int, str]]:
    return [(at_ms + number * step, f"line {number}\n") for number in range(count)]


def refused(call: Callable[..., Any], **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def messages(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


def test_filter_log_events_merges_streams_in_order_of_time(logs: Any, directory: Path) -> None:
    ingest(
        directory,
        make_report(log_stream="a", lines=[(START_MS + n, f"a{n}") for n in range(0, 3000, 7)]),
        make_report(log_stream="b", lines=[(START_MS + n, f"b{n}") for n in range(0, 3000, 11)]),
        make_report(log_stream="c", lines=[(START_MS + n, f"c{n}") for n in range(500, 700)]),
    )
    answer = logs.filter_log_events(logGroupName=GROUP)
    times = [event["timestamp"] for event in answer["events"]]
    assert times == sorted(times)
    assert len(times) == 429 + 273 + 200
    assert "nextToken" not in answer
    event = answer["events"][0]
    assert (event["logStreamName"], event["message"], event["timestamp"]) == ("a", "a0", START_MS)
    assert len({event["eventId"] for event in answer["events"]}) == len(times)
    assert abs(event["ingestionTime"] - NOW) < 3_600_000


@pytest.mark.parametrize("size", [1, 3, 100])
def test_pages_join_without_gap_or_repetition(logs: Any, directory: Path, size: int) -> None:
    ingest(directory, *[make_report(log_stream=f"s{n % 3}", lines=lines(40, START_MS + n)) for n in range(5)])
    whole = logs.filter_log_events(logGroupName=GROUP)["events"]
    assert len(whole) == 200
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, PaginationConfig={"PageSize": size})
    assert [event for page in pages for event in page["events"]] == whole


def test_a_page_stays_where_it_was_while_lines_come_in(logs: Any, directory: Path) -> None:
    ingest(directory, make_report(lines=lines(4)))
    first = logs.filter_log_events(logGroupName=GROUP, limit=2)
    ingest(directory, make_report(log_stream="early", lines=[(START_MS - 5000, "early")]))
    rest = logs.filter_log_events(logGroupName=GROUP, limit=2, nextToken=first["nextToken"])
    assert messages(first) + messages(rest) == [f"line {n}\n" for n in range(4)]


def test_filters_by_time_stream_and_pattern(logs: Any, directory: Path) -> None:
    ingest(directory, make_report(log_stream="one", lines=lines(10)), make_report(log_stream="two", lines=lines(10)))
    within = logs.filter_log_events(logGroupName=GROUP, startTime=START_MS + 20, endTime=START_MS + 40)
    assert len(within["events"]) == 6  # both ends count
    assert len(logs.filter_log_events(logGroupName=GROUP, logStreamNames=["two"])["events"]) == 10
    assert len(logs.filter_log_events(logGroupName=GROUP, logStreamNamePrefix="t")["events"]) == 10
    assert messages(logs.filter_log_events(logGroupName=GROUP, filterPattern='"line 3"')) == ["line 3\n"] * 2
    latest = logs.filter_log_events(logGroupName=GROUP, startFromHead=False, limit=2)
    assert messages(latest) == ["line 9\n"] * 2


def test_a_rare_pattern_gives_empty_pages_and_then_its_line(
    logs: Any, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.queries.logs.SCAN_LINES", 50)
    ingest(directory, make_report(lines=lines(400)))
    pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, filterPattern='"line 333"'))
    assert len(pages) == 8
    assert [message for page in pages for message in messages(page)] == ["line 333\n"]


def test_a_page_is_bounded_by_its_size(logs: Any, directory: Path) -> None:
    ingest(directory, make_report(lines=[(START_MS + n, "x" * 200_000) for n in range(12)]))
    pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP))
    assert [len(page["events"]) for page in pages] == [5, 5, 2]


def test_get_log_events_walks_forward_to_the_end_and_goes_on(logs: Any, directory: Path) -> None:
    ingest(directory, make_report(log_stream="s", lines=lines(25)))
    where = {"logGroupName": GROUP, "logStreamName": "s", "limit": 10}
    page = logs.get_log_events(**where, startFromHead=True)
    seen = messages(page)
    while True:
        following = logs.get_log_events(**where, nextToken=page["nextForwardToken"])
        if following["nextForwardToken"] == page["nextForwardToken"]:
            assert following["events"] == []
            break
        page = following
        seen += messages(page)
    assert seen == [f"line {n}\n" for n in range(25)]
    ingest(directory, make_report(log_stream="s", lines=lines(1, START_MS + 5000)))
    assert messages(logs.get_log_events(**where, nextToken=page["nextForwardToken"])) == ["line 0\n"]


def test_get_log_events_walks_backward_to_the_beginning(logs: Any, directory: Path) -> None:
    ingest(directory, make_report(log_stream="s", lines=lines(2500, step=7)))
    where = {"logGroupName": GROUP, "logStreamName": "s", "limit": 1000}
    page = logs.get_log_events(**where)
    seen = messages(page)
    assert seen == [f"line {n}\n" for n in range(1500, 2500)]
    while (following := logs.get_log_events(**where, nextToken=page["nextBackwardToken"]))["events"]:
        seen = messages(following) + seen
        page = following
    assert seen == [f"line {n}\n" for n in range(2500)]
    assert following["nextBackwardToken"] == page["nextBackwardToken"]
    again = logs.get_log_events(**where, nextToken=following["nextForwardToken"])
    assert messages(again)[0] == "line 0\n"


def test_get_log_events_ends_before_its_end_time(logs: Any, directory: Path) -> None:
    ingest(directory, make_report(log_stream="s", lines=lines(5)))
    answer = logs.get_log_events(
        logGroupName=GROUP, logStreamName="s", startTime=START_MS + 10, endTime=START_MS + 30, startFromHead=True
    )
    assert messages(answer) == ["line 1\n", "line 2\n"]


def test_an_empty_stream_gives_lines_that_come_later(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    page = logs.get_log_events(logGroupName="g", logStreamName="s", startFromHead=True)
    assert page["events"] == []
    logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": NOW, "message": "hi"}])
    later = logs.get_log_events(logGroupName="g", logStreamName="s", nextToken=page["nextForwardToken"])
    assert messages(later) == ["hi"]


def test_the_life_of_a_group(logs: Any) -> None:
    logs.create_log_group(logGroupName="/my/group", tags={"team": "a"})
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/my")["logGroups"]
    assert group["arn"] == "arn:aws:logs:us-east-1:000000000000:log-group:/my/group:*"
    assert "retentionInDays" not in group
    logs.put_retention_policy(logGroupName="/my/group", retentionInDays=7)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    logs.delete_retention_policy(logGroupName="/my/group")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]
    arn = group["logGroupArn"]
    logs.tag_resource(resourceArn=arn, tags={"env": "dev"})
    logs.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"env": "dev"}
    logs.create_log_stream(logGroupName="/my/group", logStreamName="s")
    append(LogStream.objects.get(), [(NOW, "nul \0")])
    assert messages(logs.filter_log_events(logGroupIdentifier=arn)) == ["nul \ufffd"]
    logs.delete_log_stream(logGroupName="/my/group", logStreamName="s")
    assert not LogChunk.objects.exists()
    logs.delete_log_group(logGroupName="/my/group")
    assert logs.describe_log_groups()["logGroups"] == []
    assert not LogStream.objects.exists()


def test_groups_and_streams_are_paged(logs: Any) -> None:
    for number in range(7):
        logs.create_log_group(logGroupName=f"g{number}")
        logs.create_log_stream(logGroupName="g0", logStreamName=f"s{number}")
        events = [{"timestamp": NOW - (number * 3 % 7) * 1000, "message": "x"}]
        if number:
            logs.put_log_events(logGroupName="g0", logStreamName=f"s{number}", logEvents=events)

    def names(operation: str, key: str, name: str, **members: Any) -> list[str]:
        pages = logs.get_paginator(operation).paginate(**members, PaginationConfig={"PageSize": 2})
        return [item[name] for page in pages for item in page[key]]

    assert names("describe_log_groups", "logGroups", "logGroupName") == [f"g{n}" for n in range(7)]
    assert names("describe_log_groups", "logGroups", "logGroupName", logGroupNamePattern="3") == ["g3"]
    by_name = names("describe_log_streams", "logStreams", "logStreamName", logGroupName="g0")
    assert by_name == [f"s{n}" for n in range(7)]
    assert (
        names("describe_log_streams", "logStreams", "logStreamName", logGroupName="g0", descending=True)
        == by_name[::-1]
    )
    ages = sorted(range(1, 7), key=lambda n: n * 3 % 7)
    newest = [f"s{n}" for n in ages] + ["s0"]
    assert (
        names(
            "describe_log_streams",
            "logStreams",
            "logStreamName",
            logGroupName="g0",
            orderBy="LastEventTime",
            descending=True,
        )
        == newest
    )


def test_describe_log_streams_knows_first_and_last_event(logs: Any, directory: Path) -> None:
    ingest(directory, make_report(log_stream="s", lines=lines(5)))
    ingest(directory, make_report(log_stream="s", lines=lines(1, START_MS - 100)))
    (stream,) = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix="s")["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (START_MS - 100, START_MS + 40)
    assert stream["arn"] == f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}:log-stream:s"


def test_put_log_events_rejects_by_time_as_aws_does(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    where = {"logGroupName": "g", "logStreamName": "s"}
    old = NOW - 20 * 86_400_000
    assert logs.put_log_events(**where, logEvents=[{"timestamp": old, "message": "x"}])["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1
    }
    future = [{"timestamp": NOW, "message": "now"}, {"timestamp": NOW + 10_800_000, "message": "x"}]
    assert logs.put_log_events(**where, logEvents=future)["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    assert messages(logs.filter_log_events(logGroupName="g")) == ["now"]
    code, message = refused(
        logs.put_log_events,
        **where,
        logEvents=[{"timestamp": NOW, "message": "b"}, {"timestamp": NOW - 1, "message": "a"}],
    )
    assert (code, message) == (
        "InvalidParameterException",
        "Log events in a single PutLogEvents request must be in chronological order.",
    )


def test_errors_are_those_of_aws(logs: Any) -> None:
    missing = ("ResourceNotFoundException", "The specified log group does not exist.")
    for call in (logs.filter_log_events, logs.describe_log_streams, logs.delete_log_group):
        assert refused(call, logGroupName="none") == missing
    assert refused(logs.put_retention_policy, logGroupName="none", retentionInDays=7) == missing
    logs.create_log_group(logGroupName="g")
    assert refused(logs.get_log_events, logGroupName="g", logStreamName="s") == (
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
    assert refused(logs.create_log_group, logGroupName="g") == (
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
    )
    for members in (
        {"filterPattern": "a-b"},
        {"filterPattern": "{ $.a }"},
        {"nextToken": "nonsense"},
        {"nextToken": "9" * 56},
        {"logStreamNames": ["s"], "logStreamNamePrefix": "s"},
    ):
        assert refused(logs.filter_log_events, logGroupName="g", **members)[0] == "InvalidParameterException"
    assert refused(logs.put_retention_policy, logGroupName="g", retentionInDays=8)[0] == "InvalidParameterException"
    assert (
        refused(logs.describe_log_streams, logGroupName="g", orderBy="LastEventTime", logStreamNamePrefix="x")[0]
        == "InvalidParameterException"
    )
    assert refused(logs.describe_log_streams, logGroupName="g", nextToken="x")[0] == "InvalidParameterException"


def test_another_accounts_groups_are_not_seen(logs: Any, directory: Path) -> None:
    ingest(directory, make_report(account_id="1" * 12), make_report(region="eu-west-1"))
    assert logs.describe_log_groups()["logGroups"] == []
    assert refused(logs.filter_log_events, logGroupName=GROUP)[0] == "ResourceNotFoundException"
    arn = f"arn:aws:logs:us-east-1:{'1' * 12}:log-group:{GROUP}"
    assert refused(logs.filter_log_events, logGroupIdentifier=arn)[0] == "ResourceNotFoundException"
