"""Layers on real processes: laid over one another, used by Python and Node.js, downloaded, deleted in use."""

import base64
import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from functions.execution.runtimes.discovery import installed
from tests.family import RunningHearth, zip_of

PYTHON = f"python3.{sys.version_info.minor}"
NODE = next((name for name, interpreter in installed().items() if interpreter.family == "node"), None)


def publish(client: Any, name: str, files: dict[str, str | bytes], **members: Any) -> str:
    made = client.publish_layer_version(LayerName=name, Content={"ZipFile": zip_of(files)}, **members)
    return str(made["LayerVersionArn"])


def answer(client: Any, name: str, **members: Any) -> Any:
    result = client.invoke(FunctionName=name, **members)
    payload = json.loads(result["Payload"].read())
    assert "FunctionError" not in result, payload
    return payload


def test_a_later_layer_lies_over_an_earlier_one(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    low = publish(client, "low", {"python/both.py": "WHO = 'low'\n", "python/low.py": "WHO = 'low'\n"})
    high = publish(client, "high", {f"python/lib/{PYTHON}/site-packages/high.py": "WHO = 'high'\n"})
    top = publish(
        client, "top", {"python/both.py": "WHO = 'top'\n", "nodejs/node_modules/who.js": "module.exports = 1"}
    )
    code = "import both, high, low\ndef handler(event, context): return [both.WHO, high.WHO, low.WHO]\n"
    hearth.deploy("layered", code, Layers=[low, high, top])
    assert answer(client, "layered") == ["top", "high", "low"]

    client.publish_version(FunctionName="layered")
    client.update_function_configuration(FunctionName="layered", Layers=[top, high, low])
    assert answer(client, "layered") == ["low", "high", "low"]  # at once: not from an environment of before
    assert answer(client, "layered", Qualifier="1") == ["top", "high", "low"]

    client.delete_layer_version(LayerName="low", VersionNumber=1)
    client.update_function_configuration(FunctionName="layered", Timeout=9)  # a new environment
    assert answer(client, "layered") == ["low", "high", "low"]
    client.update_function_configuration(FunctionName="layered", Layers=[])
    failed = json.loads(client.invoke(FunctionName="layered")["Payload"].read())
    assert failed["errorType"] == "Runtime.ImportModuleError"


def test_node_finds_packages_of_layers(hearth: RunningHearth) -> None:
    assert NODE is not None
    client = hearth.client("lambda")
    major = NODE.removeprefix("nodejs").removesuffix(".x")
    plain = publish(client, "node-plain", {"nodejs/node_modules/who.js": "module.exports = 'plain'\n"})
    exact = publish(client, "node-exact", {f"nodejs/node{major}/node_modules/who.js": "module.exports = 'exact'\n"})
    code = {"ZipFile": zip_of({"index.js": "exports.handler = async () => require('who')\n"})}
    for layers, who in (([plain], "plain"), ([exact, plain], "exact")):
        name = f"layered-{who}"
        hearth.deploy(name, "", Runtime=NODE, Handler="index.handler", Code=code, Layers=layers)
        assert answer(client, name) == who


def test_a_layer_is_found_and_downloaded(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    files: dict[str, str | bytes] = {"python/found.py": "VALUE = 1\n"}
    layer = publish(client, "found", files, CompatibleRuntimes=["ruby3.4"], CompatibleArchitectures=["arm64"])
    [listed] = client.list_layers(CompatibleRuntime="ruby3.4", CompatibleArchitecture="arm64")["Layers"]
    assert listed["LatestMatchingVersion"]["LayerVersionArn"] == layer
    content = client.get_layer_version_by_arn(Arn=layer)["Content"]
    assert content["Location"].startswith(hearth.endpoint + "/")
    zipped = requests.get(content["Location"], timeout=10).content  # no credentials, no session
    assert zipped == zip_of(files)
    assert base64.b64encode(hashlib.sha256(zipped).digest()).decode() == content["CodeSha256"]
    forged = requests.get(content["Location"][:-1] + ("a" if content["Location"][-1] != "a" else "b"), timeout=10)
    assert forged.status_code == 404


def test_many_publish_at_once_and_delete(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    content = {"ZipFile": zip_of({"python/crowd.py": "VALUE = 1\n"})}

    def publish_one(number: int) -> int:
        made = client.publish_layer_version(LayerName="crowd", Content=content, Description=str(number))
        if number % 2:
            client.delete_layer_version(LayerName="crowd", VersionNumber=made["Version"])
        return int(made["Version"])

    with ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(publish_one, range(16)))
    assert sorted(numbers) == list(range(1, 17))
    left = client.list_layer_versions(LayerName="crowd")["LayerVersions"]
    assert [each["Version"] for each in left] == sorted(numbers[::2], reverse=True)
