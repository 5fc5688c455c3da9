"""The function's log: lines of text as those of AWS's own Python runtime client, or JSON (`json_log.py`).

Python 3.8 syntax, standard library only.
"""

import logging
import sys
import time

import json_log
from response_json import to_json

ERROR_LINE_END = "\r"  # the executor turns it into a newline within one log event
current = {"id": "", "tenant": None}  # the invocation that runs


class LogHandler(logging.Handler):
    """One record is one log event, whatever newlines it holds."""

    def emit(self, record):
        try:
            record.aws_request_id = current["id"]
            record.tenant_id = current["tenant"]
            text = self.format(record)
            text = text[:-1] if text.endswith("\n") else text  # a traceback ends without
            sys.stdout.write(text.replace("\n", ERROR_LINE_END) + "\n")
        except Exception:
            self.handleError(record)


def log_error(error):
    if json_log.is_wanted():
        stamp = time.strftime(json_log.TIME, time.gmtime())
        sys.stdout.write(to_json({"timestamp": stamp, "log_level": "ERROR", **error}).decode("utf-8", "replace") + "\n")
        return
    lines = [
        "[ERROR] %s: %s" % (error["errorType"], error["errorMessage"])
        if error["errorMessage"]
        else "[ERROR] " + error["errorType"]
    ]
    lines.append("Traceback (most recent call last):")
    for element in error["stackTrace"]:
        for line in element.splitlines() or [""]:
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    sys.stdout.write(ERROR_LINE_END.join(lines).replace("\n", ERROR_LINE_END) + "\n")
