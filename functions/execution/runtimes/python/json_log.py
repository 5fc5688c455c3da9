"""Log records as JSON, for functions whose log has that format: the members that AWS's Python runtime writes.

Python 3.8 syntax, standard library only.
Source: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

import json
import logging
import os
import traceback

TIME = "%Y-%m-%dT%H:%M:%SZ"
# What a record has of its own; anything else was given with `extra`.
OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id", "tenant_id"}


def is_wanted():
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"


def set_level(logger):
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = {"TRACE": "DEBUG"}.get(level, level)
    if level in logging._nameToLevel:
        logger.setLevel(level)


class Formatter(logging.Formatter):
    def __init__(self):
        super().__init__(datefmt=TIME)

    def format(self, record):
        level = min(50, max(0, record.levelno)) // 10 * 10
        kind, error, trace = record.exc_info or (None, None, None)
        shown = {
            "timestamp": self.formatTime(record, self.datefmt),
            "level": logging.getLevelName(level),
            "message": record.getMessage(),
            "logger": record.name,
            "stackTrace": traceback.format_tb(trace) if kind else None,
            "errorType": kind.__name__ if kind else None,
            "errorMessage": str(error) if kind else None,
            "requestId": record.aws_request_id,
            "location": "%s:%s:%s" % (record.pathname, record.funcName, record.lineno) if kind else None,
            "tenantId": record.tenant_id,
        }
        for name, value in vars(record).items():
            if name not in OWN:
                shown.setdefault(name, value)
        given = {name: value for name, value in shown.items() if value is not None}
        return json.dumps(given, ensure_ascii=False, default=str) + "\n"
