"""Answers, and pages of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
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
        sort_key: As the client wrote it; empty where it did not.
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
        sorts_by: Collection[str] | None = None,
    ) -> Paging:
        """Read `page`, `pageSize`, `sortKey` and `sortDirection`.

        Args:
            query: What the client asks.
            sort_key: What is sorted by where the client does not say.
            descending: Which way then.
            sorts_by: What can be sorted by, in small letters; what cannot be is not said to be.
        """
        page = query.integer("page", 1) or 1
        size = query.integer("pageSize", PAGE_SIZE) or PAGE_SIZE
        if page < 1 or size < 1:
            raise invalid("page", "Page and pageSize must be 1 or more.")
        direction = query.text("sortDirection").lower()
        wanted = query.text("sortKey") or sort_key
        return cls(
            page,
            min(size, LARGEST_PAGE),
            wanted if sorts_by is None or wanted.lower() in sorts_by else sort_key,
            {"descending": True, "ascending": False}.get(direction, descending),
        )

    @property
    def offset(self) -> int:
        """How many records come before the page."""
        return (self.page - 1) * self.size

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
