"""What scripts send: anything that is not what the editor sends is a message in JSON, or is kept as it is."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.code import store
from functions.models import TestEvent
from tests.console.conftest import CODE, Person

DEEP = "[" * 200_000
MARKUP = '"><img src=x onerror=alert(1)><script>alert(1)</script>'
BAD: list[Any] = [
    "",
    "x" * 300_000,
    "y" * 300,
    "\U0001f525\u202e\u05d0e\u0301",
    "a\0b",
    "\ud83d",
    MARKUP,
    "../../etc/passwd",
    -1,
    1e400,
]
BAD += [None, True, [], {}, ["a"], {"a": 1}, [[]], [None], [{}], [7]]
BODIES = [b"", b"null", b"7", b'"a"', b"[]", b"{}", b"\xff\xfe", b"{", DEEP.encode(), b'{"files": 1e999}', b"a=b"]


@pytest.fixture
def bodies(alice: Person) -> dict[str, dict[str, Any]]:
    """By address, one that is taken."""
    latest = alice.create("f").versions.get(number=0)
    files = [{"path": "app.py", "origin": "app.py", "text": CODE + "# new\n"}]
    changed = {"revision_id": str(latest.revision_id), "files": files, "removed": []}
    return {
        "code/deploy/": changed,
        "code/changes/": changed,
        "test/": {"payload": "{}", "qualifier": "$LATEST", "mode": "DryRun"},
        "test-events/": {"name": "kept", "payload": "{}"},
    }


def mangled(value: Any) -> Iterator[Any]:
    """The body with one member after the other made bad, at any depth, and left out."""
    if isinstance(value, dict):
        for name in value:
            if name != "mode":  # without one it is run
                yield {other: kept for other, kept in value.items() if other != name}
            yield from ({**value, name: bad} for bad in BAD)
            yield from ({**value, name: inner} for inner in mangled(value[name]))
    elif isinstance(value, list) and value:
        yield from ([inner] for inner in mangled(value[0]))


ADDRESSES = ["code/deploy/", "code/changes/", "test/", "test-events/"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_bad_bodies(alice: Person, bodies: dict[str, dict[str, Any]], address: str) -> None:
    url = f"/functions/f/{address}"
    sent = [*BODIES, *(json.dumps(each).encode() for each in mangled(bodies[address]))]
    for body in sent:
        answer = alice.client.post(url, body, content_type="application/json")
        if answer.status_code == 200:
            continue  # taken: see below what was kept
        assert answer.status_code in (400, 412), body[:200]
        assert answer.json()["message"], body[:200]


@pytest.mark.parametrize("path", ["", "x" * 300, "x/" * 3000, "a%00b", "../../../etc/passwd", "%ED%A0%BD", "."])
def test_a_file_that_cannot_be(alice: Person, path: str) -> None:
    alice.create("f")
    assert alice.client.get(f"/functions/f/code/file/?path={path}").status_code == 404


@pytest.mark.parametrize("member", ["name", "payload"])
@pytest.mark.parametrize("bad", BAD, ids=lambda each: repr(each)[:20])
def test_a_test_event_is_kept_as_it_came_or_refused(alice: Person, member: str, bad: Any) -> None:
    alice.create("f")
    answer = alice.post_json("/functions/f/test-events/", {"name": "kept", "payload": "{}", member: bad})
    if answer.status_code == 200:
        assert getattr(TestEvent.objects.get(), member) == bad
        assert alice.client.get("/functions/f/code/").status_code == 200
    else:
        assert (answer.status_code, TestEvent.objects.count()) == (400, 0)


@pytest.mark.parametrize("member", ["path", "text"])
@pytest.mark.parametrize("bad", BAD, ids=lambda each: repr(each)[:20])
def test_code_is_deployed_as_it_came_or_refused(alice: Person, member: str, bad: Any) -> None:
    function = alice.create("f")
    latest = function.versions.get(number=0)
    change = {"path": "new.py", "origin": None, "text": "x = 1\n", member: bad}
    body = {"revision_id": str(latest.revision_id), "files": [change], "removed": []}
    answer = alice.post_json("/functions/f/code/deploy/", body)
    now = function.versions.get(number=0)
    if answer.status_code == 200:
        assert store.read_file(now.package_id, change["path"]).decode() == (change["text"] or "")  # None: unchanged
    else:
        assert (answer.status_code, now.package_id) == (400, latest.package_id)
