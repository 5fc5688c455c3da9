"""The dashboard: figures, what needs attention, health that is honest, the first steps of an empty account."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from console.pages import parts
from console.pages.operations import call
from console.pages.parts import NodeStatus, Probe, Snapshot
from functions.models import FunctionVersion
from monitoring.report import Kind, Outcome
from tests.console.conftest import REGION, TEAM, Person


@pytest.fixture(autouse=True)
def forget() -> None:
    """What was known of the nodes."""
    parts.probe = Probe()


def numbers(response: Any) -> dict[str, Any]:
    return {number.label: number for number in response.context["numbers"]}


def test_an_empty_account_is_told_how_to_begin(alice: Person, victor: Person) -> None:
    page = alice.client.get("/").content.decode()
    assert "Welcome to Hearth" in page
    assert "export AWS_ENDPOINT_URL=http://testserver" in page
    assert f"--role arn:aws:iam::{TEAM}:role/lambda-role" in page
    assert 'href="/functions/new/"' in page
    assert 'href="/functions/new/"' not in victor.client.get("/").content.decode()


def test_the_numbers_are_those_of_the_account(alice: Person, mallory: Person, invoked: Callable[..., str]) -> None:
    alice.create("counted")
    mallory.create("foreign")
    for _ in range(3):
        invoked("counted")
    invoked("counted", outcome=Outcome.ERROR, error_type="ValueError")
    invoked("counted", kind=Kind.THROTTLE, reason="ReservedFunctionConcurrentInvocationLimitExceeded")
    response = alice.client.get("/")
    found = numbers(response)
    assert [found[label].value for label in ("Functions", "Invocations", "Errors", "Throttles")] == ["1", "4", "1", "1"]
    assert found["Errors"].change == "25\u202f%"
    good, failed = response.context["figures"]["results"]["data"]
    assert (sum(good["y"]), sum(failed["y"])) == (3, 1)
    assert len(response.context["rows"]) == 4
    assert sorted((each.function, each.look, each.icon) for each in response.context["concerns"]) == [
        ("counted", "err", "err"),
        ("counted", "warn", "bell"),
    ]
    assert numbers(mallory.client.get("/"))["Invocations"].value == "0"


def test_a_failed_function_needs_attention(alice: Person) -> None:
    alice.create("broken")
    FunctionVersion.objects.update(state="Failed", state_reason="<b>no such runtime</b>")
    page = alice.client.get("/").content.decode()
    assert "Failed: &lt;b&gt;no such runtime&lt;/b&gt;" in page


def test_when_all_is_well_it_says_so(alice: Person) -> None:
    alice.create("well")
    page = alice.client.get("/").content.decode()
    assert "Nothing failed and nothing was throttled" in page
    assert "Nothing was invoked in this time" in page


def test_deployments_are_told(alice: Person, bob: Person) -> None:
    alice.create("told")
    call(bob.caller, "PublishVersion", FunctionName="told")
    call(alice.caller, "CreateAlias", FunctionName="told", Name="prod", FunctionVersion="1")
    changes = alice.client.get("/").context["changes"]
    assert [(each.deployment.actor, each.what) for each in changes] == [
        ("alice", "Alias created: prod 1"),
        ("bob", "Version published: 1"),
        ("alice", "Created"),
    ]
    assert {each.url for each in changes} == {"/functions/told/versions/"}


def test_without_a_broker_nothing_is_made_up(alice: Person) -> None:
    alice.create("alone")
    response = alice.client.get("/")
    assert numbers(response)["Concurrency now"].value == "unknown"
    looks = {part.name: part.look for part in response.context["parts"]}
    assert looks == {"Web": "ok", "Workers": "err", "Broker": "err", "Store": "ok"}


def test_concurrency_is_that_of_the_account() -> None:
    used = {f"{TEAM}:{REGION}:a": 2, f"{TEAM}:{REGION}:b": 1, f"222222222222:{REGION}:a": 4}
    node = NodeStatus("n", {"busy": 7, "idle": 2, "ready": 1}, 1, used, "", True)
    assert Snapshot("", [node, node]).concurrency(f"{TEAM}:{REGION}") == 6
    assert Snapshot("", []).concurrency(f"{TEAM}:{REGION}") is None
    assert node.cells == ["busy"] * 7 + ["idle"] * 2 + ["ready"]


def test_a_node_that_hangs_holds_up_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang() -> Snapshot:
        release.wait(30)
        return Snapshot("", [])

    monkeypatch.setattr(parts, "snapshot", hang)
    monkeypatch.setattr(parts, "PATIENCE_SECONDS", 0.05)
    probe = Probe()
    first, second = probe.ask(), probe.ask()
    threads = [thread for thread in threading.enumerate() if thread.name == "ask-nodes"]
    release.set()
    for thread in threads:
        thread.join(5)
    assert (first.nodes, second.nodes) == (None, None)
    assert len(threads) == 1
    assert probe.ask().nodes == []


@pytest.mark.parametrize("query", ["from=soon", "from=now-1h&to=now-2h"])
def test_a_senseless_range_is_said(alice: Person, query: str) -> None:
    alice.create("ranged")
    response = alice.client.get(f"/?{query}")
    assert response.status_code == 200
    assert response.context["span"].problem in response.content.decode().replace("&#x27;", "'")


def test_it_asks_the_same_however_much_there_is(
    alice: Person, invoked: Callable[..., str], django_assert_num_queries: Any
) -> None:
    for number in range(5):
        alice.create(f"much-{number}")
        invoked(f"much-{number}")
    with django_assert_num_queries(13):
        alice.client.get("/")
