"""Seeded draws that come out the same on every machine.

Only additions, multiplications and comparisons touch a drawn number: exponentials and normals come from tables
of quantiles made once with Python's own ``math`` and rounded, since vectorised ``exp`` and ``log`` differ in the
last bit from one processor to the next. For the same reason every sort in this package is a stable one.
"""

import math
import statistics
import zlib
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]

STEPS = 1024
"""Quantiles of each table: fine enough that nobody sees the steps."""


def stream(seed: int, name: str) -> np.random.Generator:
    """A generator for one purpose, so that more draws for one thing never shift those of another."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(name.encode())])))


def chance(rng: np.random.Generator, size: int, share: float) -> Flags:
    """True for about ``share`` of ``size``."""
    return np.asarray(rng.random(size) < share)


def pick(rng: np.random.Generator, size: int, weights: Sequence[float]) -> Ints:
    """Codes 0 … len(weights) - 1 in proportion to ``weights``, which need not sum to 1."""
    return codes(rng.random(size), weights)


def codes(uniform: Floats, weights: Sequence[float]) -> Ints:
    """The code that each number in [0, 1) falls on."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    found = np.searchsorted(edges, uniform * edges[-1], side="right")
    return np.asarray(np.minimum(found, len(edges) - 1), dtype=np.int64)


def pick_by(rng: np.random.Generator, group: Ints, weights: Sequence[Sequence[float]]) -> Ints:
    """As ``pick``, with the row of ``weights`` that each one's ``group`` names."""
    uniform = rng.random(len(group))
    found = np.zeros(len(group), dtype=np.int64)
    for row, shares in enumerate(weights):
        here = group == row
        found[here] = codes(uniform[here], shares)
    return found


def between(rng: np.random.Generator, size: int, low: int, high: int) -> Ints:
    """Whole numbers from ``low`` to ``high``, both possible."""
    return rng.integers(low, high + 1, size)


def bell(rng: np.random.Generator, size: int) -> Floats:
    """Numbers from the standard normal distribution."""
    return _bell_table()[rng.integers(0, STEPS, size)]


def spread(rng: np.random.Generator, size: int, sigma: float) -> Floats:
    """Factors around 1 (mean exactly 1): lognormal with this ``sigma``."""
    return factors(sigma)[rng.integers(0, STEPS, size)]


@cache
def factors(sigma: float) -> Floats:
    """The table behind ``spread``, shape (STEPS,)."""
    raw = [math.exp(sigma * value) for value in _bell_table().tolist()]
    mean = math.fsum(raw) / STEPS
    return np.array([round(value / mean, 6) for value in raw])


@cache
def _bell_table() -> Floats:
    normal = statistics.NormalDist()
    return np.array([round(normal.inv_cdf((step + 0.5) / STEPS), 6) for step in range(STEPS)])


def mixed(rng: np.random.Generator, numbers: Ints) -> Ints:
    """The same numbers in another order."""
    return numbers[rng.permutation(len(numbers))]


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """All numbers of several ranges, one range after the other."""
    total = int(lengths.sum())
    before = np.cumsum(lengths) - lengths
    return np.asarray(np.arange(total, dtype=np.int64) + np.repeat(starts - before, lengths))
