"""Lines of the spool to reports that the database will take, whatever text a function wrote."""

import math
import re
from dataclasses import fields

from monitoring.report import Kind, Report, Sample, decode

TEXTS = tuple(f.name for f in fields(Report) if f.type in (str, "str"))
COUNTS = tuple(f.name for f in fields(Report) if f.type in (int, "int"))
KINDS, METRICS = frozenset(Kind), frozenset(Sample)
LINE_CHARACTERS = 256 * 1024  # a longer line is kept in pieces, as CloudWatch does
UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
MAX_COUNT = 2**31 - 1
MAX_MS = 253_402_300_799_000  # the end of the year 9999


class Malformed(Exception):
    """A line that is not a report. It is skipped: nothing can be made of it, now or later."""


def read(line: bytes) -> Report:
    """The report in one line. Raises Malformed."""
    try:
        report = decode(line)
        check(report)
    except (ValueError, TypeError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if b"\\u0000" in line or b"\\ud" in line:  # the line is ASCII: anything hostile is an escape in it
        wash(report)
    return report


def check(report: Report) -> None:
    if report.kind not in KINDS:
        raise ValueError(f"unknown kind {report.kind!r}")
    if report.kind == Kind.SAMPLE and not (report.metric in METRICS and math.isfinite(report.value)):
        raise ValueError(f"no sample of {report.metric!r}")
    for name in TEXTS:
        if type(getattr(report, name)) is not str:
            raise TypeError(f"{name} is not text")
    if report.kind == Kind.INVOCATION and not UUID_TEXT.fullmatch(report.request_id):
        raise ValueError("the request id is not a UUID")
    for name in COUNTS:
        value = getattr(report, name)
        if type(value) is not int or not 0 <= value <= MAX_COUNT:
            raise ValueError(f"{name} is not a count")
    if report.provisioned is not None and type(report.provisioned) is not bool:
        raise TypeError("provisioned is not true or false")
    init = 0.0 if report.init_ms is None else report.init_ms
    if not (math.isfinite(report.duration_ms) and math.isfinite(init) and 0 <= report.at_ms <= MAX_MS):
        raise ValueError("a time is not finite")
    for text in (report.event, report.response):
        if text is not None and type(text) is not str:
            raise TypeError("event or response is not text")
    if not all(type(at) is int and 0 <= at <= MAX_MS and type(text) is str for at, text in report.lines):
        raise TypeError("a log line is not a pair of time and text")
    if any(len(text) > LINE_CHARACTERS for _, text in report.lines):
        report.lines = [(at, piece) for at, text in report.lines for piece in pieces(text)]


def pieces(text: str) -> list[str]:
    return [text[i : i + LINE_CHARACTERS] for i in range(0, len(text), LINE_CHARACTERS)] or [""]


def clean(text: str) -> str:
    """Text that every database takes: U+FFFD for NUL (PostgreSQL refuses it) and for lone surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def wash(report: Report) -> None:
    for name in TEXTS:
        setattr(report, name, clean(getattr(report, name)))
    report.lines = [(at, clean(text)) for at, text in report.lines]
    report.event = None if report.event is None else clean(report.event)
    report.response = None if report.response is None else clean(report.response)
