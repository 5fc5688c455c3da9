"""Calls of the API as commands and programs that make the same ones: AWS CLI, boto3, curl.

Names and places of the members come from botocore's model, as those of the tools do.
"""

import base64
import json
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from botocore.serialize import create_serializer
from django.conf import settings
from django.utils.http import urlencode

from console.gateway.wire import catalogue

# Stands in a request for the bytes of a package: the commands read this file instead.
PACKAGE = b"function.zip"
# What the AWS CLI replaces by the content of a file or page, at the beginning of a value.
FETCHED = ("file://", "fileb://", "http://", "https://")
JOIN = " \\\n  "


@dataclass(frozen=True)
class Call:
    """`members`: the operation's request; those that are None are left out."""

    operation: str
    members: Mapping[str, Any] = field(default_factory=dict)
    service: str = "lambda"

    @property
    def given(self) -> dict[str, Any]:
        return {name: value for name, value in self.members.items() if value is not None}


def invoke(name: str, qualifier: str, event: str, tenant: str = "") -> Call:
    """`qualifier` and `tenant` are empty for none. An event that is JSON stands on one line."""
    with suppress(ValueError, RecursionError):
        event = _json(json.loads(event))
    members = {"Qualifier": qualifier, "TenantId": tenant, "Payload": event}
    return Call("Invoke", {"FunctionName": name, **{member: value or None for member, value in members.items()}})


@dataclass(frozen=True)
class Snippet:
    key: str
    label: str
    text: str


def has_package(call: Call) -> bool:
    holders = (call.members, call.members.get("Code", {}), call.members.get("Content", {}))
    return any(holder.get("ZipFile") == PACKAGE for holder in holders)


def of(endpoint: str, calls: Sequence[Call]) -> list[Snippet]:
    """The calls in their order. Raises LookupError for an operation that no served model has."""
    return [
        Snippet("cli", "AWS CLI", "\n".join(_cli(endpoint, each) for each in calls)),
        Snippet("boto3", "boto3", _boto3(endpoint, calls)),
        Snippet("curl", "curl", "\n".join(_curl(endpoint, each) for each in calls)),
    ]


def _cli(endpoint: str, call: Call) -> str:
    parts = [
        f"aws {call.service} {xform_name(call.operation, '-')}",
        f"--endpoint-url {shlex.quote(endpoint)} --region {settings.HEARTH_REGION}",
    ]
    plain = dict(call.given)
    payload = plain.pop("Payload", None)
    literal = {name: plain.pop(name) for name, value in call.given.items() if name in plain and _is_fetched(value)}
    if has_package(call):
        for holder in ("Code", "Content", "ZipFile"):
            plain.pop(holder, None)
        parts.append(f"--zip-file fileb://{PACKAGE.decode()}")
    if literal:
        parts.append(f"--cli-input-json {shlex.quote(_json(literal))}")
    parts += [_option(xform_name(name, "-"), value) for name, value in plain.items()]
    if call.operation != "Invoke":
        return JOIN.join(parts)
    if payload is None:
        return JOIN.join([*parts, "/dev/stdout"])
    # As a file: versions 1 and 2 of the AWS CLI read a payload on the command line in different ways.
    return f"printf %s {shlex.quote(payload)} | " + JOIN.join([*parts, "--payload fileb:///dev/stdin", "/dev/stdout"])


def _is_fetched(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(FETCHED)


def _option(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    text = value if isinstance(value, str) else _json(value)
    # After a space it would be an option of its own.
    between = "=" if text.startswith("-") else " "
    return f"--{name}{between}{shlex.quote(text)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _boto3(endpoint: str, calls: Sequence[Call]) -> str:
    lines = ["import boto3"]
    for service in dict.fromkeys(each.service for each in calls):
        names = f"{_variable(service)} = boto3.client({service!r}"
        lines += ["", f"{names}, endpoint_url={endpoint!r}, region_name={settings.HEARTH_REGION!r})"]
    for call in calls:
        arguments = [f"    {name}={_python(value)}," for name, value in call.given.items()]
        lines += [f"answer = {_variable(call.service)}.{xform_name(call.operation)}(", *arguments, ")"]
        lines.append('print(answer["Payload"].read().decode())' if call.operation == "Invoke" else "print(answer)")
    return "\n".join(lines)


def _variable(service: str) -> str:
    return "client" if service == "lambda" else service


def _python(value: Any) -> str:
    return repr(value).replace(repr(PACKAGE), f'open("{PACKAGE.decode()}", "rb").read()')


def _curl(endpoint: str, call: Call) -> str:
    service = catalogue.get(call.service)
    model = service.operation(call.operation)
    if model is None:
        raise LookupError(call.operation)
    protocol = next(name for name in service.protocols if name in ("rest-json", "json", "query"))
    built = create_serializer(protocol, include_validation=False).serialize_to_request(call.given, model)
    query, body = built["query_string"], built["body"]
    url = endpoint + built["url_path"] + (f"?{urlencode(query)}" if query else "")
    text = body.decode() if isinstance(body, bytes) else urlencode(body) if isinstance(body, dict) else str(body or "")
    headers = {**built["headers"]} if text else {name: v for name, v in built["headers"].items() if "-Amz-" in name}
    if text:
        headers.setdefault("Content-Type", "application/json")
    region = settings.HEARTH_REGION if service.name not in catalogue.GLOBAL else "us-east-1"
    parts = [
        f"curl --aws-sigv4 {shlex.quote(f'aws:amz:{region}:{service.signing_name}')}",
        '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
    ]
    if built["method"] != ("POST" if text else "GET"):
        parts.append(f"--request {built['method']}")
    parts += [f"--header {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    before, package, after = text.partition(base64.b64encode(PACKAGE).decode())
    if package:
        writes = (
            f"printf %s {shlex.quote(before)}; base64 {PACKAGE.decode()} | tr -d '\\n'; printf %s {shlex.quote(after)}"
        )
        return f"{{ {writes}; }} | " + JOIN.join([*parts, "--data-binary @-", shlex.quote(url)])
    if text:
        # Where it begins with an at sign curl would read a file.
        parts.append(f"--data-raw {shlex.quote(text)}")
    return JOIN.join([*parts, shlex.quote(url)])
