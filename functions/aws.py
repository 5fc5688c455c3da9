"""The AWS services that Hearth does not have itself, by boto3 and at the endpoints that the settings name.

Without an endpoint nothing leaves the machine. Credentials are the machine's own: boto3's usual chain.
"""

import threading
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from functions.errors import InvalidParameterValueException

# What boto3's service names are called in messages.
TITLES = {"events": "EventBridge"}
CONFIG = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 3},
    s3={"addressing_style": "path"},  # a bucket's own host name needs DNS
)
# What a call may raise: the service's answer, or that there was none.
ERRORS = (ClientError, BotoCoreError)

_making = threading.Lock()


class NoEndpoint(InvalidParameterValueException):
    """The service cannot be reached: HEARTH_AWS_ENDPOINTS does not name it."""


def endpoint(service: str) -> str:
    """The URL of a service (`s3`, `sqs`, `sns`, `events`, ...). Raises NoEndpoint."""
    endpoints: dict[str, str] = settings.HEARTH_AWS_ENDPOINTS
    url = endpoints.get(service) or endpoints.get("*")
    if not url:
        title = TITLES.get(service, service.upper())
        raise NoEndpoint(f"No {title} endpoint is configured here: HEARTH_AWS_ENDPOINTS names none.")
    return url


def client(service: str, region: str) -> Any:
    """A boto3 client, shared by all threads. Raises NoEndpoint; its calls raise ERRORS."""
    return _client(service, region, endpoint(service))


@cache
def _client(service: str, region: str, url: str) -> Any:
    with _making:  # a session is not safe for threads, clients are
        return boto3.client(service, region_name=region, endpoint_url=url, config=CONFIG)
