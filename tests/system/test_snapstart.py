"""SnapStart on real processes, by boto3."""

from contextlib import closing

import pytest
from botocore.exceptions import ClientError

from functions.execution.lane import LaneClient
from functions.execution.runtimes.discovery import installed
from tests.family import RunningHearth, wait_for, zip_of
from tests.system.test_main_job import invoke

NODES = [name for name, interpreter in installed().items() if interpreter.family == "node"]
pytestmark = pytest.mark.skipif(not NODES, reason="no Node.js on this machine")
SOURCE = """
awslambda.SnapshotRestore.registerAfterRestore(() => {
  if (process.env.FAILS) throw new Error("no");
});
exports.handler = async () => process.env.AWS_LAMBDA_INITIALIZATION_TYPE;
"""


def published(hearth: RunningHearth, name: str, **variables: str) -> str:
    """The published version, once the node has environments of it."""
    client = hearth.client("lambda")
    snapstart = {"ApplyOn": "PublishedVersions"}
    code = {"ZipFile": zip_of({"app.js": SOURCE})}
    environment = {"Variables": variables}
    made = hearth.deploy(name, "", Runtime=NODES[-1], Code=code, SnapStart=snapstart, Environment=environment)
    assert made["SnapStart"] == {**snapstart, "OptimizationStatus": "Off"}  # which is of $LATEST
    version: str = client.publish_version(FunctionName=name)["Version"]
    shown = client.get_function_configuration(FunctionName=name, Qualifier=version)
    assert shown["SnapStart"] == {**snapstart, "OptimizationStatus": "On"}

    def stands() -> bool:
        with closing(LaneClient(str(hearth.data / "run" / "lane.sock"))) as lane:
            sandboxes = lane.status()["sandboxes"]
        return any(each["function_name"] == name and each["template"] and each["frozen"] for each in sandboxes)

    wait_for("an environment initialised ahead", stands)
    return version


def test_a_published_version_is_restored(hearth: RunningHearth) -> None:
    version = published(hearth, "restored")
    answer, how = invoke(hearth.client("lambda"), "restored", Qualifier=version)
    assert "FunctionError" not in answer
    assert how == "snap-start"


def test_a_hook_that_fails_is_an_error_of_the_call(hearth: RunningHearth) -> None:
    version = published(hearth, "unrestored", FAILS="1")
    with pytest.raises(ClientError, match="hook encountered an error") as raised:
        invoke(hearth.client("lambda"), "unrestored", Qualifier=version)
    assert raised.value.response["Error"]["Code"] == "SnapStartException"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
