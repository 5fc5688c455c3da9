"""The protocols by botocore's names. `rest-xml` and `ec2` are lines to add here."""

from console.gateway.wire.cbor_rpc import CborProtocol
from console.gateway.wire.json_rpc import JsonProtocol
from console.gateway.wire.protocol import Protocol
from console.gateway.wire.query import QueryProtocol
from console.gateway.wire.rest_json import RestJsonProtocol

PROTOCOLS: dict[str, Protocol] = {
    "rest-json": RestJsonProtocol(),
    "json": JsonProtocol(),
    "query": QueryProtocol(),
    "smithy-rpc-v2-cbor": CborProtocol(),
}


# Until then they speak of errors as the query protocol does.
ERRORS_AS = {"rest-xml": "query", "ec2": "query"}


def protocol(name: str) -> Protocol:
    """How to answer, even to a protocol that is not there yet."""
    return PROTOCOLS[ERRORS_AS.get(name, name)]
