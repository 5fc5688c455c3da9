"""Testing from the code page without running anything: kinds of invocation, samples, history, changes, upload."""

import io
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string

from console.pages import invocation
from functions.execution.spec import InvocationResult
from functions.models import AsyncEvent, Function
from monitoring.models import Invocation
from tests.console.conftest import REGION, TEAM, Person, zipped


def send(person: Person, name: str, mode: Any, payload: str = "{}") -> Any:
    body = {"payload": payload, "qualifier": "$LATEST", "mode": mode}
    return person.post_json(f"/functions/{name}/test/", body)


def test_a_dry_run_checks_and_runs_nothing(alice: Person, victor: Person) -> None:
    alice.create("dry")
    page = send(alice, "dry", "DryRun").content.decode()
    assert 'data-outcome="checked"' in page
    assert not AsyncEvent.objects.exists()
    assert send(victor, "dry", "DryRun").status_code == 403
    missing = {"payload": "{}", "qualifier": "7", "mode": "DryRun"}
    assert 'data-outcome="refused"' in alice.post_json("/functions/dry/test/", missing).content.decode()


def test_an_asynchronous_test_is_queued(alice: Person) -> None:
    alice.create("queued")
    page = send(alice, "queued", "Event", '{"a": 1}').content.decode()
    event = AsyncEvent.objects.get()
    assert (bytes(event.payload), event.source) == (b'{"a": 1}', "console")
    assert f"/r/{event.id}" in page


def test_a_function_of_tenants_is_tested_as_one_of_them(alice: Person) -> None:
    alice.create("rented", TenancyConfig={"TenantIsolationMode": "PER_TENANT"})
    alice.create("plain")
    assert 'id="tenant"' in alice.client.get("/functions/rented/code/").content.decode()
    assert 'id="tenant"' not in alice.client.get("/functions/plain/code/").content.decode()

    def said(name: str, tenant: str) -> str:
        body = {"payload": "{}", "qualifier": "$LATEST", "mode": "Event", "tenant": tenant}
        return str(alice.post_json(f"/functions/{name}/test/", body).content.decode())

    assert "Add a valid tenant ID" in said("rented", "")
    assert "failed to satisfy constraint" in said("rented", "blue!")
    assert "Remove the tenant ID" in said("plain", "blue")
    assert not AsyncEvent.objects.exists()
    assert "/r/" in said("rented", "blue")
    assert AsyncEvent.objects.get().tenant_id == "blue"


@pytest.mark.parametrize("mode", ["Fast", "", None, 7, ["Event"], {"a": 1}])
def test_an_unknown_kind_is_refused(alice: Person, mode: Any) -> None:
    alice.create("strict")
    assert send(alice, "strict", mode).status_code == 400


def test_an_asynchronous_event_is_smaller(alice: Person) -> None:
    alice.create("small")
    answer = send(alice, "small", "Event", f'"{"x" * 1_048_576}"')
    assert (answer.status_code, "1,048,576" in answer.json()["message"]) == (400, True)


def test_samples_are_offered_and_read(alice: Person) -> None:
    alice.create("fed")
    assert '<option value="sqsEvent">SQS</option>' in alice.client.get("/functions/fed/code/").content.decode()
    assert alice.client.get("/samples/sqsEvent/").json()["Records"][0]["eventSource"] == "aws:sqs"
    assert alice.client.get("/samples/nothing/").status_code == 404


def test_history_has_the_tests_of_this_function_only(alice: Person) -> None:
    alice.create("tested")
    for name, source, kind in (("tested", "console", "<b>Bad"), ("tested", "api", "Other"), ("other", "console", "X")):
        Invocation.objects.create(
            request_id=uuid.uuid4(),
            account_id=TEAM,
            region=REGION,
            function_name=name,
            version="$LATEST",
            source=source,
            outcome="error",
            error_type=kind,
            started_at=datetime.now(UTC),
            duration_ms=5,
            billed_ms=5,
            memory_mb=128,
            max_memory_mb=40,
        )
    page = alice.client.get("/functions/tested/test-runs/").content.decode()
    assert page.count("<li>") == 1
    assert "&lt;b&gt;Bad" in page
    alice.create("fresh")
    assert "No test was run yet." in alice.client.get("/functions/fresh/test-runs/").content.decode()


def test_frames_of_a_stack_lead_to_their_lines() -> None:
    trace = [
        '  File "/var/task/lib/a.py", line 7, in f\n    boom()\n',
        '  File "/usr/lib/python3/x.py", line 1, in g\n',
    ]
    frames = invocation._frames({"stackTrace": trace}, "broken", "3")
    assert [frame.url for frame in frames] == ["/functions/broken/code/?file=lib%2Fa.py&line=7&qualifier=3", ""]
    node = invocation._frames({"trace": ["Error: no", "    at f (/var/task/index.mjs:3:9)"]}, "broken", "$LATEST")
    assert node[1].url == "/functions/broken/code/?file=index.mjs&line=3"
    assert invocation._frames({"stackTrace": "no list"}, "broken", "3") == []


def test_a_result_shows_markup_as_text() -> None:
    payload = b'{"errorMessage": "<script>", "stackTrace": ["<i>", "/var/task/a.py:1"]}'
    failed = InvocationResult(request_id="r", version="1", payload=payload, function_error="Unhandled")
    page = render_to_string("function/result.html", {"shown": invocation.read(failed, "broken"), "name": "broken"})
    assert "&lt;i&gt;" in page
    assert "<script>" not in page
    assert 'href="/functions/broken/code/?file=a.py&amp;line=1&amp;qualifier=1"' in page


def changes(person: Person, function: Function, files: list[dict[str, Any]], removed: tuple[str, ...] = ()) -> Any:
    return person.post_json(f"/functions/{function.name}/code/changes/", {"files": files, "removed": list(removed)})


def test_changes_are_shown_against_what_is_deployed(alice: Person) -> None:
    package = zipped({"app.py": "one\ntwo\n", "old.txt": "x", "logo.png": b"\0\xff"})
    function = alice.create("edited", Code={"ZipFile": package})
    files: list[dict[str, Any]] = [
        {"path": "app.py", "origin": "app.py", "text": "one\n<script>\n"},
        {"path": "new.py", "origin": None, "text": "fresh\n"},
        {"path": "moved.png", "origin": "logo.png"},
    ]
    page = changes(alice, function, files, ("old.txt",))
    shown = {each.path: each for each in page.context["files"]}
    assert [(row.kind, row.text) for row in shown["app.py"].rows] == [
        ("", "one"),
        ("removed", "two"),
        ("added", "<script>"),
    ]
    assert (shown["new.py"].kind, shown["new.py"].added) == ("added", 1)
    assert shown["moved.png"].note == "Renamed from logo.png."
    assert shown["old.txt"].kind == "removed"
    assert "&lt;script&gt;" in page.content.decode()
    assert "Nothing is changed" in changes(alice, function, []).content.decode()


@pytest.mark.parametrize("body", [{}, {"files": 1, "removed": []}, {"files": [{"path": 1}], "removed": []}, []])
def test_changes_of_another_shape_are_refused(alice: Person, body: Any) -> None:
    alice.create("strict")
    assert alice.post_json("/functions/strict/code/changes/", body).status_code == 400


def upload(person: Person, name: str, content: bytes, revision: str) -> Any:
    sent = {"zip": SimpleUploadedFile("package.zip", content), "revision_id": revision}
    return person.client.post(f"/functions/{name}/code/upload/", sent)


def test_a_zip_replaces_the_package(alice: Person, bob: Person, victor: Person) -> None:
    function = alice.create("zipped")
    revision = str(function.versions.get(number=0).revision_id)
    new = zipped({"app.py": "new = 1\n", "data.bin": b"\0" * 2000})
    assert upload(victor, "zipped", new, revision).status_code == 403
    answer = upload(alice, "zipped", new, revision)
    assert [each["path"] for each in answer.json()["files"]] == ["app.py", "data.bin"]
    late = upload(bob, "zipped", zipped(), revision)
    assert late.status_code == 412
    assert "by alice" in late.json()["message"]


def test_what_is_no_package_is_refused(alice: Person) -> None:
    function = alice.create("kept")
    revision = str(function.versions.get(number=0).revision_id)
    for content in (b"no zip", b"PK\x03\x04", io.BytesIO(zipped()).read()[:40]):
        answer = upload(alice, "kept", content, revision)
        assert answer.status_code == 400
        assert answer.json()["message"]
    nothing = alice.client.post("/functions/kept/code/upload/", {"revision_id": revision, "zip": "text"})
    assert nothing.json() == {"message": "No file was sent."}
    assert str(function.versions.get(number=0).revision_id) == revision
