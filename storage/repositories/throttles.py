"""Counts of wrong passwords and keys. They survive a restart, and end by themselves: nobody is locked out for ever.

A count begins anew a day after the last failure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reeld.storage._rows import Connection, Reader, execute, fetch_one

FREE: Final = 5
"""So many attempts cost nothing."""
LONGEST_SECONDS: Final = 900
MOST_ROWS: Final = 50_000
MOST_NETWORKS: Final = 20
"""So many networks are remembered for a person."""

# An attempt is counted before it is judged: however many come at once, they do not pass for one. Nothing is counted while
# the subject has to wait, so that nobody can make another's wait longer.
_CHARGE: Final = """
INSERT INTO throttle (kind, subject, failures) VALUES (%(kind)s, %(subject)s, 1)
ON CONFLICT (kind, subject) DO UPDATE SET
    failures = CASE WHEN throttle.failed_at > now() - interval '1 day' THEN throttle.failures + 1 ELSE 1 END,
    failed_at = now(),
    blocked_until = CASE
        WHEN throttle.failed_at > now() - interval '1 day' AND throttle.failures + 1 >= %(free)s
        THEN now() + make_interval(secs => least(%(longest)s, 2 ^ least(throttle.failures + 1 - %(free)s, 20)))
        ELSE now()
    END
-- No wait is longer than that: a clock that was set back must not make one.
WHERE throttle.blocked_until <= now() OR throttle.blocked_until > now() + make_interval(secs => %(longest)s)
RETURNING failures
"""

_WAIT: Final = """
SELECT extract(epoch FROM blocked_until - now())::float8 FROM throttle
WHERE kind = %(kind)s AND subject = %(subject)s AND blocked_until > now()
"""

_FORGET: Final = "DELETE FROM throttle WHERE kind = %(kind)s AND subject = %(subject)s"

_REFUND: Final = """
UPDATE throttle SET failures = greatest(failures - 1, 0), blocked_until = now()
WHERE kind = %(kind)s AND subject = %(subject)s
"""

_IS_KNOWN: Final = """
SELECT person_id FROM known_network JOIN person ON person.id = person_id
WHERE lower(name) = lower(%s) AND network = %s
"""

_NOTE_NETWORK: Final = """
INSERT INTO known_network (person_id, network) VALUES (%s, %s)
ON CONFLICT (person_id, network) DO UPDATE SET seen_at = now()
"""

_TRIM_NETWORKS: Final = """
DELETE FROM known_network WHERE person_id = %(person)s AND network IN (
    SELECT network FROM known_network WHERE person_id = %(person)s ORDER BY seen_at DESC, network OFFSET %(most)s
)
"""

_PRUNE: Final = """
DELETE FROM throttle WHERE (kind, subject) IN (
    SELECT kind, subject FROM throttle WHERE failed_at < now() - interval '1 day' LIMIT %s
)
"""

# Many networks can fail once each; what counts is the newest.
_PRUNE_SURPLUS: Final = """
DELETE FROM throttle WHERE failed_at < (SELECT failed_at FROM throttle ORDER BY failed_at DESC OFFSET %s LIMIT 1)
"""


class Kind(StrEnum):
    """What is counted: see `migrations/0011_identity.sql`."""

    ACCOUNT = "account"
    NETWORK = "network"
    HOME = "home"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose failures are counted together."""

    kind: Kind
    name: str


async def charge(conn: Connection, subject: Subject) -> bool:
    """Count an attempt; False, and nothing is counted, while the subject has to wait."""
    limits = {"free": FREE, "longest": LONGEST_SECONDS}
    row = await fetch_one(conn, _CHARGE, {"kind": subject.kind, "subject": subject.name, **limits})
    return row is not None


async def wait_of(source: Reader, subject: Subject) -> float:
    """Return the seconds that a subject has to wait; 0 when it need not."""
    row = await fetch_one(source, _WAIT, {"kind": subject.kind, "subject": subject.name})
    return 0.0 if row is None else float(row[0])


async def forget(conn: Connection, subject: Subject) -> None:
    """Forget the failures of a subject."""
    await execute(conn, _FORGET, {"kind": subject.kind, "subject": subject.name})


async def refund(conn: Connection, subject: Subject) -> None:
    """Take back one attempt, and the wait that it brought."""
    await execute(conn, _REFUND, {"kind": subject.kind, "subject": subject.name})


async def is_known(source: Reader, name: str, network: str) -> bool:
    """Whether the user of a name was let in from a network before."""
    return await fetch_one(source, _IS_KNOWN, (name, network)) is not None


async def note_network(conn: Connection, user_id: int, network: str) -> None:
    """Note that a user was let in from a network."""
    await execute(conn, _NOTE_NETWORK, (user_id, network))
    await execute(conn, _TRIM_NETWORKS, {"person": user_id, "most": MOST_NETWORKS})


async def prune(conn: Connection, *, limit: int) -> int:
    """Delete counts that are over, and the oldest of too many; return how many were over."""
    await execute(conn, _PRUNE_SURPLUS, (MOST_ROWS,))
    return await execute(conn, _PRUNE, (limit,))
