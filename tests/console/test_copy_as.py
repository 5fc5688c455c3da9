"""Commands that are copied make the call they stand for, whatever is in its values."""

import ast
import json
import shlex
import subprocess
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import RequestFactory

from console.pages.copy_as import snippets
from tests.console.conftest import Person

NASTY = [
    "plain",
    'it\'s "quoted"',
    "$HOME `id` $(id)",
    "two\nlines",
    "-starts-with-a-dash",
    "back\\slash",
    "Zürich 東京 \U0001f525",
    "<script>alert('x')</script>",
]


def made(operation: str, **members: Any) -> dict[str, str]:
    return {each.key: each.text for each in snippets(RequestFactory().get("/"), operation, members)}


def words(command: str) -> list[str]:
    """As a shell reads them."""
    script = f"printf '%s\\0' {command}"
    return subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("text", NASTY)
def test_values_survive_the_shell_and_the_program(text: str) -> None:
    found = made("UpdateAlias", FunctionName="f", Name="prod", Description=text)
    cli = words(found["cli"])
    assert cli[:3] == ["aws", "lambda", "update-alias"]
    assert f"--description={text}" in cli or cli[cli.index("--description") + 1] == text
    curl = words(found["curl"])
    assert json.loads(curl[curl.index("--data-binary") + 1]) == {"Description": text}
    call = next(
        node
        for node in ast.walk(ast.parse(found["boto3"]))
        if isinstance(node, ast.Call) and node.keywords and any(each.arg == "Description" for each in node.keywords)
    )
    assert {each.arg: ast.literal_eval(each.value) for each in call.keywords}["Description"] == text


def test_curl_goes_where_the_model_says() -> None:
    found = made("DeleteFunction", FunctionName="a b/c", Qualifier="1")
    curl = words(found["curl"])
    url = urlsplit(curl[-1])
    assert url.path == "/2015-03-31/functions/a%20b%2Fc"
    assert parse_qs(url.query) == {"Qualifier": ["1"]}
    assert curl[curl.index("--request") + 1] == "DELETE"
    assert curl[curl.index("--aws-sigv4") + 1] == "aws:amz:us-east-1:lambda"
    assert "--request" not in made("GetFunction", FunctionName="f")["curl"]


def test_structures_flags_and_what_is_not_given() -> None:
    weights = {"AdditionalVersionWeights": {"2": 0.25}}
    cli = shlex.split(
        made("UpdateAlias", FunctionName="f", Name="n", Description="", RoutingConfig=weights)["cli"].replace(
            "\\\n", ""
        )
    )
    assert json.loads(cli[cli.index("--routing-config") + 1]) == weights
    assert "--description" not in cli
    assert "--publish" in made("UpdateFunctionCode", FunctionName="f", Publish=True)["cli"]
    assert "--no-publish" in made("UpdateFunctionCode", FunctionName="f", Publish=False)["cli"]
    with pytest.raises(LookupError):
        made("MakeCoffee")


def test_the_component_stands_on_the_pages(alice: Person) -> None:
    alice.create("copied", Publish=True)
    alice.client.post(
        "/functions/copied/versions/", {"Name": "prod", "FunctionVersion": "1", "Description": "<script>x</script>"}
    )
    page = alice.client.get("/functions/copied/versions/?qualifier=prod").content.decode()
    assert "aws lambda update-alias" in page
    assert "aws lambda publish-version" in page
    assert "aws lambda get-function" in page
    assert "--qualifier prod" in page
    assert "<script>x" not in page
    alice.client.post("/functions/copied/triggers/function_url/new/", {"AuthType": "NONE"})
    assert "aws lambda create-function-url-config" in alice.client.get("/triggers/").content.decode()
