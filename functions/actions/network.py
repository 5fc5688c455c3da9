"""What a function has in a network of AWS: subnets, security groups, file systems. Kept and shown; none is here.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-filesystem.html
"""

from collections.abc import Mapping
from typing import Any

from functions.errors import InvalidParameterValueException


def apply(extras: dict[str, Any], members: Mapping[str, Any]) -> None:
    """Put VpcConfig and FileSystemConfigs of a request into the kept members of a version."""
    if members.get("VpcConfig") is not None:
        extras["VpcConfig"] = _vpc(members["VpcConfig"])
    systems = members.get("FileSystemConfigs")
    if systems is not None:
        _check_kind(systems)
        extras.pop("FileSystemConfigs", None)
        if systems:
            extras["FileSystemConfigs"] = list(systems)
    if "FileSystemConfigs" in extras and not extras.get("VpcConfig", {}).get("SubnetIds"):
        arn = extras["FileSystemConfigs"][0]["Arn"]
        if systems:
            raise InvalidParameterValueException(
                f"Function must be configured to execute in a VPC to reference access point {arn}.",
                field="FileSystemConfigs",
            )
        raise InvalidParameterValueException(
            f"Function VPC configuration cannot be removed with access point {arn} referenced.", field="VpcConfig"
        )


def _vpc(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "SubnetIds": list(given.get("SubnetIds") or ()),
        "SecurityGroupIds": list(given.get("SecurityGroupIds") or ()),
        "VpcId": "",
        "Ipv6AllowedForDualStack": bool(given.get("Ipv6AllowedForDualStack", False)),
    }


def _check_kind(systems: list[Mapping[str, Any]]) -> None:
    for system in systems:
        if system.get("S3FilesConfig") and ":s3files:" not in system["Arn"]:
            raise InvalidParameterValueException(
                f"S3FilesConfig is for access points of Amazon S3 Files, which {system['Arn']} is not.",
                field="FileSystemConfigs",
            )
