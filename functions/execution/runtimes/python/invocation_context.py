"""What a handler gets as its second argument.

Python 3.8 syntax, standard library only.
Source: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
"""

import json
import os
import sys
import time

from error_payload import Fault

W3C = ("traceparent", "tracestate", "baggage")


class Part:
    """What shows its attributes when it is printed."""

    __slots__ = ()

    def __init__(self, value):
        for name in self.__slots__:
            setattr(self, name, value.get(name))

    def __repr__(self):
        shown = ",".join("%s=%s" % (name, getattr(self, name)) for name in self.__slots__)
        return "%s([%s])" % (type(self).__name__, shown)


class Client(Part):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(Part):
    __slots__ = ("custom", "env", "client")

    def __init__(self, value):
        super().__init__(value)
        if self.client is not None:
            self.client = Client(self.client)


class CognitoIdentity(Part):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    def __init__(self, value):
        self.cognito_identity_id = value.get("cognitoIdentityId")
        self.cognito_identity_pool_id = value.get("cognitoIdentityPoolId")


class LambdaContext:
    """What a handler gets as its second argument: the attributes that AWS documents."""

    def __init__(self, head):
        self.aws_request_id = head["id"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = head["arn"]
        self.tenant_id = head.get("tenant")
        client_context = parsed(head.get("client_context"))
        w3c = client_context.pop("w3c", None) if isinstance(client_context, dict) else None
        self._w3c = {name: w3c[name] for name in W3C if isinstance(w3c.get(name), str)} if isinstance(w3c, dict) else {}
        self.client_context = ClientContext(client_context) if client_context is not None else None
        self.identity = CognitoIdentity(head.get("cognito") or {})
        self._epoch_deadline_time_in_ms = head["deadline_ms"]

    def get_remaining_time_in_millis(self):
        return max(int(self._epoch_deadline_time_in_ms - time.time() * 1000), 0)

    def w3c(self):
        """The trace context that came in the client context."""
        return dict(self._w3c)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return "LambdaContext([%s])" % ",".join(
            "%s=%s" % (name, getattr(self, name))
            for name in (
                "aws_request_id log_group_name log_stream_name function_name memory_limit_in_mb function_version "
                "invoked_function_arn client_context identity tenant_id"
            ).split()
        )


def parsed(client_context):
    try:
        return json.loads(client_context) if client_context else None
    except ValueError as error:
        message = "Unable to parse Client Context JSON: %s" % error
        raise Fault("Runtime.LambdaContextUnmarshalError", message) from error
