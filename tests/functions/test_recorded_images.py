"""Functions that are container images, as AWS answered."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from functions.actions import image
from tests.functions.replay import Replay
from tests.functions.world import request, zipped
from tests.images.making import LayoutMaker, file, layer

NAME = {"FunctionName": "thumbs"}
CONFIG = {"EntryPoint": ["sh"], "Command": ["-c", "echo test"], "WorkingDirectory": "/app1"}


@pytest.fixture
def repositories(tmp_path: Path, settings: Settings) -> dict[str, str]:
    """Two repositories, by the placeholders of the recordings; each has an image `latest`."""
    settings.HEARTH_IMAGES = [tmp_path.resolve()]
    found = {}
    for name in ("repo_uri", "repo_uri_2"):
        uri = LayoutMaker(tmp_path / name).image("latest", layer([file(name)]))
        found[name] = uri.removesuffix(":latest")
    return found


def made(repositories: dict[str, str], **members: Any) -> dict[str, Any]:
    plain = request("thumbs", PackageType="Image", Code={"ImageUri": repositories["repo_uri"] + ":latest"})
    del plain["Runtime"], plain["Handler"]
    return {**plain, "Environment": {"Variables": {"CUSTOM_ENV": "test"}}, **members}


def test_an_image(aws: Any, repositories: dict[str, str]) -> None:
    replay = Replay("TestLambdaImages::test_lambda_image_crud", **repositories)
    replay.check("create-image-response", aws.create_function(**made(repositories)))
    assert image.settle_all() == 1
    replay.check("get-function-code-response", aws.get_function(**NAME))
    replay.check("get-function-config-response", aws.get_function_configuration(**NAME))
    replay.error("image-to-zipfile-error", aws.update_function_code, **NAME, ZipFile=zipped())
    updated = aws.update_function_code(**NAME, ImageUri=repositories["repo_uri_2"] + ":latest")
    replay.check("update-function-code-response", updated)
    assert image.settle_all() == 1
    replay.check("get-function-code-response-after-update", aws.get_function(**NAME))
    replay.check("get-function-config-response-after-update", aws.get_function_configuration(**NAME))


def test_its_configuration(aws: Any, repositories: dict[str, str]) -> None:
    replay = Replay("TestLambdaImages::test_lambda_image_and_image_config_crud", **repositories)
    created = aws.create_function(**made(repositories, ImageConfig=CONFIG))
    replay.check("create-image-with-config-response", created)
    image.settle_all()
    replay.check("get-function-code-with-config-response", aws.get_function(**NAME))
    replay.check("get-function-config-with-config-response", aws.get_function_configuration(**NAME))
    changed = {"Command": ["-c", "echo test1"], "WorkingDirectory": "/app1"}
    updated = aws.update_function_configuration(**NAME, ImageConfig=changed)
    replay.check("update-function-code-response", updated)
    replay.check("get-function-code-response-after-update", aws.get_function(**NAME))
    replay.check("get-function-config-response-after-update", aws.get_function_configuration(**NAME))
    updated = aws.update_function_configuration(**NAME, ImageConfig={})
    replay.check("update-function-code-delete-imageconfig-response", updated)
    replay.check("get-function-code-response-after-delete-imageconfig", aws.get_function(**NAME))
    replay.check("get-function-config-response-after-delete-imageconfig", aws.get_function_configuration(**NAME))


def test_its_versions(aws: Any, repositories: dict[str, str]) -> None:
    replay = Replay("TestLambdaImages::test_lambda_image_versions", **repositories)
    replay.check("create_image_response", aws.create_function(**made(repositories, Publish=True)))
    assert image.settle_all() == 2
    replay.check("get_function_result", aws.get_function(**NAME))
    replay.check("list_versions_result", aws.list_versions_by_function(**NAME))
    updated = aws.update_function_configuration(**NAME, Description="Second version :)")
    replay.check("first_update_response", updated)
    replay.check("first_update_get_function", aws.get_function(**NAME))
    replay.error("invalid_sha_publish", aws.publish_version, **NAME, CodeSha256="a" * 64)
    published = aws.publish_version(
        **NAME, CodeSha256=updated["CodeSha256"], Description="Second version description :)"
    )
    replay.check("first_publish_response", published)
    updated = aws.update_function_configuration(**NAME, Description="Third version :)")
    replay.check("second_update_response", updated)
    replay.check("second_update_get_function", aws.get_function(**NAME))
    published = aws.publish_version(**NAME, Description="Third version description :)")
    replay.check("second_publish_response", published)
