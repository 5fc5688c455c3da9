"""Bad values in every field of every form: said at the field with what was typed kept, or stored as they are."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tests.console.conftest import Person
from tests.console.posts import POSTS, REASONS, Post, World, furnish, routes, send

MARKUP = "\"><img src=x onerror=alert(1)><script>alert(1)</script>{{7*7}}{% now 'Y' %}"
BAD = {
    "empty": "",
    "oversized": "x" * 300_000,
    "unicode": "\U0001f525\u202e\u05d0e\u0301\u0301",
    "nul": "a\0b",
    "surrogate": "a\ud83d",
    "markup": MARKUP,
    "negative": "-1",
    "digits": "9" * 400,
    "no number": "12abc",
}
ROWS = [(name, post) for name, posts in POSTS.items() for post in posts]


class Controls(HTMLParser):
    """The controls of a page by name: their values, with the message that stands in the same field."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, list[str]]] = []  # name, value, messages of its field
        self._divs: list[list[str] | None] = []
        self._area: str | None = None
        self._message = 0
        self._text = ""
        self.feed(page)

    @property
    def _field(self) -> list[str]:
        return next((each for each in reversed(self._divs) if each is not None), [])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if tag in ("div", "form"):
            self._divs.append([] if "field" in classes or tag == "form" else None)
        elif tag == "input" or tag == "select":
            self.found.append((given.get("name", ""), given.get("value", ""), self._field))
        elif tag == "textarea":
            self._area, self._text = given.get("name", ""), ""
        if "field-err" in classes:
            self._message, self._text = 1, ""
        elif self._message and tag == "span":
            self._message += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("div", "form") and self._divs:
            self._divs.pop()
        elif tag == "textarea" and self._area is not None:
            self.found.append((self._area, self._text.removeprefix("\n"), self._field))
            self._area = None
        elif tag == "span" and self._message:
            self._message -= 1
            if not self._message:
                self._field.append(self._text.strip())

    def handle_data(self, data: str) -> None:
        self._text += data


@pytest.fixture
def world(alice: Person, bob: Person, invoked: Any) -> World:
    alice.create("f")
    return furnish(alice, bob, invoked("f", event="{}", event_size=2))


@pytest.fixture
def rolled_back() -> Any:
    class Undone:
        def __enter__(self) -> None:
            self.block = transaction.atomic()
            self.block.__enter__()

        def __exit__(self, *_: object) -> None:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    return Undone


def typed(value: str) -> str:
    """As the server gets it."""
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def cases(post: Post) -> Iterator[tuple[str, str, str]]:
    for field in post.fields:
        for kind, value in BAD.items():
            if value != post.fields[field] and (value or field not in post.filled):
                yield field, kind, value


@pytest.mark.django_db
def test_every_route_that_takes_a_post_is_in_the_table(world: World) -> None:
    """The others say 405: Method not allowed."""
    filled = {
        "name": "f",
        "number": "1",
        "alias_name": "live",
        "kind": "schedule",
        "key": "every",
        "section": "general",
    }
    filled |= {
        "request_id": world.names["request"],
        "before": "1",
        "after": "2",
        "service": "lambda",
        "token": "x",
        "arn": "x",
    }
    taking = []
    for route in routes():
        if route.name in POSTS or route.name in REASONS:
            continue
        given = {name: filled[name] for name in route.pattern.converters}
        if world.alice.client.post(reverse(str(route.name), kwargs=given)).status_code != 405:
            taking.append(route.name)
    assert taking == []
    assert set(POSTS) <= {route.name for route in routes()}


@pytest.mark.parametrize(("name", "post"), ROWS, ids=[f"{name}-{post.path}" for name, post in ROWS])
def test_the_examples_are_taken(world: World, name: str, post: Post) -> None:
    if post.says == "json" or not post.fields:
        return
    answer = send(sender(world, post), post.path.format(**world.names), post.fields)
    assert answer.status_code == 302, answer.context["form"].errors
    if post.kept:
        kept = post.kept(world)
        sent = {field: value for field, value in post.fields.items() if kept.get(field) is not None}
        assert {field: str(kept[field]) for field in sent} == sent


@pytest.mark.parametrize(("name", "post"), ROWS, ids=[f"{name}-{post.path}" for name, post in ROWS])
def test_bad_values(world: World, name: str, post: Post, rolled_back: Any) -> None:
    problems = []
    for field, kind, value in cases(post):
        with rolled_back():
            problem = judge(world, post, field, value)
        if problem:
            problems.append(f"{field} {kind}: {problem}")
    assert not problems, "\n".join(["", *problems])


@pytest.mark.parametrize(
    "path", ["/functions/a%00b/", "/functions/f/aliases/%00/", "/functions/f/triggers/schedule/of/%00/", "/a/%00"]
)
def test_an_address_that_no_database_takes(world: World, path: str) -> None:
    assert world.alice.client.get(path).status_code == 404


def judge(world: World, post: Post, field: str, value: str) -> str:
    answer = send(sender(world, post), post.path.format(**world.names), {**post.fields, field: value})
    page = answer.content.decode()
    if "<img src=x" in page or "<script>alert" in page:
        return "markup on the page"
    if answer.status_code == 302:
        said = [message.level_tag for message in get_messages(answer.wsgi_request)]
        if "error" in said:
            is_right = post.says == "notice" or field in post.hidden
            return "" if is_right else "refused by a notice, not at the field"
        kept = post.kept(world).get(field) if post.kept else None
        meant = typed(value) or post.empty.get(field, "")
        return "" if field in post.free or same(kept, meant) else f"taken, and {str(kept)[:60]!r} kept"
    if answer.status_code not in (400, 403, 429):
        return f"status {answer.status_code}"
    controls = Controls(page).found
    told = {control for control, _, messages in controls if messages}
    above = 'class="note is-err" role="alert"' in page or 'class="note is-warn" role="alert"' in page
    is_told = field in told or post.blames.get(field) in told
    if not is_told and not (above and (post.says == "form" or field in post.hidden)):
        return f"no message at the field ({answer.status_code}, {told or above})"
    if field in (*post.choices, *post.secret, *post.hidden):
        return ""
    values = [text for control, text, _ in controls if control == field]
    return "" if any(same(text, typed(value)) for text in values) else f"not kept: {values[:1]}"[:100]


def sender(world: World, post: Post) -> Person:
    """Who signs in is nobody yet."""
    return Person(world.alice.user, Client(), world.alice.caller) if post.path == "/login/" else world.alice


def same(kept: object, value: str) -> bool:
    return str("" if kept is None else kept).strip() == value.strip()
