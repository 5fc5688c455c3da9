"""Is an answer what the service model says? botocore reads answers leniently; here nothing is overlooked."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from console.gateway.validate import compiled

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "double": (float, int),
    "float": (float, int),
    "timestamp": (datetime,),
    "blob": (bytes,),
}


class Judge:
    """Watches a boto3 client: every answer is judged as it comes. `called` are the operations that succeeded."""

    def __init__(self, client: Any) -> None:
        self.called: set[str] = set()
        self.faults: list[str] = []
        client.meta.events.register("after-call.lambda.*", self._after_call)

    def _after_call(self, http_response: Any, parsed: dict[str, Any], model: OperationModel, **_: Any) -> None:
        if http_response.status_code >= 300:
            return
        self.called.add(model.name)
        expected = model.http.get("responseCode", 200)
        if http_response.status_code != expected and model.name not in OTHER_STATUS:
            self.faults.append(f"{model.name}: status {http_response.status_code} is not {expected}")
        shape = model.output_shape
        if shape is None:
            return
        answer = {name: value for name, value in parsed.items() if name != "ResponseMetadata"}
        self.faults += [f"{model.name}{fault}" for fault in wrong(shape, answer)]
        if "payload" not in shape.serialization and http_response.content:
            document = json.loads(http_response.content)
            self.faults += [f"{model.name}{fault}" for fault in unknown(shape, document)]


# AWS gives this reason to updates (recorded), though its public model names it for new functions only.
RECORDED = frozenset((("LastUpdateStatusReasonCode", "Creating"),))
# Invoke answers 202 and 204 too, as its documentation says; DeleteFunction answers 204 (recorded).
OTHER_STATUS = frozenset(("DeleteFunction", "Invoke"))


def wrong(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """What of a parsed answer does not fit its shape: types, required members, enums, patterns, bounds."""
    if isinstance(shape, StructureShape):
        if getattr(shape, "is_eventstream", False) or not isinstance(value, dict):
            return
        for name in shape.required_members:
            if name not in value:
                yield f"{path}.{name} is missing"
        for name, item in value.items():
            member = shape.members.get(name)
            if member is None:
                yield f"{path}.{name} is no member"
            elif not (name == shape.serialization.get("payload") and member.type_name == "blob"):  # a stream
                yield from wrong(member, item, f"{path}.{name}")
    elif isinstance(shape, ListShape):
        for number, item in enumerate(value):
            yield from wrong(shape.member, item, f"{path}[{number}]")
        yield from _bounds(shape, len(value), path)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from wrong(shape.key, key, f"{path}.{key}")
            yield from wrong(shape.value, item, f"{path}.{key}")
    else:
        yield from _scalar(shape, value, path)


def _scalar(shape: Shape, value: Any, path: str) -> Iterator[str]:
    kinds = TYPES[shape.type_name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        yield f"{path}: {value!r} is no {shape.type_name}"
        return
    allowed, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if allowed and value not in allowed and (shape.name, value) not in RECORDED:
        yield f"{path}: {value!r} is none of {allowed}"
    if isinstance(value, str):
        if pattern and not compiled(pattern).fullmatch(value):
            yield f"{path}: {value!r} does not match {pattern}"
        yield from _bounds(shape, len(value), path)
    elif isinstance(value, int | float):
        yield from _bounds(shape, value, path)


def _bounds(shape: Shape, size: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and size < least) or (most is not None and size > most):
        yield f"{path}: {size} is not within {least} and {most}"


def unknown(shape: Shape, document: Any, path: str = "") -> Iterator[str]:
    """Members of a raw answer that its shape does not have, and nulls: AWS leaves out what is not there."""
    if isinstance(shape, StructureShape) and isinstance(document, dict):
        names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for name, item in document.items():
            if name not in names:
                yield f"{path}.{name} is not in the model"
            elif item is None:
                yield f"{path}.{name} is null"
            else:
                yield from unknown(names[name], item, f"{path}.{name}")
    elif isinstance(shape, ListShape) and isinstance(document, list):
        for number, item in enumerate(document):
            yield from unknown(shape.member, item, f"{path}[{number}]")
    elif isinstance(shape, MapShape) and isinstance(document, dict):
        for key, item in document.items():
            yield from unknown(shape.value, item, f"{path}.{key}")
