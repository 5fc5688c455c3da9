"""Members of a function's configuration: kept and shown, or refused; nothing is taken and then ignored in silence."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functions.world import ACCOUNT, REGION, request

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/6a2f1f30-8a75-4b8d-8c0a-0d8b3e5d7f11"


def shown(aws: Any) -> dict[str, Any]:
    answer: dict[str, Any] = aws.get_function_configuration(FunctionName="thumbs")
    return answer


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
        (
            "FileSystemConfigs",
            [
                {
                    "Arn": f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/fsap-0123456789abcdef0",
                    "LocalMountPath": "/mnt/data",
                }
            ],
            "FileSystemConfigs is not supported",
        ),
        ("LoggingConfig", {"ApplicationLogLevel": "DEBUG"}, "only with the log format JSON"),
        ("LoggingConfig", {"LogFormat": "Text", "SystemLogLevel": "DEBUG"}, "only with the log format JSON"),
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
