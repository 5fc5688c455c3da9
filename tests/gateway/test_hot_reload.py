"""Functions that run from a directory: who may name which, what is kept, what is published."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.conf import settings as configured
from pytest_django import Settings

from functions.code import store
from functions.models import FunctionVersion
from tests.family import zip_of

Boto = Callable[..., Any]


@pytest.fixture
def project(tmp_path: Path, settings: Settings) -> Path:
    allowed = tmp_path / "allowed"
    (allowed / "app" / "lib").mkdir(parents=True)
    (allowed / "app" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (allowed / "app" / "lib" / "more.py").write_text("")
    (allowed / "app" / "secret").symlink_to("/etc/shadow")
    settings.HEARTH_HOT_RELOAD = [allowed.resolve()]
    return allowed / "app"


def create(client: Any, directory: Path | str, **members: Any) -> dict[str, Any]:
    request = {
        "FunctionName": "f",
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Role": f"arn:aws:iam::{configured.HEARTH_ACCOUNT_ID}:role/lambda-role",
        **members,
    }
    answer: dict[str, Any] = client.create_function(Code={"S3Bucket": "hot-reload", "S3Key": str(directory)}, **request)
    return answer


def latest() -> FunctionVersion:
    return FunctionVersion.objects.get(number=0)


def test_a_copy_without_symlinks_is_the_package(boto: Boto, project: Path) -> None:
    client = boto("lambda")
    create(client, project)
    assert latest().directory == str(project.resolve())
    assert store.paths(latest().package_id) == ["app.py", "lib/more.py"]


def test_what_is_published_is_the_directory_of_now_and_stays(boto: Boto, project: Path) -> None:
    client = boto("lambda")
    before = create(client, project)["CodeSha256"]
    (project / "app.py").write_text("def handler(event, context):\n    return 2\n")
    published = client.publish_version(FunctionName="f")
    version = FunctionVersion.objects.get(number=1)
    assert published["CodeSha256"] != before
    assert client.get_function_configuration(FunctionName="f")["CodeSha256"] == published["CodeSha256"]
    assert version.directory == ""
    assert "return 2" in store.read_text(version.package_id, "app.py")
    assert client.publish_version(FunctionName="f")["Version"] == "1"


def test_a_directory_that_has_gone_can_still_be_published_as_it_was(boto: Boto, project: Path) -> None:
    client = boto("lambda")
    before = create(client, project)["CodeSha256"]
    project.rename(project.parent / "gone")
    assert client.publish_version(FunctionName="f")["CodeSha256"] == before


def test_a_zip_ends_it(boto: Boto, project: Path) -> None:
    client = boto("lambda")
    create(client, project)
    client.update_function_code(FunctionName="f", ZipFile=zip_of({"app.py": "handler = print"}))
    assert latest().directory == ""
    client.update_function_code(FunctionName="f", S3Bucket="hot-reload", S3Key=str(project))
    assert latest().directory == str(project.resolve())


@pytest.mark.parametrize("wrong", ["relative", "{project}/../..", "{project}/secret", "{project}/app.py"])
def test_other_directories_are_refused(boto: Boto, project: Path, wrong: str) -> None:
    with pytest.raises(ClientError) as refused:
        create(boto("lambda"), wrong.format(project=project))
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert not FunctionVersion.objects.exists()


def test_without_the_setting_nothing_runs_from_a_directory(
    boto: Boto,
    project: Path,
    settings: Settings,
) -> None:
    settings.HEARTH_HOT_RELOAD = []
    with pytest.raises(ClientError, match="Hot reload is not enabled"):
        create(boto("lambda"), project)
