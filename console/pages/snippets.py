"""The same call for a terminal or a program: AWS CLI, boto3, curl."""

import json
import shlex
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True)
class Snippet:
    key: str
    label: str
    text: str


def invoke(request: HttpRequest, name: str, qualifier: str, event: str) -> list[Snippet]:
    """Invoke with this event. `qualifier` is empty for none."""
    endpoint = f"{request.scheme}://{request.get_host()}"
    event = compact(event)
    quoted = shlex.quote
    cli = [
        f"aws lambda invoke --endpoint-url {endpoint} --function-name {quoted(name)}",
        *([f"--qualifier {quoted(qualifier)}"] if qualifier else []),
        "--cli-binary-format raw-in-base64-out",
        f"--payload {quoted(event)}",
        "/dev/stdout",
    ]
    target = f"/2015-03-31/functions/{name}/invocations" + (f"?Qualifier={qualifier}" if qualifier else "")
    curl = [
        f"curl --aws-sigv4 aws:amz:{settings.HEARTH_REGION}:lambda",
        '--user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"',
        f"--data-binary {quoted(event)}",
        quoted(endpoint + target),
    ]
    boto3 = [
        "import boto3",
        "",
        f"client = boto3.client({'lambda'!r}, endpoint_url={endpoint!r}, region_name={settings.HEARTH_REGION!r})",
        "answer = client.invoke(",
        f"    FunctionName={name!r},",
        *([f"    Qualifier={qualifier!r},"] if qualifier else []),
        f"    Payload={event!r}.encode(),",
        ")",
        'print(answer["Payload"].read().decode())',
    ]
    join = " \\\n  ".join
    return [
        Snippet("cli", "AWS CLI", join(cli)),
        Snippet("boto3", "boto3", "\n".join(boto3)),
        Snippet("curl", "curl", join(curl)),
    ]


def compact(event: str) -> str:
    """JSON on one line; anything else as it is."""
    try:
        return json.dumps(json.loads(event), ensure_ascii=False)
    except ValueError:
        return event
