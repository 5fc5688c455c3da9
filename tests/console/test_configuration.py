"""Configuration in its sections, and deleting a function."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape
from pytest_django import Settings

from console.pages.configuration import SECTIONS
from console.pages.operations import call
from functions.execution.runtimes.discovery import installed
from functions.models import EventInvokeConfig, Function, FunctionUrl, FunctionVersion, ManagedPolicy, Role
from tests.console.conftest import RUNTIME, TEAM, Person, role

NODES = [name for name, interpreter in installed().items() if interpreter.family == "node"]


def latest(name: str) -> FunctionVersion:
    return FunctionVersion.objects.get(function__name=name, number=0)


def general(**changed: str) -> dict[str, str]:
    return {
        "Description": "new",
        "Runtime": RUNTIME,
        "Handler": "app.handler",
        "MemorySize": "512",
        "Timeout": "30",
        "EphemeralStorage": "1024",
        "SnapStart": "None",
        **changed,
    }


def test_general_settings_are_saved(alice: Person) -> None:
    alice.create("set")
    assert alice.client.post("/functions/set/config/general/", general()).status_code == 302
    version = latest("set")
    assert (version.description, version.memory_size, version.timeout, version.ephemeral_storage) == (
        "new",
        512,
        30,
        1024,
    )


@pytest.mark.skipif(not NODES, reason="no Node.js on this machine")
def test_published_versions_say_how_they_start(alice: Person) -> None:
    alice.create("set")
    assert "SnapStart" not in alice.client.get("/functions/set/versions/").content.decode()
    sent = general(Runtime=NODES[-1], SnapStart="PublishedVersions")
    assert alice.client.post("/functions/set/config/general/", sent).status_code == 302
    assert latest("set").snap_start
    call(alice.caller, "PublishVersion", FunctionName="set")
    page = alice.client.get("/functions/set/versions/").content.decode()
    assert 'environments stand initialised; what comes when all are taken runs its own init.">SnapStart</span>' in page


def test_what_is_kept_without_effect_is_said(alice: Person) -> None:
    alice.create("set")
    assert "Kept, without effect" not in alice.client.get("/functions/set/config/general/").content.decode()
    point = "arn:aws:elasticfilesystem:us-east-1:111111111111:access-point/fsap-0123456789abcdef0"
    members: dict[str, Any] = {
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        "FileSystemConfigs": [{"Arn": point, "LocalMountPath": "/mnt/data"}],
        "TracingConfig": {"Mode": "Active"},
    }
    call(alice.caller, "UpdateFunctionConfiguration", FunctionName="set", **members)
    page = alice.client.get("/functions/set/config/general/").content.decode()
    assert "Kept, without effect" in page
    assert all(text in page for text in ("subnet-1", "sg-1", f"/mnt/data: {point}", "Active"))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("MemorySize", "100", "128"),
        ("Timeout", "0", "greater than or equal to 1"),
        ("Timeout", "901", "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than"),
        ("Timeout", "soon", "whole number"),
        ("MemorySize", "9" * 30, "less than or equal to 10240"),
        ("Handler", "<script>alert(1)</script> x", "regular expression pattern"),
        ("EphemeralStorage", "1", "512"),
        ("SnapStart", "PublishedVersions", f"{RUNTIME} is not supported for SnapStart"),
        ("Handler", "with space", "regular expression pattern"),
        ("Description", "x" * 257, "256"),
    ],
)
def test_bad_settings_are_said_at_the_field(alice: Person, field: str, value: str, message: str) -> None:
    alice.create("set")
    response = alice.client.post("/functions/set/config/general/", general(**{field: value}))
    assert response.status_code == 400
    assert message in " ".join(response.context["form"].errors[field])
    assert response.context["form"]["Description"].value() == ("x" * 257 if field == "Description" else "new")
    assert latest("set").memory_size == 128


def rows(field: str, *pairs: tuple[str, str], pasted: str = "") -> dict[str, Any]:
    """What the rows of names and values send."""
    return {
        f"{field}-name": [name for name, _ in pairs],
        f"{field}-value": [value for _, value in pairs],
        field: pasted,
    }


def test_environment_variables_replace_those_there_were(alice: Person) -> None:
    alice.create("vars", Environment={"Variables": {"OLD": "two\nlines"}})
    url = "/functions/vars/config/environment/"
    page = alice.client.get(url).content.decode()
    assert 'value="OLD"' in page
    assert re.search(r'class="[^"]*masked[^"]*"[^>]*>\ntwo\nlines</textarea>', page)
    new = rows("Environment", ("NEW", "a\r\nb"), ("", ""), pasted="export MORE='x=y'\n\n# no\nEMPTY=")
    assert alice.client.post(url, new)["Location"] == url
    assert latest("vars").environment == {"NEW": "a\nb", "MORE": "x=y", "EMPTY": ""}


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (rows("Environment", ("AWS_REGION", "x")), "reserved keys"),
        (rows("Environment", ("A", "1"), ("A", "2")), "A is there twice"),
        (rows("Environment", ("", "lost")), "no name"),
        (rows("Environment", ("BIG", "x" * 5000)), "exceeded the 4KB limit"),
        (rows("Environment", ("größe", "ü")), "regular expression pattern"),
        (rows("Environment", ("<script>", "x")), "regular expression pattern"),
        (rows("Environment", pasted="no pair"), "Line 1 is not NAME=value"),
    ],
)
def test_bad_variables_are_said_and_kept(alice: Person, sent: dict[str, Any], message: str) -> None:
    alice.create("vars")
    answer = alice.client.post("/functions/vars/config/environment/", sent)
    assert answer.status_code == 400
    assert message in " ".join(answer.context["form"].errors["Environment"])
    page = answer.content.decode()
    for typed in [*sent["Environment-name"], *sent["Environment-value"], sent["Environment"]]:
        assert escape(typed) in page
    assert "<script>x" not in page
    assert latest("vars").environment == {}


def test_tags_are_added_changed_and_removed(alice: Person) -> None:
    alice.create("tagged", Tags={"team": "a", "gone": "1"})
    url = "/functions/tagged/config/tags/"
    alice.client.post(url, rows("Tags", ("team", "b"), ("cost", "größe 42")))
    assert Function.objects.get(name="tagged").tags == {"team": "b", "cost": "größe 42"}
    assert "größe 42" in alice.client.get(url).content.decode()
    script = alice.client.post(url, rows("Tags", ("team", "<script>alert(1)</script>")))
    assert "regular expression pattern" in " ".join(script.context["form"].errors["Tags"])
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in script.content.decode()
    too_many = alice.client.post(url, rows("Tags", *((f"tag{number}", "") for number in range(51))))
    assert "tag limit" in " ".join(too_many.context["form"].errors["Tags"])
    alice.client.post(url, rows("Tags"))
    assert Function.objects.get(name="tagged").tags == {}


def test_concurrency_is_reserved_and_given_back(alice: Person) -> None:
    alice.create("reserved")
    url = "/functions/reserved/config/concurrency/"
    alice.client.post(url, {"ReservedConcurrentExecutions": "5"})
    assert Function.objects.get(name="reserved").reserved_concurrency == 5
    alice.client.post(url, {"ReservedConcurrentExecutions": ""})
    assert Function.objects.get(name="reserved").reserved_concurrency is None
    bad = alice.client.post(url, {"ReservedConcurrentExecutions": "-1"})
    assert bad.status_code == 400
    assert bad.context["form"].errors["ReservedConcurrentExecutions"]
    too_many = alice.client.post(url, {"ReservedConcurrentExecutions": "1000"})
    assert "minimum value of [100]" in too_many.content.decode()


def test_calls_in_a_circle_are_allowed_and_stopped(alice: Person) -> None:
    alice.create("circle")
    url = "/functions/circle/config/concurrency/"
    for loop in ("Allow", "Terminate"):
        sent = {"ReservedConcurrentExecutions": "", "RecursiveLoop": loop}
        assert alice.client.post(url, sent).status_code == 302
        assert Function.objects.get(name="circle").recursive_loop == loop
    bad = alice.client.post(url, {"ReservedConcurrentExecutions": "", "RecursiveLoop": "Often"})
    assert bad.status_code == 400
    assert bad.context["form"].errors["RecursiveLoop"]


def test_a_throttled_function_gets_back_what_it_had(alice: Person, victor: Person) -> None:
    alice.create("stopped")
    alice.client.post("/functions/stopped/config/concurrency/", {"ReservedConcurrentExecutions": "7"})
    assert victor.client.post("/functions/stopped/throttle/", {"throttle": "1"}).status_code == 403
    alice.client.post("/functions/stopped/throttle/", {"throttle": "1"})
    assert Function.objects.get(name="stopped").reserved_concurrency == 0
    assert "Throttled" in alice.client.get("/functions/stopped/config/concurrency/").content.decode()
    alice.client.post("/functions/stopped/throttle/", {"throttle": "0"})
    assert Function.objects.get(name="stopped").reserved_concurrency == 7
    alice.client.post("/functions/stopped/config/concurrency/", {"ReservedConcurrentExecutions": ""})
    alice.client.post("/functions/stopped/throttle/", {"throttle": "1"})
    back = alice.client.post("/functions/stopped/throttle/", {"throttle": "0", "back": "concurrency"})
    assert back["Location"] == "/functions/stopped/config/concurrency/"
    assert Function.objects.get(name="stopped").reserved_concurrency is None


def test_a_function_url_comes_changes_and_goes(alice: Person) -> None:
    alice.create("reached")
    url = "/functions/reached/config/url/"
    alice.client.post(url, {"AuthType": "NONE"})
    first = FunctionUrl.objects.get()
    assert first.id in alice.client.get(url).content.decode()
    cors = {"AllowOrigins": "https://a.example, https://b.example", "MaxAge": "60", "AllowCredentials": "on"}
    alice.client.post(url, {"AuthType": "AWS_IAM", "InvokeMode": "RESPONSE_STREAM", **cors})
    changed = FunctionUrl.objects.get()
    assert (first.invoke_mode, changed.invoke_mode) == ("", "RESPONSE_STREAM")
    assert changed.auth_type == "AWS_IAM"
    assert changed.cors == {
        "AllowOrigins": ["https://a.example", "https://b.example"],
        "MaxAge": 60,
        "AllowCredentials": True,
    }
    assert 'value="https://a.example, https://b.example"' in alice.client.get(url).content.decode()
    alice.client.post(url, {"AuthType": ""})
    assert not FunctionUrl.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("AuthType", "EVERYBODY", "not one of the available choices"),
        ("InvokeMode", "SLOWLY", "not one of the available choices"),
        ("AllowMethods", "FETCH<script>", "failed to satisfy"),
        ("MaxAge", "90000", "less than or equal to 86400"),
        ("MaxAge", "soon", "whole number"),
        ("AllowOrigins", "x" * 300, "failed to satisfy"),
    ],
)
def test_bad_urls_are_said_at_the_field(alice: Person, field: str, value: str, message: str) -> None:
    alice.create("reached")
    answer = alice.client.post("/functions/reached/config/url/", {"AuthType": "NONE", field: value})
    assert answer.status_code == 400
    assert message in " ".join(answer.context["form"].errors[field])
    assert answer.context["form"][field].value() == value
    assert not FunctionUrl.objects.exists()


def test_an_alias_has_a_url_of_its_own(alice: Person) -> None:
    alice.create("reached", Publish=True)
    call(alice.caller, "CreateAlias", FunctionName="reached", Name="prod", FunctionVersion="1")
    saved = alice.client.post("/functions/reached/config/url/?qualifier=prod", {"AuthType": "NONE"})
    assert saved["Location"] == "/functions/reached/config/url/?qualifier=prod"
    assert FunctionUrl.objects.get().qualifier == "prod"
    assert alice.client.post("/functions/reached/config/url/?qualifier=1", {"AuthType": "NONE"}).status_code == 403


def test_a_version_is_read_only(alice: Person) -> None:
    alice.create("set", Publish=True)
    url = "/functions/set/config/general/"
    alice.client.post(url, general())
    page = alice.client.get(f"{url}?qualifier=1")
    assert page.context["form"]["MemorySize"].value() == 128
    assert ">Save<" not in page.content.decode()
    assert alice.client.post(f"{url}?qualifier=1", general()).status_code == 403


def test_asynchronous_invocation_is_set_and_reset(alice: Person) -> None:
    alice.create("worker")
    target = alice.create("after").arn
    url = "/functions/worker/config/async/"
    assert alice.client.get(url).context["form"]["MaximumRetryAttempts"].value() == 2
    sent = {"MaximumRetryAttempts": "0", "MaximumEventAgeInSeconds": "60", "OnSuccess": "", "OnFailure": target}
    alice.client.post(url, sent)
    config = EventInvokeConfig.objects.get()
    assert (config.maximum_retry_attempts, config.maximum_event_age) == (0, 60)
    assert (config.on_success, config.on_failure) == ("", target)
    alice.client.post(url, {"reset": "1"})
    assert not EventInvokeConfig.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("MaximumRetryAttempts", "3", "not one of the available choices"),
        ("MaximumEventAgeInSeconds", "59", "60"),
        ("MaximumEventAgeInSeconds", "later", "whole number"),
        ("OnFailure", "<script>alert(1)</script>", "failed to satisfy"),
        ("OnSuccess", "arn:aws:sqs:us-east-1:222222222222:queue", "is invalid"),
        ("OnSuccess", "arn:aws:s3:::bucket", "is invalid"),
        ("OnFailure", "arn:aws:lambda:us-east-1:111111111111:function:nowhere", "is invalid"),
        ("OnSuccess", "arn:aws:lambda:us-east-1:111111111111:function:worker", "as a destination for itself"),
    ],
)
def test_bad_asynchronous_settings_are_said_at_the_field(alice: Person, field: str, value: str, message: str) -> None:
    alice.create("worker")
    sent = {"MaximumRetryAttempts": "0", "MaximumEventAgeInSeconds": "60", "OnSuccess": "", "OnFailure": ""}
    answer = alice.client.post("/functions/worker/config/async/", {**sent, field: value})
    assert answer.status_code == 400
    assert message in " ".join(answer.context["form"].errors[field])
    assert answer.context["form"][field].value() == value
    assert not EventInvokeConfig.objects.exists()


@pytest.mark.parametrize("field", ["OnSuccess", "OnFailure"])
@pytest.mark.parametrize(
    "value",
    ["no ARN", "arn:aws:iam::111111111111:role/r", "arn:aws:lambda:us-east-1:111111111111:function:worker"],
)
def test_of_two_destinations_the_bad_one_is_marked(alice: Person, field: str, value: str) -> None:
    alice.create("worker")
    good = alice.create("worker-next").arn
    sent = {"MaximumRetryAttempts": "0", "MaximumEventAgeInSeconds": "60", "OnSuccess": good, "OnFailure": good}
    answer = alice.client.post("/functions/worker/config/async/", {**sent, field: value})
    assert answer.status_code == 400
    assert set(answer.context["form"].errors) == {field}


def test_the_role_is_shown_with_its_documents(alice: Person) -> None:
    alice.create("allowed")
    mine = Role.objects.get(account_id=TEAM)
    mine.inline_policies.create(name="read<b>", document='{"Statement":[{"Action":"s3:GetObject"}]}')
    policy = ManagedPolicy.objects.create(id="ANPA1", account_id=TEAM, name="own", document='{"Version":"2012-10-17"}')
    mine.attached_policies.create(arn=policy.arn)
    mine.attached_policies.create(arn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    page = alice.client.get("/functions/allowed/config/permissions/").content.decode()
    for part in (
        "read&lt;b&gt;",
        "s3:GetObject",
        policy.arn,
        "2012-10-17",
        "AmazonS3ReadOnlyAccess",
        "by its name only",
    ):
        assert part in page
    other = Role.objects.create(id="AROA9", account_id=TEAM, name="other", trust_policy="{}")
    alice.client.post("/functions/allowed/config/permissions/", {"Role": other.arn})
    assert latest("allowed").role == other.arn
    stranger = alice.client.post("/functions/allowed/config/permissions/", {"Role": role("222222222222")})
    assert stranger.status_code == 400
    other.delete()
    assert "not in the account" in alice.client.get("/functions/allowed/config/permissions/").content.decode()


def test_a_form_without_its_token_is_refused_in_our_own_words(alice: Person) -> None:
    alice.create("set")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice.user)
    answer = strict.post("/functions/set/config/general/", general())
    assert answer.status_code == 403
    assert "The form is too old" in answer.content.decode()
    assert latest("set").memory_size == 128


def test_an_unknown_section_is_not_found(alice: Person) -> None:
    alice.create("set")
    assert alice.client.get("/functions/set/config/nonsense/").status_code == 404


def test_a_viewer_sees_the_settings_and_saves_none(alice: Person, victor: Person) -> None:
    alice.create("set")
    page = victor.client.get("/functions/set/config/general/").content.decode()
    assert "fieldset disabled" in page
    assert ">Save<" not in page
    for section in SECTIONS:
        assert victor.client.post(f"/functions/set/config/{section}/", general()).status_code == 403
    assert victor.client.post("/functions/set/delete/", {"confirm": "set"}).status_code == 403
    assert latest("set").memory_size == 128


def test_deleting_needs_the_name(alice: Person) -> None:
    alice.create("doomed")
    alice.client.post("/functions/doomed/delete/", {"confirm": "dommed"})
    assert Function.objects.filter(name="doomed").exists()
    assert alice.client.post("/functions/doomed/delete/", {"confirm": "doomed"})["Location"] == "/functions/"
    assert not Function.objects.filter(name="doomed").exists()


def test_logging(alice: Person) -> None:
    alice.create("told")
    url = "/functions/told/config/logging/"
    page = alice.client.get(url).content.decode()
    assert 'value="/aws/lambda/told"' in page
    wanted = {"LogFormat": "JSON", "LogGroup": "", "ApplicationLogLevel": "", "SystemLogLevel": "WARN"}
    assert alice.client.post(url, wanted).status_code == 302
    assert latest("told").extras["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "WARN",
        "LogGroup": "/aws/lambda/told",
    }
    response = alice.client.post(url, {**wanted, "LogFormat": "Text"})
    assert "LogLevel is not supported when LogFormat is set" in " ".join(response.context["form"].errors["LogFormat"])
    response = alice.client.post(url, {**wanted, "LogGroup": "with space"})
    assert "logGroup" in " ".join(response.context["form"].errors["LogGroup"])


def test_the_network_is_a_tag(alice: Person, settings: Settings) -> None:
    alice.create("goes")
    url = "/functions/goes/config/network/"
    assert "As the installation: none" in alice.client.get(url).content.decode()
    for chosen, tags in (("egress", {"hearth:network": "egress"}), ("none", {"hearth:network": "none"}), ("", {})):
        assert alice.client.post(url, {"network": chosen}).status_code == 302
        assert Function.objects.get(name="goes").tags == tags
    assert alice.client.post(url, {"network": "all"}).context["form"].errors["network"]
    settings.HEARTH_NETWORK = "off"
    response = alice.client.post(url, {"network": "egress"})
    assert "HEARTH_NETWORK=off" in " ".join(response.context["form"].errors["network"])
    assert response.context["form"]["network"].value() == "egress"
    assert "No function can be given a network here" in alice.client.get(url).content.decode()


def test_hot_reload_is_offered_where_it_is_enabled(alice: Person, settings: Settings, tmp_path: Path) -> None:
    alice.create("live")
    url = "/functions/live/config/directory/"
    assert alice.client.get(url).status_code == 404
    assert url not in alice.client.get("/functions/live/config/general/").content.decode()
    settings.HEARTH_HOT_RELOAD = [tmp_path.resolve()]
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return 1\n")
    assert url in alice.client.get("/functions/live/config/general/").content.decode()
    response = alice.client.post(url, {"S3Key": "/etc"})
    assert "HEARTH_HOT_RELOAD" in " ".join(response.context["form"].errors["S3Key"])
    assert 'value="/etc"' in response.content.decode()
    assert alice.client.post(url, {"S3Key": str(tmp_path)}).status_code == 302
    assert latest("live").directory == str(tmp_path.resolve())
    assert str(tmp_path) in alice.client.get("/functions/live/code/").content.decode()
