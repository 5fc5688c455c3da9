"""Code signing configurations as AWS answered, and what they mean for a deployment."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.models import AuditEntry
from tests.functions.replay import Replay
from tests.functions.world import ACCOUNT, REGION, arn, request, zipped

PROFILE = f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/test"
MADE: dict[str, Any] = {
    "Description": "Testing CodeSigning Config",
    "AllowedPublishers": {"SigningProfileVersionArns": [PROFILE]},
    "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
}
NONE = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-00000000000000000"
WARN = {"UntrustedArtifactOnDeployment": "Warn"}
OTHER = {"ZipFile": zipped({"app.py": "def handler(event, context):\n    return 2\n"})}


def test_lifecycle(aws: Any) -> None:
    replay = Replay("TestCodeSigningConfig::test_function_code_signing_config")
    aws.create_function(**request("thumbs"))
    made = replay.check("create_code_signing_config", aws.create_code_signing_config(**MADE))
    which = {"CodeSigningConfigArn": made["CodeSigningConfig"]["CodeSigningConfigArn"]}
    updated = aws.update_code_signing_config(**which, CodeSigningPolicies=WARN)
    replay.check("update_code_signing_config", updated)
    replay.check("get_code_signing_config", aws.get_code_signing_config(**which))
    put = aws.put_function_code_signing_config(**which, FunctionName="thumbs")
    replay.check("put_function_code_signing_config", put)
    replay.check("get_function_code_signing_config", aws.get_function_code_signing_config(FunctionName="thumbs"))
    replay.check("list_code_signing_configs", aws.list_code_signing_configs()["CodeSigningConfigs"][0])
    listed = aws.list_functions_by_code_signing_config(**which)
    replay.check("list_functions_by_code_signing_config", listed)
    with pytest.raises(ClientError, match="ResourceConflictException"):
        aws.delete_code_signing_config(**which)
    removed = aws.delete_function_code_signing_config(FunctionName="thumbs")
    replay.check("delete_function_code_signing_config", removed)
    replay.check("delete_code_signing_config", aws.delete_code_signing_config(**which))
    assert aws.list_code_signing_configs()["CodeSigningConfigs"] == []


def test_what_is_not_there(aws: Any) -> None:
    replay = Replay("TestCodeSigningConfig::test_code_signing_not_found_excs", csc_arn_invalid=NONE)
    name, none = "csc-test-doesnotexist", {"CodeSigningConfigArn": NONE}
    aws.create_function(**request("thumbs"))
    made = replay.check("create_code_signing_config", aws.create_code_signing_config(**MADE))
    which = {"CodeSigningConfigArn": made["CodeSigningConfig"]["CodeSigningConfigArn"]}
    replay.error("update_csc_invalid_csc_arn", aws.update_code_signing_config, **none, CodeSigningPolicies=WARN)
    replay.error("update_csc_noupdates", aws.update_code_signing_config, **none)
    replay.check("update_csc_noupdate_response", aws.update_code_signing_config(**which))
    replay.error("get_csc_invalid", aws.get_code_signing_config, **none)
    replay.error("delete_csc_notfound", aws.delete_code_signing_config, **none)
    put = aws.put_function_code_signing_config
    replay.error("put_function_csc_invalid_fnname", put, **which, FunctionName=name)
    replay.error("put_function_csc_invalid_csc_arn", put, **none, FunctionName="thumbs")
    replay.error("get_function_csc_nonexistingfn", aws.get_function_code_signing_config, FunctionName=name)
    without = aws.get_function_code_signing_config(FunctionName="thumbs")
    replay.check("get_function_csc_fnwithoutcsc", without)
    by_config = aws.list_functions_by_code_signing_config
    replay.check("list_functions_by_csc_fnwithoutcsc", by_config(**which))
    replay.error("list_functions_by_csc_invalid_cscarn", by_config, **none)
    remove = aws.delete_function_code_signing_config
    replay.error("delete_function_csc_fnnotfound", remove, FunctionName=name)
    replay.check("nothing_to_delete_response", remove(FunctionName="thumbs"))


def test_an_unknown_configuration_and_an_unknown_function(aws: Any) -> None:
    """AWS names the configuration."""
    replay = Replay("TestCodeSigningConfig::test_code_signing_not_found_excs", csc_arn_invalid=NONE)
    replay.error(
        "put_function_csc_invalid_both",
        aws.put_function_code_signing_config,
        CodeSigningConfigArn=NONE,
        FunctionName="csc-test-doesnotexist",
    )


def config_of(aws: Any, untrusted: str) -> dict[str, str]:
    made = aws.create_code_signing_config(
        **{**MADE, "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": untrusted}}
    )
    return {"CodeSigningConfigArn": made["CodeSigningConfig"]["CodeSigningConfigArn"]}


def test_enforced_nothing_unsigned_is_deployed(aws: Any) -> None:
    enforce = config_of(aws, "Enforce")
    refused = pytest.raises(ClientError, match=r"CodeVerificationFailedException.*Check the provided signature")
    with refused:
        aws.create_function(**request("thumbs", **enforce))
    assert aws.list_functions()["Functions"] == []
    before = aws.create_function(**request("thumbs"))
    layer = aws.publish_layer_version(LayerName="shared", Content=OTHER)["LayerVersionArn"]
    aws.put_function_code_signing_config(**enforce, FunctionName="thumbs")
    for call, members in (
        (aws.update_function_code, OTHER),
        (aws.update_function_code, {**OTHER, "DryRun": True}),
        (aws.update_function_configuration, {"Layers": [layer]}),
    ):
        with refused:
            call(FunctionName="thumbs", **members)
    assert aws.update_function_configuration(FunctionName="thumbs", Timeout=9)["CodeSha256"] == before["CodeSha256"]
    aws.delete_function_code_signing_config(FunctionName="thumbs")
    aws.update_function_code(FunctionName="thumbs", **OTHER)


def test_warned_it_is_deployed_and_audited(aws: Any) -> None:
    warn = config_of(aws, "Warn")
    aws.create_function(**request("thumbs", **warn))
    assert aws.get_function_code_signing_config(FunctionName="thumbs")["CodeSigningConfigArn"] in warn.values()
    aws.update_function_code(FunctionName="thumbs", **OTHER)
    for action in ("CreateFunction", "UpdateFunctionCode"):
        entry = AuditEntry.objects.get(action=action, resource=arn("thumbs"))
        assert entry.detail["untrusted"] == warn["CodeSigningConfigArn"]


def test_lists_come_in_pages_and_hold_what_is_ones_own(aws: Any) -> None:
    made = {config_of(aws, "Warn")["CodeSigningConfigArn"] for _ in range(3)}
    pages = list(aws.get_paginator("list_code_signing_configs").paginate(PaginationConfig={"PageSize": 1}))
    assert len(pages) == 3
    assert {each["CodeSigningConfigArn"] for found in pages for each in found["CodeSigningConfigs"]} == made
    which = {"CodeSigningConfigArn": min(made)}
    for number in range(3):
        aws.create_function(**request(f"thumbs-{number}", **which))
    paginator = aws.get_paginator("list_functions_by_code_signing_config")
    found = paginator.paginate(**which, PaginationConfig={"PageSize": 2}).build_full_result()
    assert found["FunctionArns"] == [arn(f"thumbs-{number}") for number in range(3)]
    elsewhere = {"CodeSigningConfigArn": which["CodeSigningConfigArn"].replace(ACCOUNT, "222222222222")}
    with pytest.raises(ClientError, match="can not be found"):
        aws.get_code_signing_config(**elsewhere)


def test_tags_come_with_it_and_can_be_read(aws: Any) -> None:
    made = aws.create_code_signing_config(**MADE, Tags={"team": "a"})
    arn_of_config = made["CodeSigningConfig"]["CodeSigningConfigArn"]
    assert aws.list_tags(Resource=arn_of_config)["Tags"] == {"team": "a"}
