"""Which movies a list shows, and where its pages begin."""

from __future__ import annotations

from datetime import datetime

import msgspec

from reeld.domain.errors import Refused
from reeld.http.api.shaping import cursor_of, place_of
from reeld.storage.repositories.browsing import BrowsedMovie, MovieOrder, MoviePlace

_LARGEST = 2**63 - 1


class _Cursor(msgspec.Struct, array_like=True, frozen=True):
    order: MovieOrder
    value: str
    id: int


def next_of(movies: list[BrowsedMovie], order: MovieOrder, limit: int) -> str | None:
    """Return what a client passes for the page after this one; None when it was the last."""
    if len(movies) < limit:
        return None
    place = movies[-1].place
    if order is MovieOrder.ID:
        return str(place.id)
    return cursor_of(_Cursor(order, place.value, place.id))


def after_of(text: str | None, order: MovieOrder) -> MoviePlace | None:
    """Return the place that a client passed; None for the beginning.

    Raises:
        Refused: It is none, or one of a list in another order.
    """
    if text is None:
        return None
    if order is MovieOrder.ID and text.isascii() and text.isdigit():
        cursor = _Cursor(order, text, int(text[:20]))
    else:
        cursor = place_of(text, _Cursor)
    if cursor.order is not order or not _makes_sense(cursor):
        raise Refused("`after` must be the `next` of a page in this order.", reason="bad_cursor")
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
