"""The resource-based policy in the console: what it says, one permission more or less, the whole of it edited."""

import json
from collections.abc import Callable

from pytest_django import Settings

from console.pages.operations import call
from functions.cache import generation
from functions.models import AuditEntry, ResourcePolicy
from tests.console.conftest import TEAM, Person

PAGE = "/functions/guarded/config/permissions/"
NEW = "/functions/guarded/permissions/new/"
WHOLE = "/functions/guarded/permissions/policy/"
ARN = f"arn:aws:lambda:us-east-1:{TEAM}:function:guarded"
BUCKET = {
    "StatementId": "uploads",
    "Principal": "s3.amazonaws.com",
    "Action": "lambda:InvokeFunction",
    "SourceArn": "arn:aws:s3:::uploads",
}


def test_a_permission_comes_and_goes(alice: Person) -> None:
    alice.create("guarded")
    assert "there is no policy" in alice.client.get(PAGE).content.decode()
    assert alice.client.get(NEW).status_code == 200
    assert alice.client.post(NEW, BUCKET)["Location"] == PAGE
    page = alice.client.get(PAGE).content.decode()
    for part in ("uploads", "s3.amazonaws.com", "lambda:InvokeFunction", "ArnLike AWS:SourceArn: arn:aws:s3:::uploads"):
        assert part in page
    twice = alice.client.post(NEW, BUCKET)
    assert twice.status_code == 400
    assert "already exists" in " ".join(twice.context["form"].errors["StatementId"])
    assert alice.client.post("/functions/guarded/permissions/of/uploads/remove/")["Location"] == PAGE
    assert not ResourcePolicy.objects.exists()
    gone = alice.client.post("/functions/guarded/permissions/of/uploads/remove/", follow=True).content.decode()
    assert "No policy is associated" in gone
    actions = AuditEntry.objects.filter(via="console", action__endswith="Permission").values_list("action", flat=True)
    assert list(actions.order_by("pk")) == ["AddPermission", "RemovePermission"]


def test_an_alias_has_a_policy_of_its_own(alice: Person) -> None:
    alice.create("guarded", Publish=True)
    call(alice.caller, "CreateAlias", FunctionName="guarded", Name="live", FunctionVersion="1")
    assert alice.client.post(f"{NEW}?qualifier=live", BUCKET)["Location"] == f"{PAGE}?qualifier=live"
    assert "uploads" in alice.client.get(f"{PAGE}?qualifier=live").content.decode()
    assert "there is no policy" in alice.client.get(PAGE).content.decode()
    alice.client.post("/functions/guarded/permissions/of/uploads/remove/?qualifier=live")
    assert not ResourcePolicy.objects.exists()
    alice.client.post(f"{NEW}?qualifier=live", BUCKET)
    deleted = alice.client.post("/functions/guarded/aliases/live/delete/", follow=True).content.decode()
    assert "Deleted alias live" in deleted
    assert "data-undo" not in deleted  # a new one of that name would not have the policy
    assert not ResourcePolicy.objects.exists()


def test_the_whole_policy_is_edited(alice: Person) -> None:
    alice.create("guarded")
    deny = {"Effect": "Deny", "Principal": {"AWS": "222222222222"}, "NotAction": "lambda:Get*", "Resource": ARN}
    sent = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    alice.client.post(WHOLE, {"Policy": sent, "RevisionId": ""})
    page = alice.client.get(PAGE).content.decode()
    for part in ("Denied", "without an id", "222222222222", "all but lambda:Get*"):
        assert part in page
    form = alice.client.get(WHOLE).context["form"]
    assert json.loads(form["Policy"].value()) == json.loads(sent)
    stale = alice.client.post(WHOLE, {"Policy": sent, "RevisionId": "0" * 8 + "-0000-0000-0000-" + "0" * 12})
    assert "does not match the latest Revision Id" in " ".join(stale.context["form"].errors["Policy"])
    wrong = alice.client.post(WHOLE, {"Policy": "{", "RevisionId": str(form["RevisionId"].value())})
    assert wrong.status_code == 400
    assert wrong.context["form"]["Policy"].value() == "{"
    alice.client.post(WHOLE, {"Policy": " ", "RevisionId": str(form["RevisionId"].value())})
    assert not ResourcePolicy.objects.exists()


def test_a_viewer_sees_it(alice: Person, victor: Person) -> None:
    alice.create("guarded")
    alice.client.post(NEW, BUCKET)
    page = victor.client.get(PAGE).content.decode()
    assert "s3.amazonaws.com" in page
    assert "Add permission" not in page
    assert "/remove/" not in page
    assert victor.client.get(NEW).status_code == 403
    assert victor.client.post("/functions/guarded/permissions/of/uploads/remove/").status_code == 403


def test_a_public_url_lets_everybody_in(alice: Person) -> None:
    alice.create("guarded")
    config = "/functions/guarded/config/url/"
    alice.client.post(config, {"AuthType": "AWS_IAM"})
    assert not ResourcePolicy.objects.exists()
    for _ in range(2):  # saved again, it needs no more
        alice.client.post(config, {"AuthType": "NONE"})
        statements = json.loads(ResourcePolicy.objects.get().document)["Statement"]
        assert [each["Sid"] for each in statements] == ["FunctionURLAllowPublicAccess", "FunctionURLAllowInvokeAction"]
    generation().bump()  # the test commits nothing
    assert "answers nobody" not in alice.client.get(config).content.decode()
    alice.client.post("/functions/guarded/permissions/of/FunctionURLAllowInvokeAction/remove/")
    generation().bump()
    assert "answers nobody" in alice.client.get(config).content.decode()
    alice.client.post(config, {"AuthType": "NONE"})
    shown = alice.client.post("/functions/guarded/config/url/?qualifier=", {"AuthType": "NONE", "copy_as": "1"})
    assert "add-permission" not in shown.content.decode()


def test_a_public_url_that_may_not_be_is_said(alice: Person, settings: Settings) -> None:
    settings.HEARTH_BLOCK_PUBLIC_ACCESS = True
    alice.create("guarded")
    refused = alice.client.post("/functions/guarded/config/url/", {"AuthType": "NONE"})
    assert refused.status_code == 400
    assert "would grant public access" in " ".join(refused.context["form"].non_field_errors())
    offered = alice.client.get("/functions/new/?blueprint=signed-webhook").context["form"]
    given = {each.html_name: each.value() or "" for each in offered}
    made = alice.client.post("/functions/new/?blueprint=signed-webhook", given, follow=True)
    assert "Created signed-webhook, but not its public URL" in made.content.decode()
    assert not ResourcePolicy.objects.exists()


def test_what_a_policy_denies_the_console_does_not_do(alice: Person, invoked: Callable[..., str]) -> None:
    alice.create("guarded", Publish=True)
    call(alice.caller, "CreateAlias", FunctionName="guarded", Name="live", FunctionVersion="1")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "lambda:Invoke*", "Resource": f"{ARN}:live"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    alice.client.post(f"{WHOLE}?qualifier=live", {"Policy": policy, "RevisionId": ""})
    generation().bump()  # the test commits nothing
    tried = alice.post_json("/functions/guarded/test/", {"payload": "{}", "qualifier": "live"})
    assert "with an explicit deny in a resource-based policy" in tried.content.decode()
    before = invoked("guarded", event="{}", event_size=2)
    again = alice.client.post(f"/functions/guarded/invocations/{before}/rerun/", {"qualifier": "live"}, follow=True)
    assert "with an explicit deny in a resource-based policy" in again.content.decode()
    generation().bump()
