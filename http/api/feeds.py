"""`/api/feeds`: the feeds of the settings, and how their reading goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Router, get
from litestar.params import FromPath

from reeld.domain.settings import FeedSettings
from reeld.domain.work import Queue
from reeld.http.api.breaker_views import BreakerView
from reeld.http.origins import origin_of
from reeld.http.required import required
from reeld.http.surface import Surface
from reeld.storage.repositories import feeds
from reeld.storage.repositories.feeds import FeedState
from reeld.storage.schedule import Schedule, task_of_feed


@dataclass(frozen=True, slots=True)
class FeedView:
    """A feed. It is in the settings, and is changed there.

    Attributes:
        origin: Where it is: scheme, host and port. The rest of its address may be a key.
        items: How many it held when it was last read; null when it never was.
        last_tried_at: When it was last asked.
        last_read_at: When it was last read without an error.
        next_read_at: When its next turn is; later while its breaker is open. Null before it has one.
        failures: How often in a row it could not be read.
        reason: Why it could not be read last, machine-readable; null when it could.
        sentence: As before, for a person, with what to do.
        has_gap: Whether its last reading did not reach back to the one before: releases may have been missed.
        gap_at: When that last happened.
        gaps: How often that happened.
        breaker: Null before its actor has started.
    """

    name: str
    origin: str
    interval_seconds: float
    priority: int
    tags: tuple[str, ...]
    items: int | None
    last_tried_at: datetime | None
    last_read_at: datetime | None
    next_read_at: datetime | None
    failures: int
    reason: str | None
    sentence: str | None
    has_gap: bool
    gap_at: datetime | None
    gaps: int
    breaker: BreakerView | None


def feed_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of feeds."""
    database = surface.database

    @get("/", operation_id="listFeeds")
    async def list_feeds() -> list[FeedView]:
        """List the feeds of the settings, with how far each was read and when it is read next."""
        return await shown(surface.settings().feeds)

    @get("/{name:str}", operation_id="getFeed")
    async def get_feed(name: FromPath[str]) -> FeedView:
        """Show one feed."""
        there = [each for each in surface.settings().feeds if each.name == name]
        return required(next(iter(await shown(there)), None), f"feed {name}")

    async def shown(there: Sequence[FeedSettings]) -> list[FeedView]:
        states = {each.name: each for each in await feeds.every(database)}
        turns = {each.task: each.next_run for each in await Schedule(database).list()}
        return [
            _shown(
                feed,
                states.get(feed.name),
                turns.get(task_of_feed(feed.name)),
                BreakerView.of(surface, Queue.RSS, f"rss:{feed.name}"),
            )
            for feed in there
        ]

    handlers = [list_feeds, get_feed]
    return [Router("/api/feeds", route_handlers=handlers, guards=[surface.access.requires_key])]


def _shown(
    feed: FeedSettings,
    state: FeedState | None,
    next_read_at: datetime | None,
    breaker: BreakerView | None,
) -> FeedView:
    was_read = state is not None and state.last_ok is not None
    return FeedView(
        name=feed.name,
        origin=origin_of(feed.url.reveal()),
        interval_seconds=feed.interval_seconds,
        priority=feed.priority,
        tags=feed.tags,
        items=state.items if state and was_read else None,
        last_tried_at=state.polled_at if state else None,
        last_read_at=state.last_ok if state else None,
        next_read_at=next_read_at,
        failures=state.failures if state else 0,
        reason=state.reason if state else None,
        sentence=state.sentence if state else None,
        has_gap=state.gap if state else False,
        gap_at=state.gap_at if state else None,
        gaps=state.gaps if state else 0,
        breaker=breaker,
    )
