"""Numbers of movies that are wanted, in pages that are counted, as clients of Radarr ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reeld.storage._rows import Reader, fetch_all, fetch_one


class Order(StrEnum):
    """By what a page is sorted: the expression that says it, as an index has it."""

    TITLE = "regexp_replace(lower(m.title), '^(the|an?) ', '')"
    SEARCHED = "m.searched_at"
    ADDED = "m.added_at"
    YEAR = "m.year"


_NEVER_NULL: Final = frozenset({Order.TITLE, Order.ADDED})
_WANTED: Final = """
FROM movie m
WHERE m.monitored = %(monitored)s AND {file}
"""
_MISSING: Final = _WANTED.format(
    file="NOT EXISTS (SELECT FROM library_file f WHERE f.movie_id = m.id)"
)
_BELOW: Final = _WANTED.format(
    file="""EXISTS (
    SELECT FROM library_file f
    WHERE f.movie_id = m.id AND concat(m.profile, chr(31), f.quality) = ANY(%(below)s::text[]))"""
)


def _page(which: str, order: Order, *, descending: bool) -> str:
    """Return the statement of a page: an index can be walked only in the order that it has."""
    nulls = ("FIRST", "LAST")[descending]
    way = ("ASC", "DESC")[descending]
    first = f"{order} {way}" if order in _NEVER_NULL else f"{order} {way} NULLS {nulls}"
    second = f"m.id {way}" if order in _NEVER_NULL else "m.id"
    return f"SELECT m.id {which} ORDER BY {first}, {second} OFFSET %(offset)s LIMIT %(limit)s"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which movies a page is of.

    Attributes:
        below: The labels of the qualities that are below the cutoff, by the names of profiles; None asks for movies
            without a file.
    """

    below: dict[str, Sequence[str]] | None
    monitored: bool = True
    order: Order = Order.TITLE
    descending: bool = False


async def wanted(
    source: Reader, which: Wanted, *, offset: int, limit: int
) -> tuple[list[int], int]:
    """Return a page of the numbers of movies that are wanted, and how many there are."""
    statement = _MISSING if which.below is None else _BELOW
    params = {
        "monitored": which.monitored,
        "below": [
            f"{name}\x1f{label}" for name, labels in (which.below or {}).items() for label in labels
        ],
        "offset": offset,
        "limit": limit,
    }
    page = _page(statement, which.order, descending=which.descending)
    rows = await fetch_all(source, page, params)
    total = await fetch_one(source, f"SELECT count(*) {statement}", params)
    return [row[0] for row in rows], int(total[0]) if total else 0
