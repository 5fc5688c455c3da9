"""Members of a function's configuration: kept and shown, or refused; nothing is taken and then ignored in silence."""

from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functions.world import ACCOUNT, REGION, request

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/6a2f1f30-8a75-4b8d-8c0a-0d8b3e5d7f11"


def shown(aws: Any) -> dict[str, Any]:
    answer: dict[str, Any] = aws.get_function_configuration(FunctionName="thumbs")
    return answer


POINT = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/fsap-0123456789abcdef0"
VPC = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}


def test_file_systems_stand_in_a_vpc(aws: Any) -> None:
    systems = [{"Arn": POINT, "LocalMountPath": "/mnt/data"}]
    with pytest.raises(ClientError, match=f"execute in a VPC to reference access point {POINT}"):
        aws.create_function(**request("thumbs", FileSystemConfigs=systems))
    assert aws.create_function(**request("thumbs", FileSystemConfigs=systems, VpcConfig=VPC))["FileSystemConfigs"]
    update = partial(aws.update_function_configuration, FunctionName="thumbs")
    with pytest.raises(ClientError, match=f"VPC configuration cannot be removed with access point {POINT} referenced"):
        update(VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})
    assert update(Timeout=4)["FileSystemConfigs"] == shown(aws)["FileSystemConfigs"] == systems
    moved = [{"Arn": POINT, "LocalMountPath": "/mnt/other"}]
    assert update(FileSystemConfigs=moved)["FileSystemConfigs"] == moved
    assert "FileSystemConfigs" not in update(FileSystemConfigs=[])
    update(VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})
    with pytest.raises(ClientError, match="S3FilesConfig is for access points of Amazon S3 Files"):
        update(FileSystemConfigs=[{**systems[0], "S3FilesConfig": {"DirectS3Read": "AUTO"}}])
    for wrong in ({"Arn": "fs-1"}, {"LocalMountPath": "/etc"}):
        with pytest.raises(ClientError, match="ValidationException"):
            update(FileSystemConfigs=[{**systems[0], **wrong}])


@pytest.mark.parametrize(
    ("member", "first", "second", "none"),
    [
        ("Architectures", ["arm64"], None, None),
        ("Description", "one", "two", ""),
        ("Environment", {"Variables": {"ONE": "1"}}, {"Variables": {"TWO": "2"}}, {"Variables": {}}),
        ("EphemeralStorage", {"Size": 1024}, {"Size": 512}, None),
        ("Handler", "app.handler", "app.other", None),
        ("KMSKeyArn", KEY, KEY[:-1] + "2", ""),
        ("LoggingConfig", {"LogFormat": "JSON", "ApplicationLogLevel": "WARN"}, {"LogFormat": "Text"}, None),
        ("MemorySize", 256, 3008, None),
        ("SnapStart", {"ApplyOn": "PublishedVersions"}, {"ApplyOn": "None"}, None),
        ("Timeout", 7, 900, None),
        ("TracingConfig", {"Mode": "Active"}, {"Mode": "PassThrough"}, None),
        (
            "VpcConfig",
            {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "Ipv6AllowedForDualStack": True},
            {"SubnetIds": ["subnet-2"], "SecurityGroupIds": ["sg-2"]},
            {"SubnetIds": [], "SecurityGroupIds": []},
        ),
    ],
)
def test_a_member_is_read_as_it_was_set(aws: Any, member: str, first: Any, second: Any, none: Any) -> None:
    aws.create_function(**request("thumbs", **{member: first}))
    for value in (first, second, none):
        if value is None:
            continue
        if value is not first:
            aws.update_function_configuration(FunctionName="thumbs", **{member: value})
        found = shown(aws).get(member, "")
        if isinstance(value, dict):
            assert found.items() >= value.items()
        else:
            assert found == value
    updated = aws.update_function_configuration(FunctionName="thumbs", Description="nothing else")
    before = {name: value for name, value in shown(aws).items() if name in updated}
    after = {name: value for name, value in updated.items() if name in before}
    for moment in ("LastUpdateStatus", "ResponseMetadata", "RevisionId"):
        before.pop(moment, None)
        after.pop(moment, None)
    assert after == before


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("AcceleratorConfig", {"AcceleratorMemorySize": 1}, "AcceleratorConfig is not supported"),
        ("DurableConfig", {"ExecutionTimeout": 60}, "DurableConfig is not supported"),
        ("LoggingConfig", {"ApplicationLogLevel": "DEBUG"}, "LogLevel is not supported when LogFormat is set"),
        (
            "LoggingConfig",
            {"LogFormat": "Text", "SystemLogLevel": "DEBUG"},
            "LogLevel is not supported when LogFormat is set",
        ),
    ],
)
def test_a_member_without_effect_is_refused(aws: Any, member: str, value: Any, words: str) -> None:
    made = request("thumbs", **{member: value})
    with pytest.raises(ClientError, match=words) as refused:
        aws.create_function(**made)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    aws.create_function(**request("thumbs"))
    with pytest.raises(ClientError, match=words):
        aws.update_function_configuration(FunctionName="thumbs", **{member: value})


def test_members_of_what_is_not_here(aws: Any) -> None:
    """No function has durable executions, none is replicated to an edge: asking for either is not ignored."""
    aws.create_function(**request("thumbs"))
    with pytest.raises(ClientError, match="DurableExecutionName is not supported"):
        aws.invoke(FunctionName="thumbs", DurableExecutionName="one")
    with pytest.raises(ClientError, match="MasterRegion requires FunctionVersion ALL"):
        aws.list_functions(MasterRegion="us-east-1")
    assert aws.list_functions(MasterRegion="us-east-1", FunctionVersion="ALL")["Functions"] == []
