"""The table of operations against the service models."""

from urllib.parse import urlencode

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from console.gateway.operations import OPERATIONS
from console.gateway.wire import catalogue
from functions.access.bootstrap import FirstAccount
from tests.gateway.world import call, signed

# What issue after issue promises; a line that vanishes from the table is noticed here.
PROMISED = {
    "lambda": """CreateFunction GetFunction GetFunctionConfiguration ListFunctions UpdateFunctionCode
        UpdateFunctionConfiguration DeleteFunction PublishVersion ListVersionsByFunction CreateAlias GetAlias
        ListAliases UpdateAlias DeleteAlias PutFunctionConcurrency GetFunctionConcurrency DeleteFunctionConcurrency
        GetAccountSettings TagResource UntagResource ListTags CreateFunctionUrlConfig GetFunctionUrlConfig
        UpdateFunctionUrlConfig DeleteFunctionUrlConfig ListFunctionUrlConfigs PutFunctionEventInvokeConfig
        GetFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig
        ListFunctionEventInvokeConfigs""",
    "logs": "FilterLogEvents GetLogEvents DescribeLogGroups DescribeLogStreams",
    "cloudwatch": "GetMetricData GetMetricStatistics ListMetrics",
    "iam": "CreateRole GetRole ListRoles DeleteRole PutRolePolicy AttachRolePolicy",
    "sts": "GetCallerIdentity",
}


@pytest.mark.parametrize("service", OPERATIONS)
def test_every_entry_is_an_operation_of_its_model(service: str) -> None:
    assert service in catalogue.SERVED
    assert set(OPERATIONS[service]) <= catalogue.get(service).operation_names
    assert set(PROMISED[service].split()) <= set(OPERATIONS[service])


@pytest.mark.parametrize("service", OPERATIONS)
def test_the_table_can_be_read(service: str) -> None:
    assert list(OPERATIONS[service]) == sorted(OPERATIONS[service])


@pytest.mark.parametrize("protocol", ["json", "query", "smithy-rpc-v2-cbor"])
def test_cloudwatch_speaks_three_protocols(first: FirstAccount, protocol: str) -> None:
    """boto3 picks one; older SDKs and Terraform the others."""
    operation = catalogue.get("cloudwatch").operation("ListMetrics")
    assert operation is not None
    made = create_serializer(protocol, False).serialize_to_request({"Namespace": "AWS/Lambda"}, operation)
    body = urlencode(made["body"]) if isinstance(made["body"], dict) else made["body"]
    content = body.encode() if isinstance(body, str) else body
    key = (first.access_key_id, first.secret_access_key)
    status, headers, answer = call(
        signed(key, "POST", made["url_path"], service="monitoring", headers=made["headers"], body=content)
    )
    assert status == 200, answer
    response = {"status_code": status, "headers": headers, "body": answer}
    assert create_parser(protocol).parse(response, operation.output_shape)["Metrics"] == []
