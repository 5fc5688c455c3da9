"""Provisioned concurrency and recursion, as AWS answered."""

from typing import Any

from tests.functions.replay import Replay
from tests.functions.world import request


def test_recursion_is_stopped_unless_it_is_allowed(aws: Any) -> None:
    aws.create_function(**request("thumbs"))
    replay = Replay("TestLambdaRecursion::test_put_function_recursion_config_default_terminate")
    answer = aws.get_function_recursion_config(FunctionName="thumbs")
    replay.check("get_recursion_default_terminate_response", answer)
    replay = Replay("TestLambdaRecursion::test_put_function_recursion_config_allow")
    answer = aws.put_function_recursion_config(FunctionName="thumbs", RecursiveLoop="Allow")
    replay.check("put_recursion_config_response", answer)
    replay.check("get_recursion_config_response", aws.get_function_recursion_config(FunctionName="thumbs"))
    replay = Replay("TestLambdaRecursion::test_put_function_recursion_config_invalid_value")
    replay.error(
        "put_recursion_invalid_value_error",
        aws.put_function_recursion_config,
        FunctionName="thumbs",
        RecursiveLoop="InvalidValue",
    )
