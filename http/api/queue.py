"""`/api/queue` and `/api/history`: what is under way, and what happened."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Router, get
from litestar.params import FromPath, FromQuery, QueryParameter

from reeld.domain.errors import InvalidField
from reeld.domain.history import HistoryEntry, HistoryKind
from reeld.domain.movie import Stage
from reeld.http.api.filters import require_movie
from reeld.http.required import required
from reeld.http.surface import Surface
from reeld.storage.repositories import downloads, history, movies
from reeld.storage.repositories.downloads import Download
from reeld.storage.repositories.history import Place

LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The queue in numbers.

    Attributes:
        downloads: Active acquisitions by state.
        movies: Movies by stage.
        work: Rows of durable work by queue and state.
        speed: Bytes a second of all downloads.
        remaining_bytes: What is left to download.
    """

    downloads: dict[str, int]
    movies: dict[str, int]
    work: dict[str, dict[str, int]]
    speed: int
    remaining_bytes: int


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some of what happened, newest first; `next` is what to pass as `before` for more."""

    entries: list[HistoryEntry]
    next: str | None


class _Place(msgspec.Struct, array_like=True, frozen=True):
    at: datetime
    id: int


def queue_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of the queue and of the history."""

    @get("/api/queue", operation_id="listQueue")
    async def list_queue() -> list[Download]:
        """List what is under way, oldest first."""
        return await downloads.active(surface.database)

    @get("/api/queue/status", operation_id="queueStatus")
    async def queue_status() -> QueueStatus:
        """Show the queue in numbers."""
        active = await downloads.active(surface.database)
        stages = await movies.count_by_stage(surface.database)
        work: dict[str, dict[str, int]] = {}
        for depth in await surface.work.depths():
            work.setdefault(depth.queue, {})[str(depth.state)] = depth.count
        return QueueStatus(
            downloads=dict(Counter(str(each.state) for each in active)),
            movies={str(stage): stages.get(stage, 0) for stage in Stage},
            work=work,
            speed=sum(each.speed for each in active),
            remaining_bytes=sum(max((each.size or 0) - each.downloaded, 0) for each in active),
        )

    @get("/api/history", operation_id="listHistory")
    async def list_history(
        movie_id: FromQuery[int | None] = None,
        kind: FromQuery[HistoryKind | None] = None,
        before: FromQuery[str | None] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=LARGEST_PAGE)] = 50,
    ) -> HistoryPage:
        """List what happened, newest first."""
        entries = await history.page(
            surface.database,
            movie_id=movie_id,
            kind=kind,
            before=_parse_place(before),
            limit=limit,
        )
        if not entries and before is None:
            await require_movie(surface.database, movie_id)
        more = _format_place(entries[-1]) if len(entries) == limit else None
        return HistoryPage(entries, more)

    @get("/api/history/{entry_id:int}", operation_id="getHistoryEntry")
    async def get_entry(entry_id: FromPath[int]) -> HistoryEntry:
        """Show one thing that happened."""
        found = await history.get(surface.database, entry_id)
        return required(found, f"entry {entry_id} in the history").entry

    return [
        Router(
            "/",
            route_handlers=[list_queue, queue_status, list_history, get_entry],
            guards=[surface.access.requires_key],
        )
    ]


def _format_place(entry: HistoryEntry) -> str:
    place = msgspec.json.encode(_Place(entry.at, entry.id))
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def _parse_place(text: str | None) -> Place | None:
    if text is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        place = msgspec.json.decode(raw, type=_Place)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        complaint = "must be the `next` of an earlier page."
        raise InvalidField("before", complaint, reason="bad_cursor") from error
    return Place(place.at, place.id)
