"""Layers in the store and on functions: what lies over what, what is refused, and what stays when a layer goes."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from functions.access.caller import Caller
from functions.api import account, function, layer, layer_policy, version
from functions.arn import FunctionReference
from functions.code import layers, store
from functions.errors import AccessDeniedException, InvalidParameterValueException, RequestEntityTooLargeException
from functions.invoke import routing
from functions.models import AuditEntry, Function, Layer, LayerVersion
from tests.functions.test_store import build, entry, link
from tests.functions.world import ACCOUNT, REGION, create, zipped

READ = "lambda:GetLayerVersion"


def publish(caller: Caller, name: str, files: dict[str, str | bytes], **members: Any) -> str:
    """The ARN of a new version."""
    content = {"ZipFile": zipped(files)}
    made = layer.publish_layer_version(caller, {"LayerName": name, "Content": content, **members})
    return str(made["LayerVersionArn"])


def tree_of(name: str) -> dict[str, str]:
    return {each.path: store.read_text(function_version(name).layer_tree, each.path) for each in files_of(name)}


def files_of(name: str) -> list[store.FileEntry]:
    return store.list_files(function_version(name).layer_tree)


def function_version(name: str) -> Any:
    return Function.objects.get(name=name).versions.get(number=0)


# --- in the store ---


def package(*entries: Any) -> str:
    added = store.add_zip(build(*entries))
    added.save()
    return added.sha256


def test_a_later_layer_lies_over_an_earlier_one(alice: Caller) -> None:
    low = package((entry("both.txt"), "low"), (entry("low/one.txt"), "1"), (entry("shape"), "a file"))
    high = package((entry("both.txt"), "high"), (entry("low/two.txt"), "2"), (entry("shape/inside.txt"), "3"))
    name = layers.lay([low, high])
    found = {each.path: store.read_text(name, each.path) for each in store.list_files(name)}
    assert found == {"both.txt": "high", "low/one.txt": "1", "low/two.txt": "2", "shape/inside.txt": "3"}
    turned = layers.lay([high, low])
    assert store.read_text(turned, "both.txt") == "low"
    assert store.read_text(turned, "shape") == "a file"
    # Nothing of the layers themselves has changed, and their files are shared.
    assert store.read_text(low, "both.txt") == "low"
    assert os.path.samefile(store.tree(low) / "low/one.txt", store.tree(name) / "low/one.txt")
    assert layers.lay([low, high]) == name
    assert {path.name for path in store.tree(name).parent.iterdir() if path.name.startswith(".new")} == set()


def test_one_layer_is_its_own_tree(alice: Caller) -> None:
    only = package((entry("a"), "1"))
    assert layers.lay([only]) == only
    assert layers.lay([]) == ""


def test_nothing_is_written_through_a_link_of_an_earlier_layer(alice: Caller) -> None:
    victim = package((entry("kept/file"), "whole"), link("door", "kept"))
    through = package((entry("door/file"), "changed"), (entry("door/new"), "new"))
    name = layers.lay([victim, through])
    assert store.read_text(name, "kept/file") == store.read_text(victim, "kept/file") == "whole"
    assert store.read_text(name, "door/file") == "changed"
    assert not (store.tree(victim) / "kept" / "new").exists()
    assert not (store.tree(name) / "door").is_symlink()
    assert os.readlink(store.tree(layers.lay([through, victim])) / "door") == "kept"


def test_modes_stay(alice: Caller) -> None:
    program = package((entry("bin/run", stat.S_IFREG | 0o755), "#!/bin/sh\n"))
    other = package((entry("bin/other"), "text"))
    umask = os.umask(0o077)
    try:
        name = layers.lay([program, other])
    finally:
        os.umask(umask)
    assert stat.S_IMODE(store.tree(name).stat().st_mode) == 0o755
    assert stat.S_IMODE((store.tree(name) / "bin/run").stat().st_mode) == 0o755
    assert stat.S_IMODE((store.tree(name) / "bin").stat().st_mode) == 0o755


# --- on functions ---


def test_a_function_shows_and_uses_its_layers(alice: Caller, django_capture_on_commit_callbacks: Any) -> None:
    one = publish(alice, "one", {"a.txt": "one", "both.txt": "one"})
    two = publish(alice, "two", {"b.txt": "two", "both.txt": "two"})
    made = create(alice, "thumbs", Layers=[one, two], Publish=True)
    assert [shown["Arn"] for shown in made["Layers"]] == [one, two]
    assert all(set(shown) == {"Arn", "CodeSize"} and shown["CodeSize"] > 0 for shown in made["Layers"])
    assert tree_of("thumbs") == {"a.txt": "one", "b.txt": "two", "both.txt": "two"}
    reference = FunctionReference(ACCOUNT, REGION, "thumbs")
    first = routing.resolve(reference).spec
    assert first.layers == function_version("thumbs").layer_tree

    update = function.update_function_configuration
    with django_capture_on_commit_callbacks(execute=True):
        update(alice, {"FunctionName": "thumbs", "Layers": [two, one]})
    assert tree_of("thumbs")["both.txt"] == "one"
    second = routing.resolve(reference).spec
    assert second.key != first.key  # other environments serve it
    assert update(alice, {"FunctionName": "thumbs", "Timeout": 9})["Layers"][0]["Arn"] == two
    with django_capture_on_commit_callbacks(execute=True):
        assert "Layers" not in update(alice, {"FunctionName": "thumbs", "Layers": []})
    assert routing.resolve(reference).spec.layers == ""
    published = function.get_function(alice, {"FunctionName": "thumbs", "Qualifier": "1"})
    assert [shown["Arn"] for shown in published["Configuration"]["Layers"]] == [one, two]


def test_other_layers_are_another_version(alice: Caller) -> None:
    one = publish(alice, "one", {"a.txt": "one"})
    create(alice, "thumbs", Publish=True)
    function.update_function_configuration(alice, {"FunctionName": "thumbs", "Layers": [one]})
    assert version.publish_version(alice, {"FunctionName": "thumbs"})["Version"] == "2"
    assert version.publish_version(alice, {"FunctionName": "thumbs"})["Version"] == "2"


def test_code_and_layers_together_have_a_limit(alice: Caller, settings: Settings) -> None:
    settings.HEARTH_LIMITS = {"unzipped_bytes": 5000}
    big = publish(alice, "big", {"a": "x" * 3000})
    small = create(alice, "small", Layers=[big])
    assert small["Layers"]
    too_large = "exceeds the maximum allowed size of 5000 bytes. The actual size is 6000 bytes."
    code = {"ZipFile": zipped({"app.py": "#" * 3000})}
    with pytest.raises(InvalidParameterValueException, match=too_large):
        create(alice, "large", Layers=[big], Code=code)
    with pytest.raises(InvalidParameterValueException, match=too_large):
        function.update_function_code(alice, {"FunctionName": "small", **code})
    create(alice, "large", Code=code)
    with pytest.raises(InvalidParameterValueException, match=too_large):
        function.update_function_configuration(alice, {"FunctionName": "large", "Layers": [big]})
    assert "Layers" not in function.get_function_configuration(alice, {"FunctionName": "large"})


def test_a_deleted_layer_stays_where_it_is_used(alice: Caller) -> None:
    one = publish(alice, "one", {"a.txt": "one"})
    two = publish(alice, "two", {"b.txt": "two"})
    create(alice, "single", Layers=[one])
    create(alice, "both", Layers=[one, two])
    for name in ("one", "two"):
        layer.delete_layer_version(alice, {"LayerName": name, "VersionNumber": 1})
    assert layer.list_layers(alice, {}) == {"Layers": []}
    store.collect(grace=-10)
    assert tree_of("single") == {"a.txt": "one"}
    assert tree_of("both") == {"a.txt": "one", "b.txt": "two"}
    assert function.get_function(alice, {"FunctionName": "both"})["Configuration"]["Layers"][0]["Arn"] == one
    function.update_function_configuration(alice, {"FunctionName": "both", "Timeout": 9})
    with pytest.raises(InvalidParameterValueException, match=f"Layer version {one} does not exist"):
        create(alice, "late", Layers=[one])
    for name in ("single", "both"):
        function.delete_function(alice, {"FunctionName": name})
    store.collect(grace=-10)
    assert [path.name for path in store.tree("").iterdir()] == [".lock"]


def test_a_layer_in_use_by_nobody_stays_until_it_is_deleted(alice: Caller) -> None:
    publish(alice, "one", {"a.txt": "one"})
    assert store.collect(grace=-10) == 0
    layer.delete_layer_version(alice, {"LayerName": "one", "VersionNumber": 1})
    assert store.collect(grace=-10) == 1


def test_numbers_are_never_given_again(alice: Caller) -> None:
    for number in (1, 2):
        assert publish(alice, "one", {"a": "same"}).endswith(f":{number}")
    layer.delete_layer_version(alice, {"LayerName": "one", "VersionNumber": 2})
    assert publish(alice, "one", {"a": "same"}).endswith(":3")


def test_layers_count_as_stored_code(alice: Caller) -> None:
    def used() -> int:
        return int(account.get_account_settings(alice, {})["AccountUsage"]["TotalCodeSize"])

    content = zipped({"a": "1"})
    for number in (1, 2):
        publish(alice, "one", {"a": "1"})
        assert used() == number * len(content)


# --- lists ---


def test_lists_are_filtered_and_come_in_pages(alice: Caller) -> None:
    for name, number, runtimes, architectures in (
        ("a", 1, ["python3.12"], ["x86_64"]),
        ("a", 2, ["nodejs22.x"], ["arm64"]),
        ("b", 1, ["python3.12", "python3.1"], ["x86_64", "arm64"]),
        ("c", 1, None, None),
    ):
        publish(alice, name, {"f": name}, CompatibleRuntimes=runtimes, CompatibleArchitectures=architectures)
        assert LayerVersion.objects.filter(layer__name=name).count() == number

    def found(**members: Any) -> list[tuple[str, int]]:
        listed = layer.list_layers(alice, members)["Layers"]
        return [(each["LayerName"], each["LatestMatchingVersion"]["Version"]) for each in listed]

    assert found() == [("a", 2), ("b", 1), ("c", 1)]
    assert found(CompatibleRuntime="python3.12") == [("a", 1), ("b", 1)]
    assert found(CompatibleRuntime="nodejs22.x", CompatibleArchitecture="arm64") == [("a", 2)]
    assert found(CompatibleRuntime="nodejs22.x", CompatibleArchitecture="x86_64") == []

    names, marker = [], None
    while True:
        answer = layer.list_layers(alice, {"MaxItems": 1, **({"Marker": marker} if marker else {})})
        names += [each["LayerName"] for each in answer["Layers"]]
        if not (marker := answer.get("NextMarker")):
            break
    assert names == ["a", "b", "c"]

    first = layer.list_layer_versions(alice, {"LayerName": "a", "MaxItems": 1})
    rest = layer.list_layer_versions(alice, {"LayerName": "a", "Marker": first["NextMarker"]})
    assert [first["LayerVersions"][0]["Version"], rest["LayerVersions"][0]["Version"]] == [2, 1]
    assert "NextMarker" not in rest


# --- other accounts ---


def test_only_a_shared_version_serves_another_account(alice: Caller, mallory: Caller) -> None:
    one = publish(alice, "one", {"a.txt": "one"})
    publish(alice, "one", {"a.txt": "two"})
    grant = {"LayerName": "one", "VersionNumber": 1, "Action": READ}
    reads: list[Callable[[], Any]] = [
        lambda: layer.get_layer_version_by_arn(mallory, {"Arn": one}),
        lambda: layer.get_layer_version(mallory, {"LayerName": one.removesuffix(":1"), "VersionNumber": 1}),
        lambda: create(mallory, "borrowed", Layers=[one], Role=""),
    ]
    for read in reads:
        with pytest.raises(AccessDeniedException, match="no resource-based policy allows the lambda:GetLayerVersion"):
            read()
    add = layer_policy.add_layer_version_permission
    add(alice, {**grant, "StatementId": "org", "Principal": "*", "OrganizationId": "o-aaaaaaaaaa"})
    with pytest.raises(AccessDeniedException):
        layer.get_layer_version_by_arn(mallory, {"Arn": one})
    add(alice, {**grant, "StatementId": "them", "Principal": mallory.account_id})
    assert layer.get_layer_version_by_arn(mallory, {"Arn": one})["Version"] == 1
    assert create(mallory, "borrowed", Layers=[one], Role="")["Layers"][0]["Arn"] == one
    with pytest.raises(AccessDeniedException):
        layer.get_layer_version_by_arn(mallory, {"Arn": one.removesuffix("1") + "2"})
    remove = layer_policy.remove_layer_version_permission
    remove(alice, {"LayerName": "one", "VersionNumber": 1, "StatementId": "them"})
    with pytest.raises(AccessDeniedException):
        create(mallory, "again", Layers=[one], Role="")
    assert tree_of("borrowed") == {"a.txt": "one"}  # what was chosen stays


@pytest.mark.parametrize(
    "change",
    [
        lambda caller, name: publish(caller, name, {"a": "1"}),
        lambda caller, name: layer.delete_layer_version(caller, {"LayerName": name, "VersionNumber": 1}),
        lambda caller, name: layer.list_layer_versions(caller, {"LayerName": name}),
        lambda caller, name: layer_policy.get_layer_version_policy(caller, {"LayerName": name, "VersionNumber": 1}),
    ],
)
def test_nobody_touches_another_accounts_layer(alice: Caller, mallory: Caller, change: Any) -> None:
    publish(alice, "one", {"a.txt": "one"})
    with pytest.raises(AccessDeniedException, match="is not authorized to perform: lambda:"):
        change(mallory, Layer.objects.get().arn)
    assert LayerVersion.objects.count() == 1


# --- bad content ---


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a zip", "Could not unzip uploaded file"),
        (build((entry("../out"), "x")), "Could not unzip uploaded file"),
        (build(link("python", "/etc")), "Could not unzip uploaded file"),
        (build(), "Uploaded file must be a non-empty zip"),
    ],
    ids=["no zip", "climbs out", "link out", "empty"],
)
def test_bad_content_is_refused_and_leaves_nothing(
    alice: Caller, code_store: Path, content: bytes, message: str
) -> None:
    with pytest.raises(InvalidParameterValueException, match=message):
        layer.publish_layer_version(alice, {"LayerName": "bad", "Content": {"ZipFile": content}})
    assert not Layer.objects.exists()
    assert not AuditEntry.objects.exists()
    assert [path.name for path in code_store.iterdir()] == [".lock"]


def test_no_content_and_too_much_of_it_are_refused(alice: Caller, settings: Settings) -> None:
    with pytest.raises(InvalidParameterValueException, match="Please provide a source"):
        layer.publish_layer_version(alice, {"LayerName": "bad", "Content": {}})
    settings.HEARTH_LIMITS = {"zipped_bytes": 10}
    with pytest.raises(RequestEntityTooLargeException):
        publish(alice, "bad", {"a": "1"})


def test_every_change_is_audited(alice: Caller) -> None:
    one = publish(alice, "one", {"a": "1"})
    grant = {"LayerName": "one", "VersionNumber": 1, "StatementId": "s", "Action": READ, "Principal": "*"}
    layer_policy.add_layer_version_permission(alice, grant)
    layer_policy.remove_layer_version_permission(alice, grant)
    layer.delete_layer_version(alice, {"LayerName": "one", "VersionNumber": 1})
    rows = AuditEntry.objects.order_by("id").values_list("action", "resource")
    assert list(rows) == [
        ("PublishLayerVersion", one.removesuffix(":1")),
        ("AddLayerVersionPermission", one),
        ("RemoveLayerVersionPermission", one),
        ("DeleteLayerVersion", one),
    ]
