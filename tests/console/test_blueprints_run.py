"""The blueprints on real input: created by boto3, run in their sandboxes, their answers looked at."""

import base64
import hashlib
import hmac
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import requests
from PIL import Image

from functions.blueprints import catalogue
from functions.execution.runtimes import discovery
from functions.execution.runtimes.discovery import installed
from tests.family import RunningHearth, zip_of

pytestmark = pytest.mark.server

NODE = next(runtime for runtime in installed() if runtime.startswith("nodejs"))
RUNTIMES = {
    "python": f"python3.{sys.version_info.minor}",
    "nodejs": NODE,
    "ruby": "ruby3.3",
    "provided": "provided.al2023",
}


@pytest.fixture
def run(hearth: RunningHearth) -> Callable[..., Any]:
    """Create a function of a blueprint and invoke it; what it answered."""

    def create_and_invoke(name: str, event: Any = None) -> Any:
        blueprint = catalogue.get(name)
        assert blueprint is not None
        client = hearth.client("lambda")
        function = f"blueprint-{name}"
        try:
            client.get_function(FunctionName=function)
        except client.exceptions.ResourceNotFoundException:
            client.create_function(
                FunctionName=function,
                Runtime=blueprint.runtime or RUNTIMES[blueprint.family],
                Handler=blueprint.handler,
                Role=hearth.role,
                MemorySize=blueprint.memory,
                Timeout=blueprint.timeout,
                Environment={"Variables": blueprint.environment},
                Code={"ZipFile": zip_of(dict(blueprint.files()))},
            )
        payload = blueprint.event if event is None else json.dumps(event)
        answer = client.invoke(FunctionName=function, Payload=payload)
        content = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise RuntimeError(content["errorMessage"])
        return content

    return create_and_invoke


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_a_shell_script_greets(run: Callable[..., Any]) -> None:
    assert run("hello-shell") == {"message": "Hello, Hearth!"}
    assert run("hello-shell", {}) == {"message": "Hello, world!"}


@pytest.mark.skipif(not discovery.of_family("ruby"), reason="no Ruby on this machine")
def test_ruby_greets_and_may_be_stood_in_for(run: Callable[..., Any], hearth: RunningHearth) -> None:
    if "ruby3.3" not in installed():
        choice = f"ruby3.3={discovery.of_family('ruby')[0].runtime}"
        command = [sys.executable, "manage.py", "runtimes", "--stand-in", choice]
        environment = {**hearth.environment(), "HEARTH_DATA": str(hearth.data)}
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        assert re.search(r"^ruby3\.3 +stand-in .* on ", said, re.MULTILINE)
    assert run("hello-ruby") == {"message": "Hello, Hearth!", "version": "$LATEST"}


def test_thumbnails_are_smaller_pictures_of_the_same_shape(run: Callable[..., Any]) -> None:
    answer = run("thumbnails")
    assert answer["source"]["width"] == 960
    assert [each["width"] for each in answer["thumbnails"]] == [320, 160, 64]
    for each in answer["thumbnails"]:
        data = base64.b64decode(each["image"])
        assert len(data) == each["bytes"] < answer["source"]["bytes"]
        with Image.open(io.BytesIO(data)) as image:
            assert image.format == "JPEG"
            assert image.size == (each["width"], each["height"])
            assert image.width / image.height == pytest.approx(960 / 640, rel=0.02)
            # A picture, not one colour.
            assert len(set(image.convert("L").resize((16, 16)).tobytes())) > 50


def test_what_is_not_an_image_is_an_error(run: Callable[..., Any]) -> None:
    with pytest.raises(RuntimeError, match="cannot identify image file"):
        run("thumbnails", {"image": base64.b64encode(b"no image").decode()})


def test_csv_is_summed_up_by_group(run: Callable[..., Any]) -> None:
    answer = run("csv-summary")
    assert answer["rows"] == 6
    assert set(answer["groups"]) == {"north", "south", "west"}
    assert answer["groups"]["south"]["units"] == {"count": 3, "sum": 30.0, "mean": 10.0, "min": 3.0, "max": 22.0}
    assert answer["groups"]["north"]["price"]["sum"] == 52.5
    assert "product" not in answer["groups"]["north"]
    whole = run("csv-summary", {"csv": "n\n1\n2\nx\n\n"})
    assert whole["groups"]["all"]["n"] == {"count": 2, "sum": 3.0, "mean": 1.5, "min": 1.0, "max": 2.0}


def test_durations_come_from_the_npm_package(run: Callable[..., Any]) -> None:
    answer = run("durations")
    assert [each["ms"] for each in answer["durations"]] == [172_800_000, 5_400_000, 10_000]
    assert answer["total"]["text"] == "2 days"
    with pytest.raises(RuntimeError, match="not a duration: soon"):
        run("durations", {"durations": ["soon"]})


def test_the_webhook_takes_signed_bodies_only(run: Callable[..., Any], hearth: RunningHearth) -> None:
    assert run("signed-webhook")["statusCode"] == 202
    url = hearth.public_url("blueprint-signed-webhook")
    host = url.split("//")[1].strip("/")
    body = json.dumps({"type": "order.paid", "name": "Zoë"}).encode()

    def send(content: bytes, signature: str) -> int:
        # *.localhost need not be known to this machine's resolver: the name goes into the Host header.
        answer = requests.post(
            hearth.endpoint, data=content, headers={"Host": host, "X-Signature-256": signature}, timeout=30
        )
        return answer.status_code

    good = "sha256=" + hmac.new(b"change-me", body, hashlib.sha256).hexdigest()
    assert send(body, good) == 202
    assert send(body + b" ", good) == 401
    assert send(body, good[:-1] + ("0" if good[-1] != "0" else "1")) == 401
    assert send(body, "") == 401
