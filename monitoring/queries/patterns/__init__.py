"""CloudWatch Logs filter patterns, compiled to a test of one message.

Three kinds, told apart by their first character: `{ $.level = "ERROR" }` for JSON, `[ip, user, status = 4*]` for fields
separated by spaces, anything else for terms. Not kept: regular expressions (`%...%`).
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from functools import lru_cache

from monitoring.queries.patterns.expression import InvalidPattern, Matches
from monitoring.queries.patterns.fields import fields_pattern
from monitoring.queries.patterns.json import json_pattern
from monitoring.queries.patterns.terms import terms_pattern

__all__ = ["InvalidPattern", "Matches", "compile_pattern"]

LIMIT = 1024  # characters


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Matches | None:
    """The test for a pattern; None for an empty one, which everything matches. Raises InvalidPattern."""
    pattern = pattern.strip()
    if not pattern:
        return None
    if len(pattern) > LIMIT:
        raise InvalidPattern(f"a filter pattern has at most {LIMIT} characters")
    if pattern.startswith("{"):
        return json_pattern(pattern)
    if pattern.startswith("["):
        return fields_pattern(pattern)
    return terms_pattern(pattern)
