"""Configuration in its sections, and deleting a function."""

import pytest

from functions.models import Function, FunctionUrl, FunctionVersion
from tests.console.conftest import RUNTIME, TEAM, Person, role


def latest(name: str) -> FunctionVersion:
    return FunctionVersion.objects.get(function__name=name, number=0)


def general(**changed: str) -> dict[str, str]:
    return {
        "Description": "new",
        "Runtime": RUNTIME,
        "Handler": "app.handler",
        "MemorySize": "512",
        "Timeout": "30",
        "EphemeralStorage": "1024",
        "Role": role(TEAM),
        **changed,
    }


def test_general_settings_are_saved(alice: Person) -> None:
    alice.create("set")
    assert alice.client.post("/functions/set/config/general/", general()).status_code == 302
    version = latest("set")
    assert (version.description, version.memory_size, version.timeout, version.ephemeral_storage) == (
        "new",
        512,
        30,
        1024,
    )


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("MemorySize", "100", "128"),
        ("Timeout", "0", "greater than or equal to 1"),
        ("EphemeralStorage", "1", "512"),
        ("Handler", "with space", "regular expression pattern"),
        ("Description", "x" * 257, "256"),
    ],
)
def test_bad_settings_are_said_at_the_field(alice: Person, field: str, value: str, message: str) -> None:
    alice.create("set")
    response = alice.client.post("/functions/set/config/general/", general(**{field: value}))
    assert response.status_code == 400
    assert message in " ".join(response.context["form"].errors[field])
    assert response.context["form"]["Description"].value() == ("x" * 257 if field == "Description" else "new")
    assert latest("set").memory_size == 128


def test_environment_variables_replace_those_there_were(alice: Person) -> None:
    alice.create("vars", Environment={"Variables": {"OLD": "1"}})
    page = alice.client.get("/functions/vars/config/environment/").content.decode()
    assert "OLD=1" in page
    alice.client.post("/functions/vars/config/environment/", {"Environment": "NEW=a=b\n\n# no\nEMPTY="})
    assert latest("vars").environment == {"NEW": "a=b", "EMPTY": ""}
    bad = alice.client.post("/functions/vars/config/environment/", {"Environment": "AWS_REGION=x"})
    assert "reserved keys" in " ".join(bad.context["form"].errors["Environment"])


def test_tags_are_added_changed_and_removed(alice: Person) -> None:
    alice.create("tagged", Tags={"team": "a", "gone": "1"})
    alice.client.post("/functions/tagged/config/tags/", {"Tags": "team=b\ncost=42"})
    assert Function.objects.get(name="tagged").tags == {"team": "b", "cost": "42"}
    alice.client.post("/functions/tagged/config/tags/", {"Tags": ""})
    assert Function.objects.get(name="tagged").tags == {}


def test_concurrency_is_reserved_and_given_back(alice: Person) -> None:
    alice.create("reserved")
    url = "/functions/reserved/config/concurrency/"
    alice.client.post(url, {"ReservedConcurrentExecutions": "5"})
    assert Function.objects.get(name="reserved").reserved_concurrency == 5
    alice.client.post(url, {"ReservedConcurrentExecutions": ""})
    assert Function.objects.get(name="reserved").reserved_concurrency is None
    bad = alice.client.post(url, {"ReservedConcurrentExecutions": "-1"})
    assert bad.status_code == 400
    assert bad.context["form"].errors["ReservedConcurrentExecutions"]
    too_many = alice.client.post(url, {"ReservedConcurrentExecutions": "1000"})
    assert "minimum value of [100]" in too_many.content.decode()


def test_a_function_url_comes_changes_and_goes(alice: Person) -> None:
    alice.create("reached")
    url = "/functions/reached/config/url/"
    alice.client.post(url, {"AuthType": "NONE"})
    first = FunctionUrl.objects.get()
    assert first.id in alice.client.get(url).content.decode()
    alice.client.post(url, {"AuthType": "AWS_IAM"})
    assert FunctionUrl.objects.get().auth_type == "AWS_IAM"
    alice.client.post(url, {"AuthType": ""})
    assert not FunctionUrl.objects.exists()


def test_an_unknown_section_is_not_found(alice: Person) -> None:
    alice.create("set")
    assert alice.client.get("/functions/set/config/nonsense/").status_code == 404


def test_a_viewer_sees_the_settings_and_saves_none(alice: Person, victor: Person) -> None:
    alice.create("set")
    page = victor.client.get("/functions/set/config/general/").content.decode()
    assert "fieldset disabled" in page
    assert ">Save<" not in page
    for section in ("general", "environment", "tags", "concurrency", "url"):
        assert victor.client.post(f"/functions/set/config/{section}/", general()).status_code == 403
    assert victor.client.post("/functions/set/delete/", {"confirm": "set"}).status_code == 403
    assert latest("set").memory_size == 128


def test_deleting_needs_the_name(alice: Person) -> None:
    alice.create("doomed")
    alice.client.post("/functions/doomed/delete/", {"confirm": "dommed"})
    assert Function.objects.filter(name="doomed").exists()
    assert alice.client.post("/functions/doomed/delete/", {"confirm": "doomed"})["Location"] == "/functions/"
    assert not Function.objects.filter(name="doomed").exists()
