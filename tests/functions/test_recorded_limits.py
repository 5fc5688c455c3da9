"""Limits of size, as AWS answered."""

from typing import Any

import pytest

from tests.functions.replay import Replay
from tests.functions.world import request, zipped


def test_environment_near_the_limit(aws: Any) -> None:
    replay = Replay("TestLambdaSizeLimits::test_lambda_envvars_near_limit_succeeds")
    made = request(
        "thumbs", Handler="handler.handler", Timeout=30, Environment={"Variables": {"LARGE_VAR": "x" * 4080}}
    )
    replay.check("successful_create_fn_result", aws.create_function(**made))


@pytest.mark.parametrize(
    ("scenario", "step", "variables"),
    [
        ("test_large_environment_variables_fails", "failed_create_fn_result", {"LARGE_VAR": "x" * 4081}),
        (
            "test_large_environment_fails_multiple_keys",
            "failured_create_fn_result_multi_key",
            {"SMALL_VAR": "ok", "LARGE_VAR": "x" * 4064},
        ),
    ],
)
def test_environment_over_the_limit(aws: Any, scenario: str, step: str, variables: dict[str, str]) -> None:
    replay = Replay(f"TestLambdaSizeLimits::{scenario}")
    replay.error(step, aws.create_function, **request("f", Environment={"Variables": variables}))


def test_zip_over_the_limit(aws: Any) -> None:
    replay = Replay("TestLambdaSizeLimits::test_oversized_zipped_create_lambda")
    made = request("f", Code={"ZipFile": bytes(52_428_801)})
    replay.error("invalid_param_exc", aws.create_function, **made)


def test_unzipped_over_the_limit(aws: Any) -> None:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("big.bin", "w") as big:
        for _ in range(251):
            big.write(bytes(1024 * 1024))
    for scenario in ("test_oversized_unzipped_lambda", "test_oversized_lambda"):
        replay = Replay(f"TestLambdaSizeLimits::{scenario}")
        replay.error("invalid_param_exc", aws.create_function, **request("f", Code={"ZipFile": buffer.getvalue()}))


def test_a_large_function_within_the_limits(aws: Any) -> None:
    replay = Replay("TestLambdaSizeLimits::test_large_lambda")
    made = request(
        "thumbs", Handler="handler.handler", Timeout=10, Code={"ZipFile": zipped({"handler.py": "x = 1\n" * 1_000_000})}
    )
    replay.check("create_function_large_zip", aws.create_function(**made))
