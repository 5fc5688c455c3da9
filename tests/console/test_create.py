"""Creating a function from the page."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from functions.blueprints import catalogue
from functions.code import store
from functions.execution.runtimes.discovery import installed
from functions.models import Function, FunctionUrl, FunctionVersion, TestEvent
from tests.console.conftest import RUNTIME, TEAM, Person, role, zipped


def form(name: str, **changed: object) -> dict[str, object]:
    return {
        "FunctionName": name,
        "Runtime": RUNTIME,
        "Handler": "app.handler",
        "Role": role(TEAM),
        "MemorySize": "256",
        "Timeout": "7",
        "Description": "",
        "Environment": "",
        "source_text": "def handler(event, context):\r\n    return 1\r\n",
        **changed,
    }


def test_the_page_offers_what_is_installed_and_names_the_rest(alice: Person) -> None:
    page = alice.client.get("/functions/new/").content.decode()
    for runtime in installed():
        assert f'<option value="{runtime}"' in page
    assert "Not installed on this machine" in page
    assert '<option value="ruby3.4" disabled>' in page


def test_typed_code_becomes_the_file_that_the_handler_names(alice: Person) -> None:
    given = form("typed", Handler="main.run", Environment="# secrets\nexport ONE=1\nTWO='two words'\n")
    response = alice.client.post("/functions/new/", given)
    assert response.status_code == 302, response.context["form"].errors
    assert response["Location"] == "/functions/typed/code/"
    version = FunctionVersion.objects.get(function__name="typed", number=0)
    assert (version.memory_size, version.timeout) == (256, 7)
    assert version.environment == {"ONE": "1", "TWO": "two words"}
    assert store.read_text(version.package_id, "main.py") == "def handler(event, context):\n    return 1\n"
    assert version.modified_by == "alice"


def test_a_zip_is_uploaded(alice: Person) -> None:
    upload = SimpleUploadedFile("p.zip", zipped({"app.py": "x = 1\n", "lib/a.py": ""}), "application/zip")
    response = alice.client.post("/functions/new/?source=zip", form("zipped", ZipFile=upload))
    assert response.status_code == 302, response.context["form"].errors
    version = FunctionVersion.objects.get(function__name="zipped")
    assert [entry.path for entry in store.list_files(version.package_id)] == ["app.py", "lib/a.py"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("FunctionName", "", "Member must"),
        ("FunctionName", "no spaces", "Member must satisfy regular expression pattern"),
        ("FunctionName", "x" * 65, "64"),
        ("Handler", "", "handler"),
        ("Runtime", "cobol", "is not one of the available choices"),
        ("MemorySize", "1", "128"),
        ("MemorySize", "much", "whole number"),
        ("Timeout", "0", "Member must have value greater than or equal to 1"),
        ("Description", "x" * 257, "256"),
        ("Environment", "no equals sign", "Line 1 is not NAME=value."),
        ("Environment", "AWS_REGION=here", "reserved keys"),
    ],
)
def test_bad_input_is_said_at_the_field_and_kept(alice: Person, field: str, value: str, message: str) -> None:
    response = alice.client.post("/functions/new/", form("bad", **{field: value}))
    assert response.status_code == 400
    shown = response.context["form"]
    assert message.lower() in " ".join(shown.errors[field]).lower()
    assert shown["Timeout"].value() == ("0" if field == "Timeout" else "7")
    assert 'aria-invalid="true"' in response.content.decode()
    assert not Function.objects.exists()


def test_a_runtime_that_is_not_installed_is_refused_with_the_reason(alice: Person) -> None:
    missing = next(name for name in ("ruby3.4", "java21", "dotnet8") if name not in installed())
    response = alice.client.post("/functions/new/", form("absent", Runtime=missing))
    assert response.status_code == 400
    assert "is not installed on this machine" in " ".join(response.context["form"].errors["Runtime"])


def test_a_name_that_is_taken_is_said(alice: Person) -> None:
    alice.create("taken")
    response = alice.client.post("/functions/new/", form("taken"))
    assert response.status_code == 400
    assert "Function already exist: taken" in response.content.decode()


@pytest.mark.parametrize("content", [b"not a zip", b""])
def test_a_bad_zip_is_said_at_the_upload(alice: Person, content: bytes) -> None:
    upload = SimpleUploadedFile("p.zip", content, "application/zip")
    response = alice.client.post("/functions/new/?source=zip", form("bad", ZipFile=upload))
    assert response.status_code == 400
    assert response.context["form"].errors["ZipFile"]


def test_a_zip_that_climbs_out_is_refused(alice: Person) -> None:
    upload = SimpleUploadedFile("p.zip", zipped({"../../evil.py": "x"}), "application/zip")
    response = alice.client.post("/functions/new/?source=zip", form("evil", ZipFile=upload))
    assert "Could not unzip uploaded file" in " ".join(response.context["form"].errors["ZipFile"])


@pytest.mark.parametrize("name", [blueprint.name for blueprint in catalogue.all()])
def test_each_blueprint_is_created_as_it_is_offered(alice: Person, name: str) -> None:
    offered = alice.client.get(f"/functions/new/?blueprint={name}").context["form"]
    given = {each.html_name: each.value() or "" for each in offered}
    if not given["Runtime"]:
        pytest.skip("no runtime of its language on this machine")
    response = alice.client.post(f"/functions/new/?blueprint={name}", given)
    assert response.status_code == 302, response.context["form"].errors
    blueprint = catalogue.get(name)
    assert blueprint is not None
    version = FunctionVersion.objects.get(function__name=name, number=0)
    assert {entry.path for entry in store.list_files(version.package_id)} == set(blueprint.files())
    assert version.environment == blueprint.environment
    event = TestEvent.objects.get(function=version.function)
    assert json.loads(event.payload) == json.loads(blueprint.event)
    urls = FunctionUrl.objects.filter(function=version.function).values_list("auth_type", flat=True)
    assert list(urls) == (["NONE"] if blueprint.function_url else [])


@pytest.mark.skipif("java17" not in installed(), reason="no Java on this machine")
def test_code_that_is_compiled_first_is_not_typed(alice: Person) -> None:
    response = alice.client.post("/functions/new/", {**form("typed"), "Runtime": "java17"})
    assert "Code of java17 is compiled first" in " ".join(response.context["form"].errors["Runtime"])


def test_an_unknown_blueprint_is_not_found(alice: Person) -> None:
    assert alice.client.get("/functions/new/?blueprint=nope").status_code == 404


def test_a_viewer_may_not_even_see_the_form(victor: Person) -> None:
    assert victor.client.get("/functions/new/").status_code == 403
    assert victor.client.post("/functions/new/", form("no")).status_code == 403
    assert not Function.objects.exists()
