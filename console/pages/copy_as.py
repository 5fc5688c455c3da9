"""An operation of Lambda as a command or program that makes the same call: AWS CLI, boto3, curl.

Names and places of the members come from botocore's model, as those of the tools do.
"""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.serialize import create_serializer
from django.conf import settings
from django.http import HttpRequest
from django.utils.http import urlencode

from console.gateway.wire import catalogue
from console.pages.snippets import Snippet


def snippets(request: HttpRequest, operation: str, members: Mapping[str, Any]) -> list[Snippet]:
    """The call with its members; None and empty texts are left out. Raises LookupError for an unknown operation."""
    model = catalogue.get("lambda").operation(operation)
    if model is None:
        raise LookupError(operation)
    given = {name: value for name, value in members.items() if value is not None and value != ""}
    endpoint = f"{request.scheme}://{request.get_host()}"
    built = create_serializer("rest-json", include_validation=False).serialize_to_request(given, model)
    return [
        Snippet("cli", "AWS CLI", _cli(endpoint, operation, given)),
        Snippet("boto3", "boto3", _boto3(endpoint, operation, given)),
        Snippet("curl", "curl", _curl(endpoint, built)),
    ]


def _cli(endpoint: str, operation: str, members: Mapping[str, Any]) -> str:
    parts = [f"aws lambda {xform_name(operation, '-')} --endpoint-url {shlex.quote(endpoint)}"]
    parts += [_option(xform_name(name, "-"), value) for name, value in members.items()]
    return " \\\n  ".join(parts)


def _option(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # After a space it would be an option of its own.
    between = "=" if text.startswith("-") else " "
    return f"--{name}{between}{shlex.quote(text)}"


def _boto3(endpoint: str, operation: str, members: Mapping[str, Any]) -> str:
    arguments = [f"    {name}={value!r}," for name, value in members.items()]
    return "\n".join(
        [
            "import boto3",
            "",
            f'client = boto3.client("lambda", endpoint_url={endpoint!r}, region_name={settings.HEARTH_REGION!r})',
            f"answer = client.{xform_name(operation)}(",
            *arguments,
            ")",
            "print(answer)",
        ]
    )


def _curl(endpoint: str, built: Mapping[str, Any]) -> str:
    query = built["query_string"]
    url = endpoint + built["url_path"] + (f"?{urlencode(query)}" if query else "")
    body = built["body"]
    text = body.decode() if isinstance(body, bytes) else str(body or "")
    parts = [
        f"curl --aws-sigv4 {shlex.quote(f'aws:amz:{settings.HEARTH_REGION}:lambda')}",
        '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
    ]
    if built["method"] != "GET":
        parts.append(f"--request {built['method']}")
    if text:
        parts += ["--header 'Content-Type: application/json'", f"--data-binary {shlex.quote(text)}"]
    return " \\\n  ".join([*parts, shlex.quote(url)])
