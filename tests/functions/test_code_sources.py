"""Where code comes from: S3, as AWS answered and over real HTTP; what else is refused."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pytest_django import Settings

from functions.access.caller import Caller
from functions.actions import code_reference
from functions.api import function, layer
from functions.code import store
from functions.errors import AccessDeniedException, InvalidParameterValueException, ServiceError
from functions.models import Function, FunctionVersion
from tests.functions.replay import IN_PROGRESS, Replay
from tests.functions.world import request, zipped
from tests.invoke.aws import Elsewhere, elsewhere

OTHER = zipped({"handler.py": "def handler(event, context):\n    return 2\n"})
BUCKET = "packages"
# What S3 says of a bucket that is elsewhere, or that one may not read, and what Lambda makes of it.
REFUSALS = [
    (
        301,
        "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint.",
        InvalidParameterValueException,
        "Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error Message: The bucket is in this "
        "region: eu-west-1. Please use this region to retry the request",
    ),
    (
        403,
        "AccessDenied",
        "Access Denied",
        AccessDeniedException,
        "Your access has been denied by S3, please make sure your request credentials have permission to GetObject for "
        "packages/one.zip. S3 Error Code: AccessDenied. S3 Error Message: Access Denied",
    ),
]


@pytest.fixture(scope="module")
def services() -> Iterator[Elsewhere]:
    with elsewhere() as found:
        s3 = found.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=BUCKET, Key="one.zip", Body=zipped())
        yield found


@pytest.fixture
def s3(services: Elsewhere, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    settings.HEARTH_AWS_ENDPOINTS = {"s3": services.endpoint}
    return services.client("s3")


def located(key: str, bucket: str = BUCKET, **more: str) -> dict[str, str]:
    return {"S3Bucket": bucket, "S3Key": key, **more}


def test_code_in_s3(aws: Any, s3: Any) -> None:
    replay = Replay("TestLambdaFunction::test_lambda_code_location_s3")
    made = request("thumbs", Handler="index.handler", Code=located("one.zip"))
    replay.check("create_response_s3", aws.create_function(**made))
    replay.check("get-function-response", aws.get_function(FunctionName="thumbs"))
    s3.put_object(Bucket=BUCKET, Key="two.zip", Body=OTHER)
    replay.check("update-function-response", aws.update_function_code(FunctionName="thumbs", **located("two.zip")))
    replay.check("get-function-response-updated", aws.get_function(FunctionName="thumbs"), but=IN_PROGRESS)


def test_code_that_s3_does_not_have(aws: Any, s3: Any) -> None:
    replay = Replay("TestLambdaFunction::test_lambda_code_location_s3_errors")
    aws.create_function(**request("thumbs"))
    for what, code in (("bucket", located("one.zip", "another-bucket")), ("key", located("none.zip"))):
        replay.error(f"create-error-wrong-{what}", aws.create_function, **request("other", Code=code))
        replay.error(f"update-error-wrong-{what}", aws.update_function_code, FunctionName="thumbs", **code)


def test_a_layer_in_s3(aws: Any, s3: Any) -> None:
    replay = Replay("TestLambdaLayer::test_layer_s3_content")
    answer = aws.publish_layer_version(LayerName="shared", Content=located("one.zip"))
    replay.check("publish_layer_result", answer)
    with pytest.raises(ClientError, match="S3 Error Code: NoSuchKey"):
        aws.publish_layer_version(LayerName="shared", Content=located("none.zip"))


def test_a_version_of_an_object(alice: Caller, s3: Any) -> None:
    old = s3.put_object(Bucket=BUCKET, Key="versions.zip", Body=zipped())["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="versions.zip", Body=OTHER)
    function.create_function(alice, request("thumbs", Code=located("versions.zip", S3ObjectVersion=old)))
    assert store.read_text(package(), "app.py")
    function.update_function_code(alice, {"FunctionName": "thumbs", **located("versions.zip")})
    assert store.read_text(package(), "handler.py")


def package() -> str:
    return str(FunctionVersion.objects.get(function__name="thumbs", number=0).package_id)


@contextmanager
def refusing(status: int, body: str) -> Iterator[str]:
    """The address of an S3 that answers everything with this, of a bucket in eu-west-1."""

    class Refusal(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("x-amz-bucket-region", "eu-west-1")
            self.end_headers()
            self.wfile.write(body.encode())

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(("status", "code", "message", "error", "said"), REFUSALS)
def test_s3s_own_words_are_handed_on(
    alice: Caller,
    s3: Any,
    settings: Settings,
    status: int,
    code: str,
    message: str,
    error: type[ServiceError],
    said: str,
) -> None:
    with refusing(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>") as endpoint:
        settings.HEARTH_AWS_ENDPOINTS = {"s3": endpoint}
        with pytest.raises(error) as refused:
            function.create_function(alice, request("thumbs", Code=located("one.zip")))
    assert str(refused.value) == said


def test_an_s3_that_is_away(alice: Caller, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    settings.HEARTH_AWS_ENDPOINTS = {"s3": "http://127.0.0.1:9"}
    with pytest.raises(InvalidParameterValueException, match="S3 Error Code: ServiceUnavailable"):
        function.create_function(alice, request("thumbs", Code=located("one.zip")))
    assert not Function.objects.exists()


def test_s3_takes_larger_zips_than_an_upload(alice: Caller, s3: Any, settings: Settings) -> None:
    settings.HEARTH_LIMITS = {"zipped_bytes": len(zipped()) - 1, "unzipped_bytes": len(zipped()) + 1}
    function.create_function(alice, request("thumbs", Code=located("one.zip")))
    s3.put_object(Bucket=BUCKET, Key="large.zip", Body=zipped({"a": "x" * len(zipped())}))
    with pytest.raises(InvalidParameterValueException, match="Unzipped size must be smaller than"):
        layer.publish_layer_version(alice, {"LayerName": "large", "Content": located("large.zip")})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"S3Bucket": "bucket"}, "Please provide both S3Bucket and S3Key"),
        ({"S3Key": "key"}, "Please provide both S3Bucket and S3Key"),
        ({"ZipFile": zipped(), "S3Bucket": "bucket", "S3Key": "key"}, "Please do not provide other FunctionCode"),
        (
            {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"},
            "Please don't provide ImageUri when the intended function PackageType is Zip.",
        ),
        (located("one.zip"), "No S3 endpoint is configured here"),
    ],
)
def test_what_is_refused(alice: Caller, source: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterValueException, match=message) as refused:
        function.create_function(alice, request("thumbs", Code=source))
    assert refused.value.field
    assert not Function.objects.exists()


def test_a_function_from_a_zip_takes_no_image(aws: Any) -> None:
    replay = Replay("TestLambdaImages::test_lambda_zip_file_to_image")
    made = request("thumbs", Handler="handler.handler")
    replay.check("create-image-response", aws.create_function(**made))
    replay.check("get-function-code-response", aws.get_function(FunctionName="thumbs"))
    replay.check("get-function-config-response", aws.get_function_configuration(FunctionName="thumbs"))
    image = {"FunctionName": "thumbs", "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"}
    replay.error("zipfile-to-image-error", aws.update_function_code, **image)
    replay.check("get-function-code-response-after-update", aws.get_function(FunctionName="thumbs"))
    after = aws.get_function_configuration(FunctionName="thumbs")
    replay.check("get-function-config-response-after-update", after)


def test_the_key_that_a_package_came_with_is_kept_by_name(alice: Caller) -> None:
    key = "arn:aws:kms:us-east-1:111111111111:key/one"
    function.create_function(alice, request("thumbs", Code={"ZipFile": zipped(), "SourceKMSKeyArn": key}))
    shown = {"FunctionName": "thumbs"}
    assert function.get_function(alice, shown)["Code"]["SourceKMSKeyArn"] == key
    function.update_function_configuration(alice, {"FunctionName": "thumbs", "Timeout": 9})
    assert function.get_function(alice, shown)["Code"]["SourceKMSKeyArn"] == key
    function.update_function_code(alice, {"FunctionName": "thumbs", "ZipFile": OTHER})
    assert "SourceKMSKeyArn" not in function.get_function(alice, shown)["Code"]


def test_a_dry_run_changes_nothing(aws: Any) -> None:
    before = aws.create_function(**request("thumbs", Architectures=["x86_64"]))
    tried = {"FunctionName": "thumbs", "ZipFile": OTHER, "Architectures": ["arm64"], "DryRun": True, "Publish": True}
    answer = aws.update_function_code(**tried)
    assert answer["CodeSha256"] != before["CodeSha256"]
    assert answer["Architectures"] == ["arm64"]
    after = aws.get_function(FunctionName="thumbs")["Configuration"]
    assert (after["CodeSha256"], after["Architectures"]) == (before["CodeSha256"], ["x86_64"])
    assert len(aws.list_versions_by_function(FunctionName="thumbs")["Versions"]) == 1
    del tried["DryRun"]
    done = aws.update_function_code(**tried, RevisionId=after["RevisionId"])
    assert (done["Version"], done["Architectures"]) == ("1", ["arm64"])
    with pytest.raises(ClientError, match="PreconditionFailedException"):
        aws.update_function_code(**tried, RevisionId=after["RevisionId"])


def test_code_that_stays_in_s3(aws: Any, s3: Any) -> None:
    body = zipped({"app.py": "def handler(event, context):\n    return 'referenced'\n"})
    version = s3.put_object(Bucket=BUCKET, Key="kept.zip", Body=body)["VersionId"]
    place = {**located("kept.zip"), "S3ObjectStorageMode": "REFERENCE"}
    resolved = {**located("kept.zip"), "S3ObjectVersion": version}
    name = {"FunctionName": "thumbs"}

    def code() -> dict[str, Any]:
        found: dict[str, Any] = aws.get_function(**name)["Code"]
        return found

    def stored() -> int:
        return int(aws.get_account_settings()["AccountUsage"]["TotalCodeSize"])

    made = aws.create_function(**request("thumbs", Code=place))
    assert (made["CodeSize"], code()["ResolvedS3Object"], stored()) == (len(body), resolved, 0)
    assert aws.publish_version(**name)["Version"] == "1"
    layer_version = aws.publish_layer_version(LayerName="kept", Content=place)
    assert layer_version["Content"]["ResolvedS3Object"] == resolved
    assert stored() == 0
    aws.update_function_code(**name, **located("kept.zip"))
    assert "ResolvedS3Object" not in code()
    assert stored() == len(body)
    assert aws.publish_version(**name)["Version"] == "2"
    aws.update_function_code(**name, **place)
    assert (code()["ResolvedS3Object"], stored()) == (resolved, len(body))


def test_code_that_is_gone_from_s3(aws: Any, s3: Any) -> None:
    version = s3.put_object(Bucket=BUCKET, Key="going.zip", Body=zipped())["VersionId"]
    place = {**located("going.zip"), "S3ObjectStorageMode": "REFERENCE"}
    name, layers = (
        {"FunctionName": "thumbs"},
        [aws.publish_layer_version(LayerName="going", Content=place)["LayerVersionArn"]],
    )
    aws.create_function(**request("thumbs", Code=place))
    aws.create_function(**request("copied", Code=located("going.zip"), Layers=layers))
    assert code_reference.check_all() == 0
    s3.delete_object(Bucket=BUCKET, Key="going.zip", VersionId=version)
    assert code_reference.check_all() == 1
    shown = aws.get_function_configuration(**name)
    assert (shown["State"], shown["StateReasonCode"]) == ("Inactive", "InvalidConfiguration")
    assert "no access to the version" in shown["StateReason"]
    with pytest.raises(ClientError, match="currently in the following state: Inactive"):
        aws.invoke(**name)
    with pytest.raises(ClientError, match="no access to the version"):
        aws.update_function_configuration(**name, Timeout=9)
    assert aws.get_function_configuration(FunctionName="copied")["State"] == "Active"
    aws.update_function_configuration(FunctionName="copied", Timeout=9)
    with pytest.raises(ClientError, match="no access to the version"):
        aws.update_function_configuration(FunctionName="copied", Layers=layers)
    aws.update_function_code(**name, ZipFile=zipped())
    assert aws.get_function_configuration(**name)["State"] == "Active"
    assert code_reference.check_all() == 0


def test_access_that_is_restored(aws: Any, s3: Any, settings: Settings) -> None:
    s3.put_object(Bucket=BUCKET, Key="back.zip", Body=zipped())
    name, place = {"FunctionName": "thumbs"}, {**located("back.zip"), "S3ObjectStorageMode": "REFERENCE"}
    aws.create_function(**request("thumbs", Code=place))
    here = settings.HEARTH_AWS_ENDPOINTS
    settings.HEARTH_AWS_ENDPOINTS = {}
    assert code_reference.check_all() == 0  # S3 that cannot be asked takes nothing away
    with refusing(403, "") as endpoint:
        settings.HEARTH_AWS_ENDPOINTS = {"s3": endpoint}
        assert code_reference.check_all() == 1
    settings.HEARTH_AWS_ENDPOINTS = {}
    with pytest.raises(ClientError, match="S3 Error Code: ServiceUnavailable"):
        aws.update_function_configuration(**name, Timeout=8)
    settings.HEARTH_AWS_ENDPOINTS = here
    assert aws.get_function_configuration(**name)["State"] == "Inactive"
    aws.update_function_configuration(**name, Timeout=9)
    assert aws.get_function_configuration(**name)["State"] == "Active"


def test_code_stays_only_where_objects_have_versions(aws: Any, s3: Any) -> None:
    s3.create_bucket(Bucket="without-versions")
    s3.put_object(Bucket="without-versions", Key="one.zip", Body=zipped())
    place = {**located("one.zip", "without-versions"), "S3ObjectStorageMode": "REFERENCE"}
    with pytest.raises(ClientError, match="requires that versioning is enabled for the bucket without-versions"):
        aws.create_function(**request("thumbs", Code=place))
