"""Delay profiles in their order. The last one has no tags: it is for every movie that no other one fits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from reeld.domain.delay import LAST_PLACE, DelayProfile, InvalidDelay, Protocol
from reeld.domain.errors import NotFound, Refused
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one
from reeld.storage.repositories import tags

LAST: Final = 1
"""The number of the profile that is always there."""

_COLUMNS: Final = """id, enable_usenet, enable_torrent, preferred_protocol, usenet_delay_minutes, torrent_delay_minutes,
       bypass_if_highest_quality, bypass_from_format_score, place, tags"""

_EVERY: Final = "SELECT {columns} FROM delay_profile ORDER BY place, id".replace(
    "{columns}", _COLUMNS
)
_GET: Final = "SELECT {columns} FROM delay_profile WHERE id = %s".replace("{columns}", _COLUMNS)

_ADD: Final = """
INSERT INTO delay_profile (enable_usenet, enable_torrent, preferred_protocol, usenet_delay_minutes,
    torrent_delay_minutes, bypass_if_highest_quality, bypass_from_format_score, tags, place)
SELECT %(enable_usenet)s, %(enable_torrent)s, %(preferred_protocol)s, %(usenet_delay_minutes)s,
    %(torrent_delay_minutes)s, %(bypass_if_highest_quality)s, %(bypass_from_format_score)s, %(tags)s,
    1 + coalesce((SELECT max(place) FROM delay_profile WHERE id <> 1), 0)
RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_CHANGE: Final = """
UPDATE delay_profile SET enable_usenet = %(enable_usenet)s, enable_torrent = %(enable_torrent)s,
    preferred_protocol = %(preferred_protocol)s, usenet_delay_minutes = %(usenet_delay_minutes)s,
    torrent_delay_minutes = %(torrent_delay_minutes)s, bypass_if_highest_quality = %(bypass_if_highest_quality)s,
    bypass_from_format_score = %(bypass_from_format_score)s, tags = %(tags)s
WHERE id = %(id)s RETURNING {columns}
""".replace("{columns}", _COLUMNS)

_PLACES: Final = """
UPDATE delay_profile SET place = given.place
FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (id, place) WHERE delay_profile.id = given.id
"""

# One change of the order at a time: two would give a place twice.
_LOCK: Final = "LOCK TABLE delay_profile IN SHARE ROW EXCLUSIVE MODE"


async def every(source: Reader) -> list[DelayProfile]:
    """Return the profiles in the order in which they are tried, the one for every movie last."""
    return [_profile(row) for row in await fetch_all(source, _EVERY)]


async def get(source: Reader, profile_id: int) -> DelayProfile | None:
    """Return a profile, or None."""
    row = await fetch_one(source, _GET, (profile_id,))
    return None if row is None else _profile(row)


async def save(conn: Connection, profile: DelayProfile) -> DelayProfile:
    """Store a profile: a new one (number 0) before the last one, another one where it is.

    Raises:
        NotFound: There is no profile of that number.
        Refused: A tag does not exist; or the last one was given tags, or another one none.
    """
    is_last = profile.id == LAST
    if is_last and profile.tags:
        raise InvalidDelay(
            "tags", "the last profile is for every movie and has none; make a new one."
        )
    if not is_last and not profile.tags:
        raise InvalidDelay(
            "tags", f"give it a tag, or change profile {LAST}, which is for every movie."
        )
    await tags.require(conn, profile.tags)
    await execute(conn, _LOCK)
    row = await fetch_one(conn, _CHANGE if profile.id else _ADD, _params(profile))
    if row is None:
        raise NotFound(f"There is no delay profile {profile.id}.")
    return _profile(row)


async def move(conn: Connection, profile_id: int, *, after: int | None) -> list[DelayProfile]:
    """Have a profile tried right behind another one, or first of all; return all in their new order.

    Raises:
        NotFound: One of them does not exist.
        Refused: It is the last one, or it was to come behind that or behind itself.
    """
    if LAST in {profile_id, after} or profile_id == after:
        raise Refused(
            f"after: profile {LAST} stays last, and no profile comes behind itself.",
            reason="place_taken",
        )
    await execute(conn, _LOCK)
    order = [each.id for each in await every(conn) if each.id != LAST]
    for number in (profile_id, *([] if after is None else [after])):
        if number not in order:
            raise NotFound(f"There is no delay profile {number}.")
    order.remove(profile_id)
    order.insert(0 if after is None else order.index(after) + 1, profile_id)
    await execute(conn, _PLACES, (order,))
    return await every(conn)


async def delete(conn: Connection, profile_id: int) -> bool:
    """Delete a profile; False when there is none.

    Raises:
        Refused: It is the one for every movie.
    """
    if profile_id == LAST:
        raise Refused(
            "The delay profile for every movie stays; set its minutes to 0.", reason="profile_fixed"
        )
    return await execute(conn, "DELETE FROM delay_profile WHERE id = %s", (profile_id,)) == 1


def _params(profile: DelayProfile) -> dict[str, Any]:
    fields = (field for field in DelayProfile.__slots__ if field != "place")
    values = {field: getattr(profile, field) for field in fields}
    return {**values, "tags": sorted(profile.tags)}


def _profile(row: Row) -> DelayProfile:
    values = dict(zip(DelayProfile.__slots__, row, strict=True))
    values["preferred_protocol"] = Protocol(values["preferred_protocol"])
    values["tags"] = frozenset(values["tags"])
    profile = DelayProfile(**values)
    return replace(profile, place=LAST_PLACE) if profile.id == LAST else profile
