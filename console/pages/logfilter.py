"""Which log lines a page shows: a text or pattern, and a least level."""

from console.pages import loglines
from monitoring.queries.patterns import Matches, compile_pattern

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
