"""Functions that are container images: what they may have, and the states that fetching leads through."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from functions.access.caller import Caller
from functions.actions import function as actions
from functions.actions import image, version
from functions.api import function as api
from functions.arn import parse
from functions.cache import generation
from functions.code import store
from functions.errors import InvalidParameterValueException, ResourceConflictException
from functions.execution.spec import FunctionSpec
from functions.invoke import routing
from functions.models import FunctionVersion, Package
from tests.functions.conftest import alice
from tests.functions.world import ROLE, zipped
from tests.images.making import LayoutMaker, file, layer

__all__ = ["alice"]
LAYER = layer([file("hello", "x")])


@pytest.fixture
def uri(layout: LayoutMaker) -> str:
    return layout.image("v1", LAYER, Entrypoint=["/hello"], Cmd=["a"], Env=["A=1"], WorkingDir="/w")


def create(caller: Caller, uri: str, **members: Any) -> dict[str, Any]:
    request = {"FunctionName": "greet", "Role": ROLE, "PackageType": "Image", "Code": {"ImageUri": uri}}
    return api.create_function(caller, {**request, **members})


def spec_of(caller: Caller) -> FunctionSpec:
    generation().bump()  # what a commit does
    return routing.resolve(parse("greet", None, caller)).spec


def row(caller: Caller, number: int = 0) -> FunctionVersion:
    return FunctionVersion.objects.get(function__account_id=caller.account_id, number=number)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"Runtime": "python3.12"}, "Please don't provide Handler or Runtime or Layer when"),
        ({"Handler": "app.handler"}, "Please don't provide Handler or Runtime or Layer when"),
        ({"Layers": ["arn:aws:lambda:us-east-1:111111111111:layer:l:1"]}, "Please don't provide Handler or Runtime"),
        ({"Code": {}}, "Please provide ImageUri"),
        ({"Code": {"ImageUri": "x", "ZipFile": zipped()}}, "Please provide ImageUri"),
        ({"Code": {"ImageUri": "x"}}, "Source image x is not valid. Provide a valid source image."),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart is not supported for functions created with"),
        ({"CodeSigningConfigArn": "arn:x"}, "Code signing is not supported"),
        ({"ImageConfig": {"Command": ["a\0b"]}}, "cannot be given to a process"),
        ({"PackageType": "Zip"}, "Please don't provide ImageUri when the intended function PackageType is Zip."),
    ],
)
def test_what_is_refused(alice: Caller, uri: str, members: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterValueException) as refused:
        create(alice, uri, **members)
    assert str(refused.value).startswith(message) or message in str(refused.value)
    assert not FunctionVersion.objects.exists()


def test_a_package_takes_no_configuration_of_an_image(alice: Caller, uri: str) -> None:
    made = {
        "Runtime": "provided.al2023",
        "Handler": "x",
        "ImageConfig": {"Command": ["x"]},
        "Code": {"ZipFile": zipped()},
    }
    with pytest.raises(InvalidParameterValueException, match="Please don't provide ImageConfig"):
        api.create_function(alice, {"FunctionName": "greet", "Role": ROLE, **made})


def test_nothing_changes_while_it_is_fetched(alice: Caller, uri: str, layout: LayoutMaker) -> None:
    create(alice, uri)
    reference = parse("greet", None, alice)
    changes = (
        lambda: actions.update_configuration(alice, reference, {"Timeout": 5}),
        lambda: api.update_function_code(alice, {"FunctionName": "greet", "ImageUri": uri}),
        lambda: version.publish(alice, reference),
        lambda: routing.resolve(reference),
    )
    for change in changes:
        with pytest.raises(ResourceConflictException, match="Pending"):
            change()
    assert image.settle_all() == 1
    assert image.settle_all() == 0
    spec = spec_of(alice)
    assert spec.image == {"command": ["/hello", "a"], "directory": "/w", "environment": {"A": "1"}}
    assert (store.tree(spec.code) / "hello").read_text() == "x"
    # The next image is fetched while this one runs.
    api.update_function_code(alice, {"FunctionName": "greet", "ImageUri": layout.image("v2", Entrypoint=["/other"])})
    assert row(alice).package_id != spec.code
    assert spec_of(alice).code == spec.code
    for change in changes[:3]:
        with pytest.raises(ResourceConflictException, match="An update is in progress"):
            change()
    assert store.collect(-60) == 0
    image.settle_all()
    after = spec_of(alice)
    assert (after.code, after.image["command"]) == (row(alice).package_id, ["/other"])
    config = {"EntryPoint": ["/mine"], "Command": ["b", "c"], "WorkingDirectory": "/tmp"}
    actions.update_configuration(alice, reference, {"ImageConfig": config})
    shown = spec_of(alice).image
    assert (shown["command"], shown["directory"]) == (["/mine", "b", "c"], "/tmp")
    for members in ({"Layers": ["x"]}, {"Handler": "x"}, {"Runtime": "python3.12"}):
        with pytest.raises(InvalidParameterValueException, match="not supported for functions created with container"):
            actions.update_configuration(alice, reference, members)
    with pytest.raises(InvalidParameterValueException, match="Please provide ImageUri when updating"):
        actions.update_code(alice, reference, {"app.py": b""})


def test_a_version_of_an_update_waits_for_its_image(alice: Caller, uri: str, layout: LayoutMaker) -> None:
    create(alice, uri)
    image.settle_all()
    second = layout.image("v2", layer([file("../out")]))
    api.update_function_code(alice, {"FunctionName": "greet", "ImageUri": second, "Publish": True})
    assert (row(alice, 1).state, row(alice, 1).last_update_status) == ("Pending", "Successful")
    before = row(alice).running_package
    assert image.settle_all() == 2
    latest, published = row(alice), row(alice, 1)
    assert (published.state, published.state_reason_code) == ("Failed", "InvalidImage")
    assert (latest.state, latest.last_update_status, latest.package_id) == ("Active", "Failed", before)
    assert latest.last_update_reason_code == "InvalidImage"
    assert latest.image == {"uri": uri, "resolved": f"{uri.removesuffix(':v1')}@sha256:{before}"}
    assert spec_of(alice).code == before


def test_an_image_that_is_gone_when_it_is_fetched(alice: Caller, uri: str, layout: LayoutMaker) -> None:
    create(alice, uri)
    blobs = layout.path / "blobs/sha256"
    (blobs / row(alice).package_id).unlink()
    image.settle_all()
    assert (row(alice).state, row(alice).state_reason_code) == ("Failed", "ImageDeleted")


def test_faults_that_pass_are_waited_out(alice: Caller, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    create(alice, uri)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("functions.actions.image.fetch.fetch", full)
    assert image.settle_all() == 0
    assert row(alice).state == "Pending"
    FunctionVersion.objects.update(last_modified=timezone.now() - timedelta(minutes=16))
    assert image.settle_all() == 1
    assert (row(alice).state, row(alice).state_reason_code) == ("Failed", "InternalError")


def test_what_is_here_already_is_not_fetched(alice: Caller, uri: str, layout: LayoutMaker) -> None:
    create(alice, uri)
    image.settle_all()
    create(alice, uri, FunctionName="again")
    assert set(FunctionVersion.objects.values_list("state", flat=True)) == {"Active"}
    assert Package.objects.count() == 1
    assert Package.objects.get().unpacked_size == 1


def test_what_nobody_uses_is_removed(alice: Caller, uri: str, layout: LayoutMaker, settings: Settings) -> None:
    create(alice, uri)
    image.settle_all()
    create(alice, layout.image("v2", Entrypoint=["/x"]), FunctionName="waiting")
    assert store.collect(-60) == 0
    for name in ("greet", "waiting"):
        actions.delete(alice, parse(name, None, alice))
    Package.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert store.collect(3000) == 1  # the one that never came; the other is in its time of grace
    assert store.collect(-60) == 1
    assert not Package.objects.exists()
    assert [path.name for path in Path(settings.HEARTH_CODE).iterdir() if path.name != ".lock"] == []
