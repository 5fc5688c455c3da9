"""Layers in the console: the list, a version with its files, publishing, deleting, and choosing them for a function."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries

from console.pages.operations import call
from functions.models import Function, FunctionVersion, LayerVersion
from tests.console.conftest import OTHERS, RUNTIME, Person, zipped

FILES: dict[str, str | bytes] = {"python/shared.py": "VALUE = '<b>1</b>'\n", "bin/data": b"\x00\x01"}


def publish(person: Person, name: str, files: dict[str, str | bytes] | None = None, **members: Any) -> str:
    content = {"ZipFile": zipped(files or FILES)}
    made = call(person.caller, "PublishLayerVersion", LayerName=name, Content=content, **members)
    return str(made["LayerVersionArn"])


def sent(**changed: Any) -> dict[str, Any]:
    return {
        "LayerName": "shared",
        "Description": "What all use",
        "LicenseInfo": "MIT",
        "CompatibleRuntimes": [RUNTIME],
        "CompatibleArchitectures": ["x86_64"],
        "ZipFile": SimpleUploadedFile("layer.zip", zipped(FILES), content_type="application/zip"),
        **changed,
    }


def test_an_empty_list_says_what_a_layer_is(alice: Person, victor: Person) -> None:
    page = alice.client.get("/layers/").content.decode()
    assert "No layers yet" in page
    assert "aws lambda publish-layer-version" in page
    assert "/layers/new/" in page
    assert "/layers/new/" not in victor.client.get("/layers/").content.decode()


def test_the_list_shows_the_newest_version_that_fits(
    alice: Person, mallory: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    publish(alice, "shared", CompatibleRuntimes=[RUNTIME])
    publish(alice, "shared", CompatibleRuntimes=["ruby3.4"])
    publish(alice, "other")
    publish(mallory, "theirs")

    def shown(**query: str) -> list[tuple[str, int]]:
        response = alice.client.get("/layers/", query)
        return [(each.layer.name, each.number) for each in response.context["versions"]]

    assert shown() == [("other", 1), ("shared", 2)]
    assert shown(q="SHAR") == [("shared", 2)]
    assert shown(runtime=RUNTIME) == [("shared", 1)]
    assert shown(runtime="nonsense", q="\0") == []
    assert "Nothing matches" in alice.client.get("/layers/?q=none").content.decode()
    alice.client.get("/layers/")
    with django_assert_num_queries(5):
        alice.client.get("/layers/")


def test_a_version_shows_its_files_as_text(alice: Person) -> None:
    publish(alice, "shared", Description="What all use")
    page = alice.client.get("/layers/shared/").content.decode()
    assert "Version 1, read-only" in page
    assert "python/shared.py" in page
    opened = alice.client.get("/layers/shared/?version=1&file=python/shared.py").content.decode()
    assert "VALUE = &#x27;&lt;b&gt;1&lt;/b&gt;&#x27;" in opened
    assert "This is no text" in alice.client.get("/layers/shared/?file=bin/data").content.decode()
    for lost in ("none/", "shared/?version=2", "shared/?file=../../etc/passwd", "shared/?version=%00"):
        assert alice.client.get(f"/layers/{lost}").status_code == 404


def test_a_version_says_who_uses_it(alice: Person) -> None:
    one = publish(alice, "shared")
    two = publish(alice, "shared")
    alice.create("user", Layers=[one], Publish=True)
    alice.create("newer", Layers=[two])
    response = alice.client.get("/layers/shared/?version=1")
    assert [(each.function.name, each.label) for each in response.context["users"]] == [
        ("user", "$LATEST"),
        ("user", "1"),
    ]
    assert "/functions/user/config/layers/?qualifier=1" in response.content.decode()


def test_a_package_is_downloaded(alice: Person, mallory: Person) -> None:
    publish(alice, "shared")
    response = alice.client.get("/layers/shared/versions/1/download/")
    assert response.getvalue() == zipped(FILES)
    assert response["Content-Disposition"] == 'attachment; filename="shared-1.zip"'
    assert alice.client.get("/layers/shared/versions/2/download/").status_code == 404
    assert mallory.client.get("/layers/shared/versions/1/download/").status_code == 404
    assert mallory.client.get("/layers/shared/").status_code == 404


def test_publishing(bob: Person) -> None:
    for number in (1, 2):
        response = bob.client.post("/layers/new/", sent())
        assert (response.status_code, response["Location"]) == (302, "/layers/shared/")
        assert LayerVersion.objects.count() == number
    version = LayerVersion.objects.get(number=2)
    assert (version.description, version.license_info, version.created_by) == ("What all use", "MIT", "bob")
    assert (version.compatible_runtimes, version.compatible_architectures) == ([RUNTIME], ["x86_64"])
    following = bob.client.get("/layers/new/?name=shared").context["form"]
    assert following["Description"].value() == "What all use"
    assert following["CompatibleRuntimes"].value() == [RUNTIME]


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"LayerName": "with space"}, "LayerName", "regular expression pattern"),
        ({"LayerName": ""}, "LayerName", "greater than or equal to 1"),
        ({"Description": "x" * 257}, "Description", "256"),
        ({"CompatibleRuntimes": ["cobol"]}, "CompatibleRuntimes", "not one of the available choices"),
        ({"ZipFile": SimpleUploadedFile("layer.zip", b"no zip")}, "ZipFile", "Could not unzip uploaded file"),
        ({"ZipFile": ""}, "ZipFile", "Could not unzip uploaded file"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(alice: Person, changed: dict[str, Any], field: str, message: str) -> None:
    response = alice.client.post("/layers/new/", sent(**changed))
    assert response.status_code == 400
    assert message in " ".join(response.context["form"].errors[field])
    assert response.context["form"]["LicenseInfo"].value() == "MIT"
    assert not LayerVersion.objects.exists()


def test_publishing_as_a_command(alice: Person) -> None:
    page = alice.client.post("/layers/new/", sent(copy_as="1")).content.decode()
    assert "aws lambda publish-layer-version" in page
    assert "--zip-file fileb://function.zip" in page
    assert not LayerVersion.objects.exists()


def test_deleting_a_version(alice: Person) -> None:
    arn = publish(alice, "shared")
    publish(alice, "shared")
    alice.create("user", Layers=[arn])
    assert alice.client.post("/layers/shared/versions/1/delete/")["Location"] == "/layers/shared/"
    assert alice.client.post("/layers/shared/versions/2/delete/")["Location"] == "/layers/"
    assert not LayerVersion.objects.exists()
    assert Function.objects.get().versions.get().layers[0]["Arn"] == arn
    page = alice.client.get("/functions/user/config/layers/").content.decode()
    assert "Deleted or shared" in page
    assert alice.client.post("/layers/shared/versions/2/delete/").status_code == 404


def test_viewers_look_and_others_see_nothing(alice: Person, victor: Person, mallory: Person) -> None:
    publish(alice, "shared")
    assert victor.client.get("/layers/shared/").status_code == 200
    assert "delete-version" not in victor.client.get("/layers/shared/").content.decode()
    assert victor.client.get("/layers/new/").status_code == 403
    assert victor.client.post("/layers/shared/versions/1/delete/").status_code == 403
    assert mallory.client.post("/layers/shared/versions/1/delete/").status_code == 404
    assert LayerVersion.objects.exists()


def chosen(name: str) -> list[str]:
    return [layer["Arn"] for layer in FunctionVersion.objects.get(function__name=name, number=0).layers]


def test_a_function_chooses_its_layers_in_their_order(alice: Person) -> None:
    one = publish(alice, "one", {"a.txt": "1"})
    two = publish(alice, "two", {"b.txt": "2"})
    alice.create("user")
    url = "/functions/user/config/layers/"
    assert "No layers" in alice.client.get(url).content.decode()
    assert alice.client.post(url, {"layer_1": two, "layer_3": one}).status_code == 302
    assert chosen("user") == [two, one]
    response = alice.client.get(url)
    assert response.context["form"]["layer_2"].value() == one
    assert [each.arn for each in response.context["form"].chosen] == [one, two]  # the top one first
    assert [each.path for each in response.context["form"].seen] == ["a.txt", "b.txt"]
    publish(alice, "one", {"a.txt": "2"})
    assert "Version 2 is newer" in alice.client.get(url).content.decode()
    alice.client.post(url, {"layer_1": ""})
    assert chosen("user") == []


def test_layers_that_do_not_go_together_are_refused(alice: Person) -> None:
    one, two = publish(alice, "one"), publish(alice, "one")
    alice.create("user")
    url = "/functions/user/config/layers/"
    response = alice.client.post(url, {"layer_1": one, "layer_2": two})
    assert response.status_code == 400
    assert "Two different versions of the same layer" in response.content.decode()
    assert response.context["form"]["layer_2"].value() == two
    response = alice.client.post(url, {"layer_1": "arn:of:nothing"})
    assert response.status_code == 400
    response = alice.client.post(url, {"other": "nonsense"})
    assert "regular expression pattern" in response.content.decode()
    assert chosen("user") == []


def test_a_layer_of_another_account(alice: Person, mallory: Person) -> None:
    theirs = publish(mallory, "theirs")
    alice.create("user")
    url = "/functions/user/config/layers/"
    refused = alice.client.post(url, {"other": theirs})
    assert "no resource-based policy allows" in refused.content.decode()
    call(
        mallory.caller,
        "AddLayerVersionPermission",
        LayerName="theirs",
        VersionNumber=1,
        StatementId="all",
        Action="lambda:GetLayerVersion",
        Principal="*",
    )
    assert alice.client.post(url, {"other": theirs}).status_code == 302
    assert chosen("user") == [theirs]
    assert OTHERS in alice.client.get(url).content.decode()
    assert alice.client.post(url, {"layer_1": theirs}).status_code == 302  # it stays choosable


def test_a_published_versions_layers_are_read_only(alice: Person) -> None:
    one = publish(alice, "one")
    alice.create("user", Layers=[one], Publish=True)
    url = "/functions/user/config/layers/?qualifier=1"
    assert "a published version keeps its own" in alice.client.get(url).content.decode()
    assert alice.client.post(url, {"layer_1": ""}).status_code == 403


def test_versions_differ_in_their_layers(alice: Person) -> None:
    one, two = publish(alice, "one"), publish(alice, "two")
    alice.create("user", Layers=[one], Publish=True)
    assert "No difference" in alice.client.get("/functions/user/versions/1...$LATEST/").content.decode()
    alice.client.post("/functions/user/config/layers/", {"layer_1": two})
    [setting] = alice.client.get("/functions/user/versions/1...$LATEST/").context["settings"]
    assert (setting.name, one in setting.before, two in setting.after) == ("Layers", True, True)


def test_sharing_a_version(alice: Person, mallory: Person, victor: Person) -> None:
    arn = publish(alice, "shared")
    url = "/layers/shared/versions/1/sharing/"
    assert "Nobody else can use it" in alice.client.get(url).content.decode()
    assert alice.client.post(url, {"Principal": OTHERS}).status_code == 302
    assert alice.client.post(url, {"Principal": "*"}).status_code == 302
    mallory.create("borrower", Layers=[arn])
    page = victor.client.get(url).content.decode()
    assert OTHERS in page
    assert "All accounts" in page
    assert "Stop sharing" not in page
    assert "with 2 others" in alice.client.get("/layers/shared/").content.decode()
    for sid in (OTHERS, "everybody"):
        assert alice.client.post(f"{url}{sid}/remove/").status_code == 302
    assert LayerVersion.objects.get().policy == []
    assert chosen("borrower") == [arn]
    assert mallory.client.get(url).status_code == 404


@pytest.mark.parametrize(("account", "message"), [("", "pattern"), ("12", "pattern"), (OTHERS, "already exists")])
def test_what_cannot_be_shared_is_said_at_the_field(alice: Person, account: str, message: str) -> None:
    publish(alice, "shared")
    url = "/layers/shared/versions/1/sharing/"
    alice.client.post(url, {"Principal": OTHERS})
    response = alice.client.post(url, {"Principal": account})
    assert response.status_code == 400
    assert message in " ".join(response.context["form"].errors["Principal"])
    assert response.context["form"]["Principal"].value() == account
