"""The Beta distribution: how much of it lies below a value, and below which value a share of it lies."""

from __future__ import annotations

from math import exp, lgamma, log, log1p, sqrt
from typing import Final

_EPSILON: Final = 1e-15
_TINY: Final = 1e-300
_MOST_TERMS: Final = 10_000
"""The fraction needs about the square root of the larger parameter."""
_MOST_STEPS: Final = 100
"""More than halving alone needs."""
_CLOSE: Final = 1e-9
"""A step of Newton's that is so short has left an error of its square."""


def share_below(x: float, a: float, b: float) -> float:
    """Return the share of Beta(a, b) that lies below x: the regularized incomplete beta function.

    By the continued fraction of DLMF 8.17.22 on the side where it converges fast; exact to some 1e-13.

    Args:
        x: 0 to 1; what lies outside counts as the nearest end.
        a: Above 0.
        b: Above 0.
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = exp(a * log(x) + b * log1p(-x) - _log_beta(a, b))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1.0 - x, b, a) / b


def quantile(share: float, a: float, b: float) -> float:
    """Return the value below which a share of Beta(a, b) lies.

    Newton's steps, kept between two bounds that close in; exact to some 1e-9, for which a posterior needs four of them.

    Args:
        share: Between 0 and 1.
        a: At least 1, as every posterior with a prior of that size is: the density has no pole then.
        b: At least 1.
    """
    low, high = 0.0, 1.0
    x = _first_guess(a, b)
    norm = _log_beta(a, b)
    for _ in range(_MOST_STEPS):
        miss = share_below(x, a, b) - share
        low, high = (x, high) if miss < 0 else (low, x)
        density = exp((a - 1.0) * log(x) + (b - 1.0) * log1p(-x) - norm)
        step = miss / density if density > _TINY else 1.0
        nearer = x - step if low < x - step < high else (low + high) / 2
        if abs(nearer - x) < _CLOSE:
            return nearer
        x = nearer
    return x


def _first_guess(a: float, b: float) -> float:
    mean, spread = a / (a + b), sqrt(a * b / (a + b + 1.0)) / (a + b)
    return min(max(mean - 1.6 * spread, mean / 4), 1.0 - 1e-9)


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _fraction(x: float, a: float, b: float) -> float:
    """Lentz's way through the continued fraction."""
    c, d = 1.0, 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1.0))
    result = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 / _not_zero(1.0 + term * d)
            c = _not_zero(1.0 + term / c)
            result *= c * d
        if abs(c * d - 1.0) < _EPSILON:
            break
    return result


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
