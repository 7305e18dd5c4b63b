"""The state of breakers that outlives the daemon, so that a crash loop cannot burn an account."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Generic, Protocol, TypeVar

from reeld.domain.history import EventKind
from reeld.storage._rows import fetch_all, fetch_one
from reeld.storage.database import Database
from reeld.storage.events import append

FORCED_OPEN: Final = "forced_open"

_LOAD: Final = """
SELECT name, state, opened_in_a_row, retry_at, reason, sentence, changed_at, settings_mark FROM breaker
WHERE name = %s
"""

_SAVE: Final = """
WITH former AS MATERIALIZED (SELECT state FROM breaker WHERE name = %(name)s)
INSERT INTO breaker (name, state, opened_in_a_row, retry_at, reason, sentence, changed_at, settings_mark)
VALUES (%(name)s, %(state)s, %(opened_in_a_row)s, %(retry_at)s, %(reason)s, %(sentence)s, %(changed_at)s,
        %(settings_mark)s)
ON CONFLICT (name) DO UPDATE SET
    state = excluded.state, opened_in_a_row = excluded.opened_in_a_row, retry_at = excluded.retry_at,
    reason = excluded.reason, sentence = excluded.sentence, changed_at = excluded.changed_at,
    settings_mark = excluded.settings_mark
RETURNING (SELECT state FROM former)
"""

_FIELDS: Final = (
    "name",
    "state",
    "opened_in_a_row",
    "retry_at",
    "reason",
    "sentence",
    "changed_at",
    "settings_mark",
)


class BreakerRow(Protocol):
    """What is stored of a breaker. The kernel's `StoredBreaker` is one."""

    @property
    def name(self) -> str:
        """The breaker's name."""

    @property
    def state(self) -> str:
        """Its state."""

    @property
    def opened_in_a_row(self) -> int:
        """How often it opened without closing in between."""

    @property
    def retry_at(self) -> datetime | None:
        """When it lets a probe through."""

    @property
    def reason(self) -> str:
        """Why, for machines."""

    @property
    def sentence(self) -> str:
        """Why, for people."""

    @property
    def changed_at(self) -> datetime:
        """When it entered this state."""

    @property
    def settings_mark(self) -> str:
        """Which settings it was about."""


RowT = TypeVar("RowT", bound=BreakerRow)
RowT_co = TypeVar("RowT_co", bound=BreakerRow, covariant=True)


class MakeRow(Protocol[RowT_co]):
    """Makes the value that `load` returns, from the fields of a `BreakerRow` by name."""

    def __call__(
        self,
        *,
        name: str,
        state: str,
        opened_in_a_row: int,
        retry_at: datetime | None,
        reason: str,
        sentence: str,
        changed_at: datetime,
        settings_mark: str,
    ) -> RowT_co:
        """Make one."""
        ...


class Breakers(Generic[RowT]):
    """Stores breakers: the kernel's `BreakerStore`.

    Storage may not import the kernel, so it is told what to make: `Breakers(database, StoredBreaker)`.
    """

    def __init__(self, database: Database, make: MakeRow[RowT]) -> None:
        self._database = database
        self._make = make

    async def load(self, name: str) -> RowT | None:
        """Return what was stored under a name, or None."""
        rows = await fetch_all(self._database, _LOAD, (name,))
        return self._make(**dict(zip(_FIELDS, rows[0], strict=True))) if rows else None

    async def save(self, stored: RowT) -> None:
        """Store a breaker's state, in place of an earlier one of that name. Rejected credentials are an event."""
        params = {field: getattr(stored, field) for field in _FIELDS}
        async with self._database.transaction() as conn:
            former = await fetch_one(conn, _SAVE, params)
            if _is_rejected(stored) and former != (FORCED_OPEN,):
                payload = {
                    "breaker": stored.name,
                    "reason": stored.reason,
                    "sentence": stored.sentence,
                }
                await append(conn, EventKind.CREDENTIALS_REJECTED, None, payload)


def _is_rejected(stored: BreakerRow) -> bool:
    # One that a person forced open waits for that person, and for no time.
    return stored.state == FORCED_OPEN and stored.retry_at is not None
