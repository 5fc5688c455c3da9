"""The table of operations against the service models."""

import pytest

from console.gateway.operations import OPERATIONS
from console.gateway.wire import catalogue

# What issue after issue promises; a line that vanishes from the table is noticed here.
PROMISED = {
    "lambda": """CreateFunction GetFunction GetFunctionConfiguration ListFunctions UpdateFunctionCode
        UpdateFunctionConfiguration DeleteFunction PublishVersion ListVersionsByFunction CreateAlias GetAlias
        ListAliases UpdateAlias DeleteAlias PutFunctionConcurrency GetFunctionConcurrency DeleteFunctionConcurrency
        GetAccountSettings TagResource UntagResource ListTags CreateFunctionUrlConfig GetFunctionUrlConfig
        UpdateFunctionUrlConfig DeleteFunctionUrlConfig ListFunctionUrlConfigs""",
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
