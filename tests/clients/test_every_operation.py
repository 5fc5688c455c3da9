"""boto3 calls every operation that is served; each answer is judged by the service model."""

import json
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.gateway.operations import OPERATIONS, VIEWS
from tests.clients.judge import Judge
from tests.family import RunningHearth, wait_for, zip_of

CODE = "def handler(event, context):\n    return event\n"
NAME = {"FunctionName": "every-operation"}
MANAGED = "client-managed-instances"


@pytest.mark.server
def test_every_operation_answers_as_its_model_says(hearth: RunningHearth) -> None:
    aws = hearth.client("lambda")
    judge = Judge(aws)
    account, region = hearth.credentials["account_id"], hearth.credentials["region"]
    for scene in (function, calls, code_signing, layers, concurrency, permissions, urls, events, mappings, capacity):
        scene(aws, hearth, f"arn:aws:lambda:{region}:{account}")
    end(aws)
    assert not judge.faults, "\n".join(judge.faults)
    assert set(OPERATIONS["lambda"]) | VIEWS["lambda"] == judge.called


def function(aws: Any, hearth: RunningHearth, prefix: str) -> None:
    made = hearth.deploy(NAME["FunctionName"], CODE, Tags={"a": "b"}, Environment={"Variables": {"ONE": "1"}})
    aws.create_function(
        FunctionName="every-operation-2",
        Runtime=made["Runtime"],
        Role=made["Role"],
        Handler="app.handler",
        Code={"ZipFile": zip_of({"app.py": CODE})},
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        KMSKeyArn="arn:aws:kms:us-east-1:000000000000:key/k",
        LoggingConfig={"LogFormat": "JSON"},
        Publish=True,
    )
    shown = aws.get_function(**NAME)
    with urllib.request.urlopen(shown["Code"]["Location"], timeout=10) as package:
        assert package.read() == zip_of({"app.py": CODE})
    aws.get_function_configuration(**NAME)
    aws.list_functions()
    aws.list_functions(FunctionVersion="ALL", MaxItems=1)
    aws.update_function_code(**NAME, ZipFile=zip_of({"app.py": CODE + "# 2\n"}))
    aws.update_function_code(**NAME, ZipFile=zip_of({"app.py": CODE}), DryRun=True)
    aws.update_function_configuration(**NAME, Timeout=9, TracingConfig={"Mode": "Active"})
    aws.publish_version(**NAME, Description="one")
    aws.update_function_configuration(**NAME, Timeout=10)
    aws.publish_version(**NAME)
    aws.list_versions_by_function(**NAME)
    aws.create_alias(**NAME, Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}})
    aws.update_alias(**NAME, Name="live", Description="changed")
    aws.get_alias(**NAME, Name="live")
    aws.list_aliases(**NAME)
    resource = f"{prefix}:function:{NAME['FunctionName']}"
    aws.tag_resource(Resource=resource, Tags={"c": "d"})
    aws.list_tags(Resource=resource)
    aws.untag_resource(Resource=resource, TagKeys=["c"])
    aws.get_account_settings()
    aws.put_runtime_management_config(**NAME, UpdateRuntimeOn="FunctionUpdate")
    aws.get_runtime_management_config(**NAME)
    aws.put_function_recursion_config(**NAME, RecursiveLoop="Allow")
    aws.get_function_recursion_config(**NAME)


def calls(aws: Any, hearth: RunningHearth, prefix: str) -> None:
    answer = aws.invoke(**NAME, Payload=b'{"n": 1}', LogType="Tail")
    assert json.load(answer["Payload"]) == {"n": 1}
    aws.invoke(**NAME, InvocationType="Event", Payload=b"{}")
    aws.invoke(**NAME, InvocationType="DryRun")
    aws.invoke_async(**NAME, InvokeArgs=b"{}")
    streamed = list(aws.invoke_with_response_stream(**NAME, Payload=b'{"n": 2}')["EventStream"])
    chunks = b"".join(event["PayloadChunk"]["Payload"] for event in streamed if "PayloadChunk" in event)
    assert json.loads(chunks) == {"n": 2}
    assert "InvokeComplete" in streamed[-1]


def code_signing(aws: Any, hearth: RunningHearth, prefix: str) -> None:
    profile = f"{prefix.replace(':lambda:', ':signer:')}:/signing-profiles/team/AbCdEfGhIj"
    made = aws.create_code_signing_config(
        Description="ours", AllowedPublishers={"SigningProfileVersionArns": [profile]}, Tags={"a": "b"}
    )
    key = {"CodeSigningConfigArn": made["CodeSigningConfig"]["CodeSigningConfigArn"]}
    aws.update_code_signing_config(**key, CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Warn"})
    aws.get_code_signing_config(**key)
    aws.list_code_signing_configs()
    aws.put_function_code_signing_config(**NAME, **key)
    aws.get_function_code_signing_config(**NAME)
    aws.list_functions_by_code_signing_config(**key)
    aws.delete_function_code_signing_config(**NAME)
    aws.delete_code_signing_config(**key)


def layers(aws: Any, hearth: RunningHearth, prefix: str) -> None:
    made = aws.publish_layer_version(
        LayerName="every-layer",
        Description="a library",
        LicenseInfo="MIT",
        Content={"ZipFile": zip_of({"python/lib.py": "x = 1\n"})},
        CompatibleRuntimes=["python3.12"],
        CompatibleArchitectures=["x86_64"],
    )
    key = {"LayerName": "every-layer", "VersionNumber": made["Version"]}
    aws.get_layer_version(**key)
    aws.get_layer_version_by_arn(Arn=made["LayerVersionArn"])
    aws.list_layers()
    aws.list_layer_versions(LayerName="every-layer")
    aws.add_layer_version_permission(**key, StatementId="all", Action="lambda:GetLayerVersion", Principal="*")
    aws.get_layer_version_policy(**key)
    aws.remove_layer_version_permission(**key, StatementId="all")
    aws.update_function_configuration(**NAME, Layers=[made["LayerVersionArn"]])
    aws.get_function(**NAME)
    aws.update_function_configuration(**NAME, Layers=[])
    aws.delete_layer_version(**key)


def concurrency(aws: Any, hearth: RunningHearth, prefix: str) -> None:
    aws.put_function_concurrency(**NAME, ReservedConcurrentExecutions=5)
    aws.get_function_concurrency(**NAME)
    version = {**NAME, "Qualifier": "2"}
    aws.put_provisioned_concurrency_config(**version, ProvisionedConcurrentExecutions=1)
    wait_for(
        "provisioned concurrency",
        lambda: aws.get_provisioned_concurrency_config(**version)["Status"] == "READY",
    )
    aws.list_provisioned_concurrency_configs(**NAME)
    aws.delete_provisioned_concurrency_config(**version)
    aws.delete_function_concurrency(**NAME)


def permissions(aws: Any, hearth: RunningHearth, prefix: str) -> None:
    aws.add_permission(
        **NAME, StatementId="bucket", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::pictures", SourceAccount="000000000000",
    )  # fmt: skip
    aws.get_policy(**NAME)
    aws.remove_permission(**NAME, StatementId="bucket")
    resource = f"{prefix}:function:{NAME['FunctionName']}"
    statement = {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": resource,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.put_resource_policy(ResourceArn=resource, Policy=policy)
    aws.get_resource_policy(ResourceArn=resource)
    aws.delete_resource_policy(ResourceArn=resource)


def urls(aws: Any, hearth: RunningHearth, prefix: str) -> None:
    aws.create_function_url_config(**NAME, AuthType="NONE", Cors={"AllowOrigins": ["*"]})
    aws.update_function_url_config(**NAME, AuthType="AWS_IAM", InvokeMode="BUFFERED")
    aws.get_function_url_config(**NAME)
    aws.list_function_url_configs(**NAME)
    aws.delete_function_url_config(**NAME)


def events(aws: Any, hearth: RunningHearth, prefix: str) -> None:
    target = {"Destination": f"{prefix}:function:every-operation-2"}
    aws.put_function_event_invoke_config(**NAME, MaximumRetryAttempts=0, DestinationConfig={"OnSuccess": target})
    aws.update_function_event_invoke_config(**NAME, MaximumEventAgeInSeconds=60)
    aws.get_function_event_invoke_config(**NAME)
    aws.list_function_event_invoke_configs(**NAME)
    aws.delete_function_event_invoke_config(**NAME)


def mappings(aws: Any, hearth: RunningHearth, prefix: str) -> None:
    queue = f"{prefix.replace(':lambda:', ':sqs:')}:jobs"
    made = aws.create_event_source_mapping(
        **NAME,
        EventSourceArn=queue,
        FilterCriteria={"Filters": [{"Pattern": '{"body": {"kind": ["a"]}}'}]},
        ScalingConfig={"MaximumConcurrency": 5},
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    aws.get_event_source_mapping(UUID=made["UUID"])
    aws.update_event_source_mapping(UUID=made["UUID"], Enabled=False)
    aws.list_event_source_mappings(**NAME)
    aws.delete_event_source_mapping(UUID=made["UUID"])


def capacity(aws: Any, hearth: RunningHearth, prefix: str) -> None:
    key = {"CapacityProviderName": "every-provider"}
    aws.create_capacity_provider(
        **key,
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        PermissionsConfig={"CapacityProviderOperatorRoleArn": hearth.role},
        Tags={"a": "b"},
    )
    found = aws.get_capacity_provider(**key)["CapacityProvider"]
    aws.list_capacity_providers()
    aws.update_capacity_provider(**key, CapacityProviderScalingConfig={"MaxVCpuCount": 12})
    arn = found["CapacityProviderArn"]
    made = aws.get_function_configuration(**NAME)
    aws.create_function(
        FunctionName=MANAGED,
        Runtime=made["Runtime"],
        Role=made["Role"],
        Handler="app.handler",
        Code={"ZipFile": zip_of({"app.py": CODE})},
        MemorySize=2048,
        CapacityProviderConfig={"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": arn}},
        Publish=True,
    )
    version = {"FunctionName": MANAGED, "Qualifier": "1"}
    bounds = {"MinExecutionEnvironments": 0, "MaxExecutionEnvironments": 3}
    aws.put_function_scaling_config(**version, FunctionScalingConfig=bounds)
    aws.get_function_scaling_config(**version)
    aws.list_function_versions_by_capacity_provider(**key)
    aws.delete_function(FunctionName=MANAGED)
    aws.delete_capacity_provider(**key)


def end(aws: Any) -> None:
    aws.delete_alias(**NAME, Name="live")
    aws.delete_function(**NAME, Qualifier="1")
    for name in ("every-operation", "every-operation-2"):
        aws.delete_function(FunctionName=name)
    with pytest.raises(ClientError):
        aws.get_function(**NAME)
