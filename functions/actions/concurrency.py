"""Reserved concurrency of a function."""

from functions import lookup, reservations
from functions.access.caller import Caller
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import InvalidParameterValueException, ResourceNotFoundException
from functions.limits import minimum_unreserved
from functions.models import Account, AuditEntry, Function


def reserve(caller: Caller, reference: FunctionReference, reserved: int) -> None:
    """Reserve, for this function alone, a part of the account's concurrency. 0 stops the function."""
    reference = reference.unqualified()
    with change(caller, "PutFunctionConcurrency", reference.function_arn, reserved=reserved):
        # Reservations of one account are decided one after the other, or two could take the same share.
        Account.objects.select_for_update(no_key=True).filter(pk=reference.account_id).first()
        try:
            function = lookup.function(reference, lock=True)
        except ResourceNotFoundException:
            raise lookup.not_found(reference.qualified("$LATEST")) from None
        ahead = sum(function.provisioned.values_list("requested", flat=True))
        if 0 < reserved < ahead:  # 0 stops the function, whatever it has
            raise InvalidParameterValueException(
                f" ReservedConcurrentExecutions  {reserved} should not be lower than function's total provisioned "
                f"concurrency [{ahead}].",
                field="ReservedConcurrentExecutions",
                Type=None,
            )
        rest = reservations.unreserved(reference.account_id, reference.region, but=function) - reserved
        check_rest(rest, "ReservedConcurrentExecutions")
        function.reserved_concurrency = reserved
        function.save(update_fields=["reserved_concurrency"])


def release(caller: Caller, reference: FunctionReference) -> None:
    """Give the function's reservation back to the account; without one this is no error."""
    reference = reference.unqualified()
    with change(caller, "DeleteFunctionConcurrency", reference.function_arn):
        function = lookup.function(reference, lock=True)
        function.reserved_concurrency = None
        function.save(update_fields=["reserved_concurrency"])


def before_throttle(function: Function) -> int | None:
    """What was reserved before 0 was: what to go back to. None for no reservation."""
    rows = AuditEntry.objects.filter(
        account_id=function.account_id,
        resource=function.arn,
        action__in=("PutFunctionConcurrency", "DeleteFunctionConcurrency"),
        at__gte=function.created_at,
    )
    found = (row.detail.get("reserved") for row in rows.order_by("-at", "-id").iterator(chunk_size=20))
    return next((reserved for reserved in found if reserved != 0), None)


def check_rest(rest: int, asked: str, field: str = "") -> None:
    """Refuse what leaves too little of the account's concurrency to all functions. `asked`: its name there."""
    least = minimum_unreserved()
    if rest < least:
        raise InvalidParameterValueException(
            f"Specified {asked} for function decreases account's UnreservedConcurrentExecution below its minimum value "
            f"of [{least}].",
            field=field or asked,
            Type=None,
        )
