"""Functions that call themselves, through others or through queues, are stopped after some turns.

The trace header carries a lineage: how often each function ran in this chain of calls, by a hash of its ARN.

    Root=1-...;Parent=...;Sampled=0;Lineage=a87bd80c:1|68fd508a:5

A function gets it in _X_AMZN_TRACE_ID, and AWS's SDKs send it on with every call that they make.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

import hashlib
import re
from functools import lru_cache

from functions.errors import RecursiveInvocationException
from functions.invoke.routing import Route
from functions.limits import limits
from monitoring.ingest.samples import emit
from monitoring.report import Sample

# SDKs quote the bar.
BAR = re.compile(r"\||%7C", re.IGNORECASE)
ENTRY = re.compile(r"([0-9a-f]{8}):(\d{1,5})")
MARK = ";Lineage="
KEPT = 16  # functions in one lineage


def advance(trace: str, route: Route) -> str:
    """The trace that this invocation hands on: one turn more of its function.

    Raises RecursiveInvocationException when that is one too many and the function does not allow it.
    """
    spec = route.spec
    own = identity(spec.account_id, spec.region, spec.function_name)
    before, mark, text = trace.partition(MARK)
    if not mark:
        return f"{before}{MARK}{own}:1"
    lineage, rest = read(text)
    turns = lineage.pop(own, 0) + 1
    if turns > limits().recursive_turns and not route.may_recurse:
        emit(Sample.RECURSIVE, spec.account_id, spec.region, spec.function_name, qualifier=route.qualifier)
        raise RecursiveInvocationException(
            "Lambda has detected your function being invoked in a recursive loop with other AWS resources and stopped "
            "your function's invocation."
        )
    lineage[own] = turns  # the last: what was longest ago is forgotten first
    entries = "|".join(f"{name}:{count}" for name, count in list(lineage.items())[-KEPT:])
    return f"{before}{rest}{MARK}{entries}"


@lru_cache(maxsize=16_384)
def identity(account_id: str, region: str, name: str) -> str:
    return hashlib.sha256(f"{account_id}:{region}:{name}".encode()).hexdigest()[:8]


def read(text: str) -> tuple[dict[str, int], str]:
    """The turns by function, and what follows them in the header. What is no entry is left out."""
    entries, semicolon, rest = text.partition(";")
    found = filter(None, map(ENTRY.fullmatch, BAR.split(entries)))
    return {entry[1]: int(entry[2]) for entry in found}, semicolon + rest
