"""Many measurements of one thing as one number.

Medians, because what else a machine does makes some measurements longer, and none shorter.
"""

from collections.abc import Iterable
from itertools import chain
from operator import attrgetter
from statistics import median, quantiles

from warm import Warm


def grouped(measurements: list, *fields: str) -> dict:
    """The measurements by the values of these fields, in the order of their first appearance."""
    groups = {}
    for measurement in measurements:
        groups.setdefault(attrgetter(*fields)(measurement), []).append(measurement)
    return groups


def middle(measurements: list, field: str) -> float:
    """The median of a field."""
    return median(map(attrgetter(field), measurements))


def percentiles(warm: Iterable[Warm]) -> tuple[float, float, float]:
    """The seconds within which 50, 90 and 99 of 100 answers came, of all processes together."""
    seconds = list(chain.from_iterable(each.answers for each in warm))
    cuts = quantiles(seconds, n=100, method="inclusive")
    return cuts[49], cuts[89], cuts[98]
