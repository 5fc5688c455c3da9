"""What was recorded from AWS and is not replayed, each with its reason: `test_replayed.py` finds what else is missing.

A whole scenario, or one step of it as `scenario/step`.
"""

JAVA = "Functions of Java and .NET cannot run yet, so that none can be created."
NO_EC2 = "No EC2 stands behind Hearth, so that nobody knows which subnets and security groups there are."
DYNAMODB = "An answer of DynamoDB, not of Lambda."
REVISED = "Of 2022, when a policy had its function's revision: later recordings word the same refusal as ours."
LIFECYCLE = "TestLambdaEventSourceMappings::test_event_source_mapping_lifecycle"
NAMES = "TestLambdaFunction::test_function_name_and_qualifier_validation"
EMPTY = "The recording of this scenario holds no answer."
UNREACHABLE: dict[str, str] = {
    f"{NAMES}[function_name_and_qualifier_too_long-create_function]": EMPTY,
    f"{NAMES}[incomplete_arn-create_function]": EMPTY,
    f"{NAMES}[qualifier_too_long1-create_function]": EMPTY,
    "TestLambdaPermissions::test_add_lambda_permission_optional_fields": EMPTY,
    "TestPartialARNMatching::test_cross_region_arn_function_access": EMPTY,
    "TestPartialARNMatching::test_update_function_configuration_full_arn": EMPTY,
    f"{LIFECYCLE}/update_table_response": DYNAMODB,
    f"{LIFECYCLE}_delete_function/update_table_response": DYNAMODB,
    "TestLambdaFunction::test_create_lambda_exceptions/empty_architectures": "A refusal by the client's own checks: no "
    "request was sent.",
    "TestLambdaFunction::test_invalid_vpc_config_security_group/create-response-non-existent-security-group": NO_EC2,
    "TestLambdaFunction::test_invalid_vpc_config_subnet/create-response-non-existent-subnet-id": NO_EC2,
    "TestLambdaPermissions::test_lambda_permission_revisions/add_permission_revision_id_doesnotmatch": REVISED,
    "TestLambdaPermissions::test_lambda_permission_revisions/remove_permission_fn_revision_id_doesnotmatch": REVISED,
    "TestLambdaUrl::test_url_config_exceptions/delete_function_url_config_qualifier_alias_doesnotmatch_arn": "AWS "
    "itself failed with an internal error.",
    **{
        f"TestLambdaSnapStart::{test}[{runtime}]": JAVA
        for test in ("test_snapstart_lifecycle", "test_snapstart_update_function_configuration")
        for runtime in ("dotnet8", "dotnet10", "java11", "java17", "java21", "java25")
    },
}
