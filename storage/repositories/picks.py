"""Numbers of movies that are wanted, in pages that are counted, as clients of Radarr ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reeld.storage._rows import Reader, fetch_all, fetch_one


class Order(StrEnum):
    """By what a page is sorted: the expression that says it."""

    TITLE = "regexp_replace(lower(m.title), '^(the|an?) ', '')"
    SEARCHED = "m.searched_at"
    ADDED = "m.added_at"
    YEAR = "m.year"


_WANTED: Final = """
FROM movie m
WHERE m.monitored = %(monitored)s AND CASE WHEN %(has_file)s THEN EXISTS (
    SELECT FROM library_file f JOIN unnest(%(profiles)s::text[], %(qualities)s::text[]) AS low (profile, quality)
        ON low.profile = m.profile AND low.quality = f.quality
    WHERE f.movie_id = m.id)
ELSE NOT EXISTS (SELECT FROM library_file f WHERE f.movie_id = m.id) END
"""
_COUNT: Final = f"SELECT count(*) {_WANTED}"
_PAGE: Final = {
    (order, descending): (
        f"SELECT m.id {_WANTED} ORDER BY {order} {'DESC NULLS LAST' if descending else 'NULLS FIRST'}, m.id "
        "OFFSET %(offset)s LIMIT %(limit)s"
    )
    for order in Order
    for descending in (False, True)
}


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
    pairs = [(name, label) for name, labels in (which.below or {}).items() for label in labels]
    params = {
        "monitored": which.monitored,
        "has_file": which.below is not None,
        "profiles": [name for name, _ in pairs],
        "qualities": [label for _, label in pairs],
        "offset": offset,
        "limit": limit,
    }
    rows = await fetch_all(source, _PAGE[which.order, which.descending], params)
    total = await fetch_one(source, _COUNT, params)
    return [row[0] for row in rows], int(total[0]) if total else 0
