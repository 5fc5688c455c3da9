"""Percentiles of the logarithmic histogram stay within their error."""

import json
import math
import random
from collections.abc import Callable

import pytest

from monitoring.histogram import ERROR, histogram, merge, percentile

DISTRIBUTIONS: dict[str, Callable[[random.Random], float]] = {
    "uniform": lambda r: r.uniform(0.01, 900_000),
    "exponential": lambda r: r.expovariate(1 / 20),
    "lognormal": lambda r: r.lognormvariate(3, 2),
    "two humps": lambda r: r.gauss(5, 0.5) if r.random() < 0.9 else r.gauss(3000, 100),
    "powers of ten": lambda r: 10.0 ** r.randint(-6, 12),
    "some zero": lambda r: r.choice([0.0, 1.0, 2.0]),
    "constant": lambda r: 1.23,
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("count", [1, 2, 10, 5000])
def test_every_percentile_is_within_one_percent_of_a_value_of_that_rank(name: str, count: int) -> None:
    generator = random.Random(f"{name}{count}")
    values = sorted(max(DISTRIBUTIONS[name](generator), 0.0) for _ in range(count))
    counts = histogram(values)
    for percent in (0, 1, 25, 50, 90, 95, 99, 99.9, 100):
        exact = values[max(math.ceil(count * percent / 100), 1) - 1]
        assert percentile(counts, percent) == pytest.approx(exact, rel=ERROR * 1.0001)


def test_merging_is_adding_up() -> None:
    generator = random.Random(1)
    values = [generator.lognormvariate(2, 1) for _ in range(1000)]
    parts = [histogram(values[n::7]) for n in range(7)]
    merged = json.loads(json.dumps(parts[0]))  # as the database gives it back
    for part in parts[1:]:
        merge(merged, part)
    assert merged == histogram(values)


def test_without_samples_there_is_no_percentile() -> None:
    assert percentile({}, 50) is None
