"""The code page: what it opens, reading files, deploying changes, test events."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile, ZipInfo

import pytest

from functions.code import store
from functions.models import AuditEntry, Function, FunctionVersion, TestEvent
from tests.console.conftest import CODE, Person, zipped


def latest(function: Function) -> FunctionVersion:
    return function.versions.get(number=0)


def deploy(person: Person, function: Function, files: list[dict[str, Any]], removed: list[str] | None = None) -> Any:
    body = {"revision_id": str(latest(function).revision_id), "files": files, "removed": removed or []}
    return person.post_json(f"/functions/{function.name}/code/deploy/", body)


def paths(function: Function) -> list[str]:
    return [entry.path for entry in store.list_files(latest(function).package_id)]


def test_the_page_opens_the_handlers_file(alice: Person) -> None:
    files = {"a.py": "", "pkg/main.py": CODE, "z.py": ""}
    alice.create("opened", Handler="pkg/main.handler", Code={"ZipFile": zipped(dict(files))})
    data = alice.client.get("/functions/opened/code/").context["data"]
    assert data["open"] == "pkg/main.py"
    assert not data["read_only"]
    assert [each["path"] for each in data["files"]] == sorted(files)
    assert alice.client.get("/functions/opened/code/?file=z.py&line=3").context["data"]["open"] == "z.py"


def test_a_name_in_the_package_cannot_break_out_of_the_page(alice: Person) -> None:
    alice.create("hostile", Code={"ZipFile": zipped({"app.py": CODE, "</script><img src=x>.py": ""})})
    page = alice.client.get("/functions/hostile/code/").content.decode()
    assert "</script><img" not in page


def test_a_file_is_read_as_text_or_downloaded(alice: Person) -> None:
    alice.create("read", Code={"ZipFile": zipped({"app.py": CODE, "logo.png": b"\x89PNG\0\1"})})
    assert alice.client.get("/functions/read/code/file/?path=app.py").json() == {"text": CODE}
    binary = alice.client.get("/functions/read/code/file/?path=logo.png")
    assert binary.status_code == 415
    assert "not text" in binary.json()["message"]
    download = alice.client.get("/functions/read/code/file/?path=logo.png&download=1")
    assert download.content == b"\x89PNG\0\1"
    assert download["Content-Disposition"] == 'attachment; filename="logo.png"'


@pytest.mark.parametrize("path", ["nope.py", "../../secret-key", "/etc/passwd", ""])
def test_what_is_not_in_the_package_cannot_be_read(alice: Person, path: str) -> None:
    alice.create("closed")
    for more in ({}, {"download": "1"}):
        assert alice.client.get("/functions/closed/code/file/", {"path": path, **more}).status_code == 404


def test_the_package_is_downloaded_as_it_came(alice: Person) -> None:
    package = zipped({"app.py": CODE})
    alice.create("whole", Code={"ZipFile": package})
    response = alice.client.get("/functions/whole/code/download/")
    assert b"".join(response.streaming_content) == package  # type: ignore[attr-defined]
    assert response["Content-Disposition"] == 'attachment; filename="whole-latest.zip"'


def test_deploy_writes_renames_and_removes_in_one_step(alice: Person) -> None:
    binary = b"\0\1\2"
    function = alice.create(
        "edited", Code={"ZipFile": zipped({"app.py": CODE, "a.py": "a", "b.py": "b", "gone.py": "", "x.bin": binary})}
    )
    files: list[dict[str, Any]] = [
        {"path": "app.py", "origin": "app.py", "text": "new = 1\n"},
        # a and b change places
        {"path": "b.py", "origin": "a.py"},
        {"path": "a.py", "origin": "b.py"},
        {"path": "lib/fresh.py", "origin": None, "text": "fresh"},
    ]
    response = deploy(alice, function, files, ["gone.py"])
    assert response.status_code == 200, response.content
    assert paths(function) == ["a.py", "app.py", "b.py", "lib/fresh.py", "x.bin"]
    sha256 = latest(function).package_id
    assert [store.read_text(sha256, path) for path in ("app.py", "a.py", "b.py")] == ["new = 1\n", "b", "a"]
    assert store.read_file(sha256, "x.bin") == binary
    assert response.json()["revision_id"] == str(latest(function).revision_id)
    assert AuditEntry.objects.filter(action="UpdateFunctionCode", actor="alice", via="console").count() == 1


def test_executable_files_stay_executable(alice: Person) -> None:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        info = ZipInfo("run.sh")
        info.create_system = 3
        info.external_attr = 0o100755 << 16
        archive.writestr(info, "#!/bin/sh\n")
        archive.writestr("app.py", CODE)
    function = alice.create("modes", Code={"ZipFile": buffer.getvalue()})
    change = {"path": "tool.sh", "origin": "run.sh", "text": "ls"}
    assert deploy(alice, function, [change]).status_code == 200
    tool = next(entry for entry in store.list_files(latest(function).package_id) if entry.path == "tool.sh")
    assert tool.is_executable


def test_a_link_that_is_edited_becomes_a_file(alice: Person) -> None:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        info = ZipInfo("link.py")
        info.create_system = 3
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "app.py")
        archive.writestr("app.py", CODE)
    function = alice.create("linked", Code={"ZipFile": buffer.getvalue()})
    assert alice.client.get("/functions/linked/code/file/?path=link.py").json() == {"text": CODE}
    deploy(alice, function, [{"path": "link.py", "origin": "link.py", "text": "/etc/passwd"}])
    sha256 = latest(function).package_id
    assert [store.read_text(sha256, path) for path in ("link.py", "app.py")] == ["/etc/passwd", CODE]


def test_who_was_slower_is_told_and_nothing_is_lost(alice: Person, bob: Person) -> None:
    function = alice.create("shared")
    seen = str(latest(function).revision_id)
    assert deploy(bob, function, [{"path": "app.py", "origin": "app.py", "text": "bobs = 1\n"}]).status_code == 200
    body = {"revision_id": seen, "files": [{"path": "app.py", "origin": "app.py", "text": "mine"}], "removed": []}
    response = alice.post_json("/functions/shared/code/deploy/", body)
    assert response.status_code == 412
    assert "changed by bob" in response.json()["message"]
    assert store.read_text(latest(function).package_id, "app.py") == "bobs = 1\n"
    now = alice.client.get("/functions/shared/code/state/").json()["revision_id"]
    assert alice.post_json("/functions/shared/code/deploy/", {**body, "revision_id": now}).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../evil.py", "origin": None, "text": "x"},
        {"path": "/abs.py", "origin": None, "text": "x"},
        {"path": "app.py/inside.py", "origin": None, "text": "x"},
    ],
)
def test_a_path_out_of_the_package_is_refused(alice: Person, change: dict[str, Any]) -> None:
    function = alice.create("safe")
    before = latest(function).package_id
    response = deploy(alice, function, [change])
    assert response.status_code == 400
    assert "Could not unzip uploaded file" in response.json()["message"]
    assert latest(function).package_id == before


def test_an_empty_package_is_refused(alice: Person) -> None:
    function = alice.create("empty")
    response = deploy(alice, function, [], ["app.py"])
    assert response.status_code == 400
    assert "non-empty zip" in response.json()["message"]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"revision_id": "x", "files": [1], "removed": []}', '{"files": 1}'])
def test_what_the_editor_never_sends_is_refused(alice: Person, body: str) -> None:
    alice.create("strict")
    response = alice.client.post("/functions/strict/code/deploy/", body, content_type="application/json")
    assert response.status_code == 400


def test_a_published_version_is_read_only(alice: Person) -> None:
    alice.create("published", Publish=True)
    response = alice.client.get("/functions/published/code/?qualifier=1")
    assert response.context["data"]["read_only"]
    assert "Version 1, read-only." in response.content.decode()
    assert alice.client.get("/functions/published/code/?qualifier=9").status_code == 404


def test_a_viewer_reads_and_changes_nothing(alice: Person, victor: Person) -> None:
    function = alice.create("watched")
    data = victor.client.get("/functions/watched/code/").context["data"]
    assert data["read_only"]
    assert not data["may_change"]
    assert victor.client.get("/functions/watched/code/file/?path=app.py").status_code == 200
    assert deploy(victor, function, [{"path": "app.py", "origin": "app.py", "text": "x"}]).status_code == 403
    assert victor.post_json("/functions/watched/test/", {"payload": "{}", "qualifier": "$LATEST"}).status_code == 403
    assert victor.post_json("/functions/watched/test-events/", {"name": "x", "payload": "{}"}).status_code == 403


def test_an_outsider_sees_nothing(alice: Person, mallory: Person) -> None:
    function = alice.create("private")
    for path in ("code/", "code/file/?path=app.py", "code/download/", "monitor/", "logs/", "versions/", "config/"):
        assert mallory.client.get(f"/functions/private/{path}").status_code == 404, path
    assert deploy(mallory, function, []).status_code == 404
    assert mallory.post_json("/functions/private/test/", {"payload": "{}", "qualifier": "$LATEST"}).status_code == 404


def test_test_events_are_saved_replaced_and_deleted(alice: Person, bob: Person) -> None:
    alice.create("tested")
    url = "/functions/tested/test-events/"
    alice.post_json(url, {"name": "one", "payload": '{"a": 1}'})
    answer = bob.post_json(url, {"name": "one", "payload": '{"a": 2}'}).json()
    assert answer["events"] == [{"name": "one", "payload": '{"a": 2}', "shared": True}]
    assert bob.client.get("/functions/tested/code/").context["data"]["events"] == answer["events"]
    assert alice.post_json(url, {"name": "one"}, "delete").json() == {"events": []}
    assert not TestEvent.objects.exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "", "payload": "{}"}, "1 to 64 characters"),
        ({"name": "x" * 65, "payload": "{}"}, "1 to 64 characters"),
        ({"name": "bad", "payload": "{"}, "not JSON"),
    ],
)
def test_a_bad_test_event_says_why(alice: Person, body: dict[str, str], message: str) -> None:
    alice.create("tested")
    response = alice.post_json("/functions/tested/test-events/", body)
    assert response.status_code == 400
    assert message in response.json()["message"]


def test_deleting_an_event_that_is_gone_says_so(alice: Person) -> None:
    alice.create("tested")
    response = alice.post_json("/functions/tested/test-events/", {"name": "gone"}, "delete")
    assert response.status_code == 400
    assert "There is no test event gone." in response.json()["message"]


def test_an_event_that_is_not_json_is_not_sent(alice: Person) -> None:
    alice.create("tested")
    response = alice.post_json("/functions/tested/test/", {"payload": "{oops", "qualifier": "$LATEST"})
    assert response.status_code == 400
    assert "The event is not JSON" in response.json()["message"]


def test_the_page_asks_little_of_the_database(alice: Person, django_assert_max_num_queries: Any) -> None:
    alice.create("lean")
    for number in range(3):
        deploy(alice, Function.objects.get(name="lean"), [{"path": f"n{number}.py", "origin": None, "text": "1"}])
        alice.client.post("/functions/lean/versions/publish/")
    with django_assert_max_num_queries(8):
        alice.client.get("/functions/lean/code/")
