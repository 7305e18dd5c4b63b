"""What follows from a decision, in one transaction: a release is taken, or waits, or none is right."""

from __future__ import annotations

import structlog

from reeld.actors.decision._judging import Judged
from reeld.actors.decision._surroundings import Surroundings
from reeld.actors.decision._waiting import Wait, end_waits, store_waits, waits_of
from reeld.actors.worker import Effect
from reeld.domain.decision import Candidate, Decision
from reeld.domain.history import EventKind
from reeld.domain.movie import Movie, Stage
from reeld.domain.work import Priority, WorkKind, WorkRequest
from reeld.storage import TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.events import append
from reeld.storage.repositories import acquisitions, decisions, library, movies, releases
from reeld.storage.work import submit
from reeld.telemetry import tracing

log = structlog.get_logger("reeld.actors.decision")


def decided(judged: Judged, around: Surroundings, settled: frozenset[int]) -> Effect:
    """Return the effect of a decision.

    Args:
        judged: The decision.
        around: What surrounded it.
        settled: Releases whose verdicts stay as they are.
    """
    decision = judged.decision
    told = [verdict for verdict in decision.verdicts if verdict.release_id not in settled]

    async def effect(conn: TrioConnection) -> None:
        if told:
            await releases.set_verdicts(conn, told)
        await store(conn, judged, around)
        if decision.best is not None:
            await take(conn, around.movie, decision.best)
            return
        waits = waits_of(decision, around)
        await store_waits(conn, around, waits)
        await _take_nothing(conn, around.movie, decision, waits)

    return effect


async def store(conn: TrioConnection, judged: Judged, around: Surroundings) -> None:
    """Store a decision with its explanation, and what was found out about the library's file on the way."""
    best = judged.decision.best
    if judged.decision.verdicts:
        await decisions.store(
            conn,
            around.movie.id,
            cause=str(around.cause),
            release_id=None if best is None else best.release.id,
            explanation=judged.document,
            digest=judged.digest,
        )
    if around.owned is not None and judged.file_formats is not None:
        score = around.profile.score(judged.file_formats)
        await library.note_formats(conn, around.owned.id, judged.file_formats, score)


async def take(
    conn: TrioConnection,
    movie: Movie,
    best: Candidate,
    *,
    priority: Priority = Priority.NORMAL,
) -> int | None:
    """Take a release: its formats and its score go with it from here on.

    Returns:
        The acquisition's number; None when the movie is being fetched already.
    """
    release = best.release
    acquisition_id = await acquisitions.intend(
        conn,
        movie.id,
        release,
        formats=best.formats,
        format_score=best.format_score,
        release_group=best.parsed.group,
    )
    if acquisition_id is None:
        return None
    await end_waits(conn, movie.id)
    tracing.add_links(release.traceparent)
    log.info("release_decided", movie_id=movie.id, release=release.title)
    note = f"{release.title} ({release.indexer})"
    # A movie that has a file is upgraded: it goes the same way again.
    await movies.move(conn, movie.id, Stage.DECIDED, expected=list(Stage), note=note)
    payload = {"movie_id": movie.id, "release_id": release.id, "acquisition_id": acquisition_id}
    await append(conn, EventKind.RELEASE_DECIDED, movie.id, payload)
    await submit(
        conn,
        WorkRequest(
            release.fetched_by,
            WorkKind.FETCH_TORRENT,
            {"acquisition_id": acquisition_id},
            unique_key=f"acquisition:{acquisition_id}",
            priority=priority,
        ),
    )
    crash_point("grab.intent.uncommitted")
    return acquisition_id


async def _take_nothing(
    conn: TrioConnection, movie: Movie, decision: Decision, waits: list[Wait]
) -> None:
    if movie.stage.is_under_way or movie.stage is Stage.IN_LIBRARY or not decision.verdicts:
        return
    await movies.move(
        conn,
        movie.id,
        Stage.SEARCHED,
        expected=(Stage.WANTED, Stage.SEARCHED, Stage.FAILED),
        note=_note(decision, waits),
    )


def _note(decision: Decision, waits: list[Wait]) -> str:
    if waits:
        first = waits[0]
        titles = {each.release.id: each.release.title for each in decision.candidates}
        return f"{titles[first.release_id]} waits. {first.sentence}"
    count = len(decision.verdicts)
    return f"None of {count} releases is right. {decision.verdicts[0].rejections[0].sentence}"
