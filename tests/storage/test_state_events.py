"""Every change of state leaves an event in its own transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from reeld.actors.kernel import BreakerState, StoredBreaker
from reeld.domain.acquisition import TRANSITIONS, AcquisitionState, FailureReason, ImportStep
from reeld.domain.history import EventKind
from reeld.domain.movie import NewMovie, Stage
from reeld.domain.release import NewRelease, Source
from reeld.storage import Database
from reeld.storage.repositories import Breakers, acquisitions, imports, movies, releases
from reeld.storage.repositories.imports import NewImport, StepTaken

S = AcquisitionState


async def add_movie(database: Database) -> int:
    async with database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(tmdb_id=10331, title="Night", year=1968))
    return movie.id


async def acquire(database: Database) -> tuple[int, int]:
    movie_id = await add_movie(database)
    async with database.transaction() as conn:
        [seen] = await releases.upsert(conn, [NewRelease(Source.HDBITS, "hdbits", "1", "Night")])
        release = await releases.get(conn, seen.id)
        assert release is not None
        number = await acquisitions.intend(conn, movie_id, release)
    assert number is not None
    return movie_id, number


async def events(database: Database, kind: EventKind) -> list[Any]:
    statement = "SELECT movie_id, payload FROM event WHERE kind = %s ORDER BY id"
    return [tuple(row) for row in await database.fetch_all(statement, (kind,))]


@pytest.mark.parametrize(
    ("former", "to"),
    [(former, to) for former, after in TRANSITIONS.items() for to in sorted(after)],
)
async def test_each_step_of_an_acquisition_is_an_event(
    database: Database, former: S, to: S
) -> None:
    movie_id, number = await acquire(database)
    fetched = former is not S.INTENT
    await database.execute(
        "UPDATE acquisition SET state = %s, torrent = %s, infohash = %s",
        (former, b"x" if fetched else None, "a" * 40 if fetched else None),
    )
    for _ in range(2):  # every step may run twice; it happens once
        async with database.transaction() as conn:
            if former is S.INTENT and to is S.FETCHED:
                await acquisitions.store_torrent(conn, number, b"x", "a" * 40)
            else:
                failure = FailureReason.STALLED if to is S.FAILED else None
                await acquisitions.move(conn, number, to, failure=failure)
    payload = {"movie_id": movie_id, "acquisition_id": number, "state": to.value}
    assert await events(database, EventKind.ACQUISITION_MOVED) == [(movie_id, payload)]


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.WANTED])
async def test_a_movie_at_another_stage_is_an_event(database: Database, stage: Stage) -> None:
    movie_id = await add_movie(database)
    for progress in (0.1, 0.2):
        async with database.transaction() as conn:
            assert await movies.advance(conn, movie_id, stage, progress=progress)
    payload = {"movie_id": movie_id, "stage": stage.value}
    assert await events(database, EventKind.MOVIE_MOVED) == [(movie_id, payload)]


async def test_a_movie_that_is_deleted_is_an_event(database: Database) -> None:
    movie_id = await add_movie(database)
    for was_there in (True, False):
        async with database.transaction() as conn:
            assert await movies.delete(conn, movie_id) is was_there
    removed = [(movie_id, {"movie_id": movie_id})]
    assert await events(database, EventKind.MOVIE_REMOVED) == removed


def breaker(state: BreakerState, **fields: Any) -> StoredBreaker:
    now = datetime.now(UTC)
    known = {"opened_in_a_row": 0, "retry_at": now, "changed_at": now, "settings_mark": "m"}
    said = {"reason": "credentials_rejected", "sentence": "The token is wrong."}
    return StoredBreaker(name="tmdb", state=state.value, **{**known, **said, **fields})


async def test_credentials_that_are_rejected_are_an_event_once(database: Database) -> None:
    breakers = Breakers(database, StoredBreaker)
    for state in ("closed", "forced_open", "forced_open"):
        await breakers.save(breaker(BreakerState(state)))
    told = {
        "breaker": "tmdb",
        "reason": "credentials_rejected",
        "sentence": "The token is wrong.",
    }
    assert await events(database, EventKind.CREDENTIALS_REJECTED) == [(None, told)]


async def test_a_breaker_that_a_person_forced_open_says_nothing_of_credentials(
    database: Database,
) -> None:
    forced = breaker(BreakerState.FORCED_OPEN, retry_at=None, reason="forced")
    await Breakers(database, StoredBreaker).save(forced)
    assert await events(database, EventKind.CREDENTIALS_REJECTED) == []


async def test_each_step_of_an_import_is_an_event(database: Database) -> None:
    movie_id, number = await acquire(database)
    new = NewImport(
        acquisition_id=number,
        movie_id=movie_id,
        source="/done/a.mkv",
        root_folder="/library",
        destination="A (1968)/A.mkv",
        size=700,
        device=1,
        inode=2,
    )
    steps = [ImportStep.PLANNED, ImportStep.PLACED, ImportStep.VERIFIED, ImportStep.FAILED]
    for _ in range(2):
        async with database.transaction() as conn:
            journal = await imports.plan(conn, new)
    for former, to in pairwise(steps):
        async with database.transaction() as conn:
            await imports.step(conn, journal.id, former, to, reason="r", sentence="S.")
        with pytest.raises(StepTaken):
            async with database.transaction() as conn:
                await imports.step(conn, journal.id, former, to)
    told = [payload["step"] for _, payload in await events(database, EventKind.IMPORT_STEPPED)]
    assert told == [step.value for step in steps]
