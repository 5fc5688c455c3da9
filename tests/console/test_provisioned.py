"""Provisioned concurrency on the concurrency section, and its form."""

import pytest
from django.utils.html import escape

from console.pages.operations import call
from functions.models import ProvisionedConcurrency
from tests.console.conftest import Person

SECTION, FORM = "/functions/warm/config/concurrency/", "/functions/warm/provisioned/"


@pytest.fixture
def published(alice: Person) -> None:
    alice.create("warm", Publish=True)
    call(alice.caller, "CreateAlias", FunctionName="warm", Name="live", FunctionVersion="1")


def fields(qualifier: str = "live", count: str = "2") -> dict[str, str]:
    return {"Qualifier": qualifier, "ProvisionedConcurrentExecutions": count}


@pytest.mark.usefixtures("published")
def test_provision_change_and_remove(alice: Person) -> None:
    assert "Nothing stands initialised" in alice.client.get(SECTION).content.decode()
    page = alice.client.get(FORM).content.decode()
    assert "Alias live" in page
    assert "Version 1" in page
    response = alice.client.post(FORM, fields())
    assert response.status_code == 302
    assert response["Location"] == SECTION
    config = ProvisionedConcurrency.objects.get()
    assert (config.qualifier, config.requested) == ("live", 2)
    page = alice.client.get(SECTION).content.decode()
    assert "Being made" in page  # no node runs here
    assert 'value="2"' in alice.client.get(f"{FORM}?qualifier=live").content.decode()
    alice.client.post(FORM, fields(count="3"))
    config.refresh_from_db()
    assert config.requested == 3
    assert alice.client.post(f"{FORM}live/remove/").status_code == 302
    assert not ProvisionedConcurrency.objects.exists()


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"count": ""}, "Enter a whole number."),
        ({"count": "few"}, "Enter a whole number."),
        ({"count": "0"}, "Member must have value greater than or equal to 1"),
        ({"count": "901"}, "below its minimum value of [100]"),
        ({"qualifier": "2"}, "Select a valid choice"),
    ],
)
def test_bad_input_is_said_at_the_field(alice: Person, changed: dict[str, str], message: str) -> None:
    response = alice.client.post(FORM, fields(**changed))
    assert response.status_code == 400
    page = response.content.decode()
    assert escape(message) in page
    assert escape(changed.get("count", "2")) in page
    assert not ProvisionedConcurrency.objects.exists()


@pytest.mark.usefixtures("published")
def test_numbers_are_told(alice: Person) -> None:
    call(alice.caller, "PutFunctionConcurrency", FunctionName="warm", ReservedConcurrentExecutions=7)
    alice.client.post(FORM, fields(count="5"))
    page = " ".join(alice.client.get(SECTION).content.decode().split())
    assert "<dt>Reserved</dt><dd>7</dd><dt>Provisioned</dt><dd>5</dd>" in page
    assert "<dt>Kept by no function of it</dt><dd>993</dd>" in page


@pytest.mark.usefixtures("published")
def test_the_form_can_be_copied_as_a_call(alice: Person) -> None:
    response = alice.client.post(FORM, {**fields(), "copy_as": "1"})
    assert "put-provisioned-concurrency-config" in response.content.decode()
    assert not ProvisionedConcurrency.objects.exists()


@pytest.mark.usefixtures("published")
def test_who_may_only_look_sees_and_changes_nothing(alice: Person, victor: Person) -> None:
    alice.client.post(FORM, fields())
    page = victor.client.get(SECTION).content.decode()
    assert "Being made" in page
    assert FORM not in page
    assert victor.client.get(FORM).status_code == 403
    assert victor.client.post(FORM, fields(count="9")).status_code == 403
    victor.client.post(f"{FORM}live/remove/")
    assert ProvisionedConcurrency.objects.get().requested == 2


def test_what_is_not_published_cannot_be_provisioned(alice: Person) -> None:
    alice.create("warm")
    assert "Only published versions" in alice.client.get(FORM).content.decode()
    assert alice.client.get("/functions/none/provisioned/").status_code == 404
