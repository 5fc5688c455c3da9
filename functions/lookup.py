"""Finding what a reference names, or AWS's error when it is not there."""

from functions.arn import FunctionReference
from functions.errors import PreconditionFailedException, ResourceNotFoundException
from functions.layer_arn import LayerReference
from functions.models import LATEST, LATEST_PUBLISHED, PUBLISHED, Alias, Function, FunctionVersion, LayerVersion

STALE = (
    "The Revision Id provided does not match the latest Revision Id. "
    "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
)


def not_found(arn: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Function not found: {arn}", field="FunctionName")


def version_number(qualifier: str | None) -> int | None:
    """The row number a qualifier means: 0 for none and `$LATEST`; None for an alias, or digits that are no number."""
    if not qualifier or qualifier == LATEST:
        return 0
    if qualifier == LATEST_PUBLISHED:
        return PUBLISHED
    return int(qualifier) if qualifier.isdigit() and qualifier[0] != "0" and len(qualifier) < 10 else None


def function(reference: FunctionReference, *, lock: bool = False) -> Function:
    """The function. `lock` makes other changes to it wait for the end of this transaction."""
    rows = Function.objects.select_for_update(no_key=True) if lock else Function.objects.all()
    found = rows.filter(account_id=reference.account_id, region=reference.region, name=reference.name).first()
    if found is None:
        raise not_found(reference.function_arn)
    return found


def version(reference: FunctionReference) -> FunctionVersion:
    """The version that the qualifier means (an alias: its main one), with its function and package loaded."""
    number = version_number(reference.qualifier)
    rows = FunctionVersion.objects.select_related("function", "package").filter(
        function__account_id=reference.account_id,
        function__region=reference.region,
        function__name=reference.name,
    )
    if number is None:
        found = alias(reference)
        number = version_number(found.version) if found else None
    row = None if number is None else rows.filter(number=number).first()
    if row is None:
        raise not_found(reference.arn)
    return row


def alias(reference: FunctionReference) -> Alias | None:
    """The alias that the qualifier names."""
    return (
        Alias.objects.select_related("function")
        .filter(
            function__account_id=reference.account_id,
            function__region=reference.region,
            function__name=reference.name,
            name=reference.qualifier or "",
        )
        .first()
    )


def locked_latest(reference: FunctionReference) -> FunctionVersion:
    """`$LATEST` of a function that is locked until the end of this transaction: the start of most changes."""
    owner = function(reference, lock=True)
    latest = owner.versions.select_related("package").get(number=0)
    latest.function = owner
    return latest


def layer_version(reference: LayerReference, *, lock: bool = False) -> LayerVersion | None:
    """The version of a layer, with its layer and package loaded."""
    rows = LayerVersion.objects.select_for_update(of=("self",)) if lock else LayerVersion.objects.all()
    return (
        rows.select_related("layer", "package")
        .filter(
            layer__account_id=reference.account_id,
            layer__region=reference.region,
            layer__name=reference.name,
            number=reference.number,
        )
        .first()
    )


def layer_version_not_found(reference: LayerReference) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"Layer version {reference.arn} does not exist.", field="VersionNumber")


def check_revision(row: FunctionVersion | Alias, revision_id: str | None) -> None:
    """Refuse a change that was made from an older state: optimistic locking."""
    if revision_id and revision_id != str(row.revision_id):
        raise PreconditionFailedException(STALE)
