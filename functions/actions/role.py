"""Roles: who may assume them and what they allow."""

from collections.abc import Iterable, Mapping

from functions.access.caller import Caller
from functions.access.documents import check_policy, check_trust_policy
from functions.access.identifiers import unique_id
from functions.actions.base import change
from functions.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity
from functions.models import AttachedPolicy, InlinePolicy, ManagedPolicy, Role

MAX_ATTACHED = 20
MAX_TAGS = 50


def find(caller: Caller, name: str) -> Role:
    role = Role.objects.filter(account_id=caller.account_id, name=name).first()
    if role is None:
        raise NoSuchEntity(f"The role with name {name} cannot be found.", field="RoleName")
    return role


def create(
    caller: Caller,
    name: str,
    trust_policy: str,
    *,
    path: str = "/",
    description: str = "",
    max_session_seconds: int = 3600,
    tags: Mapping[str, str] | None = None,
) -> Role:
    check_trust_policy(trust_policy)
    role = Role(
        id=unique_id("AROA"),
        account_id=caller.account_id,
        name=name,
        path=path,
        description=description,
        trust_policy=trust_policy,
        max_session_seconds=max_session_seconds,
        tags=_within(dict(tags or {})),
    )
    with change(caller, "CreateRole", role.arn):
        if Role.objects.filter(account_id=caller.account_id, name=name).exists():
            raise EntityAlreadyExists(f"Role with name {name} already exists.", field="RoleName")
        role.save(force_insert=True)
    return role


def update(
    caller: Caller, name: str, *, description: str | None = None, max_session_seconds: int | None = None
) -> Role:
    """What is None stays."""
    role = find(caller, name)
    with change(caller, "UpdateRole", role.arn):
        if description is not None:
            role.description = description
        if max_session_seconds is not None:
            role.max_session_seconds = max_session_seconds
        role.save(update_fields=["description", "max_session_seconds"])
    return role


def update_trust_policy(caller: Caller, name: str, document: str) -> None:
    role = find(caller, name)
    check_trust_policy(document)
    with change(caller, "UpdateAssumeRolePolicy", role.arn):
        Role.objects.filter(pk=role.pk).update(trust_policy=document)


def delete(caller: Caller, name: str) -> None:
    role = find(caller, name)
    with change(caller, "DeleteRole", role.arn):
        if role.attached_policies.exists():
            raise DeleteConflict("Cannot delete entity, must detach all policies first.")
        if role.inline_policies.exists():
            raise DeleteConflict("Cannot delete entity, must delete policies first.")
        role.delete()


def tag(caller: Caller, name: str, tags: Mapping[str, str]) -> None:
    role = find(caller, name)
    with change(caller, "TagRole", role.arn, tags=dict(tags)):
        Role.objects.filter(pk=role.pk).update(tags=_within({**role.tags, **tags}))


def untag(caller: Caller, name: str, keys: Iterable[str]) -> None:
    role = find(caller, name)
    gone = set(keys)
    with change(caller, "UntagRole", role.arn, keys=sorted(gone)):
        Role.objects.filter(pk=role.pk).update(tags={k: v for k, v in role.tags.items() if k not in gone})


def put_policy(caller: Caller, name: str, policy_name: str, document: str) -> None:
    """An inline policy: replaced if the role has one of that name."""
    role = find(caller, name)
    check_policy(document)
    with change(caller, "PutRolePolicy", role.arn, policy=policy_name):
        InlinePolicy.objects.update_or_create(role=role, name=policy_name, defaults={"document": document})


def find_policy(caller: Caller, name: str, policy_name: str) -> InlinePolicy:
    policy = find(caller, name).inline_policies.filter(name=policy_name).first()
    if policy is None:
        raise NoSuchEntity(f"The role policy with name {policy_name} cannot be found.")
    return policy


def delete_policy(caller: Caller, name: str, policy_name: str) -> None:
    policy = find_policy(caller, name, policy_name)
    with change(caller, "DeleteRolePolicy", policy.role.arn, policy=policy_name):
        policy.delete()


def attach(caller: Caller, name: str, policy_arn: str) -> None:
    """Attaching twice is the same as once. AWS's own policies need not exist here: their names are kept."""
    role = find(caller, name)
    if not policy_arn.startswith("arn:aws:iam::aws:policy/"):
        _own_policy(caller, policy_arn)
    with change(caller, "AttachRolePolicy", role.arn, policy=policy_arn):
        AttachedPolicy.objects.get_or_create(role=role, arn=policy_arn)
        if role.attached_policies.count() > MAX_ATTACHED:
            raise LimitExceeded(f"Cannot exceed quota for PoliciesPerRole: {MAX_ATTACHED}")


def detach(caller: Caller, name: str, policy_arn: str) -> None:
    role = find(caller, name)
    with change(caller, "DetachRolePolicy", role.arn, policy=policy_arn):
        gone, _ = role.attached_policies.filter(arn=policy_arn).delete()
        if not gone:
            raise NoSuchEntity(f"Policy {policy_arn} was not found.")


def _own_policy(caller: Caller, arn: str) -> None:
    name = arn.rpartition("/")[2]
    policy = ManagedPolicy.objects.filter(account_id=caller.account_id, name=name).first()
    if policy is None or policy.arn != arn:
        raise NoSuchEntity(f"Policy {arn} does not exist or is not attachable.")


def _within(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MAX_TAGS:
        raise LimitExceeded(f"Cannot exceed quota for TagsPerRole: {MAX_TAGS}")
    return tags
