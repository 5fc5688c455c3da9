"""Every route that changes something refuses those whose role does not allow it, before anything is changed."""

from collections.abc import Callable
from itertools import takewhile
from typing import Any

import pytest

from functions.models import AuditEntry, Membership
from tests.console.conftest import TEAM, Person
from tests.console.posts import POSTS, World, furnish, send

Preset = Membership.Preset
ROWS = [(name, post) for name, posts in POSTS.items() for post in posts]


@pytest.fixture
def world(alice: Person, bob: Person, invoked: Any) -> World:
    alice.create("f")
    return furnish(alice, bob, invoked("f", event="{}", event_size=2))


@pytest.mark.parametrize("preset", [Preset.VIEWER, Preset.DEVELOPER, Preset.OPERATOR])
def test_a_role_that_is_too_small_is_refused(
    world: World, person: Callable[..., Person], preset: Membership.Preset
) -> None:
    zoe = person("zoe", TEAM, preset)
    before = AuditEntry.objects.count()
    refused: list[str] = []
    passed: list[str] = []
    for name, post in ROWS:
        if post.least in (None, *takewhile(lambda each: each != preset, Preset), preset):
            continue
        path = post.path.format(**world.names)
        answer = zoe.post_json(path, {}) if post.says == "json" else send(zoe, path, post.fields)
        is_told = b"allow" in answer.content or b"Viewers may look" in answer.content
        (refused if answer.status_code == 403 and is_told else passed).append(name)
    assert passed == []
    assert refused
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(("name", "post"), [row for row in ROWS if row[1].least], ids=lambda each: str(each)[:40])
def test_the_least_role_is_enough(world: World, person: Callable[..., Person], name: str, post: Any) -> None:
    zoe = person("zoe", TEAM, post.least)
    path = post.path.format(**world.names)
    answer = zoe.post_json(path, {}) if post.says == "json" else send(zoe, path, post.fields)
    assert answer.status_code in (302, 400, 404)  # whatever it says of the request, it is not about the role


def test_strangers_are_led_to_the_door(world: World, mallory: Person) -> None:
    """Of another account: what is there is not found, and nothing of it changes."""
    before = AuditEntry.objects.filter(account_id=TEAM).count()
    found = []
    for name, post in ROWS:
        if "/f/" in post.path:
            answer = send(mallory, post.path.format(**world.names), post.fields)
            if answer.status_code != 404:
                found.append(name)
    assert found == []
    assert AuditEntry.objects.filter(account_id=TEAM).count() == before
