"""Versions and aliases on their page."""

from functions.models import Alias, Function
from tests.console.conftest import Person


def publish(person: Person, name: str, text: str) -> None:
    function = Function.objects.get(name=name)
    body = {
        "revision_id": str(function.versions.get(number=0).revision_id),
        "files": [{"path": "app.py", "origin": "app.py", "text": text}],
        "removed": [],
    }
    assert person.post_json(f"/functions/{name}/code/deploy/", body).status_code == 200
    person.client.post(f"/functions/{name}/versions/publish/", {"Description": text})


def test_publishing_makes_versions_and_says_which(alice: Person) -> None:
    alice.create("many")
    page = alice.client.get("/functions/many/code/").content.decode()
    assert "There is no version yet" in page
    publish(alice, "many", "one")
    assert "the same as version 1" in alice.client.get("/functions/many/code/").content.decode()
    publish(alice, "many", "two")
    assert list(Function.objects.get(name="many").versions.values_list("number", flat=True)) == [0, 1, 2]
    page = alice.client.get("/functions/many/versions/").content.decode()
    assert "v1" in page
    assert "v2" in page


def test_an_alias_is_created_shifted_and_deleted(alice: Person) -> None:
    alice.create("shifted")
    publish(alice, "shifted", "one")
    publish(alice, "shifted", "two")
    alice.client.post("/functions/shifted/versions/", {"Name": "prod", "FunctionVersion": "1"})
    alias = Alias.objects.get()
    assert (alias.version, alias.routing) == ("1", {})
    alice.client.post("/functions/shifted/aliases/prod/", {"FunctionVersion": "1", "second": "2", "share": "10"})
    alias.refresh_from_db()
    assert alias.routing == {"2": 0.1}
    page = alice.client.get("/functions/shifted/code/?qualifier=prod").content.decode()
    assert "90\u202f%" in page
    assert "10\u202f%" in page
    alice.client.post("/functions/shifted/aliases/prod/", {"FunctionVersion": "2", "second": "", "share": ""})
    alias.refresh_from_db()
    assert (alias.version, alias.routing) == ("2", {})
    alice.client.post("/functions/shifted/aliases/prod/delete/")
    assert not Alias.objects.exists()


def test_bad_aliases_are_said_at_the_field(alice: Person) -> None:
    alice.create("bad")
    publish(alice, "bad", "one")
    url = "/functions/bad/versions/"
    for name in ("", "has space", "123"):
        response = alice.client.post(url, {"Name": name, "FunctionVersion": "1"})
        assert response.status_code == 400, name
        assert response.context["form"].errors["Name"], name
    response = alice.client.post(url, {"Name": "prod", "FunctionVersion": "1", "second": "1", "share": "10"})
    assert response.status_code == 400
    assert not Alias.objects.exists()
    alice.client.post(url, {"Name": "prod", "FunctionVersion": "1"})
    again = alice.client.post(url, {"Name": "prod", "FunctionVersion": "1"})
    assert "Alias already exists" in again.content.decode()
    over = alice.client.post("/functions/bad/aliases/prod/", {"FunctionVersion": "1", "second": "1", "share": "500"})
    assert over.status_code == 400
    assert Alias.objects.get().routing == {}


def test_a_version_that_an_alias_names_is_kept(alice: Person) -> None:
    alice.create("kept")
    publish(alice, "kept", "one")
    alice.client.post("/functions/kept/versions/", {"Name": "prod", "FunctionVersion": "1"})
    page = alice.client.post("/functions/kept/versions/1/delete/", follow=True).content.decode()
    assert "Unable to delete version because the following aliases reference it" in page
    alice.client.post("/functions/kept/aliases/prod/delete/")
    alice.client.post("/functions/kept/versions/1/delete/")
    assert Function.objects.get(name="kept").versions.count() == 1


def test_a_viewer_changes_no_version(alice: Person, victor: Person) -> None:
    alice.create("fixed")
    publish(alice, "fixed", "one")
    for path in ("versions/", "versions/publish/", "versions/1/delete/", "aliases/prod/", "aliases/prod/delete/"):
        response = victor.client.post(f"/functions/fixed/{path}", {"Name": "prod", "FunctionVersion": "1"})
        assert response.status_code == 403, path
    assert "Publish version" not in victor.client.get("/functions/fixed/versions/").content.decode()
