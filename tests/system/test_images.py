"""Functions that are container images, through the whole family: fetched by the worker, run by the executor."""

import base64
import json
from typing import Any

import pytest

from tests.family import RunningHearth, wait_for, zip_of
from tests.images.making import LayoutMaker, file, layer, needs_busybox, shell

pytestmark = [pytest.mark.server, needs_busybox]
LOOP = {"Entrypoint": ["/app/loop"], "Env": ["PATH=/bin", "GREETING=hello"]}


def invoke(client: Any, name: str, **members: Any) -> tuple[str, str]:
    answer = client.invoke(FunctionName=name, LogType="Tail", Payload=b"{}", **members)
    assert "FunctionError" not in answer, base64.b64decode(answer["LogResult"])
    return answer["Payload"].read().decode().strip(), answer["ExecutedVersion"]


def test_a_life(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    made = LayoutMaker(hearth.images / "life")
    first = made.image("v1", shell('echo "\\"$GREETING $1 $(pwd)\\""'), **LOOP)
    created = client.create_function(
        FunctionName="image-life",
        Role=hearth.role,
        PackageType="Image",
        Timeout=60,
        Code={"ImageUri": first},
        ImageConfig={"WorkingDirectory": "/app"},
        Publish=True,
    )
    assert (created["State"], created["StateReasonCode"], created["CodeSize"]) == ("Pending", "Creating", 0)
    client.get_waiter("function_active_v2").wait(FunctionName="image-life", WaiterConfig={"Delay": 1})
    client.get_waiter("function_active_v2").wait(FunctionName="image-life:1", WaiterConfig={"Delay": 1})
    assert invoke(client, "image-life") == ('"hello {} /app"', "$LATEST")
    assert invoke(client, "image-life:1") == ('"hello {} /app"', "1")
    # Another image under the same tag, taken at the next update only.
    second = made.image("v1", shell('echo "\\"second\\""'), **LOOP)
    assert second == first
    assert invoke(client, "image-life")[0] == '"hello {} /app"'
    updated = client.update_function_code(FunctionName="image-life", ImageUri=second)
    assert updated["LastUpdateStatus"] == "InProgress"
    assert updated["CodeSha256"] != created["CodeSha256"]
    client.get_waiter("function_updated_v2").wait(FunctionName="image-life", WaiterConfig={"Delay": 1})
    assert [invoke(client, name)[0] for name in ("image-life", "image-life:1")] == ['"second"', '"hello {} /app"']
    code = client.get_function(FunctionName="image-life")["Code"]
    assert code == {
        "RepositoryType": "ECR",
        "ImageUri": first,
        "ResolvedImageUri": f"{first.removesuffix(':v1')}@sha256:{updated['CodeSha256']}",
    }
    client.delete_function(FunctionName="image-life")


def test_what_cannot_be_fetched(hearth: RunningHearth) -> None:
    """The function fails; one that ran before goes on with what it had."""
    client = hearth.client("lambda")
    made = LayoutMaker(hearth.images / "fails")
    good = made.image("good", shell('echo "\\"good\\""'), **LOOP)
    bad = made.image("bad", layer([file("../../out", "x")]), **LOOP)
    members = {"Role": hearth.role, "PackageType": "Image", "Timeout": 60}
    client.create_function(FunctionName="image-bad", Code={"ImageUri": bad}, **members)

    def ended() -> Any:
        shown = client.get_function_configuration(FunctionName="image-bad")
        return shown if shown["State"] != "Pending" else None

    failed = wait_for("the end of fetching", ended, 60)
    assert (failed["State"], failed["StateReasonCode"]) == ("Failed", "InvalidImage")
    assert "leads out of the tree" in failed["StateReason"]
    with pytest.raises(client.exceptions.ResourceConflictException, match="state: Failed"):
        client.invoke(FunctionName="image-bad")
    # It can be mended.
    client.update_function_code(FunctionName="image-bad", ImageUri=good)
    client.get_waiter("function_active_v2").wait(FunctionName="image-bad", WaiterConfig={"Delay": 1})
    assert invoke(client, "image-bad")[0] == '"good"'
    before = client.get_function_configuration(FunctionName="image-bad")["CodeSha256"]
    client.update_function_code(FunctionName="image-bad", ImageUri=bad)

    def updated() -> Any:
        shown = client.get_function_configuration(FunctionName="image-bad")
        return shown if shown["LastUpdateStatus"] != "InProgress" else None

    failed = wait_for("the end of the update", updated, 60)
    assert (failed["State"], failed["LastUpdateStatus"]) == ("Active", "Failed")
    assert (failed["LastUpdateStatusReasonCode"], failed["CodeSha256"]) == ("InvalidImage", before)
    assert invoke(client, "image-bad")[0] == '"good"'
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="Please provide ImageUri when"):
        client.update_function_code(FunctionName="image-bad", ZipFile=zip_of({"app.py": ""}))
    client.delete_function(FunctionName="image-bad")


def test_an_extension_of_the_image(hearth: RunningHearth) -> None:
    """It registers, and hears of each invocation."""
    client = hearth.client("lambda")
    extension = """#!/bin/sh
    api="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
    wget -q -S -O /dev/null --header "Lambda-Extension-Name: watcher" --post-data '{"events": ["INVOKE"]}' \
        "$api/register" 2>/tmp/registered
    id=$(grep -i lambda-extension-identifier /tmp/registered | tr -d '\\r' | sed 's/.*: //')
    while wget -q -O /tmp/seen --header "Lambda-Extension-Identifier: $id" "$api/event/next"; do
        echo "the extension saw $(cat /tmp/seen)"
    done
    """
    program = "\n".join(line.removeprefix("    ") for line in extension.splitlines())
    made = LayoutMaker(hearth.images / "extended")
    watcher = layer([file("opt/extensions/watcher", program, 0o755)])
    uri = made.image("v1", shell('echo "\\"$1\\""'), watcher, **LOOP)
    members = {"Role": hearth.role, "PackageType": "Image", "Timeout": 60, "Code": {"ImageUri": uri}}
    client.create_function(FunctionName="image-extended", **members)
    client.get_waiter("function_active_v2").wait(FunctionName="image-extended", WaiterConfig={"Delay": 1})
    answer = client.invoke(FunctionName="image-extended", LogType="Tail", Payload=json.dumps("hi"))
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "FunctionError" not in answer, log
    assert "EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE]" in log
    assert 'the extension saw {"eventType":"INVOKE"' in log
    client.delete_function(FunctionName="image-extended")
