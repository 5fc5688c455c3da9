"""Provisioned concurrency, tenants and capacity providers on real processes, by boto3."""

import html
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from functions.execution.lane import LaneClient
from tests.family import ROOT, RunningHearth, wait_for, zip_of
from tests.system.test_main_job import invoke, metric

SOURCE = """
import os
def handler(event, context):
    return {
        "how": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"],
        "version": context.function_version,
        "tenant": context.tenant_id,
        "stream": context.log_stream_name,
    }
"""
CONFIG = {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": []}}


def ready(client: Any, name: str, qualifier: str) -> dict[str, Any]:
    """The provisioned concurrency configuration, when it is."""

    def probe() -> Any:
        config = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=qualifier)
        return config if config["Status"] == "READY" else None

    found: dict[str, Any] = wait_for("provisioned concurrency", probe)
    return found


def counts(config: dict[str, Any]) -> list[int]:
    kinds = ("Requested", "Allocated", "Available")
    return [config[f"{kind}ProvisionedConcurrentExecutions"] for kind in kinds]


def on_node(hearth: RunningHearth, name: str) -> list[dict[str, Any]]:
    with closing(LaneClient(str(hearth.data / "run" / "lane.sock"))) as lane:
        return [each for each in lane.status()["sandboxes"] if each["function_name"] == name]


def test_provisioned_environments_follow_an_alias(hearth: RunningHearth) -> None:
    client, name = hearth.client("lambda"), "provisioned"
    hearth.deploy(name, SOURCE, Publish=True)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    live = {"FunctionName": name, "Qualifier": "live"}
    put = client.put_provisioned_concurrency_config(**live, ProvisionedConcurrentExecutions=2)
    assert put["Status"] == "IN_PROGRESS"
    assert counts(ready(client, name, "live")) == [2, 2, 2]
    result = invoke(client, name, Qualifier="live")[1]
    assert (result["how"], result["version"]) == ("provisioned-concurrency", "1")
    assert invoke(client, name)[1]["how"] == "on-demand"

    client.update_function_configuration(FunctionName=name, MemorySize=256)
    client.publish_version(FunctionName=name)
    client.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    wait_for(
        "the new version's environments",
        lambda: sorted(each["version"] for each in on_node(hearth, name) if each["provisioned"]) == ["2", "2"],
    )
    assert invoke(client, name, Qualifier="live")[1]["how"] == "provisioned-concurrency"

    os.kill(next(each["pid"] for each in on_node(hearth, name) if each["provisioned"]), signal.SIGKILL)
    wait_for("one that died", lambda: counts(ready(client, name, "live")) == [2, 2, 2])

    client.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}})
    wait_for(
        "the shares",
        lambda: sorted(each["version"] for each in on_node(hearth, name) if each["provisioned"]) == ["1", "2"],
    )
    assert {invoke(client, name, Qualifier="live")[1]["how"] for _ in range(8)} == {"provisioned-concurrency"}

    client.delete_provisioned_concurrency_config(**live)
    wait_for("their end", lambda: not any(each["provisioned"] for each in on_node(hearth, name)))
    assert wait_for("the metric", lambda: metric(hearth, name, "ProvisionedConcurrencyInvocations")) == 10


def test_an_init_that_fails_is_a_failed_configuration(hearth: RunningHearth) -> None:
    client, name = hearth.client("lambda"), "provisioned-broken"
    hearth.deploy(name, "raise ValueError('no')", Publish=True)
    version = {"FunctionName": name, "Qualifier": "1"}
    client.put_provisioned_concurrency_config(**version, ProvisionedConcurrentExecutions=1)

    def failed() -> Any:
        config = client.get_provisioned_concurrency_config(**version)
        return config if config["Status"] == "FAILED" else None

    assert wait_for("the failure", failed)["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    listed = client.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]
    assert [config["Status"] for config in listed] == ["FAILED"]
    client.delete_function(FunctionName=name)


def run_again(hearth: RunningHearth, name: str, stream: str) -> dict[str, Any]:
    """What the function answers when the console runs an invocation in this log stream again."""
    user, password = hearth.credentials["console_user"], hearth.credentials["console_password"]
    with requests.Session() as browser:

        def post(path: str, **form: str) -> str:
            form["csrfmiddlewaretoken"] = next(value for key, value in browser.cookies.items() if "csrf" in key)
            return browser.post(hearth.endpoint + path, data=form, timeout=30).text

        browser.get(f"{hearth.endpoint}/login/", timeout=30)
        post("/login/", username=user, password=password)

        def of_stream() -> str | None:
            listed = browser.get(f"{hearth.endpoint}/functions/{name}/invocations/", timeout=30).text
            ids = re.findall(rf"/functions/{name}/invocations/([0-9a-f-]{{36}})/", listed)
            pages = ((each, browser.get(f"{hearth.endpoint}/r/{each}", timeout=30).text) for each in ids)
            return next((each for each, page in pages if stream in page), None)

        request_id = wait_for("the record", of_stream)
        page = post(f"/functions/{name}/invocations/{request_id}/rerun/", qualifier="$LATEST")
    assert "Ran again with the event" in page, page
    found = re.search(r'id="response"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found is not None, page
    answer: dict[str, Any] = json.loads(html.unescape(re.sub("<[^>]+>", "", found[1])))
    return answer


def test_tenants_have_environments_of_their_own(hearth: RunningHearth) -> None:
    client, name = hearth.client("lambda"), "tenants"
    shown = hearth.deploy(name, SOURCE, TenancyConfig={"TenantIsolationMode": "PER_TENANT"})
    assert shown["TenancyConfig"] == {"TenantIsolationMode": "PER_TENANT"}
    blue, green = (invoke(client, name, TenantId=tenant)[1] for tenant in ("blue", "green"))
    assert (blue["tenant"], green["tenant"]) == ("blue", "green")
    assert blue["stream"] != green["stream"]
    assert invoke(client, name, TenantId="blue")[1] == blue
    assert run_again(hearth, name, blue["stream"])["tenant"] == "blue"
    for kind in ("RequestResponse", "Event", "DryRun"):
        with pytest.raises(ClientError, match="Add a valid tenant ID in your request and try again") as refused:
            client.invoke(FunctionName=name, InvocationType=kind)
        assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    with pytest.raises(ClientError, match="failed to satisfy constraint"):
        client.invoke(FunctionName=name, TenantId="blue!")
    other = hearth.deploy("no-tenants", SOURCE)["FunctionName"]
    with pytest.raises(ClientError, match="Remove the tenant ID"):
        client.invoke(FunctionName=other, TenantId="blue")
    assert client.invoke(FunctionName=name, TenantId="red", InvocationType="Event")["StatusCode"] == 202
    wait_for("the event", lambda: any(metric(hearth, name, "Invocations") == 5 for _ in "1"))
    client.publish_version(FunctionName=name)
    with pytest.raises(ClientError, match="not supported for functions with tenant isolation"):
        client.put_provisioned_concurrency_config(FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=1)


@pytest.fixture
def gpu_node(hearth: RunningHearth, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A second worker node on this machine, of the capacity provider `gpu`."""
    environment = {
        **os.environ,
        "HEARTH_DATA": str(hearth.data),
        "HEARTH_PORT": str(hearth.port),
        "HEARTH_CAPACITY_PROVIDER": "gpu",
    }
    command = [sys.executable, "-m", "celery", "-A", "console.celery", "worker", "--hostname", "gpu@%h"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
    with (tmp_path / "gpu.log").open("wb") as log:
        process = subprocess.Popen([*command, *quiet], cwd=ROOT, env=environment, stdout=log, stderr=log)
    yield process
    process.terminate()
    process.wait(30)


def test_a_capacity_provider_is_a_pool_of_nodes(hearth: RunningHearth, request: pytest.FixtureRequest) -> None:
    client, name = hearth.client("lambda"), "bound"
    made = client.create_capacity_provider(
        CapacityProviderName="gpu",
        **CONFIG,
        PermissionsConfig={"CapacityProviderOperatorRoleArn": hearth.role},
        InstanceRequirements={"Architectures": ["x86_64"]},
        Tags={"team": "a"},
    )["CapacityProvider"]
    provider = made["CapacityProviderArn"]
    assert made["State"] == "Pending"
    config = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": provider}}
    runtime = f"python3.{sys.version_info.minor}"
    package = {"Runtime": runtime, "Handler": "app.handler", "Code": {"ZipFile": zip_of({"app.py": SOURCE})}}
    client.create_function(FunctionName=name, Role=hearth.role, **package, CapacityProviderConfig=config, Publish=True)
    with pytest.raises(client.exceptions.NoPublishedVersionException, match="no published version exists"):
        client.invoke(FunctionName=name)
    client.publish_version(FunctionName=name, PublishTo="LATEST_PUBLISHED")
    client.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="$LATEST.PUBLISHED")
    with pytest.raises(ClientError, match=r"No worker node of the capacity provider .*:gpu is running") as refused:
        client.invoke(FunctionName=name)
    assert refused.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429

    bounds = {"MinExecutionEnvironments": 1, "MaxExecutionEnvironments": 2}
    version = {"FunctionName": name, "Qualifier": "1"}
    client.put_function_scaling_config(**version, FunctionScalingConfig=bounds)
    process = request.getfixturevalue("gpu_node")
    lane = hearth.data / "run" / "lane-gpu.sock"
    wait_for("the node's lane", lane.exists)

    def run() -> Any:
        try:
            return invoke(client, name, Qualifier="1")[1]
        except client.exceptions.TooManyRequestsException:
            return None

    assert wait_for("the node", run)["version"] == "1"
    assert invoke(client, name)[1]["version"] == "$LATEST.PUBLISHED"
    assert not on_node(hearth, name)
    key = f"{hearth.credentials['account_id']}:{hearth.credentials['region']}:{name}"
    with closing(LaneClient(str(lane))) as node:
        wait_for("its least", lambda: [each["allocated"] for each in node.provisioned(key)] == [1])
    assert invoke(client, name, Qualifier="1")[1]["how"] == "provisioned-concurrency"
    plain = hearth.deploy("unbound", SOURCE)["FunctionName"]
    assert invoke(client, plain)[1]["how"] == "on-demand"
    assert on_node(hearth, plain)
    process.terminate()
    process.wait(30)
    wait_for("its leave", lambda: run() is None)

    listed = client.list_function_versions_by_capacity_provider(CapacityProviderName="gpu")
    assert [each["FunctionArn"].rpartition(":")[2] for each in listed["FunctionVersions"]] == [
        "$LATEST",
        "1",
        "$LATEST.PUBLISHED",
    ]
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.delete_capacity_provider(CapacityProviderName="gpu")
    client.delete_function(FunctionName=name)
    assert client.delete_capacity_provider(CapacityProviderName=provider)["CapacityProvider"]["State"] == "Deleting"
    left = client.list_capacity_providers()["CapacityProviders"]
    assert provider not in [each["CapacityProviderArn"] for each in left]
