"""What Terraform and its like do: create, read until stable, plan (nothing differs), update in place, plan, delete.

A member that was set and is read otherwise is drift: such tools would change it again for ever.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.family import RunningHearth, wait_for, zip_of

CODE = zip_of({"app.py": "def handler(event, context):\n    return event\n"})
OTHER = zip_of({"app.py": "def handler(event, context):\n    return 2\n"})
ACCOUNT, REGION = "000000000000", "us-east-1"
POINT = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/fsap-0123456789abcdef0"
NAME = {"FunctionName": "no-drift"}
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:no-drift"
Members = dict[str, Any]


@dataclass
class Resource:
    """One kind: the operations' names by boto3, and what is set. `within`: the member of the answer that holds it."""

    noun: str
    key: Members
    first: Members
    second: Members
    create: str = ""
    update: str = ""
    read: str = ""
    delete: str = ""
    within: str = ""
    unread: tuple[str, ...] = ()  # set, and by its nature not shown
    read_key: Callable[[Members, Members], Members] = field(default=lambda key, made: key)

    def __post_init__(self) -> None:
        self.create = self.create or f"create_{self.noun}"
        self.update = self.update or f"update_{self.noun}"
        self.read = self.read or f"get_{self.noun}"
        self.delete = self.delete or f"delete_{self.noun}"


RESOURCES = [
    Resource(
        "alias",
        {**NAME, "Name": "live"},
        {"FunctionVersion": "1", "Description": "one", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}}},
        {"FunctionVersion": "2", "Description": "two", "RoutingConfig": {}},
    ),
    Resource(
        "function_url_config",
        NAME,
        {
            "AuthType": "NONE",
            "InvokeMode": "BUFFERED",
            "Cors": {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "MaxAge": 60},
        },
        {"AuthType": "AWS_IAM", "InvokeMode": "RESPONSE_STREAM"},
    ),
    Resource(
        "function_event_invoke_config",
        NAME,
        {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
        {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 21_600},
        create="put_function_event_invoke_config",
    ),
    Resource(
        "function_concurrency",
        NAME,
        {"ReservedConcurrentExecutions": 5},
        {"ReservedConcurrentExecutions": 0},
        create="put_function_concurrency",
        update="put_function_concurrency",
    ),
    Resource(
        "event_source_mapping",
        {},
        {
            "EventSourceArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks",
            "StartingPosition": "LATEST",
            "BatchSize": 10,
            "Enabled": True,
            "MaximumRetryAttempts": 2,
            "FilterCriteria": {"Filters": [{"Pattern": '{"data": {"kind": ["a"]}}'}]},
            "DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"}},
        },
        {"BatchSize": 20, "Enabled": False, "ParallelizationFactor": 2, "FilterCriteria": {"Filters": []}},
        unread=("Enabled", "FilterCriteria"),
        read_key=lambda key, made: {"UUID": made["UUID"]},
    ),
    Resource(
        "code_signing_config",
        {},
        {
            "Description": "one",
            "AllowedPublishers": {
                "SigningProfileVersionArns": [f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/team/AbCdEfGhIj"]
            },
            "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
        },
        {"Description": "two", "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}},
        within="CodeSigningConfig",
        read_key=lambda key, made: {"CodeSigningConfigArn": made["CodeSigningConfig"]["CodeSigningConfigArn"]},
    ),
]


@pytest.fixture(scope="module")
def aws(hearth: RunningHearth) -> Any:
    """A client, and a function with two versions for what hangs on one."""
    client = hearth.client("lambda")
    hearth.deploy(NAME["FunctionName"], "", Code={"ZipFile": CODE}, Publish=True)
    client.update_function_configuration(**NAME, Description="second")
    client.publish_version(**NAME)
    return client


@pytest.mark.server
@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.noun)
def test_a_resource_does_not_drift(aws: Any, resource: Resource) -> None:
    owner = NAME if resource.noun == "event_source_mapping" else {}
    made = getattr(aws, resource.create)(**resource.key, **owner, **resource.first)
    key = resource.read_key(resource.key, made)

    def read() -> Members:
        answer: Members = getattr(aws, resource.read)(**key)
        answer = answer[resource.within] if resource.within else answer
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    def is_as_set(members: Members) -> None:
        found = read()
        set_members = {name: value for name, value in members.items() if name not in resource.unread}
        assert {name: found.get(name) for name in set_members} == set_members
        assert read() == found

    is_as_set(resource.first)
    getattr(aws, resource.update)(**key, **resource.second)
    is_as_set({name: value for name, value in {**resource.first, **resource.second}.items() if name != "RoutingConfig"})
    getattr(aws, resource.delete)(**key)
    with pytest.raises((aws.exceptions.ResourceNotFoundException, AssertionError)):
        assert read()


@pytest.mark.server
def test_a_function_does_not_drift(aws: Any, hearth: RunningHearth) -> None:
    name = {"FunctionName": "no-drift-function"}
    layer = aws.publish_layer_version(LayerName="no-drift", Content={"ZipFile": OTHER})
    first: Members = {
        "Runtime": aws.get_function_configuration(**NAME)["Runtime"],
        "Role": hearth.role,
        "Handler": "app.handler",
        "Description": "one",
        "Timeout": 7,
        "MemorySize": 256,
        "Architectures": ["arm64"],
        "EphemeralStorage": {"Size": 1024},
        "Environment": {"Variables": {"ONE": "1"}},
        "Layers": [layer["LayerVersionArn"]],
        "KMSKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k",
        "TracingConfig": {"Mode": "Active"},
        "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "DEBUG"},
        "DeadLetterConfig": {"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"},
        "SnapStart": {"ApplyOn": "None"},
        "FileSystemConfigs": [{"Arn": POINT, "LocalMountPath": "/mnt/data"}],
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "Ipv6AllowedForDualStack": False},
    }
    second = {
        **first,
        "Description": "",
        "Timeout": 8,
        "EphemeralStorage": {"Size": 512},
        "Environment": {"Variables": {}},
        "Layers": [],
        "KMSKeyArn": "",
        "TracingConfig": {"Mode": "PassThrough"},
        "FileSystemConfigs": [],
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/team/logs"},
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": [], "Ipv6AllowedForDualStack": False},
    }
    tags = {"team": "blue"}

    def is_as_set(members: Members) -> None:
        shown = wait_for("the function", lambda: stable(aws, name))
        found = shown["Configuration"]
        for member, value in members.items():
            if member == "Layers":
                assert [each["Arn"] for each in found.get("Layers", [])] == value
            elif isinstance(value, list):
                assert found.get(member, []) == value, member
            elif isinstance(value, dict):
                assert {inside: found[member].get(inside) for inside in value} == value, member
            else:
                assert found.get(member, "") == value, member
        assert shown["Tags"] == tags
        assert aws.get_function(**name)["Configuration"] == found

    aws.create_function(**name, **first, Code={"ZipFile": CODE}, Tags=tags, Publish=True)
    is_as_set(first)
    digest = aws.get_function_configuration(**name)["CodeSha256"]
    updated = {member: value for member, value in second.items() if member not in ("Architectures",)}
    aws.update_function_configuration(**name, **updated)
    is_as_set(second)
    aws.update_function_code(**name, ZipFile=CODE)
    assert aws.get_function_configuration(**name)["CodeSha256"] == digest
    aws.update_function_code(**name, ZipFile=OTHER, Architectures=["x86_64"])
    is_as_set({**second, "Architectures": ["x86_64"]})
    assert aws.get_function_configuration(**name)["CodeSha256"] != digest
    aws.delete_function(**name)
    with pytest.raises(aws.exceptions.ResourceNotFoundException):
        aws.get_function(**name)


def stable(aws: Any, name: Members) -> Members | None:
    """The function, when no change of it is in progress."""
    shown: Members = aws.get_function(**name)
    found = shown["Configuration"]
    return shown if (found["State"], found["LastUpdateStatus"]) == ("Active", "Successful") else None


@pytest.mark.server
def test_a_layer_and_a_permission_do_not_drift(aws: Any) -> None:
    members = {
        "Description": "a library",
        "LicenseInfo": "MIT",
        "CompatibleRuntimes": ["python3.12", "python3.11"],
        "CompatibleArchitectures": ["x86_64"],
    }
    made = aws.publish_layer_version(LayerName="no-drift-layer", Content={"ZipFile": CODE}, **members)
    key = {"LayerName": "no-drift-layer", "VersionNumber": made["Version"]}
    found = aws.get_layer_version(**key)
    assert {name: found[name] for name in members} == members
    assert found["CreatedDate"] == made["CreatedDate"]
    aws.delete_layer_version(**key)

    statement = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    source = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/nightly"
    added = aws.add_permission(**NAME, StatementId="rule", **statement, SourceArn=source)
    [kept] = json.loads(aws.get_policy(**NAME)["Policy"])["Statement"]
    assert kept == json.loads(added["Statement"])
    assert (kept["Sid"], kept["Resource"], kept["Action"]) == ("rule", ARN, statement["Action"])
    assert kept["Principal"] == {"Service": statement["Principal"]}
    assert kept["Condition"] == {"ArnLike": {"AWS:SourceArn": source}}
    aws.remove_permission(**NAME, StatementId="rule")
    with pytest.raises(aws.exceptions.ResourceNotFoundException):
        aws.get_policy(**NAME)
