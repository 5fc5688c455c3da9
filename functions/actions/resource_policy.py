"""Resource-based policies of functions, versions and aliases: each has its own, with a revision of its own.

Source: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from functions import lookup
from functions.access.caller import Caller
from functions.access.evaluation import compiled
from functions.access.public import is_public
from functions.access.resource_document import checked
from functions.access.resource_policies import supports
from functions.actions import policy_document
from functions.actions.base import change
from functions.arn import FunctionReference
from functions.errors import InvalidParameterValueException, PublicPolicyException, ResourceNotFoundException
from functions.models import LATEST, Function, Membership, ResourcePolicy, Role

# Members of a permission, and the condition that each becomes.
CONDITIONS = {
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}
ALIAS = re.compile(r"[a-zA-Z0-9-_]+")
NAMED_IDENTITY = re.compile(r"arn:aws:iam::(\d{12}):(user|role)/(?:.*/)?([^/]+)")


def add(
    caller: Caller, reference: FunctionReference, permission: Mapping[str, Any], *, revision_id: str | None = None
) -> policy_document.Statement:
    """A statement that allows one action. `permission`: the members of AddPermission, as the model spells them."""
    _refuse_latest(reference)
    new = _statement(permission, reference.arn)
    with change(caller, "AddPermission", reference.arn, statement=new):
        function = lookup.function(reference, lock=True)
        own_revision = _revision_of(function, reference)
        policy = function.policies.filter(qualifier=reference.qualifier or "").first()
        policy_document.check_revision(revision_id, policy.revision_id if policy else own_revision)
        document = _document(policy)
        _refuse_public([new])
        _save(function, reference, {**document, "Statement": policy_document.added(document["Statement"], new)}, policy)
    return new


def remove(caller: Caller, reference: FunctionReference, sid: str, *, revision_id: str | None = None) -> None:
    """The policy goes with its last statement."""
    with change(caller, "RemovePermission", reference.arn, sid=sid) as detail:
        try:
            function = lookup.function(reference, lock=True)
        except ResourceNotFoundException:
            raise ResourceNotFoundException(
                f"No policy found for: {reference.function_arn}", field="FunctionName"
            ) from None
        policy = _existing(function, reference)
        document = _document(policy)
        rest = policy_document.without(document["Statement"], sid)
        policy_document.check_revision(revision_id, policy.revision_id)
        detail["statement"] = next(each for each in document["Statement"] if each not in rest)
        if rest:
            _save(function, reference, {**document, "Statement": rest}, policy)
        else:
            policy.delete()


def put(
    caller: Caller, reference: FunctionReference, document: str, *, revision_id: str | None = None
) -> ResourcePolicy:
    """The whole policy, in place of the one there was."""
    _refuse_latest(reference)
    with change(caller, "PutResourcePolicy", reference.arn) as detail:
        function = lookup.function(reference, lock=True)
        _revision_of(function, reference)
        wanted = checked(document, function.arn)
        _refuse_public(wanted["Statement"])
        policy = function.policies.filter(qualifier=reference.qualifier or "").first()
        policy_document.check_revision(revision_id, policy.revision_id if policy else None, "GetResourcePolicy")
        detail.update({"from": policy and _document(policy), "to": wanted})
        return _save(function, reference, wanted, policy)


def delete(caller: Caller, reference: FunctionReference, *, revision_id: str | None = None) -> None:
    with change(caller, "DeleteResourcePolicy", reference.arn) as detail:
        policy = _existing(lookup.function(reference, lock=True), reference)
        policy_document.check_revision(revision_id, policy.revision_id, "GetResourcePolicy")
        detail["from"] = _document(policy)
        policy.delete()


def find(reference: FunctionReference) -> ResourcePolicy:
    """Of exactly this function, version or alias. A missing function and a missing policy are the same error."""
    policy = ResourcePolicy.objects.filter(
        function__account_id=reference.account_id,
        function__region=reference.region,
        function__name=reference.name,
        qualifier=reference.qualifier or "",
    ).first()
    if policy is None:
        raise ResourceNotFoundException("The resource you requested does not exist.", field="FunctionName")
    return policy


def statement_ids(reference: FunctionReference) -> set[str]:
    """Of the policy; none when there is no policy."""
    try:
        policy = find(reference)
    except ResourceNotFoundException:
        return set()
    return {statement.get("Sid", "") for statement in _document(policy)["Statement"]}


def _statement(permission: Mapping[str, Any], resource: str) -> dict[str, Any]:
    action = permission["Action"]
    if not supports(action):
        raise InvalidParameterValueException(
            f"The action {action} does not support resource-based policies.", field="Action"
        )
    if permission.get("FunctionUrlAuthType") and action != "lambda:InvokeFunctionUrl":
        raise InvalidParameterValueException(
            "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action", field="FunctionUrlAuthType"
        )
    if permission.get("EventSourceToken") and (permission.get("SourceArn") or permission.get("SourceAccount")):
        raise InvalidParameterValueException(
            "EventSourceToken cannot be used together with SourceArn or SourceAccount.", field="EventSourceToken"
        )
    condition: dict[str, dict[str, str]] = {}
    for member, (operator, key) in CONDITIONS.items():
        value = permission.get(member)
        if value is not None:
            condition.setdefault(operator, {})[key] = str(value).lower() if isinstance(value, bool) else value
    _check_known(permission["Principal"])
    return policy_document.statement(
        permission["StatementId"], action, permission["Principal"], resource, condition or None
    )


def _check_known(principal: str) -> None:
    """A user or role of an account that is here must be here, too."""
    named = NAMED_IDENTITY.fullmatch(principal)
    if named is None:
        return
    account_id, kind, name = named.groups()
    if kind == "role":
        found = Role.objects.filter(account_id=account_id, name=name).exists()
    else:
        found = Membership.objects.filter(account_id=account_id, user__username=name).exists()
    if not found and Membership.objects.filter(account_id=account_id).exists():
        raise policy_document.invalid_principal()


def _revision_of(function: Function, reference: FunctionReference) -> UUID:
    """The revision of what the policy is for: it counts while there is no policy. Raises ResourceNotFoundException."""
    number = lookup.version_number(reference.qualifier)
    if number is not None:
        version = function.versions.filter(number=number).only("revision_id").first()
        if version is not None:
            return version.revision_id
    elif reference.qualifier and ALIAS.fullmatch(reference.qualifier) and not reference.qualifier.isdigit():
        alias = function.aliases.filter(name=reference.qualifier).first()
        if alias is None:
            raise ResourceNotFoundException(f"Cannot find alias arn: {reference.arn}", field="Qualifier")
        return alias.revision_id
    raise ResourceNotFoundException(f"Function not found: {reference.arn}", field="Qualifier")


def _existing(function: Function, reference: FunctionReference) -> ResourcePolicy:
    _revision_of(function, reference)
    policy = function.policies.filter(qualifier=reference.qualifier or "").first()
    if policy is None:
        raise policy_document.no_policy()
    return policy


def _refuse_latest(reference: FunctionReference) -> None:
    if reference.qualifier == LATEST:
        raise InvalidParameterValueException(
            "We currently do not support adding policies for $LATEST.", field="Qualifier"
        )


def _refuse_public(statements: Sequence[policy_document.Statement]) -> None:
    if settings.HEARTH_BLOCK_PUBLIC_ACCESS and any(map(is_public, compiled({"Statement": list(statements)}))):
        raise PublicPolicyException(
            "The resource-based policy you tried to add to the Lambda resource would grant public access to it, which "
            "isn't allowed.",
            field="Principal",
        )


def _document(policy: ResourcePolicy | None) -> dict[str, Any]:
    return dict(json.loads(policy.document)) if policy else policy_document.document([])


def _save(
    function: Function, reference: FunctionReference, document: Mapping[str, Any], policy: ResourcePolicy | None
) -> ResourcePolicy:
    policy = policy or ResourcePolicy(function=function, qualifier=reference.qualifier or "")
    policy.document = policy_document.text(document)
    policy.revision_id = uuid4()
    policy.save()
    return policy
