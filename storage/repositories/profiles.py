"""Quality profiles, with the points that they give to custom formats."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from reeld.domain.errors import InvalidField, NotFound, Refused
from reeld.domain.profile import (
    InvalidProfile,
    QualityProfile,
    cutoff_named,
    items_from_json,
    items_to_json,
)
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one

_SELECT: Final = """
SELECT id, name, upgrades_allowed, cutoff, items::text, min_format_score, cutoff_format_score, min_upgrade_format_score,
    language, reputation_weight,
    (SELECT coalesce(jsonb_object_agg(format_id, score), '{}')::text FROM profile_format_score WHERE profile_id = id)
FROM quality_profile
"""
_EVERY: Final = f"{_SELECT} ORDER BY id"
_BY_NAME: Final = f"{_SELECT} WHERE name = %s"
_BY_ID: Final = f"{_SELECT} WHERE id = %s"

_COLUMNS: Final = (
    "name",
    "upgrades_allowed",
    "cutoff",
    "items",
    "min_format_score",
    "cutoff_format_score",
    "min_upgrade_format_score",
    "language",
    "reputation_weight",
)
_INSERT: Final = """
INSERT INTO quality_profile ({columns}) VALUES ({values}) RETURNING id
""".format(columns=", ".join(_COLUMNS), values=", ".join(f"%({each})s" for each in _COLUMNS))
_UPDATE: Final = """
UPDATE quality_profile SET {assignments} WHERE id = %(id)s RETURNING id
""".format(assignments=", ".join(f"{each} = %({each})s" for each in _COLUMNS))

_SCORES: Final = """
INSERT INTO profile_format_score (profile_id, format_id, score)
SELECT %s, format_id, score FROM unnest(%s::bigint[], %s::integer[]) AS given (format_id, score) WHERE score <> 0
"""

_USED: Final = """
SELECT count(*) FROM movie JOIN quality_profile ON quality_profile.name = movie.profile WHERE quality_profile.id = %s
"""


async def every(source: Reader, *, upgrades_default: bool = False) -> list[QualityProfile]:
    """Return every profile in the order in which they were made.

    Args:
        source: Where to read from.
        upgrades_default: What the setting `decision.upgrades_allowed` says, for profiles that follow it.
    """
    return [_profile(row, upgrades_default) for row in await fetch_all(source, _EVERY)]


async def by_name(source: Reader, name: str, *, upgrades_default: bool = False) -> QualityProfile:
    """Return the profile of that name.

    Args:
        source: Where to read from.
        name: Its name.
        upgrades_default: What the setting `decision.upgrades_allowed` says, if the profile follows it.

    Raises:
        InvalidField: There is none; the sentence lists the names that there are.
    """
    row = await fetch_one(source, _BY_NAME, (name,))
    if row is None:
        known = ", ".join(await names(source))
        complaint = f"there is no quality profile {name!r}; there are: {known}."
        raise InvalidField("profile", complaint, reason="no_such_profile")
    return _profile(row, upgrades_default)


async def get(source: Reader, profile_id: int, *, upgrades_default: bool = False) -> QualityProfile:
    """Return the profile with that number.

    Raises:
        NotFound: There is none.
    """
    row = await fetch_one(source, _BY_ID, (profile_id,))
    if row is None:
        raise NotFound(f"There is no quality profile {profile_id}.")
    return _profile(row, upgrades_default)


async def names(source: Reader) -> list[str]:
    """Return the names of every profile in the order in which they were made."""
    rows = await fetch_all(source, "SELECT name FROM quality_profile ORDER BY id")
    return [str(row[0]) for row in rows]


async def save(conn: Connection, profile: QualityProfile) -> int:
    """Store a profile with its points, a new one when its number is 0, and return its number.

    Movies follow a profile that gets another name.

    Raises:
        NotFound: There is none with that number.
        InvalidField: Another one has that name (reason `name_taken`), or a format that gets points is not there.
    """
    try:
        async with conn.transaction():
            row = await fetch_one(conn, _UPDATE if profile.id else _INSERT, _values(profile))
            if row is None:
                raise NotFound(f"There is no quality profile {profile.id}.")
            await _save_scores(conn, int(row[0]), profile)
    except psycopg.errors.UniqueViolation:
        complaint = f"there is a quality profile {profile.name!r} already; choose another."
        raise InvalidField("name", complaint, reason="name_taken") from None
    except psycopg.errors.ForeignKeyViolation:
        complaint = "a custom format is not there (any more); read the formats again."
        raise InvalidProfile("format_scores", complaint) from None
    return int(row[0])


def _values(profile: QualityProfile) -> dict[str, object]:
    return {
        "id": profile.id,
        "name": profile.name,
        "upgrades_allowed": None if profile.upgrades_by_setting else profile.upgrades_allowed,
        "cutoff": profile.cutoff.label,
        "items": Jsonb(items_to_json(profile.items)),
        "min_format_score": profile.min_format_score,
        "cutoff_format_score": profile.cutoff_format_score,
        "min_upgrade_format_score": profile.min_upgrade_format_score,
        "language": profile.language,
        "reputation_weight": profile.reputation_weight,
    }


async def _save_scores(conn: Connection, profile_id: int, profile: QualityProfile) -> None:
    await execute(conn, "DELETE FROM profile_format_score WHERE profile_id = %s", (profile_id,))
    scores = profile.format_scores
    await execute(conn, _SCORES, (profile_id, list(scores), list(scores.values())))


async def delete(conn: Connection, profile_id: int) -> bool:
    """Remove a profile; False when there was none.

    Raises:
        Refused: Movies use it (reason `profile_in_use`).
    """
    try:
        async with conn.transaction():
            gone = await execute(conn, "DELETE FROM quality_profile WHERE id = %s", (profile_id,))
    except psycopg.errors.ForeignKeyViolation:
        row = await fetch_one(conn, _USED, (profile_id,))
        count = int(row[0]) if row else 0
        sentence = f"{count} movies use this profile; give them another one first."
        raise Refused(sentence, reason="profile_in_use") from None
    return gone == 1


# Every poll of a client reads all profiles, which hardly ever change: what is written the same is the same.
@lru_cache(maxsize=128)
def _profile(row: Row, upgrades_default: bool) -> QualityProfile:
    items = items_from_json(msgspec.json.decode(row[4]))
    scores: dict[str, int] = msgspec.json.decode(row[10])
    return QualityProfile(
        id=int(row[0]),
        name=row[1],
        upgrades_allowed=upgrades_default if row[2] is None else row[2],
        upgrades_by_setting=row[2] is None,
        cutoff=cutoff_named(row[3], items),
        items=items,
        min_format_score=row[5],
        cutoff_format_score=row[6],
        min_upgrade_format_score=row[7],
        language=row[8],
        reputation_weight=row[9],
        format_scores={int(number): score for number, score in scores.items()},
    )
