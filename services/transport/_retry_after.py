"""`Retry-After`: how long an outside system asks us to stay away (RFC 9110 §10.2.3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import httpx

FLOOR = 1.0
"""Seconds: an earlier return than this is no waiting at all."""
CEILING = 24 * 3600.0
"""Seconds: nobody is trusted to switch us off for longer than a day."""


def seconds_to_wait(
    headers: httpx.Headers, *, wall_clock: Callable[[], float] = time.time
) -> float | None:
    """Return the seconds to wait, between `FLOOR` and `CEILING`; None when the answer does not say.

    A date is held against the answer's own `Date`, so that a wrong clock on either side does no harm.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return _within(float(value[:12]))
    moment = _timestamp(value)
    if moment is None:
        return None
    now = _timestamp(headers.get("date", ""))
    return _within(moment - (now if now is not None else wall_clock()))


def _timestamp(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _within(seconds: float) -> float:
    return min(max(seconds, FLOOR), CEILING)
