"""What the page and the command say of the operations, against the table and what requests are answered."""

import io
from typing import Any

import pytest
from django.core.management import call_command

from console.gateway import coverage
from console.gateway.coverage import LATER, PARTLY, Status
from console.gateway.operations import OPERATIONS, VIEWS
from console.gateway.wire import catalogue
from functions.access.bootstrap import FirstAccount
from tests.gateway.requests import minimal, request
from tests.gateway.world import call


def test_the_list_agrees_with_the_tables() -> None:
    rows = {row.name: row for row in coverage.of_lambda()}
    model = catalogue.get("lambda").model
    assert list(rows) == model.operation_names
    served = set(OPERATIONS["lambda"]) | VIEWS["lambda"]
    assert not set(OPERATIONS["lambda"]) & VIEWS["lambda"]
    assert {name for name, row in rows.items() if row.status is not Status.NOT} == served
    assert {name for name, row in rows.items() if row.status is Status.PARTLY} == set(PARTLY) <= served
    assert set(LATER) == set(rows) - served
    assert len(LATER) == 12
    assert all(row.text for row in rows.values() if row.status is not Status.SERVED)


@pytest.mark.parametrize("operation", LATER)
def test_what_comes_later_is_refused_as_its_model_says(first: FirstAccount, operation: str) -> None:
    """By an error of the operation's own model, which every SDK knows and none tries again."""
    key = (first.access_key_id, first.secret_access_key)
    status, headers, body = call(minimal("lambda", operation, key))
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidParameterValueException")
    assert b"is not supported by this endpoint. Durable execution comes in a later version" in body
    model = catalogue.get("lambda").model.operation_model(operation)
    assert "InvalidParameterValueException" in {shape.name for shape in model.error_shapes}


@pytest.mark.parametrize("operation", sorted(VIEWS["lambda"]))
def test_an_operation_with_a_view_of_its_own_has_one(first: FirstAccount, operation: str) -> None:
    key = (first.access_key_id, first.secret_access_key)
    members: dict[str, Any] = {"FunctionName": "none-such", "InvokeArgs": b"{}"}
    shape = catalogue.get("lambda").model.operation_model(operation).input_shape
    given = {name: value for name, value in members.items() if name in shape.members}
    status, _, body = call(request("lambda", operation, given, key))
    assert status == 404, body
    assert b"Function not found" in body


def test_the_command_lists_them() -> None:
    written = io.StringIO()
    call_command("operations", stdout=written)
    lines = written.getvalue().splitlines()
    assert len(lines) == 91 + 1
    assert lines[-1].startswith("91 operations: ")
    written = io.StringIO()
    call_command("operations", "--status", "not", stdout=written)
    assert {line.split()[1] for line in written.getvalue().splitlines()[:-1]} == set(LATER)
