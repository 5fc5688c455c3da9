"""A histogram of a logarithmic scale: any percentile within 1 % of a value that was seen.

Bucket `i` holds the values in (GAMMA^(i-1), GAMMA^i]; its middle is at most `ERROR` (relative) from each of them.
Values of zero and below (no metric of ours has any but zero) share the bucket `ZERO`. Kept as JSON: {"bucket": count}.
Source: DDSketch, https://www.vldb.org/pvldb/vol12/p2195-masson.pdf
"""

import math
from collections.abc import Iterable, Mapping

ERROR = 0.01
GAMMA = (1 + ERROR) / (1 - ERROR)
ZERO = "zero"
_PER_LOG = 1 / math.log(GAMMA)
_MIDDLE = 2 / (1 + GAMMA)

Histogram = dict[str, float]


def bucket(value: float) -> str:
    return str(math.ceil(math.log(value) * _PER_LOG)) if value > 0 else ZERO


def histogram(values: Iterable[float]) -> Histogram:
    counts: Histogram = {}
    for value in values:
        key = bucket(value)
        counts[key] = counts.get(key, 0) + 1
    return counts


def merge(into: Histogram, other: Mapping[str, float]) -> None:
    for key, count in other.items():
        into[key] = into.get(key, 0) + count


def percentile(counts: Mapping[str, float], percent: float) -> float | None:
    """The value that `percent` (0 to 100) of the samples do not exceed; None without samples."""
    total = sum(counts.values())
    if not total:
        return None
    rank = max(1.0, math.ceil(total * percent / 100))
    seen = 0.0
    found = -math.inf
    for order, count in sorted([(-math.inf if key == ZERO else int(key), count) for key, count in counts.items()]):
        found = order
        seen += count
        if seen >= rank:
            break
    return 0.0 if found == -math.inf else _MIDDLE * GAMMA**found
