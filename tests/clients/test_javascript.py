"""AWS's SDK for JavaScript: an SDK that shares no code with botocore reads the answers by its own model."""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console.gateway.operations import is_served
from tests.family import RunningHearth, zip_of

HERE = Path(__file__).parent
CODE = (
    "import os\n"
    "def handler(event, context):\n"
    "    if event.get('fail'):\n"
    "        raise ValueError('on purpose')\n"
    "    return {'n': event.get('n'), 'greeting': os.environ['GREETING']}\n"
)


@pytest.fixture(scope="module")
def node() -> str:
    """Node.js with the SDK beside the tests: `npm ci` fetches it once, by the lock file."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js with npm is not installed")
    if not (HERE / "node_modules" / "@aws-sdk" / "client-lambda").exists():
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            pytest.skip(f"npm cannot fetch the SDK: {done.stderr.strip().splitlines()[-1]}")
    return node


@pytest.mark.server
def test_the_life_of_a_function(hearth: RunningHearth, node: str) -> None:
    given = {
        "endpoint": hearth.endpoint,
        "name": "client-javascript",
        "role": hearth.role,
        "runtime": f"python3.{sys.version_info.minor}",
        "handler": "app.handler",
        "zip": base64.b64encode(zip_of({"app.py": CODE})).decode(),
        "streams": is_served("lambda", "InvokeWithResponseStream"),
    }
    environment = {**hearth.environment(), "AWS_REGION": hearth.credentials["region"]}
    done = subprocess.run(
        [node, "lambda.mjs"],
        cwd=HERE,
        env=environment,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)

    assert answers["made"]["State"] == "Pending"
    assert answers["made"]["Environment"]["Variables"] == {"GREETING": "höher & weiter"}
    called = answers["called"]
    assert (called["StatusCode"], called["ExecutedVersion"]) == (200, "$LATEST")
    assert json.loads(called["Payload"]) == {"n": 1, "greeting": "höher & weiter"}
    assert "REPORT RequestId" in called["LogResult"]
    assert answers["failed"]["FunctionError"] == "Unhandled"
    assert json.loads(answers["failed"]["Payload"])["errorMessage"] == "on purpose"
    assert answers["queued"]["StatusCode"] == 202
    if given["streams"]:
        assert json.loads(answers["streamed"]) == {"n": 2, "greeting": "höher & weiter"}
        assert "ErrorCode" not in answers["completed"]
    assert (answers["updated"]["Timeout"], answers["updated"]["MemorySize"]) == (7, 256)
    assert (answers["published"]["Version"], answers["alias"]["FunctionVersion"]) == ("1", "1")
    assert answers["url"]["FunctionUrl"].startswith("http://")
    assert answers["shown"]["Tags"] == {"kind": "client"}
    assert answers["shown"]["Configuration"]["Timeout"] == 7
    assert "client-javascript" in answers["names"]
    error = answers["error"]
    assert error["isOfItsClass"]
    assert (error["name"], error["status"]) == ("ResourceNotFoundException", 404)
    assert "client-javascript" in error["message"]
    assert len(error["requestId"]) == 36
