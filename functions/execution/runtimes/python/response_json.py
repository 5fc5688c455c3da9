"""What a handler returns as JSON, as AWS's client writes it with simplejson.

Decimals keep their digits, named tuples are objects, bytes are text, and before Python 3.12 everything is ASCII.
Python 3.8 syntax, standard library only.
"""

import decimal
import json
import marshal
import math
import os
import re
import sys


def text_of(value):
    if isinstance(value, bytes):
        return value.decode("utf-8")
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


ENCODE = json.JSONEncoder(ensure_ascii=sys.version_info < (3, 12), default=text_of).encode
ENCODE_ASCII = json.JSONEncoder(default=text_of).encode


def to_json(value):
    """UTF-8. Raises what the encoder does for values that have no JSON."""
    if isinstance(value, bytes):
        return value
    try:
        # Passes for exact built-in types only, and looks through a value much faster than code here could.
        marshal.dumps(value, 0)
        return ENCODE(value).encode()
    except (TypeError, ValueError):
        return with_other_types(value)


def with_other_types(value):
    decimals = []
    mark = "decimal-%s-" % os.urandom(8).hex()
    value = plain(value, decimals, mark, ())
    try:
        data = ENCODE(value).encode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8
        data = ENCODE_ASCII(value).encode()
    if not decimals:
        return data
    return re.sub(rb'"%s(\d+)"' % mark.encode(), lambda match: decimals[int(match[1])], data)


def plain(value, decimals, mark, parents):
    """The value in built-in types; what has no JSON, or holds itself, is left for the encoder to refuse."""
    if isinstance(value, decimal.Decimal):
        if value.is_nan():
            return math.nan
        decimals.append(str(value).encode())
        return "%s%d" % (mark, len(decimals) - 1)
    if any(parent is value for parent in parents):
        return value
    inner = (*parents, value)
    as_dict = getattr(value, "_asdict", None)
    if not isinstance(value, list) and callable(as_dict):
        value = as_dict()
    if isinstance(value, (list, tuple)):
        return [plain(each, decimals, mark, inner) for each in value]
    if isinstance(value, dict):
        return {
            key.decode("utf-8") if isinstance(key, bytes) else key: plain(each, decimals, mark, inner)
            for key, each in value.items()
        }
    return value
