"""Which movies a list shows, and where its pages begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from reeld.domain.errors import InvalidField
from reeld.http.api.kept_views import KeptViews
from reeld.http.api.shaping import cursor_of, place_of, thinned
from reeld.storage import Database
from reeld.storage.repositories import browsing
from reeld.storage.repositories.browsing import MovieFilter, MovieOrder, MoviePlace

_LARGEST = 2**63 - 1


class _Cursor(msgspec.Struct, array_like=True, frozen=True):
    order: MovieOrder
    value: str
    id: int


AT_ONCE: Final = 100
"""Movies that are read, shown and written in one go: so long the loop may be held."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page of which list.

    Attributes:
        default_root: The root folder that the settings name.
        fields: Those that are shown; None for all.
    """

    which: MovieFilter
    default_root: str
    order: MovieOrder
    descending: bool
    after: MoviePlace | None
    limit: int
    fields: frozenset[str] | None


async def read_page(
    database: Database, kept: KeptViews, asked: Asked
) -> tuple[list[msgspec.Raw], str | None]:
    """Return the movies of a page as JSON, and what a client passes for the next one; None when it was the last."""
    written: list[msgspec.Raw] = []
    place = asked.after
    read = 0
    while read < asked.limit:
        size = min(AT_ONCE, asked.limit - read)
        found = await browsing.page(
            database,
            asked.which,
            default_root=asked.default_root,
            order=asked.order,
            descending=asked.descending,
            after=place,
            limit=size,
        )
        views = await kept.show(found, asked.default_root)
        written += [msgspec.Raw(msgspec.json.encode(thinned(v, asked.fields))) for v in views]
        read += len(found)
        if len(found) < size:
            return written, None
        place = found[-1].place
    assert place is not None, "a page has at least one movie"
    return written, _next_of(place, asked.order)


def _next_of(place: MoviePlace, order: MovieOrder) -> str:
    if order is MovieOrder.ID:
        return str(place.id)
    return cursor_of(_Cursor(order, place.value, place.id))


def after_of(text: str | None, order: MovieOrder) -> MoviePlace | None:
    """Return the place that a client passed; None for the beginning.

    Raises:
        InvalidField: It is none, or one of a list in another order.
    """
    if text is None:
        return None
    if order is MovieOrder.ID and text.isascii() and text.isdigit():
        cursor = _Cursor(order, text, int(text[:20]))
    else:
        cursor = place_of(text, _Cursor)
    if cursor.order is not order or not _makes_sense(cursor):
        complaint = "must be the `next` of a page in this order."
        raise InvalidField("after", complaint, reason="bad_cursor")
    return MoviePlace(cursor.value, cursor.id)


def _makes_sense(cursor: _Cursor) -> bool:
    if abs(cursor.id) > _LARGEST:
        return False
    try:
        match cursor.order:
            case MovieOrder.TITLE:
                return b"\0" not in cursor.value.encode()
            case MovieOrder.ADDED:
                return datetime.fromisoformat(cursor.value).tzinfo is not None
            case MovieOrder.ID:
                return abs(int(cursor.value)) <= _LARGEST
            case MovieOrder.YEAR:
                return abs(int(cursor.value)) < 2**31
    except ValueError:
        return False
