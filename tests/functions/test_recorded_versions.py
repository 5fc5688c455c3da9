"""Versions and aliases, as AWS answered."""

from typing import Any

from tests.functions.replay import IN_PROGRESS, Replay
from tests.functions.world import arn, request, zipped

INDEX = {"Handler": "index.handler"}
STAGING = {**INDEX, "Environment": {"Variables": {"testenv": "staging"}}}
OTHER = zipped({"index.py": "def handler(event, context):\n    return 2\n"})


def test_lifecycle(aws: Any) -> None:
    replay = Replay("TestLambdaVersions::test_version_lifecycle")
    name = {"FunctionName": "thumbs"}
    made = request("thumbs", **INDEX, Description="No version :(")
    replay.check("create_response", aws.create_function(**made))
    replay.check("get_function_result", aws.get_function(**name))
    replay.check("list_versions_result", aws.list_versions_by_function(**name))
    updated = aws.update_function_configuration(**name, Description="First version :)")
    replay.check("first_update_response", updated)
    replay.check("first_update_get_function", aws.get_function(**name))
    published = aws.publish_version(**name, Description="First version description :)")
    replay.check("first_publish_response", published)
    replay.check("first_publish_get_function", aws.get_function(**name, Qualifier="1"))
    replay.check("first_publish_get_function_config", aws.get_function_configuration(**name, Qualifier="1"))
    updated = aws.update_function_configuration(**name, Description="Second version :))")
    replay.check("second_update_response", updated)
    replay.check("first_publish_get_function_after_update", aws.get_function(**name, Qualifier="1"))
    replay.check("second_publish_response", aws.publish_version(**name))
    unchanged = aws.publish_version(**name, Description="Third version description :)))")
    replay.check("third_publish_response", unchanged)
    replay.check("list_versions_result_after_third_publish", aws.list_versions_by_function(**name))
    aws.delete_function(**name, Qualifier="1")
    replay.check("list_versions_result_after_deletion_of_first_version", aws.list_versions_by_function(**name))


def test_publishing_on_create(aws: Any) -> None:
    replay = Replay("TestLambdaVersions::test_publish_version_on_create")
    name = {"FunctionName": "thumbs"}
    replay.check("create_response", aws.create_function(**request("thumbs", **INDEX, Publish=True)))
    replay.check("get_function_result", aws.get_function(**name))
    replay.check("get_function_version_result", aws.get_function(**name, Qualifier="1"))
    replay.check("get_function_latest_result", aws.get_function(**name, Qualifier="$LATEST"))
    replay.check("list_versions_result", aws.list_versions_by_function(**name))
    replay.check("repeated_publish_response", aws.publish_version(**name))
    replay.check("list_versions_result_after_publish", aws.list_versions_by_function(**name))


def test_publishing_with_an_update(aws: Any) -> None:
    replay = Replay("TestLambdaVersions::test_publish_with_update")
    replay.check("create_response", aws.create_function(**request("thumbs", **INDEX)))
    replay.check("get_function_result", aws.get_function(FunctionName="thumbs"))
    updated = aws.update_function_code(FunctionName="thumbs", ZipFile=OTHER, Publish=True)
    replay.check("update_function_code_result", updated)
    for step, qualifier in (("get_function_version_result", "1"), ("get_function_latest_result", "$LATEST")):
        shown = aws.get_function(FunctionName="thumbs", Qualifier=qualifier)
        replay.check(step, shown, but=IN_PROGRESS)
        assert shown["Configuration"]["State"] == "Active"


def test_publishing_another_state_than_was_meant(aws: Any) -> None:
    replay = Replay("TestLambdaVersions::test_publish_with_wrong_sha256")
    name = {"FunctionName": "thumbs"}
    replay.check("create_response", aws.create_function(**request("thumbs", **INDEX)))
    shown = replay.check("get_fn_response", aws.get_function(**name))
    replay.error("publish_wrong_sha256_exc", aws.publish_version, **name, CodeSha256="somenonexistentsha256")
    published = aws.publish_version(**name, CodeSha256=shown["Configuration"]["CodeSha256"])
    replay.check("publish_result", published)


def test_revisions(aws: Any) -> None:
    replay = Replay("TestLambdaRevisions::test_function_revisions_version_and_alias")
    name = {"FunctionName": "thumbs"}
    made = request("thumbs", Handler="handler.handler", Timeout=30, Environment={"Variables": {}})
    replay.check("create_function_response_rev1", aws.create_function(**made))
    second = replay.check("get_function_active_rev2", aws.get_function(**name))
    replay.error("publish_version_revision_exception", aws.publish_version, **name, RevisionId="wrong")
    published = aws.publish_version(**name, RevisionId=second["Configuration"]["RevisionId"])
    replay.check("publish_version_response_rev_v1", published)
    replay.check("get_function_published_version_rev_v2", aws.get_function(**name, Qualifier="1"))
    replay.check("get_function_latest_rev3", aws.get_function(**name))
    alias = {**name, "Name": "revision_alias"}
    made = replay.check("create_alias_response_rev_a1", aws.create_alias(**alias, FunctionVersion="1"))
    replay.check("get_function_published_version_rev_v3", aws.get_function(**name, Qualifier="1"))
    replay.check("get_function_latest_rev4", aws.get_function(**name))
    change = {**alias, "Description": "something changed"}
    replay.error("update_alias_revision_exception", aws.update_alias, **change, RevisionId="wrong")
    updated = aws.update_alias(**change, RevisionId=made["RevisionId"])
    replay.check("update_alias_response_rev_a2", updated)


def _two_versions(aws: Any, replay: Replay, *, publish: bool = False) -> None:
    replay.check("create_response", aws.create_function(**request("thumbs", **STAGING, Publish=publish)))
    replay.check("publish_v1", aws.publish_version(FunctionName="thumbs"))
    if "publish_v2" in replay.steps:
        aws.update_function_configuration(FunctionName="thumbs", Environment={"Variables": {"testenv": "prod"}})
        replay.check("publish_v2", aws.publish_version(FunctionName="thumbs"))


def test_alias_lifecycle(aws: Any) -> None:
    replay = Replay("TestLambdaAlias::test_alias_lifecycle")
    _two_versions(aws, replay)
    name, custom = {"FunctionName": "thumbs"}, {"FunctionVersion": "1", "Description": "custom-alias"}
    weighted = aws.create_alias(
        **name, **custom, Name="aliasname1_1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.2}}
    )
    replay.check("create_alias_1_1", weighted)
    replay.check("get_alias_1_1", aws.get_alias(**name, Name="aliasname1_1"))
    replay.check("get_function_alias_1_1", aws.get_function(**name, Qualifier="aliasname1_1"))
    replay.check("get_function_byarn_alias_1_1", aws.get_function(FunctionName=arn("thumbs", "aliasname1_1")))
    replay.error("get_function_alias_notfound_exc", aws.get_function, **name, Qualifier="aliasdoesnotexist")
    missing = arn("thumbs", "aliasdoesnotexist")
    replay.error("get_function_alias_byarn_notfound_exc", aws.get_function, FunctionName=missing)
    replay.check("create_alias_1_2", aws.create_alias(**name, **custom, Name="aliasname1_2"))
    replay.check("get_alias_1_2", aws.get_alias(**name, Name="aliasname1_2"))
    replay.check("create_alias_1_3", aws.create_alias(**name, Name="aliasname1_3", FunctionVersion="1"))
    replay.check("get_alias_1_3", aws.get_alias(**name, Name="aliasname1_3"))
    replay.check("create_alias_2", aws.create_alias(**name, **{**custom, "FunctionVersion": "2"}, Name="aliasname2"))
    replay.check("get_alias_2", aws.get_alias(**name, Name="aliasname2"))
    replay.check("list_aliases_for_fnname", aws.list_aliases(**name))
    ended = aws.update_alias(**name, Name="aliasname1_1", RoutingConfig={})
    replay.check("update_alias_1_1", ended)
    replay.check("get_alias_1_1_after_update", aws.get_alias(**name, Name="aliasname1_1"))
    replay.check("list_aliases_for_fnname_after_update", aws.list_aliases(**name))
    none: dict[str, float] = {}
    ended = aws.update_alias(**name, Name="aliasname1_2", RoutingConfig={"AdditionalVersionWeights": none})
    replay.check("update_alias_1_2", ended)
    replay.check("get_alias_1_2_after_update", aws.get_alias(**name, Name="aliasname1_2"))
    replay.check("list_aliases_for_fnname_after_update_2", aws.list_aliases(**name))
    replay.check("list_aliases_for_version", aws.list_aliases(**name, FunctionVersion="1"))
    replay.check("delete_alias_response", aws.delete_alias(**name, Name="aliasname1_1"))
    replay.check("list_aliases_for_fnname_afterdelete", aws.list_aliases(**name))


def test_alias_names(aws: Any) -> None:
    replay = Replay("TestLambdaAlias::test_alias_naming")
    _two_versions(aws, replay)
    alias = {"FunctionName": "thumbs", "FunctionVersion": "1", "Description": "custom-alias"}
    replay.check("create_alias_date", aws.create_alias(**alias, Name="2024-01-02"))
    replay.check("get_alias_date", aws.get_alias(FunctionName="thumbs", Name="2024-01-02"))
    replay.error("create_alias_number_exception", aws.create_alias, **alias, Name="2024")


def test_aliases_that_are_not_there(aws: Any) -> None:
    replay = Replay("TestLambdaAlias::test_non_existent_alias_deletion")
    replay.check("create_response", aws.create_function(**request("thumbs", **STAGING)))
    missing = {"FunctionName": "thumbs", "Name": "non-existent"}
    replay.check("delete_alias_response", aws.delete_alias(**missing))
    replay = Replay("TestLambdaAlias::test_non_existent_alias_update")
    other = request("other", **STAGING)
    missing["FunctionName"] = replay.check("create_response", aws.create_function(**other))["FunctionName"]
    replay.error("update_alias_response", aws.update_alias, **missing, Description="changed")


def test_routing_that_cannot_be(aws: Any) -> None:
    replay = Replay("TestLambdaAlias::test_notfound_and_invalid_routingconfigs")
    _two_versions(aws, replay, publish=True)

    def routed(*versions: str, weight: float = 0.5) -> dict[str, Any]:
        return {"RoutingConfig": {"AdditionalVersionWeights": dict.fromkeys(versions, weight)}}

    create, name = aws.create_alias, {"FunctionName": "thumbs"}
    custom = {**name, "Name": "custom", "FunctionVersion": "1"}
    latest = create(**name, Name="custom-latest", FunctionVersion="$LATEST")
    replay.check("create-alias-latest", latest)
    empty = create(**name, Name="custom-empty-routingconfig", FunctionVersion="1", RoutingConfig={})
    replay.check("create_alias_empty_routingconfig", empty)
    replay.error("routing_config_exc_toomany", create, **custom, **routed("1", "2"))
    replay.error("routing_config_exc_toohigh", create, **custom, **routed("2", weight=2))
    replay.error("routing_config_exc_subzero", create, **custom, **routed("2", weight=-1))
    replay.error("routing_config_exc_sameversion", create, **custom, **routed("1"))
    replay.error("routing_config_exc_version_latest", create, **custom, **routed("$LATEST"))
    onto_latest = {**custom, "FunctionVersion": "$LATEST"}
    replay.error("target_version_exc_version_latest", create, **onto_latest, **routed("1"))
    replay.error("routing_config_exc_version_doesnotexist", create, **custom, **routed("10"))
    replay.error("target_version_doesnotexist", create, **{**custom, "FunctionVersion": "10"})
    unknown = {**custom, "FunctionName": "thumbs-unknown"}
    replay.error("routing_config_exc_fn_doesnotexist", create, **unknown, **routed("2"))
    replay.check("create_alias_response", create(**custom, **routed("2")))
    replay.error("routing_config_exc_already_exist", create, **custom, **routed("2"))
    replay.error("alias_does_not_exist_esc", aws.get_alias, **name, Name="non-existent")
