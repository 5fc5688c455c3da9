"""Which log lines a page shows: a text or pattern, and a least level."""

import re

from console.pages import loglines
from monitoring.queries.patterns import InvalidPattern, Matches, compile_pattern

# What a pattern can name and compare without escapes.
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
PLAIN = re.compile(r'"[^"\\*]*"')
LEVELS = [("all", "All lines"), ("info", "Info"), ("warn", "Warnings"), ("error", "Errors")]


def known_level(value: str) -> str:
    return value if value in loglines.LEVELS else "all"


def matches(text: str, level: str) -> Matches | None:
    """Text is sought anywhere, whatever its case; a text in braces or brackets is a CloudWatch filter pattern.

    None when everything matches. Raises InvalidPattern.
    """
    least = loglines.LEVELS[level]
    words: Matches | None = None
    if text.startswith(("{", "[")):
        words = compile_pattern(text)
    elif text:
        folded = text.casefold()

        def words(message: str) -> bool:
            return folded in message.casefold()

    if not least:
        return words
    found = words

    def both(message: str) -> bool:
        return loglines.parse(message).rank >= least and (found is None or found(message))

    return both


def as_pattern(text: str) -> str:
    """The pattern of CloudWatch that is nearest to `text`: a plain one is sought as it is written, in its case."""
    if not text or text.startswith(("{", "[")):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def narrowed(text: str, name: str, value: str) -> str:
    """A pattern that also asks for a field of a JSON line. `value` is JSON text. Empty where no pattern can say it."""
    if not NAME.fullmatch(name):
        return ""
    if value in ("true", "false"):
        wanted = f"$.{name} IS {value.upper()}"
    elif value == "null":
        wanted = f"$.{name} IS NULL"
    elif NUMBER.fullmatch(value) or (len(value) <= 200 and PLAIN.fullmatch(value)):
        wanted = f"$.{name} = {value}"
    else:
        return ""
    if text.startswith("{") and text.endswith("}"):
        pattern = f"{{ ({text[1:-1].strip()}) && ({wanted}) }}"
    else:
        pattern = f"{{ {wanted} }}"
    if wanted in text:
        return text
    try:
        compile_pattern(pattern)
    except InvalidPattern:
        return ""
    return pattern
