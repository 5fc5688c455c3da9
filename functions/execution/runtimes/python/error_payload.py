"""What went wrong, as the payload that AWS's own Python runtime client makes of it.

Python 3.8 syntax, standard library only.
"""

import sys
import traceback


class Fault(Exception):
    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace


def error_payload(message, kind, trace, request_id=""):
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace or []}


def describe(request_id=""):
    """The payload of the exception that is being handled, without our own frames at its top."""
    kind, value, tb = sys.exc_info()
    if isinstance(value, Fault):
        return error_payload(value.message, value.kind, value.trace, request_id)
    frames = traceback.extract_tb(tb)
    for index, frame in enumerate(frames):
        if "/bootstrap.py" not in frame.filename:
            frames = frames[index:]
            break
    plain = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in frames]  # without columns
    return error_payload(str(value), kind.__name__, traceback.format_list(plain), request_id)
