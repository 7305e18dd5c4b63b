"""Searches on schedule: which movies are searched now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

import structlog
import trio

from reeld.actors.decision._matching import READERS
from reeld.actors.resources import Resources
from reeld.actors.worker import Effect
from reeld.domain.profile import QualityProfile
from reeld.domain.searching import ROUND_SECONDS, SearchCause, Turn, due, next_turn, room, wanted
from reeld.domain.work import Priority, WorkRequest, searches_of
from reeld.storage import TrioConnection
from reeld.storage.repositories import indexers, profiles
from reeld.storage.repositories import wanted as wanted_rows
from reeld.storage.work import submit

log = structlog.get_logger("reeld.actors.decision")

PAGE: Final = 500


class _Rules(NamedTuple):
    profiles: Mapping[str, QualityProfile]
    delay_days: int


async def plan_searches(resources: Resources) -> Effect | None:
    """Find the movies that are due, and return the effect that asks for searches of the most wanted.

    All monitored movies are looked at each time: what is due follows from rows that many parts change.
    """
    settings = resources.settings.current
    there = await indexers.every(resources.database)
    per_hour = settings.searches_per_hour(has_indexers=bool(there))
    if not per_hour:
        return None
    now, _, _ = await wanted_rows.asked_lately(resources.database)
    ready = due(await _due(resources, now), now)
    _show(resources, ready)
    return _searches(resources, ready, per_hour)


async def _due(resources: Resources, now: datetime) -> list[Turn]:
    rules = await _rules(resources)
    found: list[Turn] = []
    after: int | None = 0
    while after is not None:
        text = await wanted_rows.page(resources.database, after=after, limit=PAGE)
        turns, after = await trio.to_thread.run_sync(_read, text, rules, now, limiter=READERS)
        found += turns
    return found


async def _rules(resources: Resources) -> _Rules:
    decision = resources.settings.current.decision
    listed = await profiles.every(resources.database, upgrades_default=decision.upgrades_allowed)
    return _Rules({each.name: each for each in listed}, decision.availability_delay_days)


def _read(text: str, rules: _Rules, now: datetime) -> tuple[list[Turn], int | None]:
    """Return the due turns of a page of rows, and the number that ends it if there may be more."""
    rows = wanted_rows.decode(text)
    movies = (wanted(facts, rules.profiles, delay_days=rules.delay_days) for facts in rows)
    turns = [next_turn(movie, now) for movie in movies if movie is not None]
    more = rows[-1].id if len(rows) == PAGE else None
    return [turn for turn in turns if turn.is_due(now)], more


def _show(resources: Resources, ready: list[Turn]) -> None:
    counts = Counter(turn.cause for turn in ready)
    resources.metrics.replace(
        "reeld_searches_due", {(cause,): float(counts[cause]) for cause in SearchCause}
    )
    oldest = min((turn.at.timestamp() for turn in ready if turn.at is not None), default=0.0)
    resources.metrics.set("reeld_search_oldest_due_timestamp_seconds", oldest)


def _searches(resources: Resources, ready: list[Turn], per_hour: int) -> Effect:
    async def effect(conn: TrioConnection) -> None:
        _, asked, waiting = await wanted_rows.asked_lately(conn)
        most = room(per_hour, every_seconds=ROUND_SECONDS, asked=asked, waiting=waiting)
        chosen = ready[:most]
        await wanted_rows.note_scheduled(conn, [turn.movie_id for turn in chosen])
        await submit(conn, *(request for turn in chosen for request in _search(turn)))
        for turn in chosen:
            resources.metrics.add("reeld_searches_scheduled_total", cause=str(turn.cause))
        log.info("searches_scheduled", due=len(ready), asked=len(chosen))

    return effect


def _search(turn: Turn) -> tuple[WorkRequest, ...]:
    return searches_of(turn.movie_id, args={"cause": str(turn.cause)}, priority=Priority.BACKGROUND)
