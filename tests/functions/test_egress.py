"""The tag that gives a function a network, and where it is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import Settings

from functions import egress
from functions.access.caller import Caller
from functions.arn import parse
from functions.cache import generation
from functions.invoke import nodes, routing
from tests.broker import running_redis
from tests.functions.world import arn, request

TAGS = {egress.TAG: "egress"}


def network(caller: Caller) -> str:
    generation().bump()  # as a commit does
    return routing.resolve(parse("thumbs", None, caller)).spec.network


def refusal(call: Any, **members: Any) -> str:
    with pytest.raises(ClientError) as failed:
        call(**members)
    assert failed.value.response["Error"]["Code"] == "InvalidParameterValueException"
    return str(failed.value.response["Error"]["Message"])


@pytest.fixture
def broker(settings: Settings, tmp_path: Path) -> Iterator[None]:
    with running_redis(tmp_path) as settings.REDIS_URL:
        nodes.broker.cache_clear()
        yield
    nodes.broker.cache_clear()


def announce(name: str, why: str) -> None:
    node = nodes.Node(name, f"/{name}.sock", {"isolation": {"no_egress": why}})
    nodes.broker().set(nodes.PREFIX + node.id, node.announcement)


def test_a_function_has_none_but_by_its_tag(aws: Any, alice: Caller) -> None:
    aws.create_function(**request("thumbs"))
    assert network(alice) == "none"
    before = routing.resolve(parse("thumbs", None, alice)).spec.key
    aws.tag_resource(Resource=arn("thumbs"), Tags=TAGS)
    assert network(alice) == "egress"
    assert routing.resolve(parse("thumbs", None, alice)).spec.key != before  # so its environments are made anew
    aws.untag_resource(Resource=arn("thumbs"), TagKeys=[egress.TAG])
    assert network(alice) == "none"


def test_it_is_there_from_the_start(aws: Any, alice: Caller) -> None:
    aws.create_function(**request("thumbs"), Tags=TAGS)
    assert network(alice) == "egress"


def test_the_installation_has_the_last_word(aws: Any, alice: Caller, settings: Settings) -> None:
    settings.HEARTH_NETWORK = "egress"
    aws.create_function(**request("thumbs"))
    assert network(alice) == "egress"
    aws.tag_resource(Resource=arn("thumbs"), Tags={egress.TAG: "none"})
    assert network(alice) == "none"
    aws.tag_resource(Resource=arn("thumbs"), Tags=TAGS)
    settings.HEARTH_NETWORK = "off"
    assert network(alice) == "none"
    assert "HEARTH_NETWORK=off" in refusal(aws.tag_resource, Resource=arn("thumbs"), Tags=TAGS)
    assert "HEARTH_NETWORK=off" in refusal(aws.create_function, **request("other"), Tags=TAGS)


def test_another_value_is_refused(aws: Any) -> None:
    message = "The tag hearth:network must be none or egress."
    assert refusal(aws.create_function, **request("thumbs"), Tags={egress.TAG: "vpc"}) == message


def test_it_is_refused_where_no_node_has_one(aws: Any, broker: None) -> None:
    aws.create_function(**request("thumbs"))
    announce("a", "it takes the Debian packages slirp4netns and libnftables1")
    message = refusal(aws.tag_resource, Resource=arn("thumbs"), Tags=TAGS)
    assert message == (
        "No function can be given a network here: it takes the Debian packages slirp4netns and libnftables1."
    )
    announce("b", "")
    aws.tag_resource(Resource=arn("thumbs"), Tags=TAGS)
