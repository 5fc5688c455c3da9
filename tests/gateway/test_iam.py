"""Roles and policies, as boto3 and Terraform use them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.access.bootstrap import ensure_account
from functions.models import AuditEntry, Role, User
from tests.gateway.world import ACCOUNT, REGION

Boto = Callable[..., Any]

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def refused(code: str, status: int, call: Callable[..., Any], **members: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**members)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    return str(answer["Error"]["Message"])


def test_the_first_account(boto: Boto) -> None:
    role = boto("iam").get_role(RoleName="lambda-role")["Role"]
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/lambda-role"
    assert role["AssumeRolePolicyDocument"] == json.loads(TRUST)
    identity = boto("sts").get_caller_identity()
    assert (identity["Account"], identity["Arn"]) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/admin")
    assert boto("iam").get_user()["User"]["UserName"] == "admin"
    assert identity["UserId"] == boto("iam").get_user(UserName="admin")["User"]["UserId"]


@pytest.mark.django_db
def test_the_first_account_is_made_once() -> None:
    first = ensure_account(ACCOUNT, REGION)
    second = ensure_account(ACCOUNT, REGION)
    assert first.password is not None
    assert second.password is None
    assert (first.access_key_id, first.secret_access_key) == (second.access_key_id, second.secret_access_key)
    assert User.objects.get().check_password(first.password)
    assert Role.objects.count() == 1


def test_the_life_of_a_role(boto: Boto) -> None:
    iam = boto("iam")
    tags = [{"Key": "team", "Value": "zoë = co"}]
    made = iam.create_role(
        RoleName="worker", Path="/jobs/", AssumeRolePolicyDocument=TRUST, Description="does <work>", Tags=tags
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/jobs/worker"
    assert made["RoleId"].startswith("AROA")
    assert made["Tags"] == tags
    iam.update_role(RoleName="worker", Description="works", MaxSessionDuration=7200)
    iam.update_assume_role_policy(RoleName="worker", PolicyDocument=TRUST.replace("lambda.", "events."))
    role = iam.get_role(RoleName="worker")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("works", 7200)
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "events.amazonaws.com"}
    iam.tag_role(RoleName="worker", Tags=[{"Key": "stage", "Value": ""}])
    iam.untag_role(RoleName="worker", TagKeys=["team"])
    assert iam.list_role_tags(RoleName="worker")["Tags"] == [{"Key": "stage", "Value": ""}]
    assert iam.list_instance_profiles_for_role(RoleName="worker")["InstanceProfiles"] == []
    assert [role["RoleName"] for role in iam.list_roles(PathPrefix="/jobs/")["Roles"]] == ["worker"]
    iam.delete_role(RoleName="worker")
    assert refused("NoSuchEntity", 404, iam.get_role, RoleName="worker") == (
        "The role with name worker cannot be found."
    )
    actions = AuditEntry.objects.filter(resource__endswith="role/jobs/worker").order_by("id")
    assert [entry.action for entry in actions] == [
        "CreateRole",
        "UpdateRole",
        "UpdateAssumeRolePolicy",
        "TagRole",
        "UntagRole",
        "DeleteRole",
    ]


def test_a_role_s_name_is_taken_once(boto: Boto) -> None:
    message = refused(
        "EntityAlreadyExists", 409, boto("iam").create_role, RoleName="lambda-role", AssumeRolePolicyDocument=TRUST
    )
    assert message == "Role with name lambda-role already exists."


def test_a_role_with_policies_stays(boto: Boto) -> None:
    iam = boto("iam")
    iam.attach_role_policy(RoleName="lambda-role", PolicyArn=BASIC)
    iam.attach_role_policy(RoleName="lambda-role", PolicyArn=BASIC)
    attached = iam.list_attached_role_policies(RoleName="lambda-role")["AttachedPolicies"]
    assert attached == [{"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC}]
    iam.put_role_policy(RoleName="lambda-role", PolicyName="inline", PolicyDocument=POLICY)
    iam.put_role_policy(RoleName="lambda-role", PolicyName="inline", PolicyDocument=POLICY)
    assert iam.list_role_policies(RoleName="lambda-role")["PolicyNames"] == ["inline"]
    policy = iam.get_role_policy(RoleName="lambda-role", PolicyName="inline")
    assert policy["PolicyDocument"] == json.loads(POLICY)
    message = refused("DeleteConflict", 409, iam.delete_role, RoleName="lambda-role")
    assert message == "Cannot delete entity, must detach all policies first."
    iam.detach_role_policy(RoleName="lambda-role", PolicyArn=BASIC)
    message = refused("DeleteConflict", 409, iam.delete_role, RoleName="lambda-role")
    assert message == "Cannot delete entity, must delete policies first."
    iam.delete_role_policy(RoleName="lambda-role", PolicyName="inline")
    iam.delete_role(RoleName="lambda-role")
    refused("NoSuchEntity", 404, iam.detach_role_policy, RoleName="lambda-role", PolicyArn=BASIC)


def test_managed_policies(boto: Boto) -> None:
    iam = boto("iam")
    made = iam.create_policy(PolicyName="read", Path="/app/", PolicyDocument=POLICY, Description="reads")["Policy"]
    arn = made["Arn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:policy/app/read"
    message = refused("EntityAlreadyExists", 409, iam.create_policy, PolicyName="read", PolicyDocument=POLICY)
    assert message == "A policy called read already exists. Duplicate names are not allowed."
    iam.attach_role_policy(RoleName="lambda-role", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert [policy["PolicyName"] for policy in iam.list_policies(OnlyAttached=True)["Policies"]] == ["read"]
    assert iam.list_policies(Scope="AWS")["Policies"] == []
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert version["Document"] == json.loads(POLICY)
    assert [each["VersionId"] for each in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v1"]
    refused("NoSuchEntity", 404, iam.get_policy_version, PolicyArn=arn, VersionId="v2")
    message = refused("DeleteConflict", 409, iam.delete_policy, PolicyArn=arn)
    assert message == "Cannot delete a policy attached to entities."
    iam.detach_role_policy(RoleName="lambda-role", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    refused("NoSuchEntity", 404, iam.get_policy, PolicyArn=arn)
    refused("NoSuchEntity", 404, iam.attach_role_policy, RoleName="lambda-role", PolicyArn=arn)


@pytest.mark.parametrize(
    "document",
    [
        "not json",
        "[]",
        "{}",
        '{"Version": "2012-10-17", "Statement": []}',
        '{"Version": "1999-01-01", "Statement": [{}]}',
        POLICY,  # says nothing of who may assume the role
        TRUST.replace("Allow", "Perhaps"),
        "[" * 5000,
    ],
)
def test_malformed_trust_policies(boto: Boto, document: str) -> None:
    create = boto("iam", parameter_validation=False).create_role
    refused("MalformedPolicyDocument", 400, create, RoleName="worker", AssumeRolePolicyDocument=document)
    assert not Role.objects.filter(name="worker").exists()


@pytest.mark.parametrize("document", ["{", TRUST, POLICY.replace('"Resource": "*"', '"Sid": "x"')])
def test_malformed_policies(boto: Boto, document: str) -> None:
    put = boto("iam").put_role_policy
    refused("MalformedPolicyDocument", 400, put, RoleName="lambda-role", PolicyName="p", PolicyDocument=document)


def test_constraints_of_the_model(boto: Boto) -> None:
    create = boto("iam", parameter_validation=False).create_role
    message = refused("ValidationError", 400, create, RoleName="no spaces", AssumeRolePolicyDocument=TRUST)
    assert message.startswith("1 validation error detected: Value 'no spaces' at 'roleName' failed to satisfy")


def test_pages_of_roles(boto: Boto) -> None:
    iam = boto("iam")
    for number in range(5):
        iam.create_role(RoleName=f"role-{number}", AssumeRolePolicyDocument=TRUST)
    pages = list(iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["Roles"]) for page in pages] == [2, 2, 2]
    names = [role["RoleName"] for page in pages for role in page["Roles"]]
    assert names == ["lambda-role", *(f"role-{number}" for number in range(5))]


def test_one_account_does_not_see_another_s(boto: Boto) -> None:
    other = ensure_account("222222222222", REGION, user_name="mallory")
    iam = boto("iam", key=other.access_key_id, secret=other.secret_access_key)
    boto("iam").create_role(RoleName="private", AssumeRolePolicyDocument=TRUST)
    arn = boto("iam").create_policy(PolicyName="private", PolicyDocument=POLICY)["Policy"]["Arn"]
    refused("NoSuchEntity", 404, iam.get_role, RoleName="private")
    refused("NoSuchEntity", 404, iam.delete_role, RoleName="private")
    refused("NoSuchEntity", 404, iam.get_policy, PolicyArn=arn)
    refused("NoSuchEntity", 404, iam.attach_role_policy, RoleName="lambda-role", PolicyArn=arn)
    refused("NoSuchEntity", 404, iam.get_user, UserName="admin")
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["lambda-role"]
