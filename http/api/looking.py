"""Asking the indexers for a movie while a person waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import trio

from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import indexers
from reeld.storage.work import WorkState, submit

SECONDS: Final = 20.0
LONGEST_SECONDS: Final = 50.0
LOOK_SECONDS: Final = 0.1
_OVER: Final = frozenset({WorkState.DONE, WorkState.DEAD, WorkState.CANCELLED})


class LookOutcome(StrEnum):
    """How far an indexer was asked."""

    DONE = "done"
    LATE = "late"
    """It has not answered yet; it is asked on."""
    FAILED = "failed"
    """It cannot be asked now; it is tried again, and the sentence says why."""
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Looked:
    """How far an indexer that can be searched was asked; feeds bring what they have by themselves.

    Attributes:
        reason: Why it was not, machine-readable.
        sentence: Why it was not, for people.
    """

    indexer: str
    outcome: LookOutcome
    reason: str = ""
    sentence: str = ""


async def look(
    surface: Surface, movie_id: int, *, seconds: float
) -> tuple[Looked, tuple[Looked, ...]]:
    """Search for a movie as durable work ahead of all else, everywhere at once, and wait until it is done.

    What is found is stored and matched, but nothing is taken: the person chooses.

    Args:
        surface: The daemon.
        movie_id: The movie.
        seconds: How long to wait; 0 asks nobody.

    Returns:
        How far HDBits was asked, and each other indexer that is asked for people.
    """
    rows = await indexers.every(surface.database) if seconds else []
    others = [each for each in rows if each.enable_interactive_search]
    found: dict[str, Looked] = {}

    async def ask(part: str, name: str) -> None:
        found[part] = await _look_at(surface, part, name, movie_id, seconds)

    async with trio.open_nursery() as nursery:
        for each in others:
            nursery.start_soon(ask, each.part, each.name)
        hdbits = await _look_at_hdbits(surface, movie_id, seconds)
    return hdbits, tuple(found[each.part] for each in others)


async def _look_at_hdbits(surface: Surface, movie_id: int, seconds: float) -> Looked:
    name = str(Queue.HDBITS)
    if not seconds:
        return Looked(name, LookOutcome.NOT_ASKED)
    if surface.settings().hdbits is None:
        sentence = "HDBits is not configured; feeds are still read."
        return Looked(name, LookOutcome.NOT_ASKED, "not_configured", sentence)
    return await _look_at(surface, name, name, movie_id, seconds)


async def _look_at(surface: Surface, part: str, name: str, movie_id: int, seconds: float) -> Looked:
    work_id = await _asked(surface, part, movie_id)
    with trio.move_on_after(seconds):
        return await _answered(surface, name, work_id)
    sentence = f"It has not answered within {seconds:g} s, and is asked on."
    return Looked(name, LookOutcome.LATE, "timeout", sentence)


async def _asked(surface: Surface, part: str, movie_id: int) -> int | None:
    request = WorkRequest(
        part,
        WorkKind.SEARCH_MOVIE,
        {"movie_id": movie_id, "look": True},
        unique_key=f"movie:{movie_id}:look",
        priority=Priority.PERSON_WAITS,
    )
    async with surface.database.transaction() as conn:
        new = await submit(conn, request)
    if new:
        return new[0]
    for state in (WorkState.AVAILABLE, WorkState.RUNNING):
        for item in await surface.work.list(queue=part, state=state, limit=1000):
            if item.args == request.args:
                return item.id
    return None  # it has just ended


async def _answered(surface: Surface, indexer: str, work_id: int | None) -> Looked:
    while True:
        item = None if work_id is None else await surface.work.get(work_id)
        if item is None or item.state is WorkState.DONE:
            return Looked(indexer, LookOutcome.DONE)
        if item.state in _OVER or item.snoozes or item.errors:
            reason, sentence = item.reason or "failed", item.sentence or ""
            return Looked(indexer, LookOutcome.FAILED, reason, sentence)
        await trio.sleep(LOOK_SECONDS)
