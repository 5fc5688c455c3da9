"""Layers: publish, read, list, delete, share and use, as AWS answered."""

import json
from typing import Any

import pytest

from tests.functions.replay import RECORDINGS, Replay
from tests.functions.world import ACCOUNT, REGION, request, zipped

CONTENT = {"ZipFile": zipped({"python/shared.py": "VALUE = 1\n"})}
TEXT = {"Handler": "handler.handler", "Timeout": 30, "Environment": {"Variables": {}}}
PYTHON = {"CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["x86_64"]}


def arn(name: str, number: int | None = None, region: str = REGION) -> str:
    base = f"arn:aws:lambda:{region}:{ACCOUNT}:layer:{name}"
    return f"{base}:{number}" if number else base


@pytest.mark.parametrize("number", [0, 1, 2])
def test_compatibilities(aws: Any, number: int) -> None:
    name = f"TestLambdaLayer::test_layer_compatibilities[runtimes{number}]"
    compatible = RECORDINGS[name]["publish_result"]
    members = {member: compatible[member] for member in ("CompatibleRuntimes", "CompatibleArchitectures")}
    Replay(name).check("publish_result", aws.publish_layer_version(LayerName="shared", Content=CONTENT, **members))


def test_lifecycle(aws: Any) -> None:
    known = {"description": "A description", "license-info": "MIT"}
    replay = Replay("TestLambdaLayer::test_layer_lifecycle", **known)
    aws.create_function(**request("thumbs", **{**TEXT, "Code": {"ZipFile": zipped({"handler.py": "handler = print"})}}))
    replay.check("get_fn_result", aws.get_function(FunctionName="thumbs"))
    replay.check("get_fn_config_result", aws.get_function_configuration(FunctionName="thumbs"))

    made = {"LayerName": "shared", "Content": CONTENT, "Description": "A description", "LicenseInfo": "MIT", **PYTHON}
    first = replay.check("publish_result", aws.publish_layer_version(**made))
    chosen = aws.update_function_configuration(FunctionName="thumbs", Layers=[first["LayerVersionArn"]])
    replay.check("update_fn_config", chosen)
    replay.check("get_fn_config", aws.get_function_configuration(FunctionName="thumbs"))

    replay.check("get_layer_ver_result", aws.get_layer_version(LayerName="shared", VersionNumber=1))
    replay.check("get_layer_by_arn_version", aws.get_layer_version_by_arn(Arn=first["LayerVersionArn"]))
    replay.check("publish_result_2", aws.publish_layer_version(**made))
    replay.check("list_layer_versions_predelete", aws.list_layer_versions(LayerName="shared"))
    replay.check("delete_layer_1", aws.delete_layer_version(LayerName="shared", VersionNumber=1))
    replay.check("get_fn_config_postdelete", aws.get_function_configuration(FunctionName="thumbs"))
    replay.check("delete_layer_2", aws.delete_layer_version(LayerName="shared", VersionNumber=2))
    replay.check("list_layer_versions_postdelete", aws.list_layer_versions(LayerName="shared"))
    replay.check("publish_result_3", aws.publish_layer_version(**made))


def test_exceptions(aws: Any) -> None:
    replay = Replay("TestLambdaLayer::test_layer_exceptions")
    publish, get, delete = aws.publish_layer_version, aws.get_layer_version, aws.delete_layer_version
    replay.check("publish_result", publish(LayerName="shared", Content=CONTENT, **PYTHON))
    empty: dict[str, Any] = {"CompatibleRuntimes": [], "CompatibleArchitectures": []}
    replay.check("publish_empty_result", publish(LayerName="empty", Content=CONTENT, **empty))
    for step, runtimes, architectures in (
        ("publish_layer_version_exc_invalid_runtime_arch", ["invalidruntime"], ["invalidarch"]),
        (
            "publish_layer_version_exc_partially_invalid_values",
            ["invalidruntime", "invalidruntime2", "nodejs20.x"],
            ["invalidarch", "x86_64"],
        ),
    ):
        compatible = {"CompatibleRuntimes": runtimes, "CompatibleArchitectures": architectures}
        replay.error(step, publish, LayerName="shared", Content=CONTENT, **compatible)

    replay.error("get_layer_version_exc_layer_doesnotexist", get, LayerName="none", VersionNumber=1)
    replay.error("get_layer_version_exc_layer_version_doesnotexist_negative", get, LayerName="shared", VersionNumber=-1)
    replay.error("get_layer_version_exc_layer_version_doesnotexist_zero", get, LayerName="shared", VersionNumber=0)
    replay.error("get_layer_version_exc_layer_version_doesnotexist_2", get, LayerName="shared", VersionNumber=2)
    replay.error("get_layer_version_by_arn_exc_invalidarn", aws.get_layer_version_by_arn, Arn=arn("shared"))
    by_arn = aws.get_layer_version_by_arn
    replay.error("get_layer_version_by_arn_exc_nonexistentversion", by_arn, Arn=arn("shared", 2))

    replay.check("list_nonexistent_layer", aws.list_layer_versions(LayerName="none"))
    runtime = {"CompatibleRuntime": "runtimedoesnotexist"}
    replay.error("list_layers_exc_compatibleruntime_invalid", aws.list_layers, **runtime)
    architecture = {"CompatibleArchitecture": "archdoesnotexist"}
    replay.error("list_layers_exc_compatiblearchitecture_invalid", aws.list_layers, **architecture)

    replay.check("delete_nonexistent_response", delete(LayerName="none", VersionNumber=1))
    replay.check("delete_nonexistent_version_response", delete(LayerName="shared", VersionNumber=2))
    step = "delete_layer_version_exc_layerversion_invalid_version"
    replay.error(step, delete, LayerName="shared", VersionNumber=-1)
    replay.check("delete_layer_response", delete(LayerName="shared", VersionNumber=1))
    replay.check("delete_layer_again_response", delete(LayerName="shared", VersionNumber=1))


def test_function_exceptions(aws: Any) -> None:
    replay = Replay("TestLambdaLayer::test_layer_function_exceptions")
    made = {"LayerName": "shared", "Content": CONTENT, "CompatibleRuntimes": [], "CompatibleArchitectures": ["x86_64"]}
    for step in ("publish_result", "publish_result_2", "publish_result_3"):
        replay.check(step, aws.publish_layer_version(**made))
    code = {"ZipFile": zipped({"handler.py": "handler = print"})}
    aws.create_function(**request("thumbs", **{**TEXT, "Code": code}))
    replay.check("get_fn_result", aws.get_function(FunctionName="thumbs"))

    update = aws.update_function_configuration
    one, two, three = arn("shared", 1), arn("shared", 2), arn("shared", 3)
    for step, layers in (
        ("two_layer_versions_single_function_exc", [one, two]),
        ("three_layer_versions_single_function_exc", [one, two, three]),
        ("two_identical_layer_versions_single_function_exc", [one, one]),
        ("add_nonexistent_layer_exc", [arn("doesnotexist", 1)]),
        ("add_nonexistent_layer_version_exc", [arn("shared", 9)]),
        ("add_layer_arn_without_version_exc", [arn("shared")]),
    ):
        replay.error(step, update, FunctionName="thumbs", Layers=layers)
    elsewhere = request("other", Layers=[arn("shared", 1, "eu-west-1")])
    replay.error("create_function_with_layer_in_different_region", aws.create_function, **elsewhere)


def test_too_many_layers(aws: Any) -> None:
    layers = [
        aws.publish_layer_version(LayerName=f"shared-{number}", Content=CONTENT)["LayerVersionArn"]
        for number in range(6)
    ]
    replay = Replay("TestLambdaLayer::test_layer_function_quota_exception")
    replay.error("create_function_with_six_layers", aws.create_function, **request("thumbs", Layers=layers))


def sized(size: int) -> bytes:
    """A zip of so many bytes."""
    data = zipped({"f": ""})
    filling = size - len(data)
    return data[:-2] + filling.to_bytes(2, "little") + b"x" * filling  # the archive's comment


def test_layers_and_published_versions_are_stored_code(aws: Any) -> None:
    replay = Replay("TestLambdaAccountSettings::test_account_settings_total_code_size")
    code, content = {"ZipFile": sized(276)}, {"ZipFile": sized(169)}
    used = [0]
    for step, call, members in (
        ("create_function", aws.create_function, request("thumbs", Code=code)),
        ("update_function", aws.update_function_code, {"FunctionName": "thumbs", **code, "Publish": True}),
        ("publish_layer", aws.publish_layer_version, {"LayerName": "shared", "Content": content}),
        ("publish_layer_version", aws.publish_layer_version, {"LayerName": "shared", "Content": content}),
    ):
        call(**members)
        used.append(aws.get_account_settings()["AccountUsage"]["TotalCodeSize"])
        assert used[-1] - used[-2] == replay.steps[f"total_code_size_diff_{step}"]


def test_policy_lifecycle(aws: Any) -> None:
    replay = Replay("TestLambdaLayer::test_layer_policy_lifecycle")
    which: dict[str, Any] = {"LayerName": "shared", "VersionNumber": 1}
    grant = {**which, "Action": "lambda:GetLayerVersion", "Principal": "*"}
    replay.check("publish_result", aws.publish_layer_version(LayerName="shared", Content=CONTENT, **PYTHON))
    replay.check("add_policy_s1", opened(aws.add_layer_version_permission(**grant, StatementId="s1")))
    replay.check("get_layer_version_policy", opened(aws.get_layer_version_policy(**which)))
    replay.check("add_policy_s2", opened(aws.add_layer_version_permission(**grant, StatementId="s2")))
    replay.check("get_layer_version_policy_postadd2", opened(aws.get_layer_version_policy(**which)))
    replay.check("remove_s2", aws.remove_layer_version_permission(**which, StatementId="s2"))
    replay.check("get_layer_version_policy_postdeletes2", opened(aws.get_layer_version_policy(**which)))


def test_policy_exceptions(aws: Any) -> None:
    replay = Replay("TestLambdaLayer::test_layer_policy_exceptions")
    published = aws.publish_layer_version(LayerName="shared", Content=CONTENT, **PYTHON)
    replay.check("publish_result", published)
    replay.known["resource:1"] = "shared"
    add, get, remove = (
        aws.add_layer_version_permission, aws.get_layer_version_policy, aws.remove_layer_version_permission
    )  # fmt: skip
    here: dict[str, Any] = {"LayerName": "shared", "VersionNumber": 1}
    grant = {"StatementId": "s1", "Action": "lambda:GetLayerVersion", "Principal": "*"}
    replay.error("layer_permission_nopolicy_get", get, **here)
    replay.check("add_layer_permission_result", opened(add(**here, **grant)))
    replay.error("layer_permission_duplicate_statement", add, **here, **grant)
    replay.error("layer_permission_action_invalid", add, **here, **{**grant, "StatementId": "s2", "Action": "*"})
    stale = {"StatementId": "s2", "RevisionId": "wrong"}
    replay.error("layer_permission_wrong_revision", add, **here, **{**grant, **stale})
    replay.error("layer_permission_wrong_revision_remove", remove, **here, StatementId="s1", RevisionId="wrong")
    replay.error("layer_permission_statementid_doesnotexist_remove", remove, **here, StatementId="doesnotexist")
    for what, which in (
        ("layername", {"LayerName": "shared-doesnotexist", "VersionNumber": 1}),
        ("layerversion", {"LayerName": "shared", "VersionNumber": 2}),
    ):
        replay.error(f"layer_permission_{what}_doesnotexist_add", add, **which, **grant)
        replay.error(f"layer_permission_{what}_doesnotexist_get", get, **which)
        replay.error(f"layer_permission_{what}_doesnotexist_remove", remove, **which, StatementId="s1")


def opened(answer: dict[str, Any]) -> dict[str, Any]:
    """With the texts of policies read, as they were recorded."""
    return {
        member: json.loads(value) if member in ("Policy", "Statement") else value for member, value in answer.items()
    }
