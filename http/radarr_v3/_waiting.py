"""What waits in the queue before it is grabbed: releases that a delay holds back, or a client that is away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath

from reeld.domain.errors import NotFound
from reeld.domain.language import Language
from reeld.domain.messages import GrabRelease
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, read_body
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._release import languages_of, quality_of
from reeld.http.radarr_v3._values import Json, moment, present, span
from reeld.storage.repositories import blocklist, pending
from reeld.storage.repositories.pending import PendingReason, Waiting

_FIRST: Final = 2**30
"""Numbers in the queue from here on are those of releases that wait; below are downloads."""
MOST_AT_ONCE: Final = 100
GRAB_SECONDS: Final = 30.0
_STATUSES: Final = {
    PendingReason.DELAY: "delay",
    PendingReason.CLIENT_UNAVAILABLE: "downloadClientUnavailable",
    PendingReason.INDEXER_UNAVAILABLE: "delay",
    PendingReason.FALLBACK: "fallback",
}
_BLOCKED: Final = ("removed_by_user", "Somebody blocked it while it waited.")


def number_in_queue(waiting: Waiting) -> int:
    """Return the number that a release has in the queue while it waits."""
    return _FIRST + waiting.release_id


def is_waiting(number: int) -> bool:
    """Whether a number of the queue is that of a release that waits."""
    return number >= _FIRST


def status_of(waiting: Waiting) -> str:
    """Return Radarr's word for what a release waits for."""
    return _STATUSES[waiting.reason]


def waiting_record(waiting: Waiting, movie: Json, liked: Json, *, with_movie: bool) -> Json:
    """Write a release that waits."""
    original = Language.by_number(movie["originalLanguage"]["id"])
    left = max((waiting.due_at - datetime.now(UTC)).total_seconds(), 0.0)
    return present(
        id=number_in_queue(waiting),
        movieId=waiting.movie_id,
        movie=movie if with_movie else None,
        languages=languages_of(waiting.parsed, original),
        quality=quality_of(waiting.parsed),
        **liked,
        size=waiting.size or 0,
        title=waiting.title,
        sizeleft=waiting.size or 0,
        timeleft=span(int(left)),
        estimatedCompletionTime=moment(waiting.due_at),
        added=moment(waiting.added_at),
        status=status_of(waiting),
        statusMessages=[],
        protocol="torrent",
        downloadClientHasPostImportCategory=False,
        indexer=waiting.indexer,
    )


def grabbing_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that take at once what waits."""
    audit, decision = frame.surface.audit, frame.surface.directory["decision"]

    @post("/queue/grab/{number:int}", status_code=200)
    async def grab(number: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "grab_release", f"queue {number}"):
            await grabbed(number)
        return answered({})

    @post("/queue/grab/bulk", status_code=200)
    async def grab_many(request: AnyRequest) -> Response[bytes]:
        numbers = dict.fromkeys((await read_body(request)).integers("ids"))
        if not 0 < len(numbers) <= MOST_AT_ONCE:
            raise invalid("Ids", f"There must be 1 to {MOST_AT_ONCE} releases.")
        with audit.change(request, "grab_release", f"{len(numbers)} of the queue"):
            for number in numbers:
                await grabbed(number)
        return answered({})

    async def grabbed(number: int) -> None:
        waiting = await pending.get(frame.database, number - _FIRST)
        if waiting is None:
            raise Missing
        try:
            order = GrabRelease(waiting.release_id, waiting.movie_id)
            await decision.ask(order, deadline=GRAB_SECONDS)
        except NotFound:
            raise Missing from None

    return [grab, grab_many]


async def end_wait(frame: Frame, number: int, *, block: bool) -> None:
    """Take a release that waits out of the queue; one that is not blocked may come again.

    Raises:
        Missing: None of that number waits.
    """
    reason, sentence = _BLOCKED
    async with frame.database.transaction() as conn:
        waiting = await pending.get(conn, number - _FIRST)
        if waiting is None or await pending.take(conn, waiting.release_id) is None:
            raise Missing
        if block:
            await blocklist.add(
                conn,
                waiting.movie_id,
                indexer=waiting.indexer,
                guid=waiting.guid,
                infohash=waiting.infohash,
                title=waiting.title,
                reason=reason,
                sentence=sentence,
            )
