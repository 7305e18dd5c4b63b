"""Custom formats."""

from __future__ import annotations

from typing import Final

import psycopg
import structlog
import trio
from psycopg.types.json import Jsonb

from reeld.domain.custom_format import CustomFormat, InvalidFormat, from_radarr, to_radarr
from reeld.domain.errors import InvalidField, NotFound
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one

log = structlog.get_logger("reeld.storage")

# xmin tells a row that was changed from one that was not.
_VERSIONS: Final = "SELECT id, xmin::text FROM custom_format ORDER BY name, id"

_BY_IDS: Final = """
SELECT id, xmin::text, name, include_when_renaming, specifications, rest FROM custom_format WHERE id = ANY(%s)
"""

_INSERT: Final = """
INSERT INTO custom_format (name, include_when_renaming, specifications, rest) VALUES (%s, %s, %s, %s) RETURNING id
"""

_UPDATE: Final = """
UPDATE custom_format SET name = %s, include_when_renaming = %s, specifications = %s, rest = %s
WHERE id = %s RETURNING id
"""


class KnownFormats:
    """The formats, read and compiled once: a look asks for versions, and reads rows that changed."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], CustomFormat | None] = {}

    async def current(self, source: Reader) -> tuple[CustomFormat, ...]:
        """Return every format by name.

        One that this version of reeld cannot read is left out, and logged once: it would stop every decision.
        """
        versions = [(int(row[0]), str(row[1])) for row in await fetch_all(source, _VERSIONS)]
        missing = [number for number, version in versions if (number, version) not in self._known]
        known = {version: self._known[version] for version in versions if version in self._known}
        if missing:
            rows = await fetch_all(source, _BY_IDS, (missing,))
            # Thousands of expressions are compiled: seconds of work.
            known |= await trio.to_thread.run_sync(_read_all, rows)
        self._known = known
        found = (known.get(version) for version in versions)
        return tuple(each for each in found if each is not None)


async def every(source: Reader) -> tuple[CustomFormat, ...]:
    """Return every format by name; who asks again and again keeps `KnownFormats`."""
    return await KnownFormats().current(source)


async def shown_in_names(source: Reader) -> frozenset[int]:
    """Return the numbers of those that the names of files show."""
    rows = await fetch_all(source, "SELECT id FROM custom_format WHERE include_when_renaming")
    return frozenset(int(row[0]) for row in rows)


async def get(source: Reader, format_id: int) -> CustomFormat:
    """Return one format.

    Raises:
        NotFound: There is none with that number.
        InvalidFormat: This version of reeld cannot read it.
    """
    row = await fetch_one(source, _BY_IDS, ([format_id],))
    if row is None:
        raise NotFound(f"There is no custom format {format_id}.")
    return _read(row)


async def save(conn: Connection, custom_format: CustomFormat) -> int:
    """Store a format, a new one when its number is 0, and return its number.

    Raises:
        NotFound: There is none with that number.
        InvalidField: Another one has that name (reason `name_taken`).
    """
    document = to_radarr(custom_format)
    values = (
        custom_format.name,
        custom_format.include_when_renaming,
        Jsonb(document["specifications"]),
        Jsonb(dict(custom_format.rest)),
    )
    try:
        async with conn.transaction():
            if custom_format.id:
                row = await fetch_one(conn, _UPDATE, (*values, custom_format.id))
            else:
                row = await fetch_one(conn, _INSERT, values)
    except psycopg.errors.UniqueViolation:
        complaint = f"there is a custom format {custom_format.name!r} already; choose another."
        raise InvalidField("name", complaint, reason="name_taken") from None
    if row is None:
        raise NotFound(f"There is no custom format {custom_format.id}.")
    return int(row[0])


async def delete(conn: Connection, format_id: int) -> bool:
    """Remove a format, and its points in every profile; False when there was none."""
    return await execute(conn, "DELETE FROM custom_format WHERE id = %s", (format_id,)) == 1


def _read_all(rows: list[Row]) -> dict[tuple[int, str], CustomFormat | None]:
    return {(int(row[0]), str(row[1])): _read_or_leave(row) for row in rows}


def _read_or_leave(row: Row) -> CustomFormat | None:
    try:
        return _read(row)
    except InvalidFormat as error:
        log.error("format_unreadable", format=row[2], reason=error.reason, sentence=error.sentence)
        return None


def _read(row: Row) -> CustomFormat:
    number, _, name, renaming, specifications, rest = row
    document = {**rest, "name": name, "specifications": specifications}
    if renaming:
        document["includeCustomFormatWhenRenaming"] = True
    return from_radarr(document, format_id=int(number))
