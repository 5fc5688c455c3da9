"""How AWS writes hashes, times and addresses."""

import base64
from datetime import UTC, datetime

from django.conf import settings

from functions.models import FunctionUrl, Package


def code_sha256(package: Package) -> str:
    """As in `CodeSha256`: base64, or the hexadecimal digest of an image."""
    return package.sha256 if package.image is not None else base64.b64encode(bytes.fromhex(package.sha256)).decode()


def last_modified(moment: datetime) -> str:
    """2026-11-21T12:34:56.789+0000"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def url_time(moment: datetime) -> str:
    """2026-11-21T12:34:56.789012Z"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def endpoint() -> str:
    """The address of the front door, as this machine reaches it."""
    host = settings.HEARTH_HOST
    if host in ("0.0.0.0", "::"):  # noqa: S104 compared with, not bound to
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.HEARTH_PORT}"


def function_url(url: FunctionUrl) -> str:
    """The address of a function URL. Browsers and curl resolve every `*.localhost` to this machine."""
    return f"http://{url.id}.lambda-url.{url.function.region}.localhost:{settings.HEARTH_PORT}/"
