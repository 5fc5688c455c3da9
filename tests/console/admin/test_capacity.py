"""Capacity providers: which there are, who uses them, made and changed on a page."""

from console.pages.operations import call
from functions.models import CapacityProvider
from tests.console.conftest import TEAM, Person, role

LIST = "/admin/capacity-providers/"
NEW = {
    "CapacityProviderName": "pool",
    "CapacityProviderOperatorRoleArn": role(TEAM),
    "SubnetIds": "subnet-0a1b2c3d, subnet-1a1b2c3d",
    "SecurityGroupIds": "",
    "Architectures": "x86_64",
    "MaxVCpuCount": "",
}


def test_made_used_changed_deleted(alice: Person, mallory: Person, victor: Person) -> None:
    assert "No capacity provider yet" in alice.client.get(LIST).content.decode()
    assert alice.client.post(f"{LIST}new/", NEW).status_code == 302
    provider = CapacityProvider.objects.get()
    assert provider.members["VpcConfig"]["SubnetIds"] == ["subnet-0a1b2c3d", "subnet-1a1b2c3d"]
    instances = {"CapacityProviderArn": provider.arn}
    bound = {"CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": instances}}
    alice.create("bound", **bound)
    (row,) = alice.client.get(LIST).context["rows"]
    assert (row.provider.name, row.versions, row.architecture, row.most) == ("pool", 1, "x86_64", None)
    assert alice.client.post(f"{LIST}of/pool/", {"MaxVCpuCount": "64"}).status_code == 302
    assert alice.client.get(LIST).context["rows"][0].most == 64
    refused = alice.client.post(f"{LIST}of/pool/delete/", follow=True).content.decode()
    assert "is in use by function versions" in refused
    call(alice.caller, "DeleteFunction", FunctionName="bound")
    assert mallory.client.get(LIST).context["rows"] == []
    assert "There is no capacity provider pool" in mallory.client.get(f"{LIST}of/pool/", follow=True).content.decode()
    assert victor.client.get(LIST).status_code == 403
    alice.client.post(f"{LIST}of/pool/delete/")
    assert not CapacityProvider.objects.exists()
