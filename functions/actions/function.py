"""Creating, changing and deleting functions.

A change is whole when its action returns: the package was checked and unpacked before the transaction began, and the
transaction leaves the row `Active` and `Successful`. Nothing is left half-way for a worker to finish, so a killed
process cannot leave a function pending; but for container images, which are fetched afterwards (`image.py`).
(The API still answers a create with `Pending` and an update with `InProgress`, as AWS does: that is the state in which
the request was accepted.)
"""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from functions import egress, lookup
from functions.access.caller import Caller
from functions.actions import (
    capacity_provider,
    code_reference,
    code_signing_config,
    configuration,
    function_layers,
    image,
    runtime_management,
)
from functions.actions.base import change, deployed
from functions.actions.tags import check_count
from functions.actions.updating import alone
from functions.actions.version import check_storage, snapshot
from functions.arn import FunctionReference
from functions.code import store
from functions.code.images.fetch import Found
from functions.code.sources import Artifact
from functions.errors import InvalidParameterValueException, ResourceConflictException
from functions.invoke import attendant
from functions.limits import limits
from functions.models import LATEST, Function, FunctionVersion, Package

# A zip, as it came or with where from; a container image; or files by path, laid over the present ones when there are
# any (None removes one).
Code = bytes | Artifact | Found | Mapping[str, bytes | None]


def create(
    caller: Caller,
    reference: FunctionReference,
    members: Mapping[str, Any],
    code: Code,
    *,
    tags: Mapping[str, str] | None = None,
    publish: bool = False,
    publish_to: str | None = None,
) -> FunctionVersion:
    """A new function. `members` are those of CreateFunction, in the model's spelling.

    The version: `$LATEST`, or what was published of it.
    """
    _check_name(reference)
    if isinstance(code, Found):
        image.check_new(members)
    elif not members.get("Runtime") or not members.get("Handler"):
        raise InvalidParameterValueException(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
            field="Handler" if members.get("Runtime") else "Runtime",
        )
    else:
        _check_package(members)
    check_count(tags or {})
    egress.check(tags or {})
    configuration.check(caller, members)
    signing = code_signing_config.chosen(caller, members.get("CodeSigningConfigArn"))
    trust = code_signing_config.check(signing)
    rows = Function.objects.filter(account_id=reference.account_id, region=reference.region, name=reference.name)
    if rows.exists():
        raise _exists(reference)
    with store.holding():
        layers = function_layers.choose(caller, members.get("Layers") or [])
        package = _package(code)
        check_storage(reference.account_id, reference.region, _stored(code, package))
        function_layers.check_size(package, layers.layers)
        try:
            with change(caller, "CreateFunction", reference.function_arn, package=package.sha256, **trust) as detail:
                _save(package)
                function = Function.objects.create(
                    account_id=reference.account_id,
                    region=reference.region,
                    name=reference.name,
                    tags=dict(tags or {}),
                    code_signing_config=signing,
                    last_deployed_at=timezone.now(),
                    last_deployed_by=caller.user_name,
                    last_deploy=Function.Deploy.CREATED,
                )
                latest = FunctionVersion(
                    function=function,
                    package=package,
                    directory=_directory(code),
                    s3_object=_s3_object(code),
                    architectures=["x86_64"],
                )
                if isinstance(code, Found):
                    image.put(latest, code)
                configuration.apply(latest, members)
                configuration.apply_source_key(latest, (members.get("Code") or {}).get("SourceKMSKeyArn"))
                layers.put(latest)
                _stamp(caller, latest)
                latest.save(force_insert=True)
                _announce(reference)
                return _published(caller, latest, detail, publish_to) if publish else latest
        except IntegrityError:
            if rows.exists():  # somebody else was faster
                raise _exists(reference) from None
            raise


@alone
def update_code(
    caller: Caller,
    reference: FunctionReference,
    code: Code,
    *,
    architectures: list[str] | None = None,
    source_kms_key: str | None = None,
    publish: bool = False,
    publish_to: str | None = None,
    dry_run: bool = False,
    revision_id: str | None = None,
) -> FunctionVersion:
    """New code for `$LATEST`. Files (not a zip) are laid over those that are there.

    Raises ResourceConflictException when somebody else changed the code while files were being laid over it.
    """
    reference = reference.unqualified()
    before = lookup.version(reference)
    lookup.check_revision(before, revision_id)
    image.check_kind(before, isinstance(code, Found))
    image.check_settled(before)
    trust = code_signing_config.check(before.function.code_signing_config)
    with store.holding():
        package = _package(code, before.package_id)
        more = _stored(code, package) - before.stored_bytes
        check_storage(reference.account_id, reference.region, more)
        function_layers.check_size(package, before.layers)
        if dry_run:
            before.package = package
            before.architectures = list(architectures or before.architectures)
            return before
        with change(caller, "UpdateFunctionCode", reference.function_arn, package=package.sha256, **trust) as detail:
            latest = lookup.locked_latest(reference)
            lookup.check_revision(latest, revision_id)
            image.check_settled(latest)
            old = latest.package_id
            detail["from"] = old
            if old != before.package_id and isinstance(code, Mapping):
                raise ResourceConflictException(
                    "The operation cannot be performed at this time. An update is in progress for resource: "
                    + reference.function_arn
                )
            function_layers.check_size(package, latest.layers)
            _save(package)
            if isinstance(code, Found):
                image.put(latest, code)
            else:
                code_reference.activate(latest)
            latest.package, latest.directory, latest.s3_object = package, _directory(code), _s3_object(code)
            configuration.apply_source_key(latest, source_kms_key)
            if architectures:
                latest.architectures = list(architectures)
            if latest.capacity_provider:  # which may be of one architecture
                capacity_provider.bind(latest, latest.extras["CapacityProviderConfig"])
            _stamp(caller, latest)
            latest.save()
            deployed(caller, latest.function, Function.Deploy.CODE)
            transaction.on_commit(lambda: store.release(old))
            _announce(reference)
            return _published(caller, latest, detail, publish_to) if publish else latest


@alone
def update_configuration(
    caller: Caller, reference: FunctionReference, members: Mapping[str, Any], *, revision_id: str | None = None
) -> FunctionVersion:
    """New configuration for `$LATEST`. `members` are those of UpdateFunctionConfiguration; absent ones stay."""
    reference = reference.unqualified()
    current = lookup.version(reference)
    lookup.check_revision(current, revision_id)
    if current.image is not None:
        image.check_changes(current, members)
    else:
        _check_package(members)
    configuration.check(caller, members)
    trust = code_signing_config.check(current.function.code_signing_config) if members.get("Layers") else {}
    changed = sorted(member for member in members if member not in ("FunctionName", "RevisionId"))
    with store.holding():
        chosen = members.get("Layers")
        layers = None if chosen is None else function_layers.choose(caller, chosen)
        with change(caller, "UpdateFunctionConfiguration", reference.function_arn, changed=changed, **trust) as detail:
            latest = lookup.locked_latest(reference)
            lookup.check_revision(latest, revision_id)
            image.check_settled(latest)
            code_reference.restore(latest)
            before = configuration.plain(latest)
            configuration.apply(latest, members)
            if layers is not None:
                old = latest.layer_tree
                layers.put(latest)
                function_layers.check_size(latest.package, latest.layers)
                transaction.on_commit(lambda: store.release(old))
            after = configuration.plain(latest)
            detail["from"] = {member: value for member, value in before.items() if after[member] != value}
            detail["to"] = {member: after[member] for member in detail["from"]}
            _stamp(caller, latest)
            latest.save()
            deployed(caller, latest.function, Function.Deploy.CONFIGURATION)
            _announce(reference)
    return latest


def delete(caller: Caller, reference: FunctionReference) -> None:
    """The function with all its versions, aliases and URLs."""
    with change(caller, "DeleteFunction", reference.function_arn):
        function = lookup.function(reference, lock=True)
        used = [name for names in function.versions.values_list("package_id", "layer_tree") for name in names]
        function.delete()
        transaction.on_commit(lambda: store.release(*used))


def _announce(reference: FunctionReference) -> None:
    """After the commit, let all web processes read what the first call of it needs."""
    transaction.on_commit(lambda: attendant.announce(reference))


def _check_name(reference: FunctionReference) -> None:
    longest = limits().name_length
    if len(reference.name) > longest:
        raise InvalidParameterValueException(
            f"1 validation error detected: Value '{reference.name}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {longest}",
            field="FunctionName",
        )
    if reference.qualifier and reference.qualifier != LATEST:
        raise InvalidParameterValueException(
            "A function is created without a version or alias in its name.", field="FunctionName"
        )


def _check_package(members: Mapping[str, Any]) -> None:
    if members.get("ImageConfig"):
        raise InvalidParameterValueException(
            "Please don't provide ImageConfig when the intended function PackageType is Zip.", field="ImageConfig"
        )


def _exists(reference: FunctionReference) -> ResourceConflictException:
    return ResourceConflictException(f"Function already exist: {reference.name}", field="FunctionName")


def _package(code: Code, base: str = "") -> Package:
    if isinstance(code, Found):
        return image.package(code)
    if isinstance(code, Artifact):
        return store.add_zip(code.data, code.limit)
    if isinstance(code, bytes):
        return store.add_zip(code)
    if base:
        return store.edited(base, code)
    return store.add_files({path: content for path, content in code.items() if content is not None})


def _directory(code: Code) -> str:
    return code.directory if isinstance(code, Artifact) else ""


def _s3_object(code: Code) -> dict[str, str] | None:
    return code.s3_object if isinstance(code, Artifact) else None


def _stored(code: Code, package: Package) -> int:
    """What it takes of the account's code storage."""
    return 0 if isinstance(code, Found) or _s3_object(code) else package.size


def _save(package: Package) -> None:
    Package.objects.bulk_create([package], ignore_conflicts=True)


def _published(
    caller: Caller, latest: FunctionVersion, detail: dict[str, Any], publish_to: str | None
) -> FunctionVersion:
    version = snapshot(caller, latest, publish_to=publish_to)
    detail["version"] = version.label
    return version


def _stamp(caller: Caller, latest: FunctionVersion) -> None:
    """Every update gives a new revision, even one that changes nothing."""
    latest.revision_id = uuid4()
    latest.last_modified = timezone.now()
    latest.modified_by = caller.user_name
    runtime_management.hold(latest)
