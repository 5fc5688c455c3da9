"""/a/<arn> leads to the page of what it names."""

import pytest

from console.pages.operations import call
from tests.console.conftest import TEAM, Person, role, zipped

FUNCTION = f"arn:aws:lambda:us-east-1:{TEAM}:function:named"


@pytest.mark.parametrize(
    ("arn", "page"),
    [
        (FUNCTION, "/functions/named/"),
        (f"{FUNCTION}:$LATEST", "/functions/named/"),
        (f"{FUNCTION}:1", "/functions/named/?qualifier=1"),
        (f"{FUNCTION}:prod", "/functions/named/versions/?alias=prod"),
        ("named", "/functions/named/"),
    ],
)
def test_an_arn_leads_to_its_page(alice: Person, arn: str, page: str) -> None:
    alice.create("named", Publish=True)
    alice.client.post("/functions/named/versions/", {"Name": "prod", "FunctionVersion": "1"})
    answer = alice.client.get(f"/a/{arn}")
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    assert alice.client.get(page).status_code == 200


def test_the_arn_of_a_layer_leads_to_it(alice: Person) -> None:
    content = {"ZipFile": zipped()}
    for _ in range(2):
        version = call(alice.caller, "PublishLayerVersion", LayerName="shared", Content=content)["LayerVersionArn"]
    assert alice.client.get(f"/a/{version}").headers["Location"] == "/layers/shared/?version=2"
    assert alice.client.get(f"/a/{version.removesuffix(':2')}").headers["Location"] == "/layers/shared/"
    assert alice.client.get(f"/a/{version}2").status_code == 404


def test_a_mapping_and_a_capacity_provider_are_shown_in_lists(alice: Person) -> None:
    alice.create("named")
    source = f"arn:aws:sqs:us-east-1:{TEAM}:orders"
    mapping = call(alice.caller, "CreateEventSourceMapping", FunctionName="named", EventSourceArn=source)
    provider = call(
        alice.caller,
        "CreateCapacityProvider",
        CapacityProviderName="pool",
        VpcConfig={"SubnetIds": ["subnet-0a1b2c3d"], "SecurityGroupIds": []},
        PermissionsConfig={"CapacityProviderOperatorRoleArn": role(TEAM)},
    )["CapacityProvider"]
    for arn, page in (
        (mapping["EventSourceMappingArn"], "/functions/named/triggers/"),
        (provider["CapacityProviderArn"], "/admin/capacity-providers/"),
    ):
        assert alice.client.get(f"/a/{arn}").headers["Location"] == page
        assert alice.client.get(f"/a/{arn}0").status_code == 404


@pytest.mark.parametrize(
    "arn",
    [
        f"{FUNCTION}:2",
        f"{FUNCTION}:9999999999999999999999",
        f"{FUNCTION}:gone",
        f"arn:aws:lambda:us-east-1:{TEAM}:function:gone",
        "arn:aws:lambda:us-east-1:222222222222:function:named",
        f"arn:aws:lambda:eu-west-1:{TEAM}:function:named",
        f"arn:aws:iam::{TEAM}:role/lambda-role",
        "arn:aws:s3:::bucket/a/b",
        "<script>",
    ],
)
def test_an_unknown_one_is_a_page_not_found(alice: Person, arn: str) -> None:
    alice.create("named", Publish=True)
    answer = alice.client.get(f"/a/{arn}")
    assert answer.status_code == 404
    assert b"Not found" in answer.content
    assert b"<script>" not in answer.content.replace(b"<script src", b"")
