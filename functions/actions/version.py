"""Publishing and deleting versions. A published version never changes, and its number is never given again.

A function on a capacity provider may have `$LATEST.PUBLISHED` too, which each publishing to it replaces.
Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-version-publishing.html
"""

import copy
from pathlib import Path
from uuid import uuid4

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from functions import lookup
from functions.access.caller import Caller
from functions.actions import image
from functions.actions.base import change, deployed
from functions.actions.configuration import fingerprint
from functions.arn import FunctionReference
from functions.code import live, store
from functions.errors import (
    CodeStorageExceededException,
    InvalidParameterValueException,
    ResourceConflictException,
)
from functions.limits import limits
from functions.models import LATEST_PUBLISHED, PUBLISHED, Function, FunctionVersion, LayerVersion, Package
from functions.names import code_sha256


def publish(
    caller: Caller,
    reference: FunctionReference,
    *,
    description: str | None = None,
    expected_sha256: str | None = None,
    revision_id: str | None = None,
    publish_to: str | None = None,
) -> FunctionVersion:
    """A version of what `$LATEST` is now; the newest version again when nothing has changed since.

    `publish_to`: LATEST_PUBLISHED, or None for a number.
    """
    reference = reference.unqualified()
    with store.holding():
        copied = _copy(lookup.version(reference)) if live.allowed() else None
        with change(caller, "PublishVersion", reference.function_arn) as detail:
            latest = lookup.locked_latest(reference)
            lookup.check_revision(latest, revision_id)
            image.check_settled(latest)
            if copied is not None and latest.directory:
                _put(latest, copied)
            current = code_sha256(latest.package)
            if expected_sha256 and expected_sha256 != current:
                raise InvalidParameterValueException(
                    f"CodeSHA256 ({expected_sha256}) is different from current CodeSHA256 in $LATEST ({current}). "
                    "Please try again with the CodeSHA256 in $LATEST.",
                    field="CodeSha256",
                )
            draft = latest.revision_id
            version = snapshot(caller, latest, description, publish_to)
            detail.update(version=version.label, description=version.description, package=version.package_id)
            if latest.revision_id != draft:
                deployed(caller, latest.function, Function.Deploy.VERSION)
            else:
                detail["unchanged"] = True
            return version


def snapshot(
    caller: Caller, latest: FunctionVersion, description: str | None = None, publish_to: str | None = None
) -> FunctionVersion:
    """The publishing itself, for a `$LATEST` whose function is locked."""
    function = latest.function
    if publish_to and not latest.capacity_provider:
        raise InvalidParameterValueException(
            f"{LATEST_PUBLISHED} is for functions with a capacity provider.", field="PublishTo"
        )
    content = fingerprint(latest)
    newest = _newest(function, publish_to)
    if newest is not None and newest.fingerprint == content:
        newest.function = function
        return newest
    check_storage(function.account_id, function.region, latest.stored_bytes)
    published = copy.copy(latest)
    published.pk = newest.pk if newest and publish_to else None
    published._state = copy.copy(latest._state)
    published._state.adding = published.pk is None
    published.number = PUBLISHED if publish_to else function.next_version
    published.fingerprint = content
    published.directory = ""
    image.publish(published)
    published.revision_id = uuid4()
    published.last_modified = timezone.now()
    published.modified_by = caller.user_name
    if description is not None:
        published.description = description
    published.save()
    if not publish_to:
        function.next_version += 1
        function.save(update_fields=["next_version"])
    elif newest is not None:
        old = (newest.package_id, newest.layer_tree)
        transaction.on_commit(lambda: store.release(*old))
    latest.revision_id = uuid4()
    latest.save(update_fields=["revision_id"])
    return published


def _copy(latest: FunctionVersion) -> Package | None:
    """Of a function with hot reload: its directory as it is now."""
    if not latest.directory or not Path(latest.directory).is_dir():
        return None
    return store.add_zip(live.pack(live.directory(latest.directory)), limits().unzipped_bytes)


def _put(latest: FunctionVersion, package: Package) -> None:
    old = latest.package_id
    if package.sha256 != old:
        Package.objects.bulk_create([package], ignore_conflicts=True)
        latest.package = package
        latest.save(update_fields=["package"])
        transaction.on_commit(lambda: store.release(old))


def delete(caller: Caller, reference: FunctionReference) -> None:
    """Delete one published version; one that is not there is no error, as with AWS."""
    if reference.qualifier == "$LATEST":
        raise InvalidParameterValueException(
            "$LATEST version cannot be deleted without deleting the function.", field="Qualifier"
        )
    if reference.qualifier and not reference.qualifier.isdigit() and not reference.qualifier.startswith("$"):
        raise InvalidParameterValueException("Deletion of aliases is not currently supported.", field="Qualifier")
    with change(caller, "DeleteFunction", reference.arn) as detail:
        function = lookup.function(reference, lock=True)
        number = lookup.version_number(reference.qualifier)
        version = function.versions.filter(number=number).first() if number else None
        if version is None:
            detail["unchanged"] = True
            return
        if names := _aliases_of(function, version):
            raise ResourceConflictException(
                f"Unable to delete version because the following aliases reference it: [{', '.join(names)}]",
                field="Qualifier",
            )
        detail.update(version=version.label, description=version.description, package=version.package_id)
        version.delete()
        function.event_invoke_configs.filter(qualifier=version.label).delete()
        function.policies.filter(qualifier=version.label).delete()
        function.provisioned.filter(qualifier=version.label).delete()
        function.scaling_configs.filter(qualifier=version.label).delete()
        transaction.on_commit(lambda: store.release(version.package_id, version.layer_tree))


def check_storage(account_id: str, region: str, more: int) -> None:
    """Refuse code beyond the account's share of the store.

    Called before a transaction where possible: the sum takes a while (20,000 versions: 15 ms), other writers would wait
    for it, and the limit is none to defend to the byte.
    """
    if storage_used(account_id, region) + more > limits().storage_bytes:
        raise CodeStorageExceededException("Code storage limit exceeded.", field="ZipFile")


def storage_used(account_id: str, region: str) -> int:
    """Bytes of the packages of all versions of functions and layers, as AWS counts them: each version its own, and
    none that stays in S3."""
    functions = FunctionVersion.objects.filter(function__account_id=account_id, function__region=region)
    layers = LayerVersion.objects.filter(layer__account_id=account_id, layer__region=region)
    functions = functions.filter(image__isnull=True)
    copied = (rows.filter(s3_object__isnull=True) for rows in (functions, layers))
    return sum(rows.aggregate(total=Sum("package__size"))["total"] or 0 for rows in copied)


def _newest(function: Function, publish_to: str | None) -> FunctionVersion | None:
    """The version that a publishing gives again when nothing has changed since it."""
    rows = function.versions.select_related("package")
    if publish_to:
        return rows.filter(number=PUBLISHED).first()
    return rows.filter(number__gt=0, number__lt=PUBLISHED).order_by("-number").first()


def _aliases_of(function: Function, version: FunctionVersion) -> list[str]:
    aliases = function.aliases.all()
    return [alias.name for alias in aliases if version.label == alias.version or version.label in alias.routing]
