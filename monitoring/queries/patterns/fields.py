"""Space-delimited patterns: `[ip, user, time, request = *html*, status = 4*, bytes > 1000]`.

The fields of a line are its words; text between double quotes or brackets is one field. `...` stands for any number of
fields, else their number must be that of the pattern.
"""

import re

from monitoring.queries.patterns.expression import Condition, Expression, Field, InvalidPattern, Matches, Selector

FIELD = re.compile(r'"(?P<quoted>[^"]*)"|\[(?P<bracketed>[^\]]*)\]|(?P<word>\S+)')
# A comma ends a field's condition, unless it stands within quotes.
PART = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*")+')
NAME = re.compile(r"\s*([A-Za-z_][\w.-]*)")


def fields_pattern(pattern: str) -> Matches:
    if not pattern.endswith("]"):
        raise InvalidPattern("a space-delimited pattern ends with ']'")
    parts = [part.strip() for part in PART.findall(pattern[1:-1])]
    if not parts or "" in parts:
        raise InvalidPattern("a field has no name")
    if parts.count("...") > 1:
        raise InvalidPattern("'...' may stand once")
    gap = parts.index("...") if "..." in parts else None
    names = [part for part in parts if part != "..."]
    before = [field_condition(part) for part in (parts if gap is None else parts[:gap])]
    after = [] if gap is None else [field_condition(part) for part in parts[gap + 1 :]]

    def matches(message: str) -> bool:
        fields = split(message)
        if len(fields) < len(names) or (gap is None and len(fields) > len(names)):
            return False
        last = fields[len(fields) - len(after) :]
        return all(test(field) for test, field in zip(before, fields, strict=False)) and all(
            test(field) for test, field in zip(after, last, strict=True)
        )

    return matches


def split(message: str) -> list[Field]:
    return [
        Field(next(part for part in found.group("quoted", "bracketed", "word") if part is not None))
        for found in FIELD.finditer(message)
    ]


def field_condition(part: str) -> Condition:
    """`name`, or conditions on that name: `status = 404 || status = 410`."""
    found = NAME.match(part)
    if found and found.end() == len(part):
        return lambda field: True
    name = found[1] if found else ""

    def select(kind: str, text: str) -> Selector:
        if kind != "word" or (name and text != name):
            raise InvalidPattern(f"'{text}' is not the name of this field")
        return lambda field: [field]

    return Expression(part, select).parse()
