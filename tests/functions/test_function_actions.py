"""What the recordings do not show: who may not, what is left behind, downloads, pages of lists, query counts."""

import base64
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from functions.access.caller import Caller
from functions.actions import alias, concurrency, function, function_url, tags, version
from functions.actions.runtime import LISTED
from functions.api import alias as alias_api
from functions.api import function as function_api
from functions.api import version as version_api
from functions.arn import parse
from functions.code import download, store
from functions.errors import (
    AccessDeniedException,
    CodeStorageExceededException,
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
    ServiceError,
    ValidationException,
)
from functions.execution.runtimes.discovery import installed
from functions.models import AuditEntry, Function, FunctionUrl, FunctionVersion, Package
from tests.functions.world import ROLE, arn, create, request, zipped

# A runtime that AWS has and this machine has not.
MISSING = next(runtime for runtime in LISTED.split(", ") if runtime not in installed())
OTHER = zipped({"app.py": "def handler(event, context):\n    return 2\n"})


def test_the_row_is_active_when_create_has_answered(alice: Caller) -> None:
    answer = create(alice, "thumbs")
    row = FunctionVersion.objects.get(function__name="thumbs")
    assert (answer["State"], row.state, row.last_update_status) == ("Pending", "Active", "Successful")
    assert store.tree(row.package_id).joinpath("app.py").is_file()
    assert AuditEntry.objects.values_list("actor", "via", "action", "resource").get() == (
        "alice",
        "api",
        "CreateFunction",
        arn("thumbs"),
    )


def test_a_name_is_taken_once_and_by_account(alice: Caller, mallory: Caller) -> None:
    create(alice, "thumbs")
    with pytest.raises(ResourceConflictException, match="Function already exist: thumbs"):
        create(alice, "thumbs")
    assert Function.objects.count() == 1
    with pytest.raises(ResourceNotFoundException):
        function_api.get_function(mallory, {"FunctionName": "thumbs"})
    with pytest.raises(AccessDeniedException):
        function_api.get_function(mallory, {"FunctionName": arn("thumbs")})
    assert function_api.list_functions(mallory, {}) == {"Functions": []}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"Role": f"{ROLE}-missing"}, "The role defined for the function cannot be assumed by Lambda."),
        ({"Role": ROLE.replace("lambda-role", "path/lambda-role")}, "cannot be assumed"),
        ({"Runtime": MISSING}, f"The runtime {MISSING} is not installed on this machine. Installed: "),
        ({"Runtime": ""}, "Runtime and Handler are mandatory"),
        ({"Handler": None}, "Runtime and Handler are mandatory"),
        ({"Code": {}}, "Please provide a source for function code."),
        ({"Code": {"S3Bucket": "b", "S3Key": "k"}}, "No S3 endpoint is configured here"),
        ({"PackageType": "Image", "Code": {"ImageUri": "x"}}, "Please don't provide Handler or Runtime"),
        ({"MemorySize": 10_241}, "'MemorySize' value failed to satisfy constraint"),
        ({"MemorySize": 127}, "'MemorySize' value failed to satisfy constraint"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "Reserved keys used in this request: AWS_REGION"),
        ({"Layers": ["arn:aws:lambda:us-east-1:111111111111:layer:l:1"]}, "layer:l:1 does not exist"),
        ({"DurableConfig": {"ExecutionTimeout": 5}}, "DurableConfig is not supported"),
        ({"FunctionName": "thumbs:live"}, "without a version or alias"),
    ],
)
def test_a_create_that_cannot_be_leaves_nothing(
    alice: Caller, code_store: Path, members: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidParameterValueException) as refused:
        function_api.create_function(alice, {**request("thumbs"), **members})
    assert message in str(refused.value)
    assert refused.value.field
    assert not Function.objects.exists()
    assert not Package.objects.exists()
    assert [path.name for path in code_store.iterdir() if path.name != ".lock"] == []


@pytest.mark.parametrize(
    ("members", "more", "at"),
    [
        ({"Timeout": 900}, {"Timeout": 901}, "Value '901' at 'timeout'"),
        (
            {"EphemeralStorage": {"Size": 10_240}},
            {"EphemeralStorage": {"Size": 10_241}},
            "Value '10241' at 'ephemeralStorage.size'",
        ),
    ],
)
def test_the_most_that_may_be_and_one_more(
    alice: Caller, members: dict[str, Any], more: dict[str, Any], at: str
) -> None:
    create(alice, "thumbs", **members)
    with pytest.raises(ValidationException, match=f"{at} failed to satisfy constraint: Member must have value less"):
        function_api.update_function_configuration(alice, {"FunctionName": "thumbs", **more})


def test_a_role_of_another_account_is_not_passed(alice: Caller) -> None:
    with pytest.raises(AccessDeniedException, match="Cross-account pass role is not allowed"):
        create(alice, "thumbs", Role="arn:aws:iam::222222222222:role/lambda-role")


def test_snapstart_needs_a_runtime_that_has_it(alice: Caller) -> None:
    with pytest.raises(InvalidParameterValueException, match="is not supported for SnapStart enabled functions"):
        create(alice, "thumbs", Runtime="provided.al2023", SnapStart={"ApplyOn": "PublishedVersions"})


def test_code_beyond_the_share_of_the_account_is_refused(alice: Caller, settings: Settings) -> None:
    settings.HEARTH_LIMITS = {"storage_bytes": len(zipped()) + 10}
    create(alice, "thumbs")
    with pytest.raises(CodeStorageExceededException):
        create(alice, "more")
    with pytest.raises(CodeStorageExceededException):
        version.publish(alice, parse("thumbs", None, alice))
    assert list(Function.objects.values_list("name", "next_version")) == [("thumbs", 1)]


def test_files_of_the_editor_are_deployed(alice: Caller) -> None:
    reference = parse("thumbs", None, alice)
    members = {key: value for key, value in request("thumbs").items() if key != "Code"}
    function.create(alice, reference, members, {"app.py": b"x = 1\n", "data/table.csv": b"a,b\n"})
    deployed = function.update_code(alice, reference, {"app.py": b"x = 2\n", "new.py": b"", "data/table.csv": None})
    assert [entry.path for entry in store.list_files(deployed.package_id)] == ["app.py", "new.py"]
    assert store.read_text(deployed.package_id, "app.py") == "x = 2\n"
    with pytest.raises(ServiceError, match="non-empty zip"):
        function.update_code(alice, reference, {"app.py": None, "new.py": None})


def test_a_dry_run_changes_nothing(alice: Caller) -> None:
    created = create(alice, "thumbs")
    answer = function_api.update_function_code(alice, {"FunctionName": "thumbs", "ZipFile": OTHER, "DryRun": True})
    assert answer["CodeSha256"] != created["CodeSha256"]
    shown = function_api.get_function_configuration(alice, {"FunctionName": "thumbs"})
    assert shown["CodeSha256"] == created["CodeSha256"]


def test_only_the_function_itself_is_updated(alice: Caller) -> None:
    create(alice, "thumbs", Publish=True)
    for name in ("thumbs:1", arn("thumbs", "1")):
        with pytest.raises(InvalidParameterValueException, match="permitted on Lambda functions only"):
            function_api.update_function_configuration(alice, {"FunctionName": name, "Timeout": 9})
    function_api.update_function_configuration(alice, {"FunctionName": "thumbs:$LATEST", "Timeout": 9})
    labels = FunctionVersion.objects.order_by("number").values_list("number", "timeout")
    assert list(labels) == [(0, 9), (1, 3)]


def test_absent_members_stay(alice: Caller) -> None:
    create(alice, "thumbs", MemorySize=512, Environment={"Variables": {"A": "1"}}, Description="before")
    function_api.update_function_configuration(alice, {"FunctionName": "thumbs", "Timeout": 9})
    shown = function_api.get_function_configuration(alice, {"FunctionName": "thumbs"})
    assert (shown["MemorySize"], shown["Timeout"], shown["Description"]) == (512, 9, "before")
    assert shown["Environment"] == {"Variables": {"A": "1"}}
    function_api.update_function_configuration(alice, {"FunctionName": "thumbs", "Description": "", "Environment": {}})
    shown = function_api.get_function_configuration(alice, {"FunctionName": "thumbs"})
    assert (shown["Description"], shown["Environment"]) == ("", {"Variables": {}})


def test_a_number_is_never_given_twice(alice: Caller) -> None:
    create(alice, "thumbs", Publish=True)
    reference = parse("thumbs", None, alice)
    version.delete(alice, parse("thumbs", "1", alice))
    assert version.publish(alice, reference).number == 2  # unchanged, but nothing is left that is the same
    assert version.publish(alice, reference).number == 2
    function.update_configuration(alice, reference, {"Timeout": 9})
    function.update_configuration(alice, reference, {"Timeout": 3})
    assert version.publish(alice, reference).number == 2  # changed and changed back


def test_a_version_that_an_alias_names_is_not_deleted(alice: Caller) -> None:
    create(alice, "thumbs", Publish=True)
    reference = parse("thumbs", None, alice)
    function.update_configuration(alice, reference, {"Timeout": 9})
    version.publish(alice, reference)
    alias.create(alice, reference, "live", "1", weights={"2": 0.1})
    alias.create(alice, reference, "test", "2")
    for label, names in (("1", "live"), ("2", "live, test")):
        with pytest.raises(ResourceConflictException, match=rf"aliases reference it: \[{names}\]"):
            version.delete(alice, parse("thumbs", label, alice))
    alias.delete(alice, reference, "live")
    version.delete(alice, parse("thumbs", "1", alice))
    assert list(FunctionVersion.objects.values_list("number", flat=True)) == [0, 2]


def test_an_alias_keeps_its_weights_unless_they_are_mentioned(alice: Caller) -> None:
    create(alice, "thumbs", Publish=True)
    reference = parse("thumbs", None, alice)
    function.update_configuration(alice, reference, {"Timeout": 9})
    version.publish(alice, reference)
    alias.create(alice, reference, "live", "1", weights={"2": 0.1})
    assert alias.update(alice, reference, "live", description="later").routing == {"2": 0.1}
    with pytest.raises(InvalidParameterValueException, match="already included in routing configuration"):
        alias.update(alice, reference, "live", version="2")
    shown = alias_api.update_alias(
        alice, {"FunctionName": "thumbs", "Name": "live", "FunctionVersion": "2", "RoutingConfig": {}}
    )
    assert (shown["FunctionVersion"], "RoutingConfig" in shown) == ("2", False)


def test_a_deleted_function_takes_everything_with_it(
    alice: Caller, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    create(alice, "thumbs", Publish=True)
    reference = parse("thumbs", None, alice)
    alias.create(alice, reference, "live", "1")
    function_url.create(alice, parse("thumbs", "live", alice), auth_type="NONE")
    with django_capture_on_commit_callbacks(execute=True):
        function.delete(alice, reference)
    assert not FunctionVersion.objects.exists()
    assert not FunctionUrl.objects.exists()
    assert store.collect() == 0  # an invocation may still run
    assert store.collect(grace=-1) == 1


def test_a_deleted_alias_takes_its_url_with_it(aws: Any) -> None:
    aws.create_function(**request("thumbs"))
    aws.create_alias(FunctionName="thumbs", Name="live", FunctionVersion="$LATEST")
    aws.create_function_url_config(FunctionName="thumbs", Qualifier="live", AuthType="NONE")
    aws.delete_alias(FunctionName="thumbs", Name="live")
    assert not FunctionUrl.objects.exists()


def test_cors_of_a_url_is_shown_and_can_be_removed(aws: Any) -> None:
    aws.create_function(**request("thumbs"))
    cors = {"AllowOrigins": ["https://example.com"], "MaxAge": 60, "AllowCredentials": True}
    name = {"FunctionName": "thumbs"}
    assert aws.create_function_url_config(**name, AuthType="NONE", Cors=cors)["Cors"] == cors
    assert aws.update_function_url_config(**name, AuthType="AWS_IAM")["Cors"] == cors
    assert "Cors" not in aws.update_function_url_config(**name, Cors={})
    assert aws.get_function_url_config(**name)["AuthType"] == "AWS_IAM"


def test_a_package_is_downloaded_by_its_location_and_only_by_it(aws: Any, client: Client) -> None:
    aws.create_function(**request("thumbs"))
    location = aws.get_function(FunctionName="thumbs")["Code"]["Location"]
    path = location.partition("/_hearth/")
    assert path[0] == "http://testserver"  # where the client has come by
    answer = client.get(f"/_hearth/{path[2]}")
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content) == zipped()  # type: ignore[attr-defined]
    answer.close()
    token = path[2].removeprefix("packages/")
    assert client.get(f"/_hearth/packages/{token[:-1]}x").status_code == 404
    assert client.get(f"/_hearth/packages/{token.partition(':')[0]}").status_code == 404
    assert download.package(token) is not None
    assert download.package(token, seconds=-1) is None


def test_lists_come_in_pages(alice: Caller) -> None:
    names = [f"f-{number:02}" for number in range(7)]
    for name in reversed(names):
        create(alice, name, Publish=True)
    seen, pages = [], 0
    marker: dict[str, str] = {}
    while True:
        answer = function_api.list_functions(alice, {"MaxItems": 3, **marker})
        seen += [shown["FunctionName"] for shown in answer["Functions"]]
        pages += 1
        if "NextMarker" not in answer:
            break
        marker = {"Marker": answer["NextMarker"]}
    assert (seen, pages) == (names, 3)
    everything = []
    marker = {}
    while True:
        answer = function_api.list_functions(alice, {"MaxItems": 5, "FunctionVersion": "ALL", **marker})
        everything += [(shown["FunctionName"], shown["Version"]) for shown in answer["Functions"]]
        if "NextMarker" not in answer:
            break
        marker = {"Marker": answer["NextMarker"]}
    assert everything == [(name, label) for name in names for label in ("$LATEST", "1")]
    first = version_api.list_versions_by_function(alice, {"FunctionName": "f-00", "MaxItems": 1})
    rest = version_api.list_versions_by_function(alice, {"FunctionName": "f-00", "Marker": first["NextMarker"]})
    assert ([v["Version"] for v in rest["Versions"]], "NextMarker" in rest) == (["1"], False)


def test_a_page_has_at_most_fifty(alice: Caller) -> None:
    create(alice, "first")
    package = Package.objects.get()
    made = Function.objects.bulk_create(
        Function(account_id=alice.account_id, region=alice.region, name=f"g-{number:03}") for number in range(60)
    )
    base = FunctionVersion.objects.get()
    FunctionVersion.objects.bulk_create(
        FunctionVersion(
            function=owner,
            package=package,
            runtime=base.runtime,
            handler=base.handler,
            role=base.role,
            revision_id=base.revision_id,
            last_modified=base.last_modified,
        )
        for owner in made
    )
    answer = function_api.list_functions(alice, {"MaxItems": 10_000})
    assert len(answer["Functions"]) == 50
    rest = function_api.list_functions(alice, {"Marker": answer["NextMarker"]})
    assert (len(rest["Functions"]), "NextMarker" in rest) == (11, False)


@pytest.mark.parametrize(
    "values", ["x", "{}", "[]", "[1, 2]", "[null]", "[true]", "[1.5]", "[[1]]", '["x"]', '["\\u0000"]', "\u00e9"]
)
def test_a_marker_of_nobody_is_refused(alice: Caller, values: str) -> None:
    create(alice, "thumbs")
    for marker in (values, base64.urlsafe_b64encode(values.encode()).decode()):
        with pytest.raises(InvalidParameterValueException, match="Invalid pagination marker"):
            version_api.list_versions_by_function(alice, {"FunctionName": "thumbs", "Marker": marker})


def test_a_number_that_no_version_can_have(aws: Any) -> None:
    aws.create_function(**request("thumbs"))
    for digits in ("9" * 64, "00", "99999999999"):
        for operation in (aws.get_function, aws.invoke):
            with pytest.raises(ClientError, match="Function not found"):
                operation(FunctionName="thumbs", Qualifier=digits)


def test_queries(alice: Caller, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Two of each change are the savepoint that stands for its transaction here."""
    reference = parse("thumbs", None, alice)
    with django_assert_num_queries(10):
        create(alice, "thumbs")
    with django_assert_num_queries(1):
        function_api.get_function(alice, {"FunctionName": "thumbs"})
    with django_assert_num_queries(8):
        function.update_configuration(alice, reference, {"Timeout": 9})
    with django_assert_num_queries(11):
        function.update_code(alice, reference, OTHER)
    with django_assert_num_queries(12):
        version.publish(alice, reference)
    with django_assert_num_queries(7):
        tags.add(alice, reference, {"team": "a"})
    with django_assert_num_queries(9):
        concurrency.reserve(alice, reference, 5)
    for number in range(5):
        create(alice, f"more-{number}")
    with django_assert_num_queries(1):
        assert len(function_api.list_functions(alice, {})["Functions"]) == 6
    with django_assert_num_queries(2):
        version_api.list_versions_by_function(alice, {"FunctionName": "thumbs"})
