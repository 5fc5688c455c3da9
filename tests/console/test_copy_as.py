"""Commands that are copied make the call they stand for, whatever its values; forms show theirs and do nothing."""

import ast
import html
import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from pytest_django import Settings

from console.pages.operations import call
from console.pages.snippets import Call, of
from functions.invoke import nodes
from functions.models import AuditEntry, Function
from monitoring.models import LogGroup
from tests.broker import running_redis
from tests.console.conftest import RUNTIME, Person, role, zipped

NASTY = [
    "plain",
    'it\'s "quoted"',
    "$HOME `id` $(id)",
    "two\nlines",
    "-starts-with-a-dash",
    "@starts-with-an-at",
    "back\\slash",
    "Zürich 東京 \U0001f525",
    "<script>alert('x')</script>",
]
ADDRESS = re.compile(r'data-copy-as="([^"]+)"')


def made(operation: str, **members: Any) -> dict[str, str]:
    return {each.key: each.text for each in of("http://localhost", [Call(operation, members)])}


def words(command: str) -> list[str]:
    """As a shell reads them."""
    script = f"printf '%s\\0' {command}"
    return subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("text", NASTY)
def test_values_survive_the_shell_and_the_program(text: str) -> None:
    found = made("UpdateAlias", FunctionName="f", Name="prod", Description=text)
    cli = words(found["cli"])
    assert cli[:3] == ["aws", "lambda", "update-alias"]
    assert f"--description={text}" in cli or cli[cli.index("--description") + 1] == text
    curl = words(found["curl"])
    assert json.loads(curl[curl.index("--data-raw") + 1]) == {"Description": text}
    made_call = next(
        node
        for node in ast.walk(ast.parse(found["boto3"]))
        if isinstance(node, ast.Call) and node.keywords and any(each.arg == "Description" for each in node.keywords)
    )
    assert {each.arg: ast.literal_eval(each.value) for each in made_call.keywords}["Description"] == text


def test_curl_goes_where_the_model_says() -> None:
    found = made("DeleteFunction", FunctionName="a b/c", Qualifier="1")
    curl = words(found["curl"])
    url = urlsplit(curl[-1])
    assert url.path == "/2015-03-31/functions/a%20b%2Fc"
    assert parse_qs(url.query) == {"Qualifier": ["1"]}
    assert curl[curl.index("--request") + 1] == "DELETE"
    assert curl[curl.index("--aws-sigv4") + 1] == "aws:amz:us-east-1:lambda"
    assert "--request" not in made("GetFunction", FunctionName="f")["curl"]


def test_structures_flags_and_what_is_not_given() -> None:
    weights = {"AdditionalVersionWeights": {"2": 0.25}}
    found = made("UpdateAlias", FunctionName="f", Name="n", Description=None, RoutingConfig=weights)
    cli = shlex.split(found["cli"].replace("\\\n", ""))
    assert json.loads(cli[cli.index("--routing-config") + 1]) == weights
    assert "--description" not in cli
    assert "--publish" in made("UpdateFunctionCode", FunctionName="f", Publish=True)["cli"]
    assert "--no-publish" in made("UpdateFunctionCode", FunctionName="f", Publish=False)["cli"]
    with pytest.raises(LookupError):
        made("MakeCoffee")


def test_what_the_cli_would_fetch_stands_in_json() -> None:
    cli = words(made("UpdateAlias", FunctionName="f", Name="n", Description="file:///etc/hostname")["cli"])
    assert json.loads(cli[cli.index("--cli-input-json") + 1]) == {"Description": "file:///etc/hostname"}
    assert "--description" not in cli
    event = made("Invoke", FunctionName="f", Payload="http://is.no.json/")["cli"]
    assert event.startswith("printf %s http://is.no.json/ | aws lambda invoke")


def shown(person: Person, page: str, operation: str) -> str:
    """What the page's first button for `operation` shows."""
    found = [html.unescape(each) for each in ADDRESS.findall(person.client.get(page).content.decode())]
    address = next(each for each in found if re.search(rf"/{operation}[,/]", each))
    answer = person.client.get(address)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_rows_of_pages_say_their_calls(alice: Person, invoked: Any) -> None:
    alice.create("copied", Publish=True)
    invoked("copied", "hello\n")
    for name in ("prod", "beta"):
        alice.client.post("/functions/copied/versions/", {"Name": name, "FunctionVersion": "1"})
    alice.client.post("/functions/copied/triggers/function_url/new/", {"AuthType": "NONE"})
    here = "/functions/copied"
    assert "--function-name copied" in shown(alice, "/functions/", "GetFunction")
    assert "--qualifier prod" in shown(alice, f"{here}/?qualifier=prod", "GetFunction")
    assert "--qualifier 1" in shown(alice, f"{here}/versions/", "GetFunctionConfiguration")
    assert "--name beta" in shown(alice, f"{here}/versions/?alias=beta", "GetAlias")
    assert "get-function-url-config" in shown(alice, "/triggers/", "GetFunctionUrlConfig")
    assert "get-function-concurrency" in shown(alice, f"{here}/config/concurrency/", "GetFunctionConcurrency")
    assert "--resource arn:aws:lambda" in shown(alice, f"{here}/config/tags/", "ListTags")
    assert "aws iam get-role" in shown(alice, f"{here}/config/permissions/", "GetRole")
    assert "--filter-pattern '\"hello\"'" in shown(alice, f"{here}/logs/?q=hello", "FilterLogEvents")
    assert "--log-group-name /aws/lambda/copied" in shown(alice, "/invocations/", "FilterLogEvents")
    assert '"MetricName": "Invocations"' in shown(alice, f"{here}/monitor/", "GetMetricData")


def test_rows_of_layers_permissions_and_sources_say_their_calls(alice: Person) -> None:
    function = alice.create("copied", Publish=True)
    name, everybody = {"FunctionName": "copied"}, {"StatementId": "all", "Principal": "*"}
    layer = {"LayerName": "shared", "VersionNumber": 1}
    queue = f"arn:aws:sqs:us-east-1:{alice.caller.account_id}:jobs"
    call(alice.caller, "PublishLayerVersion", LayerName="shared", Content={"ZipFile": zipped()})
    call(alice.caller, "AddLayerVersionPermission", Action="lambda:GetLayerVersion", **layer, **everybody)
    call(alice.caller, "AddPermission", Action="lambda:InvokeFunction", **name, **everybody)
    call(alice.caller, "PutProvisionedConcurrencyConfig", Qualifier="1", ProvisionedConcurrentExecutions=1, **name)
    mapping = call(alice.caller, "CreateEventSourceMapping", EventSourceArn=queue, **name)
    here = "/functions/copied"
    assert "DeleteLayerVersion" in shown(alice, "/layers/", "ListLayerVersions")
    assert "--version-number 1" in shown(alice, "/layers/shared/", "GetLayerVersion")
    sharing = "/layers/shared/versions/1/sharing/"
    assert "--statement-id all" in shown(alice, sharing, "RemoveLayerVersionPermission")
    permissions = shown(alice, f"{here}/config/permissions/", "GetPolicy")
    assert f"ResourceArn={quote_plus(function.arn)}" in permissions
    assert "--statement-id all" in shown(alice, f"{here}/config/permissions/", "RemovePermission")
    assert "--qualifier 1" in shown(alice, f"{here}/config/concurrency/", "GetProvisionedConcurrencyConfig")
    assert f"--uuid {mapping['UUID']}" in shown(alice, f"{here}/triggers/", "GetEventSourceMapping")


def test_rows_of_the_administration_say_their_calls(alice: Person, tmp_path: Path, settings: Settings) -> None:
    call(
        alice.caller,
        "CreateCapacityProvider",
        CapacityProviderName="pool",
        VpcConfig={"SubnetIds": ["subnet-0a1b2c3d"], "SecurityGroupIds": []},
        PermissionsConfig={"CapacityProviderOperatorRoleArn": role(alice.caller.account_id)},
    )
    name = {"account_id": alice.caller.account_id, "region": alice.caller.region, "name": "/team/logs"}
    LogGroup.objects.create(**name, retention_days=3)
    with running_redis(tmp_path) as url:
        settings.REDIS_URL = url
        nodes.broker.cache_clear()
        node = nodes.Node("node-1", str(tmp_path / "away.sock"), {"capacity_provider": "pool"})
        nodes.broker().set(nodes.PREFIX + node.id, node.announcement)
        workers = shown(alice, "/admin/concurrency/", "GetCapacityProvider")
        (row,) = alice.client.get("/admin/capacity-providers/").context["rows"]
        nodes.broker().close()
    nodes.broker.cache_clear()
    assert "aws lambda get-capacity-provider" in workers
    assert "--capacity-provider-name pool" in workers
    assert "ListFunctionVersionsByCapacityProvider" in workers
    assert row.workers == 1
    assert "--capacity-provider-name pool" in shown(alice, "/admin/capacity-providers/", "GetCapacityProvider")
    retention = shown(alice, "/admin/limits/", "DescribeLogGroups")
    assert "--log-group-name-prefix /team/logs" in retention
    assert "DeleteRetentionPolicy" in retention


def test_other_operations_are_offered_by_role(alice: Person, victor: Person) -> None:
    alice.create("offered")
    assert "DeleteFunction,GetFunction/" in shown(alice, "/functions/", "GetFunction")
    assert "DeleteFunction" not in shown(victor, "/functions/", "GetFunction")


GENERAL = {"Description": "new", "Runtime": RUNTIME, "Handler": "a.b", "MemorySize": "256", "Timeout": "9"}
LAYER = "arn:aws:lambda:us-east-1:222222222222:layer:shared:1"
FORMS = [
    ("config/general/", GENERAL, "--memory-size 256"),
    ("config/environment/", {"Environment": "KEY=it's"}, "--environment"),
    ("config/concurrency/", {"ReservedConcurrentExecutions": "3"}, "--reserved-concurrent-executions 3"),
    ("config/concurrency/", {"ReservedConcurrentExecutions": ""}, "delete-function-concurrency"),
    ("config/async/", {"MaximumRetryAttempts": "1", "MaximumEventAgeInSeconds": "60"}, "--maximum-retry-attempts 1"),
    ("config/url/", {"AuthType": "AWS_IAM", "AllowOrigins": "*"}, "create-function-url-config"),
    ("config/tags/", {"Tags": "team=a"}, "tag-resource"),
    ("throttle/", {"throttle": "1"}, "--reserved-concurrent-executions 0"),
    ("versions/publish/", {"Description": "second"}, "--description second"),
    ("versions/", {"Name": "beta", "FunctionVersion": "1", "Description": ""}, "create-alias"),
    ("aliases/prod/", {"FunctionVersion": "$LATEST"}, "update-alias"),
    ("aliases/prod/rollback/", {"Version": "1"}, "--routing-config"),
    ("triggers/function_url/new/", {"AuthType": "NONE"}, "--auth-type NONE"),
    ("config/layers/", {"other": LAYER}, f"--layers '[\"{LAYER}\"]'"),
    ("permissions/new/", {"StatementId": "s", "Action": "lambda:GetFunction", "Principal": "*"}, "--principal '*'"),
    ("permissions/policy/", {"Policy": '{"Statement": []}'}, "put-resource-policy"),
    ("permissions/policy/", {"Policy": ""}, "delete-resource-policy"),
    ("permissions/of/s/remove/", {}, "--statement-id s"),
    ("provisioned/", {"Qualifier": "prod", "ProvisionedConcurrentExecutions": "2"}, "--qualifier prod"),
    ("provisioned/prod/remove/", {}, "delete-provisioned-concurrency-config"),
]


@pytest.mark.parametrize(("page", "typed", "said"), FORMS)
def test_a_form_shows_what_it_would_do_and_does_nothing(
    alice: Person, page: str, typed: dict[str, str], said: str
) -> None:
    function = alice.create("formed", Publish=True)
    alice.client.post("/functions/formed/versions/", {"Name": "prod", "FunctionVersion": "1"})
    before = state(function)
    answer = alice.client.post(f"/functions/formed/{page}", {**typed, "copy_as": "1"})
    assert said in html.unescape(answer.content.decode())
    assert answer.status_code == 200
    assert state(function) == before


def state(function: Function) -> Any:
    function.refresh_from_db()
    return [
        function.reserved_concurrency,
        function.tags,
        AuditEntry.objects.count(),
        list(function.versions.values()),
        list(function.aliases.values()),
        list(function.urls.values()),
        list(function.event_invoke_configs.values()),
        list(function.policies.values()),
        list(function.provisioned.values()),
    ]


def test_deleting_creating_and_running_again_are_shown_not_done(alice: Person, invoked: Any) -> None:
    function = alice.create("kept")
    answer = alice.client.post("/functions/delete/", {"name": ["kept"], "copy_as": "1"})
    assert "delete-function" in answer.content.decode()
    assert Function.objects.filter(pk=function.pk).exists()
    typed = {
        "FunctionName": "unborn",
        "Runtime": RUNTIME,
        "Handler": "app.handler",
        "Role": role(alice.caller.account_id),
        "MemorySize": "128",
        "Timeout": "3",
        "source_text": "x",
    }
    answer = alice.client.post("/functions/new/", {**typed, "copy_as": "1"})
    assert "--zip-file fileb://function.zip" in answer.content.decode()
    assert not Function.objects.filter(name="unborn").exists()
    request_id = invoked("kept", event='{"a": 1}', event_size=8)
    page = f"/functions/kept/invocations/{request_id}/rerun/"
    answer = alice.client.post(page, {"qualifier": "$LATEST", "copy_as": "1"})
    assert "aws lambda invoke" in answer.content.decode()


def test_a_form_that_would_be_refused_says_why(alice: Person, victor: Person) -> None:
    alice.create("refused")
    page = "/functions/refused/config/general/"
    typed = {**GENERAL, "MemorySize": "many", "copy_as": "1"}
    answer = alice.client.post(page, typed)
    assert answer.status_code == 400
    assert "Enter a whole number" in answer.content.decode()
    answer = alice.client.post(page, {**typed, "MemorySize": "128", "Timeout": "100000"})
    assert answer.status_code == 400
    assert "less than or equal to" in answer.content.decode()
    assert victor.client.post(page, typed).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("lambda/MakeCoffee/", 404),
        ("coffee/GetFunction/", 404),
        ("lambda/GetFunction/", 400),
        ("lambda/GetFunction/?FunctionName=f&Qualifier=%3Cscript%3Ex", 200),
        ("lambda/TagResource/?Resource=r&Tags=[1]", 400),
        ("lambda/TagResource/?Resource=r&Tags={", 404),
        ("lambda/TagResource/?Resource=r&Tags=" + "[" * 20_000, 404),
        ("lambda/GetFunction/?FunctionName=" + "x" * 100_001, 404),
    ],
)
def test_what_cannot_be_a_call_is_refused(alice: Person, path: str, status: int) -> None:
    answer = alice.client.get(f"/copy-as/{path}")
    assert answer.status_code == status
    assert b"<script>x" not in answer.content
