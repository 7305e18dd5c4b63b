"""Answers, and pages of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Response

from reeld.http.radarr_v3._asked import Query
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._values import Json, encode

PAGE_SIZE: Final = 10
LARGEST_PAGE: Final = 1000
"""More is cut to it, as every client reads `pageSize` of the answer."""


def answered(document: Any, status: int = 200) -> Response[bytes]:
    """Return an answer with a document."""
    return Response(encode(document), status_code=status, media_type="application/json")


def created(document: Any) -> Response[bytes]:
    """Return the answer to a POST that made something: 201."""
    return answered(document, 201)


def accepted(document: Any) -> Response[bytes]:
    """Return the answer to a PUT: Radarr says 202."""
    return answered(document, 202)


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page a client wants, and how it is sorted.

    Attributes:
        page: Counted from 1.
        sort_key: As the client wrote it; the list's own where it wrote none, or one that the list is not sorted by.
        descending: Whether the largest comes first.
    """

    page: int
    size: int
    sort_key: str
    descending: bool

    @classmethod
    def of(
        cls,
        query: Query,
        *,
        sort_key: str,
        descending: bool = False,
        known: Container[str] | None = None,
    ) -> Paging:
        """Read `page`, `pageSize`, `sortKey` and `sortDirection`.

        Args:
            query: What the client asks.
            sort_key: What the list is sorted by where the client wishes nothing that is known.
            descending: Its direction then.
            known: The sort keys that the list is sorted by, in lower case; None for all.
        """
        page = query.integer("page", 1) or 1
        size = query.integer("pageSize", PAGE_SIZE) or PAGE_SIZE
        if page < 1 or size < 1:
            raise invalid("page", "Page and pageSize must be 1 or more.")
        direction, wished = query.text("sortDirection").lower(), query.text("sortKey")
        is_known = known is None or wished.lower() in known
        return cls(
            page,
            min(size, LARGEST_PAGE),
            wished if wished and is_known else sort_key,
            {"descending": True, "ascending": False}.get(direction, descending),
        )

    @property
    def offset(self) -> int:
        """How many records come before the page."""
        return (self.page - 1) * self.size

    def cut(self, every: Sequence[Json | msgspec.Raw]) -> Json:
        """Return the document of a page of records that are all there."""
        return self.wrap(every[self.offset : self.offset + self.size], len(every))

    def wrap(self, records: Sequence[Json | msgspec.Raw], total: int) -> Json:
        """Return the document of a page."""
        return {
            "page": self.page,
            "pageSize": self.size,
            "sortKey": self.sort_key,
            "sortDirection": "descending" if self.descending else "ascending",
            "totalRecords": total,
            "records": list(records),
        }


Handler = Callable[..., Awaitable[Response[bytes]]]
