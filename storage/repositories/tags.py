"""Tags: labels that tie movies to delay profiles, release profiles and indexers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from reeld.domain.errors import InvalidField, NotFound, Refused
from reeld.storage._rows import Connection, Reader, Row, execute, fetch_all, fetch_one

LONGEST_LABEL: Final = 100

_EVERY: Final = "SELECT id, label FROM tag ORDER BY label"

_ADD: Final = "INSERT INTO tag (label) VALUES (%s) ON CONFLICT (label) DO NOTHING RETURNING id"

_RENAME: Final = """
UPDATE tag SET label = %(label)s
WHERE id = %(id)s AND NOT EXISTS (SELECT FROM tag WHERE label = %(label)s AND id <> %(id)s)
"""

_USAGE: Final = """
SELECT tag.id, tag.label,
       (SELECT count(*) FROM movie WHERE movie.tags @> ARRAY[tag.id]),
       ARRAY(SELECT id FROM delay_profile WHERE tags @> ARRAY[tag.id] ORDER BY place),
       ARRAY(SELECT id FROM release_profile WHERE tags @> ARRAY[tag.id] ORDER BY id)
FROM tag WHERE {which} ORDER BY tag.label
"""
_USE_OF_ALL: Final = _USAGE.replace("{which}", "true")
_USE_OF_ONE: Final = _USAGE.replace("{which}", "tag.id = %s")

_MOVIES_BY_TAG: Final = """
SELECT tag, array_agg(id ORDER BY id) FROM movie, unnest(tags) AS tag WHERE tags <> '{}' GROUP BY tag
"""

# A row that names a tag which is gone would be read as one without it, and one without tags fits every movie.
_FORGET: Final = (
    "UPDATE movie SET tags = array_remove(tags, %(id)s) WHERE tags @> ARRAY[%(id)s::bigint]",
    "UPDATE delay_profile SET tags = array_remove(tags, %(id)s) WHERE tags @> ARRAY[%(id)s::bigint]",
    "UPDATE release_profile SET tags = array_remove(tags, %(id)s) WHERE tags @> ARRAY[%(id)s::bigint]",
)

_LEFT_BARE: Final = """
SELECT 'delay profile ' || id FROM delay_profile WHERE tags = ARRAY[%(id)s::bigint]
UNION ALL SELECT 'release profile ' || id FROM release_profile WHERE tags = ARRAY[%(id)s::bigint]
"""


class InvalidTag(InvalidField):
    """A label or a list of tags is wrong.

    Args:
        field: `label` or `tags`.
        complaint: What is wrong and what to do.
    """

    default_reason = "invalid_tag"


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag. Its label is in lower case, as Radarr has it."""

    id: int
    label: str


@dataclass(frozen=True, slots=True)
class TagUse:
    """Where a tag is used.

    Attributes:
        movies: How many movies have it.
        delay_profiles: The numbers of the delay profiles that ask for it.
        release_profiles: As before, of release profiles.
    """

    id: int
    label: str
    movies: int
    delay_profiles: tuple[int, ...]
    release_profiles: tuple[int, ...]


def label_of(text: str) -> str:
    """Return a label as it is stored: trimmed and in lower case.

    Raises:
        InvalidTag: Nothing is left of it, or it is too long, or it holds what nobody can see.
    """
    label = text.strip().lower()
    if not label or len(label) > LONGEST_LABEL or not label.isprintable():
        raise InvalidTag("label", f"must have 1 to {LONGEST_LABEL} printable characters.")
    return label


async def every(source: Reader) -> list[Tag]:
    """Return all tags by label."""
    return [Tag(*row) for row in await fetch_all(source, _EVERY)]


async def usage(source: Reader) -> list[TagUse]:
    """Return all tags by label, with where each is used."""
    return [_use(row) for row in await fetch_all(source, _USE_OF_ALL)]


async def use_of(source: Reader, tag_id: int) -> TagUse | None:
    """Return a tag and where it is used, or None."""
    row = await fetch_one(source, _USE_OF_ONE, (tag_id,))
    return None if row is None else _use(row)


async def movies_by_tag(source: Reader) -> dict[int, list[int]]:
    """Return the numbers of the movies that have each tag; tags that none has are left out."""
    rows = await fetch_all(source, _MOVIES_BY_TAG)
    return {row[0]: list(row[1]) for row in rows}


async def add(conn: Connection, text: str) -> tuple[Tag, bool]:
    """Add a tag and return it, and whether it is new: a label exists once.

    Raises:
        InvalidTag: It is no label.
    """
    label = label_of(text)
    row = await fetch_one(conn, _ADD, (label,))
    if row is not None:
        return Tag(row[0], label), True
    there = await fetch_one(conn, "SELECT id FROM tag WHERE label = %s", (label,))
    assert there is not None, "a conflicting row is visible once the insert has waited for it"
    return Tag(there[0], label), False


async def rename(conn: Connection, tag_id: int, text: str) -> Tag:
    """Give a tag another label.

    Raises:
        NotFound: There is no such tag.
        InvalidTag: It is no label, or another tag has it.
    """
    label = label_of(text)
    if await execute(conn, _RENAME, {"id": tag_id, "label": label}) == 1:
        return Tag(tag_id, label)
    if await fetch_one(conn, "SELECT FROM tag WHERE id = %s", (tag_id,)) is None:
        raise NotFound(f"There is no tag {tag_id}.")
    raise InvalidTag("label", f"another tag is called {label!r} already.", reason="name_taken")


async def delete(conn: Connection, tag_id: int) -> bool:
    """Delete a tag wherever it is used; False when there is none.

    Raises:
        Refused: A profile is for this tag alone: without it, it would be for every movie.
    """
    # A number that is none of theirs may be larger than any of ours can be.
    if await fetch_one(conn, "SELECT id FROM tag WHERE id = %s", (tag_id,)) is None:
        return False
    if bare := await fetch_all(conn, _LEFT_BARE, {"id": tag_id}):
        names = ", ".join(row[0] for row in bare)
        raise Refused(
            f"Without this tag {names} would be for every movie: change or delete that first.",
            reason="tag_in_use",
        )
    for statement in _FORGET:
        await execute(conn, statement, {"id": tag_id})
    return await execute(conn, "DELETE FROM tag WHERE id = %s", (tag_id,)) == 1


async def of_movie(source: Reader, movie_id: int) -> frozenset[int]:
    """Return the tags of a movie."""
    row = await fetch_one(source, "SELECT tags FROM movie WHERE id = %s", (movie_id,))
    return frozenset() if row is None else frozenset(row[0])


async def set_of_movie(conn: Connection, movie_id: int, tag_ids: Collection[int]) -> bool:
    """Say which tags a movie has; False when there is no such movie.

    Raises:
        InvalidTag: One of them does not exist.
    """
    await require(conn, tag_ids)
    statement = "UPDATE movie SET tags = %s WHERE id = %s"
    return await execute(conn, statement, (sorted(set(tag_ids)), movie_id)) == 1


async def require(conn: Connection, tag_ids: Collection[int]) -> None:
    """Check that tags exist, and keep them from being deleted before the transaction ends.

    Raises:
        InvalidTag: One of them does not exist.
    """
    rows = await fetch_all(
        conn, "SELECT id FROM tag WHERE id = ANY(%s) FOR SHARE", (sorted(set(tag_ids)),)
    )
    missing = sorted(set(tag_ids) - {row[0] for row in rows})
    if missing:
        raise InvalidTag("tags", f"there is no tag {missing[0]}.", reason="no_such_tag")


def _use(row: Row) -> TagUse:
    number, label, movies, delays, restrictions = row
    return TagUse(number, label, movies, tuple(delays), tuple(restrictions))
