"""The database, from what its actor and its pool know already."""

from __future__ import annotations

from typing import Final

from reeld.storage import PoolStats
from reeld.storage.errors import DISK_FULL
from reeld.telemetry import Check, Status

SILENT_SECONDS: Final = 15.0
"""How long the database may be silent before it counts as away."""
SKEWED_SECONDS: Final = 5.0
"""More than this shows in times that people compare."""

_AWAY: Final = "PostgreSQL does not answer. Nothing is lost; work goes on when it is back."


def check_database(
    *,
    silent: float | None,
    is_ready: bool,
    disk_is_full: bool,
    clock_skew: float | None,
    pool: PoolStats,
) -> list[Check]:
    """Judge the database.

    Args:
        silent: Seconds since it answered last; None when it never did.
        is_ready: Whether the schema is in place and this process leads.
        disk_is_full: Whether it has no room to write.
        clock_skew: Seconds by which its clock is ahead; None when nobody knows.
        pool: What the pool is doing.
    """
    checks = [_answers(silent, is_ready=is_ready), _writes(is_full=disk_is_full), _pool(pool)]
    return checks if clock_skew is None else [*checks, _clock(clock_skew)]


def _answers(silent: float | None, *, is_ready: bool) -> Check:
    observed = None if silent is None else round(silent, 1)
    well = is_ready and silent is not None and silent <= SILENT_SECONDS
    status, sentence = (Status.PASS, "") if well else (Status.FAIL, _AWAY)
    return Check("database:answers", status, "datastore", sentence, observed, "s")


def _writes(*, is_full: bool) -> Check:
    if is_full:
        return Check("database:writes", Status.FAIL, "datastore", DISK_FULL, "disk_full")
    return Check("database:writes", Status.PASS, "datastore")


def _pool(pool: PoolStats) -> Check:
    check = "database:pool"
    if pool.available and pool.waiting and pool.in_use >= pool.max_size:
        sentence = (
            f"All {pool.max_size} connections are in use and {pool.waiting} calls wait for one."
        )
        return Check(check, Status.WARN, "datastore", sentence, pool.in_use, "connections")
    return Check(check, Status.PASS, "datastore", observed=pool.in_use, unit="connections")


def _clock(skew: float) -> Check:
    check, observed = "database:clock_skew", round(skew, 3)
    if abs(skew) <= SKEWED_SECONDS:
        return Check(check, Status.PASS, "datastore", observed=observed, unit="s")
    sentence = f"The clock of PostgreSQL's machine is {skew:+.0f} s off this one's. Let both follow a time server."
    return Check(check, Status.WARN, "datastore", sentence, observed, "s")
