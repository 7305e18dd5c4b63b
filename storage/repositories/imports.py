"""The import journal: what is being done to files, written before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb

from reeld.domain.acquisition import ImportStep, LinkKind
from reeld.domain.errors import NotFound, ReeldError, Refused
from reeld.domain.history import EventKind
from reeld.storage._rows import Connection, Reader, Row, fetch_all, fetch_one
from reeld.storage.events import append

_COLUMNS: Final = """id, acquisition_id, movie_id, step, source, root_folder, destination, size, device, inode,
       link_kind, old_file_id, old_path, recycle_path, file_id, probe, reason, sentence, created_at, step_at"""

_PLAN: Final = """
INSERT INTO import_journal (acquisition_id, movie_id, source, root_folder, destination, size, device, inode,
                            old_file_id, old_path, recycle_path, probe)
VALUES (%(acquisition_id)s, %(movie_id)s, %(source)s, %(root_folder)s, %(destination)s, %(size)s, %(device)s,
        %(inode)s, %(old_file_id)s, %(old_path)s, %(recycle_path)s, %(probe)s)
ON CONFLICT (acquisition_id, source) WHERE step <> 'failed' DO NOTHING
RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_PLANNED: Final = """
SELECT {columns} FROM import_journal
WHERE acquisition_id = %(acquisition_id)s AND source = %(source)s AND step <> 'failed'
""".replace("{columns}", _COLUMNS)

_GET: Final = "SELECT {columns} FROM import_journal WHERE id = %s".replace("{columns}", _COLUMNS)
_OF_ACQUISITION: Final = """
SELECT {columns} FROM import_journal WHERE acquisition_id = %s ORDER BY id
""".replace("{columns}", _COLUMNS)
_OPEN: Final = """
SELECT {columns} FROM import_journal WHERE step NOT IN ('done', 'failed') ORDER BY id LIMIT %s
""".replace("{columns}", _COLUMNS)

_STEP: Final = """
UPDATE import_journal SET
    step = %(to)s, step_at = now(),
    link_kind = coalesce(%(link)s, link_kind), device = coalesce(%(device)s, device),
    inode = coalesce(%(inode)s, inode), old_path = coalesce(%(old_path)s, old_path),
    recycle_path = coalesce(%(recycle_path)s, recycle_path), file_id = coalesce(%(file_id)s, file_id),
    probe = coalesce(%(probe)s, probe), reason = %(reason)s, sentence = %(sentence)s
WHERE id = %(id)s AND step = %(expected)s
RETURNING {columns}
""".replace("{columns}", _COLUMNS)


class StepTaken(ReeldError):
    """The journal is not at the step that this one follows: somebody else went on with the import."""

    default_reason = "step_taken"

    def __init__(self, journal_id: int, expected: ImportStep, found: ImportStep) -> None:
        super().__init__(
            f"Import {journal_id} is {found}, not {expected}: somebody else went on with it."
        )
        self.found = found


class DestinationTaken(Refused):
    """Another import is at work on the same final name."""

    default_reason = "destination_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImport:
    """What is going to be done with one downloaded file.

    Attributes:
        source: The absolute path of the downloaded file.
        root_folder: The absolute path of the root folder.
        destination: The final name below the root folder.
        size: Bytes of the source.
        device: `st_dev` of the source.
        inode: `st_ino` of the source.
        old_file_id: The library's row of the file that it replaces.
        old_path: That file's absolute path.
        recycle_path: Where that file is kept.
        probe: What was read from the file.
    """

    acquisition_id: int
    movie_id: int
    source: str
    root_folder: str
    destination: str
    size: int
    device: int | None = None
    inode: int | None = None
    old_file_id: int | None = None
    old_path: str | None = None
    recycle_path: str | None = None
    probe: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """A row of the journal; see `NewImport`.

    Attributes:
        file_id: The library's row of the new file, from `recorded` on.
        reason: Why it failed.
    """

    id: int
    acquisition_id: int
    movie_id: int
    step: ImportStep
    source: str
    root_folder: str
    destination: str
    size: int
    device: int | None
    inode: int | None
    link: LinkKind | None
    old_file_id: int | None
    old_path: str | None
    recycle_path: str | None
    file_id: int | None
    probe: Mapping[str, Any] | None
    reason: str | None
    sentence: str | None
    created_at: datetime
    step_at: datetime


async def plan(conn: Connection, new: NewImport) -> Import:
    """Write a plan, before any file is touched; a plan for the same file that exists already is returned.

    Raises:
        DestinationTaken: Another import is at work on the same final name. Nothing was written.
    """
    params = {field: getattr(new, field) for field in NewImport.__slots__}
    params["probe"] = None if new.probe is None else Jsonb(dict(new.probe))
    try:
        async with (
            conn.transaction()
        ):  # a savepoint: the caller's transaction survives the conflict
            row = await fetch_one(conn, _PLAN, params)
    except psycopg.errors.UniqueViolation as error:
        raise DestinationTaken(
            f"Another import is writing {new.destination}: it has to end first."
        ) from error
    if row is not None:
        planned = _import(row)
        await _tell_step(conn, planned)
        return planned
    row = await fetch_one(conn, _PLANNED, params)
    assert row is not None, "the conflicting plan is visible once the insert has waited for it"
    return _import(row)


async def get(source: Reader, journal_id: int) -> Import | None:
    """Return a row of the journal, or None."""
    row = await fetch_one(source, _GET, (journal_id,))
    return None if row is None else _import(row)


async def of_acquisition(source: Reader, acquisition_id: int) -> list[Import]:
    """Return what was planned for an acquisition, failed plans too, oldest first."""
    return [_import(row) for row in await fetch_all(source, _OF_ACQUISITION, (acquisition_id,))]


async def unfinished(source: Reader, *, limit: int = 1000) -> list[Import]:
    """Return the imports that are neither done nor failed, oldest first."""
    return [_import(row) for row in await fetch_all(source, _OPEN, (limit,))]


async def step(
    conn: Connection,
    journal_id: int,
    expected: ImportStep,
    to: ImportStep,
    *,
    link: LinkKind | None = None,
    device: int | None = None,
    inode: int | None = None,
    old_path: str | None = None,
    recycle_path: str | None = None,
    file_id: int | None = None,
    probe: Mapping[str, Any] | None = None,
    reason: str | None = None,
    sentence: str | None = None,
) -> None:
    """Go on in the journal, fenced by the step it is at, and write the event that says so. What is left out stays.

    Raises:
        StepTaken: It is at another step: the transaction should not commit.
        NotFound: There is no such import.
    """
    params = {
        "id": journal_id,
        "expected": expected,
        "to": to,
        "link": link,
        "device": device,
        "inode": inode,
        "old_path": old_path,
        "recycle_path": recycle_path,
        "file_id": file_id,
        "probe": None if probe is None else Jsonb(dict(probe)),
        "reason": reason,
        "sentence": sentence,
    }
    row = await fetch_one(conn, _STEP, params)
    if row is not None:
        await _tell_step(conn, _import(row))
        return
    there = await get(conn, journal_id)
    if there is None:
        raise NotFound(f"There is no import {journal_id}: its movie was deleted.")
    raise StepTaken(journal_id, expected, there.step)


async def fail(
    conn: Connection, journal_id: int, expected: ImportStep, reason: str, sentence: str
) -> None:
    """End an import as failed.

    Raises:
        StepTaken: It is at another step.
        NotFound: There is no such import.
    """
    await step(conn, journal_id, expected, ImportStep.FAILED, reason=reason, sentence=sentence)


async def _tell_step(conn: Connection, there: Import) -> None:
    payload = {
        "movie_id": there.movie_id,
        "acquisition_id": there.acquisition_id,
        "import_id": there.id,
        "step": there.step,
    }
    await append(conn, EventKind.IMPORT_STEPPED, there.movie_id, payload)


def _import(row: Row) -> Import:
    values = list(row)
    values[3] = ImportStep(values[3])
    values[8], values[9] = (None if v is None else int(v) for v in values[8:10])
    values[10] = None if values[10] is None else LinkKind(values[10])
    return Import(*values)
