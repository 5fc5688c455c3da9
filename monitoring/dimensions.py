"""Dimensions of a metric as the database keeps them: canonical JSON, so that equal sets are equal text."""

import json
from collections.abc import Mapping

import orjson


def canonical(dimensions: Mapping[str, str]) -> str:
    return json.dumps(dict(sorted(dimensions.items())), separators=(",", ":"), ensure_ascii=False)


def parse(text: str) -> dict[str, str]:
    dimensions: dict[str, str] = orjson.loads(text)
    return dimensions


def of_function(function_name: str) -> str:
    return canonical({"FunctionName": function_name})
