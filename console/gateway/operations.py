"""The operations that Hearth has: service -> operation -> function. Any other answers that it is not supported yet.

Those of `VIEWS` have views of their own, as `console.gateway.invoke`.
"""

from collections.abc import Callable
from typing import Any

from functions.api import (
    account,
    alias,
    code_signing_config,
    concurrency,
    event_invoke_config,
    event_source_mapping,
    function,
    function_url,
    iam,
    layer,
    layer_policy,
    provisioned_concurrency,
    recursion,
    resource_policy,
    sts,
    tags,
    version,
)
from monitoring.api import log_event, log_group, log_stream, metric

Operation = Callable[[Any, dict[str, Any]], dict[str, Any]]

OPERATIONS: dict[str, dict[str, Operation]] = {
    "lambda": {
        "AddLayerVersionPermission": layer_policy.add_layer_version_permission,
        "AddPermission": resource_policy.add_permission,
        "CreateAlias": alias.create_alias,
        "CreateCodeSigningConfig": code_signing_config.create_code_signing_config,
        "CreateEventSourceMapping": event_source_mapping.create_event_source_mapping,
        "CreateFunction": function.create_function,
        "CreateFunctionUrlConfig": function_url.create_function_url_config,
        "DeleteAlias": alias.delete_alias,
        "DeleteCodeSigningConfig": code_signing_config.delete_code_signing_config,
        "DeleteEventSourceMapping": event_source_mapping.delete_event_source_mapping,
        "DeleteFunction": function.delete_function,
        "DeleteFunctionCodeSigningConfig": code_signing_config.delete_function_code_signing_config,
        "DeleteFunctionConcurrency": concurrency.delete_function_concurrency,
        "DeleteFunctionEventInvokeConfig": event_invoke_config.delete_function_event_invoke_config,
        "DeleteFunctionUrlConfig": function_url.delete_function_url_config,
        "DeleteLayerVersion": layer.delete_layer_version,
        "DeleteProvisionedConcurrencyConfig": provisioned_concurrency.delete_provisioned_concurrency_config,
        "DeleteResourcePolicy": resource_policy.delete_resource_policy,
        "GetAccountSettings": account.get_account_settings,
        "GetAlias": alias.get_alias,
        "GetCodeSigningConfig": code_signing_config.get_code_signing_config,
        "GetEventSourceMapping": event_source_mapping.get_event_source_mapping,
        "GetFunction": function.get_function,
        "GetFunctionCodeSigningConfig": code_signing_config.get_function_code_signing_config,
        "GetFunctionConcurrency": concurrency.get_function_concurrency,
        "GetFunctionConfiguration": function.get_function_configuration,
        "GetFunctionEventInvokeConfig": event_invoke_config.get_function_event_invoke_config,
        "GetFunctionRecursionConfig": recursion.get_function_recursion_config,
        "GetFunctionUrlConfig": function_url.get_function_url_config,
        "GetLayerVersion": layer.get_layer_version,
        "GetLayerVersionByArn": layer.get_layer_version_by_arn,
        "GetLayerVersionPolicy": layer_policy.get_layer_version_policy,
        "GetPolicy": resource_policy.get_policy,
        "GetProvisionedConcurrencyConfig": provisioned_concurrency.get_provisioned_concurrency_config,
        "GetResourcePolicy": resource_policy.get_resource_policy,
        "ListAliases": alias.list_aliases,
        "ListCodeSigningConfigs": code_signing_config.list_code_signing_configs,
        "ListEventSourceMappings": event_source_mapping.list_event_source_mappings,
        "ListFunctionEventInvokeConfigs": event_invoke_config.list_function_event_invoke_configs,
        "ListFunctionUrlConfigs": function_url.list_function_url_configs,
        "ListFunctions": function.list_functions,
        "ListFunctionsByCodeSigningConfig": code_signing_config.list_functions_by_code_signing_config,
        "ListLayerVersions": layer.list_layer_versions,
        "ListLayers": layer.list_layers,
        "ListProvisionedConcurrencyConfigs": provisioned_concurrency.list_provisioned_concurrency_configs,
        "ListTags": tags.list_tags,
        "ListVersionsByFunction": version.list_versions_by_function,
        "PublishLayerVersion": layer.publish_layer_version,
        "PublishVersion": version.publish_version,
        "PutFunctionCodeSigningConfig": code_signing_config.put_function_code_signing_config,
        "PutFunctionConcurrency": concurrency.put_function_concurrency,
        "PutFunctionEventInvokeConfig": event_invoke_config.put_function_event_invoke_config,
        "PutFunctionRecursionConfig": recursion.put_function_recursion_config,
        "PutProvisionedConcurrencyConfig": provisioned_concurrency.put_provisioned_concurrency_config,
        "PutResourcePolicy": resource_policy.put_resource_policy,
        "RemoveLayerVersionPermission": layer_policy.remove_layer_version_permission,
        "RemovePermission": resource_policy.remove_permission,
        "TagResource": tags.tag_resource,
        "UntagResource": tags.untag_resource,
        "UpdateAlias": alias.update_alias,
        "UpdateCodeSigningConfig": code_signing_config.update_code_signing_config,
        "UpdateEventSourceMapping": event_source_mapping.update_event_source_mapping,
        "UpdateFunctionCode": function.update_function_code,
        "UpdateFunctionConfiguration": function.update_function_configuration,
        "UpdateFunctionEventInvokeConfig": event_invoke_config.update_function_event_invoke_config,
        "UpdateFunctionUrlConfig": function_url.update_function_url_config,
    },
    "logs": {
        "CreateLogGroup": log_group.create_log_group,
        "CreateLogStream": log_stream.create_log_stream,
        "DeleteLogGroup": log_group.delete_log_group,
        "DeleteLogStream": log_stream.delete_log_stream,
        "DeleteRetentionPolicy": log_group.delete_retention_policy,
        "DescribeLogGroups": log_group.describe_log_groups,
        "DescribeLogStreams": log_stream.describe_log_streams,
        "FilterLogEvents": log_event.filter_log_events,
        "GetLogEvents": log_event.get_log_events,
        "ListTagsForResource": log_group.list_tags_for_resource,
        "ListTagsLogGroup": log_group.list_tags_log_group,
        "PutLogEvents": log_event.put_log_events,
        "PutRetentionPolicy": log_group.put_retention_policy,
        "TagResource": log_group.tag_resource,
        "UntagResource": log_group.untag_resource,
    },
    "cloudwatch": {
        "GetMetricData": metric.get_metric_data,
        "GetMetricStatistics": metric.get_metric_statistics,
        "ListMetrics": metric.list_metrics,
    },
    "iam": {
        "AttachRolePolicy": iam.attach_role_policy,
        "CreatePolicy": iam.create_policy,
        "CreateRole": iam.create_role,
        "DeletePolicy": iam.delete_policy,
        "DeleteRole": iam.delete_role,
        "DeleteRolePolicy": iam.delete_role_policy,
        "DetachRolePolicy": iam.detach_role_policy,
        "GetPolicy": iam.get_policy,
        "GetPolicyVersion": iam.get_policy_version,
        "GetRole": iam.get_role,
        "GetRolePolicy": iam.get_role_policy,
        "GetUser": iam.get_user,
        "ListAttachedRolePolicies": iam.list_attached_role_policies,
        "ListInstanceProfilesForRole": iam.list_instance_profiles_for_role,
        "ListPolicies": iam.list_policies,
        "ListPolicyVersions": iam.list_policy_versions,
        "ListRolePolicies": iam.list_role_policies,
        "ListRoleTags": iam.list_role_tags,
        "ListRoles": iam.list_roles,
        "PutRolePolicy": iam.put_role_policy,
        "TagRole": iam.tag_role,
        "UntagRole": iam.untag_role,
        "UpdateAssumeRolePolicy": iam.update_assume_role_policy,
        "UpdateRole": iam.update_role,
    },
    "sts": {
        "GetCallerIdentity": sts.get_caller_identity,
    },
}

# The hot paths, each with a view of its own.
VIEWS: dict[str, frozenset[str]] = {"lambda": frozenset(("Invoke",))}


def is_served(service: str, operation: str) -> bool:
    return find(service, operation) is not None or operation in VIEWS.get(service, ())


def find(service: str, operation: str) -> Operation | None:
    return OPERATIONS.get(service, {}).get(operation)
