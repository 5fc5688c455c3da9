"""Runtime versions: which of the machine's interpreters a function is held to."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.arn import FunctionReference
from functions.errors import InvalidRuntimeException
from functions.execution.runtimes import discovery
from functions.invoke import routing
from functions.models import FunctionVersion
from tests.functions.world import ACCOUNT, NODE, PYTHON, REGION, arn, request

NAME = {"FunctionName": "thumbs"}


FIRST = discovery.installed()
# Interpreters that are not the machine's first of their runtime.
SECOND = [each for each in discovery.found() if each != FIRST.get(each.runtime, each)]


def runtime_version(aws: Any, name: str = "thumbs", **members: str) -> str:
    config = aws.get_function_configuration(FunctionName=name, **members)["RuntimeVersionConfig"]
    return str(config["RuntimeVersionArn"])


def test_auto_is_the_default(aws: Any) -> None:
    aws.create_function(**request("thumbs"))
    shown = aws.get_runtime_management_config(**NAME)
    shown.pop("ResponseMetadata")
    assert shown == {"UpdateRuntimeOn": "Auto", "FunctionArn": arn("thumbs", "$LATEST")}


@pytest.mark.skipif(not SECOND, reason="this machine has one interpreter of each runtime")
def test_manual_holds_a_version_to_one_interpreter(aws: Any) -> None:
    older = SECOND[0]
    aws.create_function(**request("held", Runtime=older.runtime, Publish=True))
    first = runtime_version(aws, "held")
    # The ARN of the other, as it would be known from before the machine got the first.
    FunctionVersion.objects.filter(number=1).update(runtime_version=older.version)
    other = runtime_version(aws, "held", Qualifier="1")
    assert other != first
    put = aws.put_runtime_management_config(FunctionName="held", UpdateRuntimeOn="Manual", RuntimeVersionArn=other)
    assert (put["UpdateRuntimeOn"], put["RuntimeVersionArn"]) == ("Manual", other)
    assert runtime_version(aws, "held") == other
    latest = routing.resolve(FunctionReference(ACCOUNT, REGION, "held"))
    assert latest.spec.interpreter == f"{older.runtime}@{older.version}"
    aws.put_runtime_management_config(FunctionName="held", UpdateRuntimeOn="Auto")
    assert runtime_version(aws, "held") == first


def test_an_interpreter_that_is_gone_is_said(aws: Any) -> None:
    aws.create_function(**request("gone", Publish=True))
    FunctionVersion.objects.filter(number=1).update(runtime_version="3.0.1", update_runtime_on="Manual")
    config = aws.get_function_configuration(FunctionName="gone", Qualifier="1")["RuntimeVersionConfig"]
    assert config["Error"]["ErrorCode"] == "InvalidRuntimeException"
    with pytest.raises(InvalidRuntimeException, match=r"held to version 3\.0\.1"):
        routing.resolve(FunctionReference(ACCOUNT, REGION, "gone", "1"))


def test_with_the_function_takes_the_interpreter_of_each_update(aws: Any) -> None:
    aws.create_function(**request("thumbs"))
    aws.put_runtime_management_config(**NAME, UpdateRuntimeOn="FunctionUpdate")
    latest = FunctionVersion.objects.get(number=0)
    assert latest.runtime_version == discovery.installed()[PYTHON].version
    FunctionVersion.objects.update(runtime_version="3.0.1")  # the machine has been updated since
    aws.update_function_configuration(**NAME, MemorySize=256)
    latest.refresh_from_db()
    assert latest.runtime_version == discovery.installed()[PYTHON].version


def test_another_runtime_ends_what_was_set_by_hand(aws: Any) -> None:
    aws.create_function(**request("thumbs"))
    held = runtime_version(aws)
    aws.put_runtime_management_config(**NAME, UpdateRuntimeOn="Manual", RuntimeVersionArn=held)
    aws.update_function_configuration(**NAME, Runtime=NODE)
    assert aws.get_runtime_management_config(**NAME)["UpdateRuntimeOn"] == "Auto"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"UpdateRuntimeOn": "Manual"}, "RuntimeVersionArn is required for the Manual"),
        (
            {"UpdateRuntimeOn": "Auto", "RuntimeVersionArn": f"arn:aws:lambda:{REGION}::runtime:{'0' * 64}"},
            "cannot be specified for the Auto",
        ),
        (
            {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": f"arn:aws:lambda:{REGION}::runtime:{'0' * 64}"},
            "is not one of the runtime",
        ),
        ({"UpdateRuntimeOn": "Never"}, "failed to satisfy constraint"),
    ],
)
def test_what_cannot_be(aws: Any, members: dict[str, str], message: str) -> None:
    aws.create_function(**request("thumbs"))
    with pytest.raises(ClientError, match=message):
        aws.put_runtime_management_config(**NAME, **members)
