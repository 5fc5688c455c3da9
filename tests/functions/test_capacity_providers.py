"""Capacity providers and scaling configurations, as the API tells of them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import Settings

from functions.access.caller import Caller
from functions.arn import parse
from functions.cache import generation
from functions.errors import InvalidParameterValueException, NoPublishedVersionException
from functions.invoke.provisioning import wanted
from functions.invoke.routing import resolve
from tests.functions.world import ACCOUNT, REGION, ROLE, arn, request, zipped

PROVIDER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:gpu"
GPU = {
    "CapacityProviderName": "gpu",
    "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    "PermissionsConfig": {"CapacityProviderOperatorRoleArn": ROLE},
}
BOUND = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": PROVIDER}}


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def bound(**further: object) -> dict[str, Any]:
    return {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": PROVIDER, **further}}


def test_what_was_asked_for_is_kept_and_shown(aws: Any) -> None:
    further = {
        "InstanceRequirements": {"Architectures": ["x86_64"], "AllowedInstanceTypes": ["m7g.*"]},
        "CapacityProviderScalingConfig": {"MaxVCpuCount": 8, "ScalingMode": "Auto"},
        "KmsKeyArn": "arn:aws:kms:us-east-1:111111111111:key/k",
    }
    made = aws.create_capacity_provider(**GPU, **further, Tags={"team": "a"})["CapacityProvider"]
    shown = aws.get_capacity_provider(CapacityProviderName="gpu")["CapacityProvider"]
    assert made == {**shown, "State": "Pending"}
    asked = {name: value for name, value in GPU.items() if name != "CapacityProviderName"}
    given = {name: value for name, value in shown.items() if name not in ("LastModified", "State")}
    assert given == {"CapacityProviderArn": PROVIDER, **asked, **further}
    assert shown["State"] == "Active"
    assert aws.list_capacity_providers(State="Active")["CapacityProviders"] == [shown]
    assert aws.list_capacity_providers(State="Failed")["CapacityProviders"] == []
    assert aws.list_tags(Resource=PROVIDER)["Tags"] == {"team": "a"}
    scaling = {
        "ScalingMode": "Manual",
        "ScalingPolicies": [
            {"PredefinedMetricType": "LambdaCapacityProviderAverageCPUUtilization", "TargetValue": 50.0}
        ],
    }
    updated = aws.update_capacity_provider(CapacityProviderName=PROVIDER, CapacityProviderScalingConfig=scaling)
    assert updated["CapacityProvider"]["CapacityProviderScalingConfig"] == scaling
    assert updated["CapacityProvider"]["InstanceRequirements"] == further["InstanceRequirements"]


def test_what_cannot_be(aws: Any, settings: Settings) -> None:
    with pytest.raises(ClientError, match=r"Capacity provider not found: .*:gpu") as error:
        aws.get_capacity_provider(CapacityProviderName="gpu")
    assert code(error) == "ResourceNotFoundException"
    elsewhere = PROVIDER.replace(REGION, "eu-west-1")
    with pytest.raises(ClientError, match="Capacity provider not found"):
        aws.delete_capacity_provider(CapacityProviderName=elsewhere)
    with pytest.raises(ClientError, match="only with it") as error:
        aws.create_capacity_provider(**GPU, CapacityProviderScalingConfig={"ScalingMode": "Manual"})
    assert code(error) == "InvalidParameterValueException"
    types = {"AllowedInstanceTypes": ["a"], "ExcludedInstanceTypes": ["b"]}
    with pytest.raises(ClientError, match="cannot be given together"):
        aws.create_capacity_provider(**GPU, InstanceRequirements=types)
    aws.create_capacity_provider(**GPU)
    with pytest.raises(ClientError, match="already exists") as error:
        aws.create_capacity_provider(**GPU)
    assert code(error) == "ResourceConflictException"
    settings.HEARTH_LIMITS = {"capacity_providers": 1}
    with pytest.raises(ClientError) as error:
        aws.create_capacity_provider(**{**GPU, "CapacityProviderName": "other"})
    assert code(error) == "CapacityProviderLimitExceededException"


def test_a_function_is_bound_to_one_that_is_there_and_fits(aws: Any) -> None:
    with pytest.raises(ClientError, match="Capacity provider not found"):
        aws.create_function(**request("thumbs", CapacityProviderConfig=BOUND))
    aws.create_capacity_provider(**GPU, InstanceRequirements={"Architectures": ["arm64"]})
    with pytest.raises(ClientError, match="architecture of the function"):
        aws.create_function(**request("thumbs", CapacityProviderConfig=BOUND))
    aws.delete_capacity_provider(CapacityProviderName="gpu")
    aws.create_capacity_provider(**GPU)
    with pytest.raises(ClientError, match="serves one invocation at a time"):
        aws.create_function(**request("thumbs", CapacityProviderConfig=bound(PerExecutionEnvironmentMaxConcurrency=2)))
    config = bound(PerExecutionEnvironmentMaxConcurrency=1, ExecutionEnvironmentMemoryGiBPerVCpu=4.0)
    made = aws.create_function(**request("thumbs", CapacityProviderConfig=config, Publish=True))
    assert made["CapacityProviderConfig"] == config
    assert "SnapStart" not in made
    aws.create_function(**request("plain"))
    with pytest.raises(ClientError, match="isn't supported for Lambda Default functions"):
        aws.update_function_configuration(FunctionName="plain", CapacityProviderConfig=config)
    listed = aws.list_function_versions_by_capacity_provider(CapacityProviderName="gpu", MaxItems=1)
    assert listed["CapacityProviderArn"] == PROVIDER
    assert listed["FunctionVersions"] == [{"FunctionArn": arn("thumbs", "$LATEST"), "State": "ActiveNonInvocable"}]
    rest = aws.list_function_versions_by_capacity_provider(CapacityProviderName="gpu", Marker=listed["NextMarker"])
    assert [each["FunctionArn"] for each in rest["FunctionVersions"]] == [arn("thumbs", "1")]
    with pytest.raises(ClientError, match="in use by function versions"):
        aws.delete_capacity_provider(CapacityProviderName="gpu")


def test_what_was_published_last_is_published_again_and_invoked(aws: Any, alice: Caller) -> None:
    def to_invoke(qualifier: str | None) -> str:
        generation().bump()  # a test's transaction never commits
        route = resolve(parse("thumbs", qualifier, alice))
        return f"{route.spec.version} {route.spec.timeout_s}"

    aws.create_capacity_provider(**GPU)
    name, published = {"FunctionName": "thumbs"}, "$LATEST.PUBLISHED"
    made = aws.create_function(**request("thumbs", CapacityProviderConfig=BOUND, Timeout=1))
    assert (made["State"], made["Version"]) == ("ActiveNonInvocable", "$LATEST")
    with pytest.raises(NoPublishedVersionException):
        to_invoke(None)
    first = aws.publish_version(**name, PublishTo="LATEST_PUBLISHED", Description="one")
    assert (first["Version"], first["FunctionArn"]) == (published, arn("thumbs", published))
    assert (first["State"], first["Description"]) == ("Active", "one")
    assert aws.publish_version(**name, PublishTo="LATEST_PUBLISHED")["RevisionId"] == first["RevisionId"]
    assert aws.publish_version(**name)["Version"] == "1"
    assert to_invoke(None) == to_invoke(published) == "$LATEST.PUBLISHED 1"
    with pytest.raises(InvalidParameterValueException, match=r"can't be invoked with \$LATEST qualifier"):
        to_invoke("$LATEST")

    aws.create_alias(**name, Name="live", FunctionVersion=published)
    aws.put_function_scaling_config(**name, Qualifier=published, FunctionScalingConfig={"MaxExecutionEnvironments": 1})
    aws.update_function_configuration(**name, Timeout=2)
    assert to_invoke(None) == "$LATEST.PUBLISHED 1"
    again = aws.update_function_code(
        **name, ZipFile=zipped({"app.py": "x = 1\n"}), Publish=True, PublishTo="LATEST_PUBLISHED"
    )
    assert (again["Version"], again["LastUpdateStatus"]) == (published, "InProgress")
    assert to_invoke(None) == to_invoke("live") == "$LATEST.PUBLISHED 2"
    versions = [each["Version"] for each in aws.list_versions_by_function(**name)["Versions"]]
    assert versions == ["$LATEST", "1", published]
    assert aws.publish_version(**name)["Version"] == "2"
    with pytest.raises(ClientError, match=r"aliases reference it: \[live\]"):
        aws.delete_function(**name, Qualifier=published)
    aws.delete_alias(**name, Name="live")
    aws.delete_function(**name, Qualifier=published)
    with pytest.raises(NoPublishedVersionException):
        to_invoke(None)
    assert to_invoke("1") == "1 1"


def test_what_was_published_last_is_for_functions_on_a_provider(aws: Any) -> None:
    aws.create_function(**request("thumbs"))
    with pytest.raises(ClientError, match="for functions with a capacity provider"):
        aws.publish_version(FunctionName="thumbs", PublishTo="LATEST_PUBLISHED")
    with pytest.raises(ClientError, match="it needs Publish"):
        aws.update_function_code(FunctionName="thumbs", ZipFile=zipped(), PublishTo="LATEST_PUBLISHED")


def test_a_scaling_configuration(aws: Any) -> None:
    aws.create_capacity_provider(**GPU)
    aws.create_function(**request("scaled", CapacityProviderConfig=BOUND, Publish=True))
    version = {"FunctionName": "scaled", "Qualifier": "1"}
    assert aws.get_function_scaling_config(**version)["RequestedFunctionScalingConfig"] == {}
    bounds = {"MinExecutionEnvironments": 2, "MaxExecutionEnvironments": 5}
    answer = aws.put_function_scaling_config(**version, FunctionScalingConfig=bounds)
    assert answer["FunctionState"] == "Active"
    shown = aws.get_function_scaling_config(**version)
    assert shown["FunctionArn"] == arn("scaled", "1")
    assert shown["AppliedFunctionScalingConfig"] == shown["RequestedFunctionScalingConfig"] == bounds
    ((spec, count),) = wanted()
    assert (spec.version, count, spec.maximum_environments, spec.capacity_provider) == ("1", 2, 5, PROVIDER)
    aws.put_function_scaling_config(**version)
    assert aws.get_function_scaling_config(**version)["AppliedFunctionScalingConfig"] == {}


def test_a_scaling_configuration_that_cannot_be(aws: Any) -> None:
    aws.create_capacity_provider(**GPU)
    aws.create_function(**request("thumbs", CapacityProviderConfig=BOUND, Publish=True))
    aws.create_function(**request("plain", Publish=True))
    put = aws.put_function_scaling_config
    with pytest.raises(ClientError, match="for functions with a capacity provider"):
        put(FunctionName="plain", Qualifier="1")
    bounds = {"MinExecutionEnvironments": 3, "MaxExecutionEnvironments": 2}
    with pytest.raises(ClientError, match="should not be greater than MaxExecutionEnvironments"):
        put(FunctionName="thumbs", Qualifier="1", FunctionScalingConfig=bounds)
    isolated = {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}, "CapacityProviderConfig": BOUND}
    aws.create_function(**request("isolated", **isolated, Publish=True))
    with pytest.raises(ClientError, match="not supported for functions with tenant isolation"):
        put(FunctionName="isolated", Qualifier="1", FunctionScalingConfig={"MinExecutionEnvironments": 1})
    for qualifier in ("2", "$LATEST.PUBLISHED"):
        with pytest.raises(ClientError) as error:
            put(FunctionName="thumbs", Qualifier=qualifier)
        assert code(error) == "ResourceNotFoundException"
    with pytest.raises(ClientError) as error:
        put(FunctionName="thumbs", Qualifier="live")
    assert code(error) == "ValidationException"
