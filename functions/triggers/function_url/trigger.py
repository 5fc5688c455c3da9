"""Function URLs, as a kind of trigger. The id of one is its qualifier, `$LATEST` for the function's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from functions import names
from functions.access.caller import Caller
from functions.actions import function_url as actions
from functions.actions import resource_policy
from functions.arn import FunctionReference
from functions.errors import ResourceNotFoundException, ValidationException
from functions.models import LATEST, Function, FunctionUrl
from functions.triggers.base import Field, FieldKind, Outcome, Row, Trigger, qualifier_choices
from monitoring.models import Invocation
from monitoring.report import Outcome as InvocationOutcome

# The last call of a URL is looked for among this many invocations.
RECENT = 500


class FunctionUrlTrigger(Trigger):
    kind = "function_url"
    title = "Function URL"
    icon = "link"
    has_operations = True
    read_operations = "GetFunctionUrlConfig,DeleteFunctionUrlConfig"
    summary = "Gives the function an HTTP address of its own."

    def rows_of(self, functions: Sequence[Function]) -> dict[int, list[Row]]:
        found: dict[int, list[Row]] = {function.pk: [] for function in functions}
        urls = list(
            FunctionUrl.objects.select_related("function").filter(function__in=list(found)).order_by("qualifier")
        )
        calls = _last_calls(functions) if urls else {}
        for url in urls:
            found[url.function_id].append(_row(url, calls.get((url.function.name, url.qualifier))))
        return found

    def having(self) -> Exists:
        return Exists(FunctionUrl.objects.filter(function=OuterRef("pk")))

    def fields(self, function: Function) -> list[Field]:
        return [
            Field(
                "Qualifier", "Invoke", FieldKind.SELECT, choices=qualifier_choices(function, versions=False), fixed=True
            ),
            Field(
                "AuthType",
                "Who may call it",
                FieldKind.SELECT,
                required=True,
                choices=tuple((value, str(label)) for value, label in FunctionUrl.AuthType.choices),
                initial=FunctionUrl.AuthType.AWS_IAM.value,
            ),
        ]

    def create(self, caller: Caller, reference: FunctionReference, values: Mapping[str, Any]) -> str:
        qualifier = values.get("Qualifier") or ""
        auth_type = _auth_type(values) or FunctionUrl.AuthType.AWS_IAM
        try:
            with transaction.atomic():
                url = actions.create(caller, _target(reference, qualifier), auth_type=auth_type)
                _let_in(caller, url, _target(reference, qualifier))
        except ResourceNotFoundException:
            raise ResourceNotFoundException(f"There is no alias {qualifier}.", field="Qualifier") from None
        return url.qualifier or LATEST

    def operations(
        self, reference: FunctionReference, values: Mapping[str, Any], id: str = ""
    ) -> list[tuple[str, dict[str, Any]]]:
        target = _target(reference, id or values.get("Qualifier") or "")
        which = {"FunctionName": target.name, "Qualifier": target.qualifier}
        wanted = values.get("AuthType") or None
        saved = "UpdateFunctionUrlConfig" if id else "CreateFunctionUrlConfig"
        lacking = actions.to_be_public(target) if wanted == FunctionUrl.AuthType.NONE else []
        return [
            (saved, {**which, "AuthType": wanted}),
            *(("AddPermission", {**which, **permission}) for permission in lacking),
        ]

    def update(self, caller: Caller, reference: FunctionReference, id: str, values: Mapping[str, Any]) -> None:
        with transaction.atomic():
            url = actions.update(caller, _target(reference, id), auth_type=_auth_type(values))
            _let_in(caller, url, _target(reference, id))

    def delete(self, caller: Caller, reference: FunctionReference, id: str) -> None:
        actions.delete(caller, _target(reference, id))


def _let_in(caller: Caller, url: FunctionUrl, target: FunctionReference) -> None:
    """Everybody, if the URL is public: as AWS's console does."""
    for permission in actions.to_be_public(target) if url.auth_type == FunctionUrl.AuthType.NONE else ():
        resource_policy.add(caller, target, permission)


def _row(url: FunctionUrl, call: Invocation | None) -> Row:
    outcome = Outcome.NONE
    if call is not None:
        outcome = Outcome.OK if call.outcome == InvocationOutcome.SUCCESS else Outcome.ERROR
    return Row(
        kind=FunctionUrlTrigger.kind,
        id=url.qualifier or LATEST,
        title=f"Function URL of {url.qualifier}" if url.qualifier else "Function URL",
        detail=str(FunctionUrl.AuthType(url.auth_type).label) + (", CORS" if url.cors else ""),
        qualifier=url.qualifier,
        address=names.function_url(url),
        last_outcome=outcome,
        last_text="" if call is None else call.error_type or "Succeeded",
        last_at=None if call is None else call.started_at,
        last_request_id="" if call is None else str(call.request_id),
        values={"Qualifier": url.qualifier, "AuthType": url.auth_type},
    )


def _last_calls(functions: Sequence[Function]) -> dict[tuple[str, str], Invocation]:
    """By name and qualifier. Of one function's last invocations, or of the account's."""
    rows = Invocation.objects.filter(account_id=functions[0].account_id, region=functions[0].region)
    if len(functions) == 1:
        rows = rows.filter(function_name=functions[0].name)
    shown = ("request_id", "function_name", "qualifier", "source", "started_at", "outcome", "error_type")
    calls: dict[tuple[str, str], Invocation] = {}
    for row in rows.only(*shown).order_by("-started_at")[:RECENT]:
        if row.source == "url":
            calls.setdefault((row.function_name, row.qualifier), row)
    return calls


def _auth_type(values: Mapping[str, Any]) -> str | None:
    given = values.get("AuthType")
    if given is not None and given not in FunctionUrl.AuthType.values:
        raise ValidationException(
            f"1 validation error detected: Value '{given}' at 'authType' failed to satisfy constraint: Member must "
            f"satisfy enum value set: [{', '.join(FunctionUrl.AuthType.values)}]",
            field="AuthType",
        )
    return given


def _target(reference: FunctionReference, qualifier: str) -> FunctionReference:
    named = None if qualifier in ("", LATEST) else qualifier
    return FunctionReference(reference.account_id, reference.region, reference.name, named)


TRIGGER = FunctionUrlTrigger()
