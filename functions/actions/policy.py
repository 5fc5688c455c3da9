"""Customer managed policies. Each has one version, v1, until policies are enforced."""

from functions.access.caller import Caller
from functions.access.documents import check_policy
from functions.access.identifiers import unique_id
from functions.actions.base import change
from functions.errors import DeleteConflict, EntityAlreadyExists, NoSuchEntity
from functions.models import AttachedPolicy, ManagedPolicy


def find(caller: Caller, arn: str) -> ManagedPolicy:
    policy = ManagedPolicy.objects.filter(account_id=caller.account_id, name=arn.rpartition("/")[2]).first()
    if policy is None or policy.arn != arn:
        raise NoSuchEntity(f"Policy {arn} was not found.", field="PolicyArn")
    return policy


def create(caller: Caller, name: str, document: str, *, path: str = "/", description: str = "") -> ManagedPolicy:
    check_policy(document)
    policy = ManagedPolicy(
        id=unique_id("ANPA"),
        account_id=caller.account_id,
        name=name,
        path=path,
        description=description,
        document=document,
    )
    with change(caller, "CreatePolicy", policy.arn):
        if ManagedPolicy.objects.filter(account_id=caller.account_id, name=name).exists():
            raise EntityAlreadyExists(
                f"A policy called {name} already exists. Duplicate names are not allowed.", field="PolicyName"
            )
        policy.save(force_insert=True)
    return policy


def delete(caller: Caller, arn: str) -> None:
    policy = find(caller, arn)
    with change(caller, "DeletePolicy", policy.arn):
        if AttachedPolicy.objects.filter(role__account_id=caller.account_id, arn=arn).exists():
            raise DeleteConflict("Cannot delete a policy attached to entities.")
        policy.delete()
