"""Evidence about release groups: what became of their releases, one row a fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from reeld.domain.reputation import (
    VERDICTS,
    WEIGHTLESS_DAYS,
    EvidenceKind,
    NewEvidence,
    group_key,
)
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one

# A movie that is deleted meanwhile takes its acquisitions along: they are held fast, and in the order in which that
# deletion takes them.
_HOLD_MOVIES: Final = """
SELECT count(*) FROM (
    SELECT FROM movie WHERE id IN (SELECT movie_id FROM acquisition WHERE id = ANY(%s)) ORDER BY id FOR KEY SHARE
) AS held
"""

_SUBJECTS: Final = """
SELECT a.id, a.movie_id, a.title, coalesce(a.release_group, r.parsed ->> 'group')
FROM acquisition a JOIN release r ON r.id = a.release_id
WHERE a.id = ANY(%s) ORDER BY a.id FOR KEY SHARE OF a
"""

# `kept` is what an import is until more is known, so it gives way to any other verdict, and never the reverse.
_ADD: Final = """
WITH gone AS (
    DELETE FROM group_evidence
    WHERE acquisition_id = %(acquisition_id)s AND kind = 'kept' AND %(is_verdict)s AND %(kind)s::text <> 'kept'
)
INSERT INTO group_evidence (group_key, group_name, kind, acquisition_id, movie_id, release_title, detail, at)
SELECT %(key)s, %(name)s, %(kind)s::text, %(acquisition_id)s, %(movie_id)s, %(title)s, %(detail)s, %(at)s
WHERE NOT (%(is_verdict)s AND EXISTS (
    SELECT FROM group_evidence
    WHERE acquisition_id = %(acquisition_id)s AND kind = ANY(%(others)s)))
ON CONFLICT (acquisition_id, kind) DO NOTHING
"""

_PAGE: Final = """
SELECT id, kind, acquisition_id, movie_id, release_title, detail, at, group_name FROM group_evidence
WHERE group_key = %s AND id < %s ORDER BY id DESC LIMIT %s
"""

_PRUNE: Final = """
DELETE FROM group_evidence WHERE id IN (
    SELECT id FROM group_evidence WHERE at < now() - make_interval(days => %s) ORDER BY at LIMIT %s
)
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row of what became of a group's releases.

    Attributes:
        acquisition_id: None when its movie was deleted since.
        group: The group's name as that release wrote it.
    """

    id: int
    kind: EvidenceKind
    acquisition_id: int | None
    movie_id: int | None
    release_title: str
    detail: Mapping[str, object]
    at: datetime
    group: str


async def add(conn: Connection, learned: Sequence[NewEvidence]) -> list[EvidenceKind]:
    """Write what was learned, each fact once; return the kinds of those that were new.

    Nothing is written about a release without a group, or about one whose movie was deleted.
    """
    about = sorted({each.acquisition_id for each in learned})
    if not about:
        return []
    await fetch_one(conn, _HOLD_MOVIES, (about,))
    subjects = {row[0]: row for row in await fetch_all(conn, _SUBJECTS, (about,))}
    return [
        each.kind
        for each in learned
        if (subject := subjects.get(each.acquisition_id)) and await _add(conn, each, subject)
    ]


async def _add(conn: Connection, new: NewEvidence, subject: Row) -> bool:
    number, movie_id, title, name = subject
    key = group_key(name)
    if key is None:
        return False
    params: dict[str, Any] = {
        "key": key,
        "name": name.strip(),
        "kind": new.kind,
        "is_verdict": new.kind.is_verdict,
        "others": [str(kind) for kind in VERDICTS if kind is not EvidenceKind.KEPT],
        "acquisition_id": number,
        "movie_id": movie_id,
        "title": title,
        "detail": Jsonb(dict(new.detail)),
        "at": new.at,
    }
    return await execute(conn, _ADD, params) == 1


async def of_group(
    source: Reader, name: str, *, before: int | None = None, limit: int = 100
) -> list[Evidence]:
    """Return what became of a group's releases, newest first; for more pass the last id as `before`."""
    rows = await fetch_all(source, _PAGE, (group_key(name), before or 2**63 - 1, limit))
    return [Evidence(row[0], EvidenceKind(row[1]), *row[2:]) for row in rows]


async def prune(conn: Connection, *, days: float = WEIGHTLESS_DAYS, limit: int = 1000) -> int:
    """Delete up to `limit` rows that are too old to weigh."""
    return await execute(conn, _PRUNE, (int(days), limit))
