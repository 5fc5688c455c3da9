"""The network of a function: by its tag, in force at once."""

import json

import pytest

from functions.egress import TAG
from functions.execution.sandbox.network import slirp
from tests.family import RunningHearth

pytestmark = [
    pytest.mark.server,
    pytest.mark.sandbox,
    pytest.mark.skipif(slirp.program() is None, reason="needs the Debian package slirp4netns"),
]
CODE = """
import socket

def handler(event, context):
    return [name for _, name in socket.if_nameindex()], open("/etc/resolv.conf").read()
"""


def test_a_tag_gives_and_takes_it(hearth: RunningHearth) -> None:
    client = hearth.client("lambda")
    arn = hearth.deploy("goes-out", CODE, Tags={TAG: "egress"})["FunctionArn"]

    def seen() -> object:
        return json.loads(client.invoke(FunctionName="goes-out")["Payload"].read())

    assert seen() == [["lo", "eth0"], "nameserver 10.0.2.3\n"]
    client.untag_resource(Resource=arn, TagKeys=[TAG])
    assert seen() == [["lo"], ""]
