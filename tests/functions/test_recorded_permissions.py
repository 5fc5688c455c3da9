"""Resource-based policies of functions, versions and aliases, as AWS answered."""

import json
from typing import Any

from tests.functions.replay import RUNTIMES, Replay
from tests.functions.world import ACCOUNT, arn, request

TEXT = {"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}}
NAME = {"FunctionName": "thumbs"}
S3 = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
BUCKET = {**S3, "SourceArn": "arn:aws:s3:::test-bucket"}


def read(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with the document in it read, as the recordings have it."""
    return {key: json.loads(value) if key in ("Statement", "Policy") else value for key, value in answer.items()}


def test_a_permission(aws: Any) -> None:
    replay = Replay("TestLambdaPermissions::test_add_lambda_permission_aws")
    replay.check("create_lambda", aws.create_function(**request("thumbs", **TEXT)))
    answer = aws.add_permission(**NAME, **BUCKET)
    replay.check("add_permission", read(answer))
    replay.check("get_policy", read(aws.get_policy(**NAME)))
    assert answer["Statement"] == (
        '{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction",'
        f'"Resource":"{arn("thumbs")}","Condition":{{"ArnLike":{{"AWS:SourceArn":"arn:aws:s3:::test-bucket"}}}}}}'
    )


def test_all_members(aws: Any) -> None:
    user = f"arn:aws:iam::{ACCOUNT}:user/alice"
    replay = Replay("TestLambdaPermissions::test_add_lambda_permission_fields", user_arn=user)
    aws.create_function(**request("thumbs", **TEXT))

    def add(step: str, sid: str, principal: str, action: str = "lambda:InvokeFunction", **members: str) -> None:
        asked = {"StatementId": sid, "Action": action, "Principal": principal, **members}
        replay.check(step, read(aws.add_permission(**NAME, **asked)))

    account = {"SourceAccount": ACCOUNT}
    add("add_permission_principal_wildcard", "wilcard", "*", **account)
    add("add_permission_principal_service", "lambda", "lambda.amazonaws.com", **account)
    add("add_permission_principal_account", "account-id", ACCOUNT)
    add("add_permission_principal_arn", "user-arn", user, **account)
    add(
        "add_permission_optional_fields",
        "urlPermission",
        "*",
        "lambda:InvokeFunctionUrl",
        **account,
        SourceArn="arn:aws:s3:::test-bucket",
        PrincipalOrgID="o-1234567890",
        FunctionUrlAuthType="NONE",
    )
    token = "amzn1.ask.skill.xxxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
    add("add_permission_alexa_skill", "alexaSkill", "*", EventSourceToken=token)


def test_several_permissions(aws: Any) -> None:
    replay = Replay("TestLambdaPermissions::test_create_multiple_lambda_permissions")
    aws.create_function(**request("thumbs", **TEXT))
    for number, service in ((1, "logs"), (2, "kinesis")):
        asked = {**S3, "StatementId": service, "Principal": f"{service}.amazonaws.com"}
        replay.check(f"add_permission_response_{number}", read(aws.add_permission(**NAME, **asked)))
    replay.check("policy_after_2_add", read(aws.get_policy(**NAME)))


def test_removing(aws: Any) -> None:
    replay = Replay("TestLambdaPermissions::test_remove_multi_permissions")
    aws.create_function(**request("thumbs", **TEXT))
    replay.check("add_permission_1", read(aws.add_permission(**NAME, **S3)))
    other = {**BUCKET, "StatementId": "sqs", "Principal": "sqs.amazonaws.com"}
    replay.check("add_permission_2", read(aws.add_permission(**NAME, **other)))
    replay.check("policy_after_2_add", read(aws.get_policy(**NAME)))
    missing = {**NAME, "StatementId": "non-existent"}
    replay.error("remove_permission_exception_nonexisting_sid", aws.remove_permission, **missing)
    aws.remove_permission(**NAME, StatementId="sqs")
    replay.check("policy_after_removal", read(aws.get_policy(**NAME)))
    policy = replay.check("policy_after_removal_attempt", read(aws.get_policy(**NAME)))
    aws.remove_permission(**NAME, StatementId="s3", RevisionId=policy["RevisionId"])
    replay.error("get_policy_exception_removed_all", aws.get_policy, **NAME)


def test_versions_and_aliases_have_policies_of_their_own(aws: Any) -> None:
    replay = Replay("TestLambdaPermissions::test_lambda_permission_fn_versioning")
    aws.create_function(**request("thumbs", **TEXT))
    replay.check("add_permission", read(aws.add_permission(**NAME, **BUCKET)))
    replay.check("get_policy", read(aws.get_policy(**NAME)))
    replay.check("publish_version_result", aws.publish_version(**NAME))
    replay.check("get_function_result_after_publishing", aws.get_function(**NAME))
    replay.check("get_policy_after_publishing_latest", read(aws.get_policy(**NAME)))
    replay.error("get_policy_after_publishing_new_version", aws.get_policy, **NAME, Qualifier="1")
    aws.add_permission(FunctionName="thumbs:1", Qualifier="1", **BUCKET)
    replay.check("get_policy_version", read(aws.get_policy(**NAME, Qualifier="1")))
    alias = aws.create_alias(**NAME, Name="permission-alias", FunctionVersion="1")
    replay.check("create_alias_response", alias)
    replay.check("get_alias", aws.get_alias(**NAME, Name="permission-alias"))
    wrong = {**NAME, **BUCKET, "Qualifier": "permission-alias", "RevisionId": "wrong"}
    replay.error("add_permission_alias_revision_exception", aws.add_permission, **wrong)
    aws.add_permission(FunctionName="thumbs:permission-alias", RevisionId=alias["RevisionId"], **BUCKET)
    replay.check("get_policy_alias", read(aws.get_policy(FunctionName="thumbs:permission-alias")))
    policy = replay.check("get_policy_after_adding_to_new_version", read(aws.get_policy(**NAME)))
    aws.add_permission(**NAME, **{**BUCKET, "StatementId": "s3_2"}, RevisionId=policy["RevisionId"])
    replay.check("get_policy_after_adding_2", read(aws.get_policy(**NAME)))


# Members that AWS did not show in 2022, and the revision of a policy: it was that of its function then.
LATER = ("LoggingConfig", "RevisionId", "RuntimeVersionConfig", "SnapStart")


def test_policies_of_2022(aws: Any) -> None:
    replay = Replay("TestLambdaPermissions::test_lambda_permission_versioning")
    aws.create_function(**request("thumbs", **TEXT))
    second = {**BUCKET, "StatementId": "s3_2"}
    replay.check("add_permission", read(aws.add_permission(**NAME, **BUCKET)))
    replay.check("get_policy", read(aws.get_policy(**NAME)), but=LATER)
    aws.publish_version(**NAME)
    replay.check("get_policy_after_publishing_latest", read(aws.get_policy(**NAME)), but=LATER)
    replay.error("get_policy_after_publishing_new_version", aws.get_policy, **NAME, Qualifier="1")
    aws.add_permission(**NAME, **BUCKET, Qualifier="1")
    replay.check("get_policy_after_adding_to_new_version", read(aws.get_policy(**NAME)), but=LATER)
    aws.add_permission(**NAME, **second)
    replay.check("get_policy_after_adding_2", read(aws.get_policy(**NAME)), but=LATER)


def test_revisions_of_2022(aws: Any) -> None:
    replay = Replay("TestLambdaPermissions::test_lambda_permission_revisions")
    made = request("thumbs", **TEXT, Runtime=RUNTIMES["python3.8"])
    aws.create_function(**made)
    first, second, third = ({**BUCKET, "StatementId": sid} for sid in ("s3", "s3_2", "s3_3"))
    aws.add_permission(**NAME, **first)
    aws.add_permission(**NAME, **second)
    aws.publish_version(**NAME)
    replay.check("get_policy_after_publish_version", read(aws.get_policy(**NAME)), but=LATER)
    aws.add_permission(**NAME, **second, Qualifier="1")
    replay.check("get_policy_v1_after_publish_version", read(aws.get_policy(**NAME, Qualifier="1")), but=LATER)
    aws.update_function_configuration(**NAME, Runtime=RUNTIMES["python3.9"])
    replay.check("get_function_fn8", aws.get_function(**NAME), but=LATER)
    replay.check("get_function_fn8_v1", aws.get_function(**NAME, Qualifier="1"), but=LATER)
    aws.add_permission(**NAME, **third, Qualifier="1")
    replay.check("get_function_fn9", aws.get_function(**NAME), but=LATER)
    replay.check("get_function_fn9_v1", aws.get_function(**NAME, Qualifier="1"), but=LATER)
    replay.check("get_policy_v1_after_add_permission9", read(aws.get_policy(**NAME, Qualifier="1")), but=LATER)


def test_what_cannot_be(aws: Any) -> None:
    replay = Replay("TestLambdaPermissions::test_permission_exceptions", **{"function-name": "thumbs"})
    aws.create_function(**request("thumbs", **TEXT))

    def add(step: str, **changes: str) -> None:
        replay.error(f"add_permission_{step}", aws.add_permission, **{**NAME, **BUCKET, **changes})

    add("invalid_statement_id", StatementId="example.com")
    add("fn_qualifier_mismatch", FunctionName="thumbs:alias-not-42", Qualifier="42")
    add("fn_qualifier_latest", FunctionName="thumbs:$LATEST", Qualifier="$LATEST")
    add("principal_invalid", Principal="invalid.nonaws.com")
    add("fn_doesnotexist", FunctionName="doesnotexist")
    add("fn_alias_doesnotexist", FunctionName="thumbs:alias-doesnotexist")
    add("fn_version_doesnotexist", Qualifier="42")
    add("fn_qualifier_invalid", Qualifier="invalid-qualifier-with-?-char")
    add("fn_qualifier_valid_doesnotexist", Qualifier="valid-with-$-but-doesnotexist")
    replay.error("get_policy_fn_doesnotexist", aws.get_policy, FunctionName="doesnotexist")
    replay.error("get_policy_fn_version_doesnotexist", aws.get_policy, **NAME, Qualifier="77")
    remove = {"StatementId": "s3"}
    replay.error("remove_permission_policy_doesnotexist", aws.remove_permission, **NAME, **remove)
    aws.add_permission(**NAME, **BUCKET)
    add("conflicting_statement_id")
    nowhere = {"FunctionName": "doesnotexist", **remove}
    replay.error("remove_permission_fn_doesnotexist", aws.remove_permission, **nowhere)
    alias = {**NAME, **remove, "Qualifier": "alias-doesnotexist"}
    replay.error("remove_permission_fn_alias_doesnotexist", aws.remove_permission, **alias)


def test_a_revision_that_is_none(aws: Any) -> None:
    replay = Replay("TestLambdaRevisions::test_function_revisions_permissions")
    aws.create_function(**request("thumbs", **TEXT))
    replay.error("add_permission_revision_exception", aws.add_permission, **NAME, **BUCKET, RevisionId="wrong")
