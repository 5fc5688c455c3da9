"""AWS's validation messages, made from the model.

The messages were recorded from AWS (data from the LocalStack project's tests, Apache License 2.0).
"""

import json
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape

from console.gateway import validate
from console.gateway.wire import catalogue
from functions.errors import ValidationException

RECORDED = json.loads((Path(__file__).parent.parent / "data" / "lambda-validation-messages.json").read_text())
PART = re.compile(r"Value (?:'(.*)'|null) at '([^']+)' failed to satisfy constraint: .*", re.DOTALL)


def check(operation: str, service: str = "lambda", **given: Any) -> str:
    model = catalogue.get(service).operation(operation)
    assert model is not None
    with pytest.raises(ValidationException) as caught:
        validate.members(model, given)
    return str(caught.value)


def as_sent(shape: Shape, shown: str) -> Any:
    if isinstance(shape, ListShape):
        return shown[1:-1].split(", ")
    if isinstance(shape, MapShape):
        key, _, value = shown[1:-1].partition("=")
        return {key: float(value)}
    return int(shown) if shape.type_name == "integer" else shown


def find(shape: StructureShape, path: list[str]) -> Shape | None:
    found: Shape | None = shape
    for part in path:
        members = found.members if isinstance(found, StructureShape) else {}
        found = members.get(part[:1].upper() + part[1:])
    return found


def messages(path: str, shown: str | None) -> Iterator[str]:
    """What each operation with such a member says of the value."""
    service = catalogue.get("lambda")
    for name in service.operation_names:
        operation = service.operation(name)
        assert operation is not None
        shape = operation.input_shape
        member = find(shape, path.split(".")) if shape is not None else None
        if member is None:
            continue
        given: Any = None if shown is None else as_sent(member, shown)
        for part in reversed(path.split(".")):
            given = {part[:1].upper() + part[1:]: given}
        try:
            validate.members(operation, given)
        except ValidationException as error:
            yield from str(error).partition("detected: ")[2].split("; ")


@pytest.mark.parametrize("message", RECORDED)
def test_recorded_messages_are_made_from_the_model(message: str) -> None:
    count, _, rest = message.partition(" validation error detected: ")
    assert count == "1"
    part = PART.fullmatch(rest)
    assert part is not None
    assert rest in set(messages(part[2], part[1]))


@pytest.mark.parametrize(
    ("members", "bound"),
    [
        ({"Timeout": 0}, "'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1"),
        ({"EphemeralStorage": {"Size": 511}}, "Member must have value greater than or equal to 512"),
    ],
)
def test_ranges_of_limits(members: dict[str, Any], bound: str) -> None:
    assert bound in check("UpdateFunctionConfiguration", FunctionName="name", **members)


def test_several_errors_are_counted_in_the_model_s_order() -> None:
    text = check("CreateFunction", Role="r1", Code={}, Handler="no spaces", Timeout=0)
    assert text.startswith("4 validation errors detected: Value null at 'functionName' failed to satisfy constraint: ")
    order = [text.index(f"at '{name}'") for name in ("functionName", "role", "handler", "timeout")]
    assert order == sorted(order)


def test_the_field_at_fault_is_named_for_forms() -> None:
    model = catalogue.get("lambda").operation("CreateFunction")
    assert model is not None
    with pytest.raises(ValidationException) as caught:
        validate.members(model, {"FunctionName": "name", "Role": "r1", "Code": {}})
    assert caught.value.field == "Role"


def test_members_of_lists_of_structures_are_numbered() -> None:
    text = check("GetMetricData", "cloudwatch", MetricDataQueries=[{}], StartTime=1, EndTime=2)
    assert "Value null at 'metricDataQueries.1.member.id' failed to satisfy constraint: Member must not be null" in text


def test_secrets_are_not_repeated() -> None:
    text = check("UpdateFunctionConfiguration", FunctionName="name", Environment={"Variables": {"1bad": "secret"}})
    assert "secret" not in text
    assert "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [" in text


@pytest.mark.parametrize("value", ["nodejs99.x", "nonsense"])
def test_runtimes_are_left_to_the_service(value: str) -> None:
    model = catalogue.get("lambda").operation("UpdateFunctionConfiguration")
    assert model is not None
    validate.members(model, {"FunctionName": "name", "Runtime": value})


@pytest.mark.parametrize("service", catalogue.SERVED)
def test_every_pattern_of_the_models_compiles(service: str) -> None:
    model = catalogue.get(service).model
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in model.shape_names:
            pattern = model.shape_for(name).metadata.get("pattern")
            if pattern:
                validate.compiled(pattern)


def test_unicode_classes_of_java_are_understood() -> None:
    assert validate.compiled(r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)").fullmatch("Schlüssel 1/2 = привет")
    assert not validate.compiled(r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)").fullmatch("a;b")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ([1, "a", True], "[1, a, true]"),
        ({"k": 0.5, "l": None}, "{k=0.5, l=null}"),
        (-1.0, "-1.0"),
        (b"ab", "java.nio.HeapByteBuffer[pos=0 lim=2 cap=2]"),
    ],
)
def test_values_are_shown_as_java_prints_them(value: Any, shown: str) -> None:
    assert validate.java(value) == shown


def test_boto3_sees_the_code_and_message(boto: Callable[..., Any]) -> None:
    with pytest.raises(ClientError) as caught:
        boto("lambda").create_function(FunctionName="name", Role="r1", Code={"ZipFile": b""})
    answer = caught.value.response
    assert answer["Error"]["Code"] == "ValidationException"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"]["Message"] in RECORDED
