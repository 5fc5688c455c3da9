"""SAM CLI and Chalice, as far as they need only Lambda, IAM and logs. `make clients` installs them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.family import RunningHearth

INSTALLED = Path(__file__).parent / ".venv" / "bin"
APP = """\
from chalice import Chalice

app = Chalice(app_name="client-chalice")


@app.lambda_function()
def first(event, context):
    app.log.error("called by chalice")
    return {"event": event}
"""


def run(hearth: RunningHearth, directory: Path, command: str, *arguments: str, text: str = "") -> str:
    """What the command printed; it must succeed."""
    if not (INSTALLED / command).exists():
        pytest.skip(f"{command} is not installed: make clients")
    environment = {
        **hearth.environment(),
        "AWS_REGION": hearth.credentials["region"],
        "HOME": str(directory),
        "SAM_CLI_TELEMETRY": "0",
    }
    done = subprocess.run(
        [INSTALLED / command, *arguments],
        cwd=directory,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.server
def test_sam_invokes_a_function(hearth: RunningHearth, tmp_path: Path) -> None:
    made = hearth.deploy("client-sam", "def handler(event, context):\n    print('called by sam')\n    return event\n")
    answer = run(hearth, tmp_path, "sam", "remote", "invoke", made["FunctionArn"], "--event", '{"k": "ë"}')
    assert "called by sam" in answer
    assert "REPORT RequestId" in answer
    assert '"k": "ë"' in answer or '"k": "\\u00eb"' in answer


@pytest.mark.server
def test_chalice_deploys_invokes_reads_and_deletes(hearth: RunningHearth, tmp_path: Path) -> None:
    if sys.version_info[:2] != (3, 11):
        pytest.skip("the clients are locked for Python 3.11, whose name Chalice gives its functions")
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / ".chalice").mkdir()
    configuration = {"version": "2.0", "app_name": "client-chalice", "stages": {"dev": {"lambda_memory_size": 256}}}
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(configuration))

    def chalice(*arguments: str, text: str = "") -> str:
        return run(hearth, tmp_path, "chalice", *arguments, text=text)

    deployed = chalice("deploy")
    assert "function:client-chalice-dev-first" in deployed
    client = hearth.client("lambda")
    assert client.get_function_configuration(FunctionName="client-chalice-dev-first")["MemorySize"] == 256
    assert "Updating lambda function" in chalice("deploy")
    assert json.loads(chalice("invoke", "-n", "first", text='{"a": 1}')) == {"event": {"a": 1}}
    assert "called by chalice" in chalice("logs", "-n", "first")
    assert "Deleting IAM role" in chalice("delete")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName="client-chalice-dev-first")
