"""The IAM operations that deploying a function needs: roles, their policies, managed policies, GetUser.

What a role allows is asked when a function calls the API with the credentials of its role.
"""

from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet

from functions.access.caller import Caller
from functions.access.identifiers import user_id
from functions.actions import policy as policies
from functions.actions import role as roles
from functions.errors import NoSuchEntity
from functions.models import AttachedPolicy, ManagedPolicy, Role, User

Members = dict[str, Any]

PAGE = 100
AWS_POLICY = "arn:aws:iam::aws:policy/"


# --- roles ------------------------------------------------------------------------------------------------------


def create_role(caller: Caller, request: Members) -> Members:
    role = roles.create(
        caller,
        request["RoleName"],
        request["AssumeRolePolicyDocument"],
        path=request.get("Path") or "/",
        description=request.get("Description") or "",
        max_session_seconds=request.get("MaxSessionDuration") or 3600,
        tags=_tags(request),
    )
    return {"Role": show_role(role)}


def get_role(caller: Caller, request: Members) -> Members:
    return {"Role": {**show_role(roles.find(caller, request["RoleName"])), "RoleLastUsed": {}}}


def list_roles(caller: Caller, request: Members) -> Members:
    rows = Role.objects.filter(account_id=caller.account_id, path__startswith=request.get("PathPrefix") or "/")
    found, more = _page(rows, "name", request)
    # AWS shows neither tags nor use in a list.
    return {"Roles": [{k: v for k, v in show_role(role).items() if k != "Tags"} for role in found], **more}


def update_role(caller: Caller, request: Members) -> Members:
    roles.update(
        caller,
        request["RoleName"],
        description=request.get("Description"),
        max_session_seconds=request.get("MaxSessionDuration"),
    )
    return {}


def update_assume_role_policy(caller: Caller, request: Members) -> Members:
    roles.update_trust_policy(caller, request["RoleName"], request["PolicyDocument"])
    return {}


def delete_role(caller: Caller, request: Members) -> Members:
    roles.delete(caller, request["RoleName"])
    return {}


def tag_role(caller: Caller, request: Members) -> Members:
    roles.tag(caller, request["RoleName"], _tags(request))
    return {}


def untag_role(caller: Caller, request: Members) -> Members:
    roles.untag(caller, request["RoleName"], request["TagKeys"])
    return {}


def list_role_tags(caller: Caller, request: Members) -> Members:
    return {"Tags": _shown_tags(roles.find(caller, request["RoleName"])), "IsTruncated": False}


def list_instance_profiles_for_role(caller: Caller, request: Members) -> Members:
    """There are none: Hearth has no instances. Terraform asks before it deletes a role."""
    roles.find(caller, request["RoleName"])
    return {"InstanceProfiles": [], "IsTruncated": False}


# --- inline policies of a role ----------------------------------------------------------------------------------


def put_role_policy(caller: Caller, request: Members) -> Members:
    roles.put_policy(caller, request["RoleName"], request["PolicyName"], request["PolicyDocument"])
    return {}


def get_role_policy(caller: Caller, request: Members) -> Members:
    policy = roles.find_policy(caller, request["RoleName"], request["PolicyName"])
    return {
        "RoleName": request["RoleName"],
        "PolicyName": policy.name,
        "PolicyDocument": quote(policy.document, safe=""),
    }


def list_role_policies(caller: Caller, request: Members) -> Members:
    role = roles.find(caller, request["RoleName"])
    found, more = _page(role.inline_policies.all(), "name", request)
    return {"PolicyNames": [policy.name for policy in found], **more}


def delete_role_policy(caller: Caller, request: Members) -> Members:
    roles.delete_policy(caller, request["RoleName"], request["PolicyName"])
    return {}


# --- managed policies on a role ---------------------------------------------------------------------------------


def attach_role_policy(caller: Caller, request: Members) -> Members:
    roles.attach(caller, request["RoleName"], request["PolicyArn"])
    return {}


def detach_role_policy(caller: Caller, request: Members) -> Members:
    roles.detach(caller, request["RoleName"], request["PolicyArn"])
    return {}


def list_attached_role_policies(caller: Caller, request: Members) -> Members:
    role = roles.find(caller, request["RoleName"])
    found, more = _page(role.attached_policies.all(), "arn", request)
    shown = [{"PolicyName": each.arn.rpartition("/")[2], "PolicyArn": each.arn} for each in found]
    return {"AttachedPolicies": shown, **more}


# --- managed policies -------------------------------------------------------------------------------------------


def create_policy(caller: Caller, request: Members) -> Members:
    policy = policies.create(
        caller,
        request["PolicyName"],
        request["PolicyDocument"],
        path=request.get("Path") or "/",
        description=request.get("Description") or "",
    )
    return {"Policy": {k: v for k, v in show_policy(policy).items() if k != "Description"}}


def get_policy(caller: Caller, request: Members) -> Members:
    return {"Policy": show_policy(policies.find(caller, request["PolicyArn"]))}


def list_policies(caller: Caller, request: Members) -> Members:
    rows = ManagedPolicy.objects.filter(account_id=caller.account_id, path__startswith=request.get("PathPrefix") or "/")
    if request.get("Scope") == "AWS":
        rows = rows.none()
    if request.get("OnlyAttached"):
        attached = AttachedPolicy.objects.filter(role__account_id=caller.account_id).values_list("arn", flat=True)
        rows = rows.filter(name__in=[arn.rpartition("/")[2] for arn in attached if not arn.startswith(AWS_POLICY)])
    found, more = _page(rows, "name", request)
    return {"Policies": [show_policy(policy) for policy in found], **more}


def get_policy_version(caller: Caller, request: Members) -> Members:
    policy = policies.find(caller, request["PolicyArn"])
    if request["VersionId"] != "v1":
        raise NoSuchEntity(f"Policy {policy.arn} version {request['VersionId']} does not exist or is not attachable.")
    return {"PolicyVersion": {"Document": quote(policy.document, safe=""), **_version(policy)}}


def list_policy_versions(caller: Caller, request: Members) -> Members:
    return {"Versions": [_version(policies.find(caller, request["PolicyArn"]))], "IsTruncated": False}


def delete_policy(caller: Caller, request: Members) -> Members:
    policies.delete(caller, request["PolicyArn"])
    return {}


# --- users ------------------------------------------------------------------------------------------------------


def get_user(caller: Caller, request: Members) -> Members:
    """The caller, or a user of the caller's account by name."""
    name = request.get("UserName") or caller.user_name
    user = User.objects.filter(username=name, accounts=caller.account_id).first()
    if user is None:
        raise NoSuchEntity(f"The user with name {name} cannot be found.")
    return {
        "User": {
            "Path": "/",
            "UserName": user.get_username(),
            "UserId": user_id(user.pk),
            "Arn": f"arn:aws:iam::{caller.account_id}:user/{user.get_username()}",
            "CreateDate": user.date_joined.replace(microsecond=0),
        }
    }


# --- how they look ----------------------------------------------------------------------------------------------


def show_role(role: Role) -> Members:
    """The `Role` shape. Policy documents travel percent-encoded."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.pk,
        "Arn": role.arn,
        "CreateDate": role.created_at.replace(microsecond=0),
        "AssumeRolePolicyDocument": quote(role.trust_policy, safe=""),
        "Description": role.description or None,
        "MaxSessionDuration": role.max_session_seconds,
        "Tags": _shown_tags(role) or None,
    }


def show_policy(policy: ManagedPolicy) -> Members:
    attachments = AttachedPolicy.objects.filter(role__account_id=policy.account_id, arn=policy.arn).count()
    created = policy.created_at.replace(microsecond=0)
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.pk,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": "v1",
        "AttachmentCount": attachments,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "Description": policy.description or None,
        "CreateDate": created,
        "UpdateDate": created,
    }


def _version(policy: ManagedPolicy) -> Members:
    return {"VersionId": "v1", "IsDefaultVersion": True, "CreateDate": policy.created_at.replace(microsecond=0)}


def _tags(request: Members) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in request.get("Tags") or []}


def _shown_tags(role: Role) -> list[Members]:
    return [{"Key": key, "Value": value} for key, value in role.tags.items()]


def _page(rows: "QuerySet[Any]", field: str, request: Members) -> tuple[list[Any], Members]:
    """A page of rows in the order of `field`. The marker is the field's value in the last row of the page before."""
    limit = request.get("MaxItems") or PAGE
    rows = rows.order_by(field)
    if request.get("Marker"):
        rows = rows.filter(**{f"{field}__gt": request["Marker"]})
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return found, {"IsTruncated": False}
    return found[:limit], {"IsTruncated": True, "Marker": getattr(found[limit - 1], field)}
