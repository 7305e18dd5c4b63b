"""Release profiles: terms that a release name must have, must not have, or had better have."""

from __future__ import annotations

from typing import Any, Final

from psycopg.types.json import Jsonb

from reeld.domain.errors import NotFound
from reeld.domain.release_profile import PreferredTerm, ReleaseProfile
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.storage.repositories import tags

_COLUMNS: Final = "id, name, enabled, required, ignored, preferred, indexer, tags"

_EVERY: Final = "SELECT {columns} FROM release_profile ORDER BY id".replace("{columns}", _COLUMNS)
_GET: Final = "SELECT {columns} FROM release_profile WHERE id = %s".replace("{columns}", _COLUMNS)

_ADD: Final = """
INSERT INTO release_profile (name, enabled, required, ignored, preferred, indexer, tags)
VALUES (%(name)s, %(enabled)s, %(required)s, %(ignored)s, %(preferred)s, %(indexer)s, %(tags)s)
RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_CHANGE: Final = """
UPDATE release_profile SET name = %(name)s, enabled = %(enabled)s, required = %(required)s, ignored = %(ignored)s,
    preferred = %(preferred)s, indexer = %(indexer)s, tags = %(tags)s
WHERE id = %(id)s RETURNING {columns}
""".replace("{columns}", _COLUMNS)


async def every(source: Reader) -> list[ReleaseProfile]:
    """Return the profiles by number."""
    return [_profile(row) for row in await fetch_all(source, _EVERY)]


async def get(source: Reader, profile_id: int) -> ReleaseProfile | None:
    """Return a profile, or None."""
    row = await fetch_one(source, _GET, (profile_id,))
    return None if row is None else _profile(row)


async def save(conn: Connection, profile: ReleaseProfile) -> ReleaseProfile:
    """Store a profile: a new one when its number is 0.

    Raises:
        NotFound: There is no profile of that number.
        Refused: A tag does not exist.
    """
    await tags.require(conn, profile.tags)
    row = await fetch_one(conn, _CHANGE if profile.id else _ADD, _params(profile))
    if row is None:
        raise NotFound(f"There is no release profile {profile.id}.")
    return _profile(row)


async def delete(conn: Connection, profile_id: int) -> bool:
    """Delete a profile; False when there is none."""
    return await execute(conn, "DELETE FROM release_profile WHERE id = %s", (profile_id,)) == 1


def _params(profile: ReleaseProfile) -> dict[str, Any]:
    preferred = [{"term": each.term, "score": each.score} for each in profile.preferred]
    return {
        "id": profile.id,
        "name": profile.name,
        "enabled": profile.enabled,
        "required": list(profile.required),
        "ignored": list(profile.ignored),
        "preferred": Jsonb(preferred),
        "indexer": profile.indexer,
        "tags": sorted(profile.tags),
    }


def _profile(row: Row) -> ReleaseProfile:
    number, name, enabled, required, ignored, preferred, indexer, tag_ids = row
    return ReleaseProfile(
        id=number,
        name=name,
        enabled=enabled,
        required=tuple(required),
        ignored=tuple(ignored),
        preferred=tuple(PreferredTerm(each["term"], each["score"]) for each in preferred),
        indexer=indexer,
        tags=frozenset(tag_ids),
    )
