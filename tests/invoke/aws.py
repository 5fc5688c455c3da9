"""SQS, SNS, EventBridge and S3 over HTTP: moto's server on a port of its own."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3

from tests.functions.world import ACCOUNT, REGION


class Elsewhere:
    """The services at one endpoint, and what tests look at there."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )

    def queue(self, name: str) -> str:
        """Make a queue; its ARN."""
        self.client("sqs").create_queue(QueueName=name)
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"

    def messages(self, name: str) -> list[dict[str, Any]]:
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        )
        return [{**each, "Body": json.loads(each["Body"])} for each in found.get("Messages", [])]


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT  # read when moto is imported
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Elsewhere(f"http://{host}:{port}")
    finally:
        server.stop()
