"""The pace of calls to outside services, kept across restarts: a crash loop must not hammer anybody.

A leaky bucket in one stored time (the generic cell rate algorithm): `slot_at` is when the next call of an even pace
is due, and a call may come early by as much as the burst allows. All of it by the database's clock.
"""

from __future__ import annotations

from typing import Final

from reeld.storage._rows import Connection, Reader, execute, fetch_one

# The slot is taken whether or not the call is made in the end: too slow is harmless, too fast is not.
_RESERVE: Final = """
INSERT INTO rate_limit AS r (service, slot_at, calls)
VALUES (%(service)s, clock_timestamp() + make_interval(secs => %(interval)s), 1)
ON CONFLICT (service) DO UPDATE SET
    slot_at = greatest(r.slot_at, clock_timestamp(), r.held_until) + make_interval(secs => %(interval)s),
    calls = r.calls + 1, updated_at = clock_timestamp()
RETURNING greatest(0, extract(epoch FROM
    greatest(slot_at - make_interval(secs => %(interval)s * %(burst)s), held_until) - clock_timestamp()))::float8
"""

_HOLD: Final = """
INSERT INTO rate_limit AS r (service, held_until)
VALUES (%(service)s, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (service) DO UPDATE SET held_until = greatest(r.held_until, excluded.held_until),
                                    updated_at = clock_timestamp()
"""

_WAIT: Final = """
SELECT greatest(0, extract(epoch FROM
    greatest(slot_at - make_interval(secs => %(interval)s * (%(burst)s - 1)), held_until) - clock_timestamp()))::float8
FROM rate_limit WHERE service = %(service)s
"""

LONGEST_HOLD_SECONDS: Final = 24 * 3600.0
"""No answer of a service silences reeld for longer."""


async def reserve(conn: Connection, service: str, *, interval: float, burst: int = 1) -> float:
    """Take the next place in the line to a service.

    Args:
        conn: The connection with the transaction. Commit it before waiting.
        service: Whom to call.
        interval: Seconds between two calls in the long run.
        burst: How many calls may follow each other at once after a quiet time.

    Returns:
        Seconds to wait before the call.
    """
    row = await fetch_one(
        conn, _RESERVE, {"service": service, "interval": interval, "burst": burst}
    )
    assert row is not None, "INSERT ... DO UPDATE ... RETURNING answers with the row"
    return float(row[0])


async def hold(conn: Connection, service: str, seconds: float) -> None:
    """Keep away from a service that asked for it (429, Retry-After); an earlier, longer hold stands."""
    params = {"service": service, "seconds": min(seconds, LONGEST_HOLD_SECONDS)}
    await execute(conn, _HOLD, params)


async def wait_seconds(source: Reader, service: str, *, interval: float, burst: int = 1) -> float:
    """Return how long a call would have to wait now, without taking a place."""
    row = await fetch_one(source, _WAIT, {"service": service, "interval": interval, "burst": burst})
    return 0.0 if row is None else float(row[0])
