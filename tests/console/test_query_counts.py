"""What each list asks of the database: a number that does not grow with what is there."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.pages.operations import call
from console.pages.order import order
from monitoring.report import Outcome
from tests.console.conftest import Person
from tests.console.test_triggers import SCHEDULE

LISTS = {
    "/functions/": 10,
    "/functions/?sort=-invocations": 11,
    "/functions/?sort=-errors": 11,
    "/functions/?sort=-p95": 11,
    "/invocations/": 4,
    "/invocations/?view=expensive": 4,
    "/invocations/?view=errors": 4,
    "/errors/": 5,
    "/triggers/": 8,
    "/settings/keys/": 4,
    "/settings/sessions/": 4,
    "/admin/users/": 6,
    "/admin/audit/": 4,
    "/functions/f0/logs/": 10,
    "/functions/f0/logs/?view=lines": 8,
    "/functions/f0/logs/histogram": 8,
    "/functions/f0/invocations/": 7,
    "/functions/f0/errors/": 8,
    "/functions/f0/versions/": 11,
    "/functions/f0/triggers/": 9,
}


def counted(person: Person) -> dict[str, int]:
    found = {}
    order.forget()
    for path in LISTS:
        with CaptureQueriesContext(connection) as queries:
            assert person.client.get(path).status_code == 200, path
        found[path] = len(queries)
    return found


def test_lists_ask_as_much_whatever_their_length(alice: Person, invoked: Callable[..., str]) -> None:
    def add(first: int, end: int) -> None:
        for number in range(first, end):
            name = f"f{number}"
            alice.create(name, Tags={"team": name})
            for each in (name, "f0"):
                invoked(each, "hello\n")
                invoked(each, "oh\n", outcome=Outcome.ERROR, error_type=f"Error{number}")
            call(alice.caller, "UpdateFunctionConfiguration", FunctionName="f0", Description=name)
            call(alice.caller, "PublishVersion", FunctionName="f0")
            call(alice.caller, "CreateAlias", FunctionName="f0", Name=f"alias-{number}", FunctionVersion="1")
            schedule = {**SCHEDULE, "Name": name, "Enabled": "on"}
            assert alice.client.post("/functions/f0/triggers/schedule/new/", schedule).status_code == 302
            alice.client.post("/settings/keys/create/", follow=True)  # shown once

    add(0, 2)
    few = counted(alice)
    add(2, 4)
    assert counted(alice) == few
    assert few == LISTS
