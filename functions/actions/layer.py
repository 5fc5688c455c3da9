"""Publishing and deleting versions of layers, and who else may use them.

A version never changes, and its number is never given again.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.db import transaction

from functions import lookup
from functions.access.caller import Caller
from functions.actions import policy_document
from functions.actions.base import change
from functions.actions.version import check_storage
from functions.code import store
from functions.code.sources import Artifact
from functions.layer_arn import LayerReference
from functions.models import Layer, LayerVersion, Package


def publish(
    caller: Caller,
    reference: LayerReference,
    artifact: Artifact,
    *,
    description: str = "",
    license_info: str = "",
    runtimes: Sequence[str] | None = None,
    architectures: Sequence[str] | None = None,
) -> LayerVersion:
    """A new version, whatever the versions before it hold."""
    with store.holding():
        package = store.add_zip(artifact.data, artifact.limit)
        check_storage(reference.account_id, reference.region, 0 if artifact.s3_object else package.size)
        with change(caller, "PublishLayerVersion", reference.layer_arn, package=package.sha256) as detail:
            Package.objects.bulk_create([package], ignore_conflicts=True)
            names = {"account_id": reference.account_id, "region": reference.region, "name": reference.name}
            Layer.objects.bulk_create([Layer(**names)], ignore_conflicts=True)
            layer = Layer.objects.select_for_update(no_key=True).get(**names)
            version = LayerVersion.objects.create(
                layer=layer,
                number=layer.next_version,
                package=package,
                s3_object=artifact.s3_object,
                description=description,
                license_info=license_info,
                compatible_runtimes=None if runtimes is None else list(runtimes),
                compatible_architectures=None if architectures is None else list(architectures),
                created_by=caller.user_name,
            )
            layer.next_version += 1
            layer.save(update_fields=["next_version"])
            detail["version"] = version.number
            return version


def delete(caller: Caller, reference: LayerReference) -> None:
    """No function can choose it any more; those that have it keep it. One that is not there is no error."""
    with change(caller, "DeleteLayerVersion", reference.arn) as detail:
        version = lookup.layer_version(reference)
        if version is None:
            detail["unchanged"] = True
            return
        detail["package"] = version.package_id
        version.delete()
        transaction.on_commit(lambda: store.release(version.package_id))


def add_permission(
    caller: Caller,
    reference: LayerReference,
    *,
    sid: str,
    action: str,
    principal: str,
    organization_id: str | None = None,
    revision_id: str | None = None,
) -> tuple[LayerVersion, dict[str, Any]]:
    """Let another account, or everybody, use a version. The version with its new policy, and the statement."""
    condition = {"StringEquals": {"aws:PrincipalOrgID": organization_id}} if organization_id else None
    with change(caller, "AddLayerVersionPermission", reference.arn, statement=sid, principal=principal):
        version = _with_policy(reference, revision_id)
        statement = policy_document.statement(sid, action, principal, version.arn, condition)
        _keep(version, policy_document.added(version.policy, statement))
        return version, statement


def remove_permission(caller: Caller, reference: LayerReference, sid: str, *, revision_id: str | None = None) -> None:
    with change(caller, "RemoveLayerVersionPermission", reference.arn, statement=sid):
        version = _with_policy(reference, revision_id)
        _keep(version, policy_document.without(version.policy, sid))


def _with_policy(reference: LayerReference, revision_id: str | None) -> LayerVersion:
    version = lookup.layer_version(reference, lock=True)
    if version is None:
        raise lookup.layer_version_not_found(reference)
    policy_document.check_revision(revision_id, version.policy_revision, "GetLayerPolicy")
    return version


def _keep(version: LayerVersion, statements: Sequence[Mapping[str, Any]]) -> None:
    policy_document.text(policy_document.document(statements))  # not too long
    version.policy = list(statements)
    version.policy_revision = uuid4()
    version.save(update_fields=["policy", "policy_revision"])
