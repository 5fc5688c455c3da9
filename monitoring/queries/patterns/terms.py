"""Terms: `ERROR`, `"exact phrase"`, `-excluded`, `?any ?of ?these`. Case counts."""

import re

from monitoring.queries.patterns.expression import InvalidPattern, Matches, unquote

TERM = re.compile(r'\s*(?P<sign>[-?]?)(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<word>[^\s"]+))(?=\s|$)')
WORD = re.compile(r"\w+")


def terms_pattern(pattern: str) -> Matches:
    needed: list[str] = []
    unwanted: list[str] = []
    optional: list[str] = []
    position = 0
    while position < len(pattern):
        found = TERM.match(pattern, position)
        if found is None:
            raise InvalidPattern(f"no term can be read at '{pattern[position:].strip()}'")
        position = found.end()
        term = unquote(found["quoted"]) if found["quoted"] else found["word"]
        if found["word"] and term.startswith("%"):
            raise InvalidPattern("regular expressions are not supported")
        if found["word"] and not WORD.fullmatch(term):
            raise InvalidPattern(f"Invalid character(s) in term '{term}'")
        {"": needed, "-": unwanted, "?": optional}[found["sign"]].append(term)
    if needed or unwanted:  # as in AWS: beside others the optional ones do not count
        return lambda message: all(t in message for t in needed) and not any(t in message for t in unwanted)
    return lambda message: any(term in message for term in optional)
