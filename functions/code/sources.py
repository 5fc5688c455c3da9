"""Where code comes from: the request itself, or an object in S3."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions import aws
from functions.access.caller import Caller
from functions.code import live
from functions.errors import AccessDeniedException, InvalidParameterValueException
from functions.limits import limits


@dataclass(frozen=True, slots=True)
class Artifact:
    """A zip, and how large one may be that came this way (bytes)."""

    data: bytes
    limit: int
    directory: str = ""  # that it is a copy of, for hot reload
    # Where the package stays, when it is referenced and not copied: S3Bucket, S3Key, S3ObjectVersion.
    s3_object: dict[str, str] | None = None


def artifact(caller: Caller, source: Mapping[str, Any]) -> Artifact | None:
    """What the members ZipFile, S3Bucket, S3Key and S3ObjectVersion of a request mean; None when none is there.

    Raises InvalidParameterValueException or AccessDeniedException, in S3's own words where S3 refuses.
    """
    zipped = source.get("ZipFile")
    bucket, key = source.get("S3Bucket"), source.get("S3Key")
    if zipped is not None:
        if bucket or key:
            raise InvalidParameterValueException(
                "Please do not provide other FunctionCode parameters when providing a ZipFile.", field="ZipFile"
            )
        return Artifact(bytes(zipped), limits().zipped_bytes)
    if not bucket and not key:
        return None
    if bucket == live.BUCKET:
        path = live.directory(key or "")
        return Artifact(live.pack(path), limits().unzipped_bytes, str(path))
    if not bucket or not key:
        raise InvalidParameterValueException(
            "Please provide both S3Bucket and S3Key.", field="S3Key" if bucket else "S3Bucket"
        )
    data, version = _object(caller.region, bucket, key, source.get("S3ObjectVersion"))
    if source.get("S3ObjectStorageMode") != "REFERENCE":
        return Artifact(data, limits().unzipped_bytes)
    if version in ("", "null"):
        raise InvalidParameterValueException(
            f"S3ObjectStorageMode REFERENCE requires that versioning is enabled for the bucket {bucket}.",
            field="S3ObjectStorageMode",
        )
    resolved = {"S3Bucket": bucket, "S3Key": key, "S3ObjectVersion": version}
    return Artifact(data, limits().unzipped_bytes, s3_object=resolved)


class Away(Exception):
    """S3 cannot be asked now."""


def refusal(region: str, s3_object: Mapping[str, str]) -> str:
    """Why S3 does not give the object any more; empty while it does. Raises Away."""
    which = {"Bucket": s3_object["S3Bucket"], "Key": s3_object["S3Key"], "VersionId": s3_object["S3ObjectVersion"]}
    try:
        aws.client("s3", region).head_object(**which)
    except ClientError as refused:
        if refused.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise Away(str(refused)) from None
        return (
            f"Lambda has no access to the version {which['VersionId']} of the source object {which['Bucket']}/"
            f"{which['Key']} any more. S3 Error Code: {_said(refused)[0]}."
        )
    except (BotoCoreError, aws.NoEndpoint) as error:
        raise Away(str(error)) from None
    return ""


def check(region: str, s3_object: Mapping[str, str], field: str) -> None:
    """Raises InvalidParameterValueException unless S3 gives the object."""
    try:
        why = refusal(region, s3_object)
    except Away as error:
        why = f"Error occurred while GetObject. S3 Error Code: ServiceUnavailable. S3 Error Message: {error}"
    if why:
        raise InvalidParameterValueException(why, field=field)


def _object(region: str, bucket: str, key: str, version: str | None) -> tuple[bytes, str]:
    """The bytes, and which version of the object they are; empty in a bucket without versions."""
    which = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
    try:
        client = aws.client("s3", region)
    except aws.NoEndpoint as error:
        error.field = "S3Bucket"
        raise
    try:
        answer = client.get_object(**which)
        with answer["Body"] as body:
            if answer["ContentLength"] > limits().unzipped_bytes:
                raise InvalidParameterValueException(
                    f"Unzipped size must be smaller than {limits().unzipped_bytes} bytes", field="S3Key"
                )
            return bytes(body.read()), answer.get("VersionId", "")
    except ClientError as refusal:
        code, message = _said(refusal)
    except BotoCoreError as failure:
        code, message = "ServiceUnavailable", str(failure)
    why = f"S3 Error Code: {code}. S3 Error Message: {message}"
    if code == "AccessDenied":
        raise AccessDeniedException(
            "Your access has been denied by S3, please make sure your request credentials have permission to GetObject "
            f"for {bucket}/{key}. {why}",
            field="S3Key",
        )
    raise InvalidParameterValueException(
        f"Error occurred while GetObject. {why}", field="S3Bucket" if code == "NoSuchBucket" else "S3Key"
    )


def _said(refusal: ClientError) -> tuple[str, str]:
    """S3's code and message; of a bucket in another region Lambda says which."""
    error = refusal.response["Error"]
    code = error.get("Code", "Unknown")
    region = refusal.response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
    if code == "PermanentRedirect" and region:
        return code, f"The bucket is in this region: {region}. Please use this region to retry the request"
    return code, error.get("Message", "")
