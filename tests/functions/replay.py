"""Replaying what AWS answered: the same calls, by boto3 through the whole gateway, and the answers compared whole.

The recordings stand in `tests/data/lambda_recordings.json` (source and licence beside it). Volatile values in them are
placeholders: `<uuid:1>` matches anything the first time and the same value ever after, and `<uuid:2>` is another value.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from django.test import Client

from functions.execution.runtimes.discovery import installed
from tests.functions.world import NODE, PYTHON, REGION

RECORDINGS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "lambda_recordings.json").read_text()
)
# The runtimes of the recordings, or others where this machine does not have them.
RUNTIMES = {
    runtime: runtime if runtime in installed() else otherwise
    for runtime, otherwise in (
        ("python3.12", PYTHON),
        ("python3.13", PYTHON),
        ("python3.11", NODE),
        ("python3.8", NODE),
        ("python3.9", PYTHON),
        ("nodejs20.x", NODE),
    )
}
PLACEHOLDER = re.compile(r"<([a-z][a-z0-9_-]*(?::\d+)?)>")
REPEATED = re.compile(r"<(.):len\((\d+)\)>")
# The service model has since put parentheses around its pattern of a layer version's ARN.
PARENTHESES = re.compile(r"\((\(arn:\S+:layer:\S+\|\(arn:\S+:awslayer:\S+?\))\)")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(\+0000|Z)")
MOMENTS = ("LastModified", "CreationTime", "LastModifiedTime", "CreatedDate")


class InProcess:
    """Botocore's way to the network, led into Django's handler instead: all but the socket is real."""

    def __init__(self) -> None:
        self.client = Client()

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        host, _, path = request.url.partition("://")[2].partition("/")
        headers = {name: value if isinstance(value, str) else value.decode() for name, value in request.headers.items()}
        headers["Host"] = host  # http.client would add it
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        kind = headers.pop("Content-Type", "application/octet-stream")
        answer = self.client.generic(request.method, "/" + path, body, content_type=kind, headers=headers)
        return AWSResponse(request.url, answer.status_code, answer.headers, _Raw(answer.content))


class _Raw:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [self.content]

    def read(self, *_: Any) -> bytes:
        return self.content


def connect(key: str, secret: str, service: str = "lambda", region: str = REGION) -> Any:
    """A boto3 client whose requests are answered in this process. It checks no parameters itself."""
    client = boto3.client(
        service,
        region_name=region,
        endpoint_url="http://testserver",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )
    client.meta.events.register(f"before-send.{service}", InProcess())
    return client


# In which an answer differs that AWS gave while it still worked on the update: here it is whole by then.
IN_PROGRESS = (
    "LastUpdateStatus",
    "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode",
    "RevisionId",
    "State",
    "StateReason",
    "StateReasonCode",
)
# What was compared in this run: scenario and step.
REPLAYED: set[tuple[str, str]] = set()


class Replay:
    """One recorded scenario."""

    def __init__(self, scenario: str, **known: str) -> None:
        self.scenario = scenario
        self.steps = RECORDINGS[scenario]
        self.known: dict[str, Any] = {"partition": "aws", "region": REGION, **known}

    def check(self, step: str, answer: dict[str, Any], *, but: tuple[str, ...] = ()) -> dict[str, Any]:
        """The answer is the recorded one; `but` names members in which it may differ. Returns it."""
        recorded = self.recorded(step)
        recorded = recorded.get("CreateFunctionResponse", recorded)
        if "ResponseMetadata" not in recorded:
            but = (*but, "ResponseMetadata")
        self.same(_without(recorded, but), _without(answer, but), step)
        return answer

    def error(self, step: str, call: Callable[..., Any], /, **arguments: Any) -> None:
        """The call fails as it was recorded."""
        with pytest.raises(ClientError) as failed:
            call(**arguments)
        recorded = dict(self.recorded(step))
        if recorded["Error"].get("Message") is None:  # boto3 of the recordings and of today differ in this
            recorded["Error"] = {**recorded["Error"], "Message": failed.value.response["Error"].get("Message")}
        self.same(_without(recorded, ()), _without(failed.value.response, ()), step)

    def recorded(self, step: str) -> Any:
        """What was recorded; the step counts as compared."""
        REPLAYED.add((self.scenario, step))
        return self.steps[step]

    def same(self, recorded: Any, actual: Any, where: str) -> None:
        if isinstance(recorded, dict):
            assert isinstance(actual, dict), where
            assert sorted(recorded) == sorted(actual), where
            for member, value in recorded.items():
                inside = f"{where}.{member}"
                if value == "datetime":
                    assert isinstance(actual[member], datetime), inside
                elif member in MOMENTS:
                    assert MOMENT.fullmatch(actual[member]), inside
                elif member == "FunctionUrl":
                    assert re.fullmatch(rf"http://[a-z0-9]{{32}}\.lambda-url\.{REGION}\.localhost:\d+/", actual[member])
                elif member == "Runtime":
                    assert actual[member] == RUNTIMES[value], inside
                else:
                    self.same(value, actual[member], inside)
        elif isinstance(recorded, list):
            assert isinstance(actual, list), where
            assert len(recorded) == len(actual), where
            for number, (one, other) in enumerate(zip(recorded, actual, strict=True)):
                self.same(one, other, f"{where}[{number}]")
        elif isinstance(recorded, str):
            self._text(recorded, actual, where)
        else:
            assert recorded == actual, where

    def _text(self, recorded: str, actual: Any, where: str) -> None:
        recorded = REPEATED.sub(lambda found: found[1] * int(found[2]), recorded)
        if "at 'resource'" in recorded:  # the pattern is the service model's, which has grown since
            recorded, actual = recorded.partition(" pattern: ")[0], actual.partition(" pattern: ")[0]
        actual = PARENTHESES.sub(r"\1", actual) if isinstance(actual, str) else actual
        if whole := PLACEHOLDER.fullmatch(recorded):
            self._bind(whole[1], actual, where)
            return
        pattern, names = "", []
        for number, part in enumerate(PLACEHOLDER.split(recorded)):
            if number % 2 == 0:
                pattern += re.escape(part)
            elif part in self.known:
                pattern += re.escape(str(self.known[part]))
            else:
                pattern += "(.+?)"
                names.append(part)
        found = re.fullmatch(pattern, str(actual), re.DOTALL)
        assert found, f"{where}: {actual!r} is not {recorded!r}"
        for name, value in zip(names, found.groups(), strict=True):
            self._bind(name, value, where)

    def _bind(self, name: str, value: Any, where: str) -> None:
        kind, numbered, _ = name.partition(":")
        if not numbered:
            if name in self.known:
                assert value == self.known[name], where
            return
        if name in self.known:
            assert value == self.known[name], f"{where}: <{name}> was {self.known[name]!r} and is {value!r}"
            return
        namesakes = {other: known for other, known in self.known.items() if other.partition(":")[0] == kind}
        assert value not in namesakes.values(), f"{where}: <{name}> is the same as another <{kind}>: {namesakes}"
        self.known[name] = value


def _without(answer: Any, members: tuple[str, ...]) -> Any:
    if isinstance(answer, dict):
        if "HTTPStatusCode" in answer:
            return {"HTTPStatusCode": answer["HTTPStatusCode"]}
        return {member: _without(value, members) for member, value in answer.items() if member not in members}
    if isinstance(answer, list):
        return [_without(item, members) for item in answer]
    return answer
