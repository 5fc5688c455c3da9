"""What a kind of trigger is, for those who show and edit triggers without knowing the kinds.

A kind is one folder `functions/triggers/<kind>/` whose module `trigger` has a `TRIGGER`: an instance of a subclass of
`Trigger`. `functions.triggers.registry` finds it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from django.db.models import Exists

from functions.access.caller import Caller
from functions.arn import FunctionReference
from functions.errors import InvalidParameterValueException
from functions.models import Function, version


class Outcome(StrEnum):
    """How the last firing went."""

    NONE = ""  # it has not fired, or nothing is known any more
    WAITING = "waiting"  # queued or running
    OK = "ok"
    ERROR = "error"


class FieldKind(StrEnum):
    TEXT = "text"
    TEXTAREA = "textarea"
    JSON = "json"  # a text area for a JSON document
    SELECT = "select"  # one of `choices`
    COMBO = "combo"  # text with `choices` as suggestions, or too many to be a select
    CHECKBOX = "checkbox"  # the value is a bool


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind's form. `name` is the one that errors carry (`ServiceError.field`)."""

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    help: str = ""
    required: bool = False
    initial: str | bool = ""
    choices: tuple[tuple[str, str], ...] = ()  # (value, label)
    fixed: bool = False  # cannot be changed once the trigger is there


@dataclass(frozen=True, slots=True)
class Row:
    """One trigger of a function."""

    kind: str
    id: str  # what update, delete, enable and fire take
    title: str
    detail: str  # one line for people
    qualifier: str = ""  # version or alias it invokes; empty for the function itself
    is_enabled: bool = True
    address: str = ""  # of a URL, or the expression of a schedule: to be copied
    last_outcome: Outcome = Outcome.NONE
    last_text: str = ""  # "Succeeded", or why it failed
    last_at: datetime | None = None
    last_request_id: str = ""
    next_times: tuple[datetime, ...] = ()  # aware, in the trigger's own time zone
    values: Mapping[str, str | bool] = field(default_factory=dict)  # of the form's fields, by name


class Trigger(ABC):
    """A kind. One instance serves all threads; reads are made when they are asked for.

    `create`, `update`, `enable`, `delete` and `fire` are actions: they raise `ServiceError`s whose `field` is a field's
    name, and leave nothing behind when they do. Values that are not given keep what they were, or the field's initial.
    """

    kind: ClassVar[str]  # the folder's name
    title: ClassVar[str]  # "Schedule"
    icon: ClassVar[str]  # a name in the sheet of icons
    summary: ClassVar[str]  # one sentence: what it is for
    can_be_disabled: ClassVar[bool] = False
    can_fire: ClassVar[bool] = False
    has_operations: ClassVar[bool] = False  # of the API that create and update it: then `operations` names them
    read_operations: ClassVar[str] = ""  # those that read and delete one by FunctionName and Qualifier, with commas
    can_be_restored: ClassVar[bool] = False  # `create` with a row's `values` gives the same trigger again

    def rows(self, function: Function) -> list[Row]:
        """The function's triggers of this kind, in a steady order. A fixed number of queries."""
        return self.rows_of([function])[function.pk]

    @abstractmethod
    def rows_of(self, functions: Sequence[Function]) -> dict[int, list[Row]]:
        """The triggers of several functions of one account and region, by the function's key; each function is there.

        A fixed number of queries for any number of functions.
        """

    @abstractmethod
    def having(self) -> Exists:
        """For `Function.objects.filter(...)`: those that have a trigger of this kind."""

    @abstractmethod
    def fields(self, function: Function) -> list[Field]:
        """The form, with the choices that this function has."""

    @abstractmethod
    def create(self, caller: Caller, reference: FunctionReference, values: Mapping[str, Any]) -> str:
        """A new trigger of the unqualified `reference`. Returns its id."""

    def operations(
        self, reference: FunctionReference, values: Mapping[str, Any], id: str = ""
    ) -> list[tuple[str, dict[str, Any]]]:
        """The API's operations that create it, or with an `id` update it, and their members. None where none do."""
        return []

    @abstractmethod
    def update(self, caller: Caller, reference: FunctionReference, id: str, values: Mapping[str, Any]) -> None: ...

    @abstractmethod
    def delete(self, caller: Caller, reference: FunctionReference, id: str) -> None: ...

    def enable(self, caller: Caller, reference: FunctionReference, id: str, *, enabled: bool) -> None:
        """Only where `can_be_disabled`."""
        raise InvalidParameterValueException(f"A {self.title.lower()} cannot be switched on and off.")

    def fire(self, caller: Caller, reference: FunctionReference, id: str) -> str:
        """A test fire. Returns the request id of the event that was queued. Only where `can_fire`."""
        raise InvalidParameterValueException(f"A {self.title.lower()} cannot be fired by hand.")


def qualifier_choices(function: Function, *, versions: bool = True) -> tuple[tuple[str, str], ...]:
    """The function itself, its aliases and, the newest first, its versions."""
    aliases = [(alias.name, f"Alias {alias.name}") for alias in function.aliases.all()]
    numbers = (
        function.versions.exclude(number=0).order_by("-number").values_list("number", flat=True) if versions else []
    )
    return (("", "$LATEST"), *aliases, *((label, f"Version {label}") for label in map(version.label, numbers)))
