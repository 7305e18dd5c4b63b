"""The dispatcher keeps what events teach about groups: each fact once, whatever dies meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from reeld.actors import dispatcher
from reeld.actors.dispatcher import DispatcherActor, Prune
from reeld.actors.learning import learn
from reeld.actors.resources import Resources
from reeld.cli.labels import KNOWN_LABELS
from reeld.domain.history import EventKind
from reeld.domain.movie import NewMovie
from reeld.domain.release import NewRelease, Source
from reeld.domain.reputation import EvidenceKind
from reeld.storage.events import append
from reeld.storage.repositories import acquisitions, evidence, movies, releases

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
ALL = [EvidenceKind.GRABBED, EvidenceKind.COMPLETED, EvidenceKind.KEPT]


@pytest.fixture
async def acquisition_id(resources: Resources) -> int:
    resources.metrics.know("evidence", KNOWN_LABELS["evidence"])
    async with resources.database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(1, "Movie", 2020))
        [seen] = await releases.upsert(conn, [NewRelease(Source.RSS, "feed", "1", "Movie-GRP")])
        await releases.set_match(conn, seen.id, movie.id, {"group": "GRP"})
        release = await releases.get(conn, seen.id)
        assert release is not None
        found = await acquisitions.intend(conn, movie.id, release)
    assert found is not None
    return found


async def happen(resources: Resources, acquisition_id: int, *kinds: EventKind) -> None:
    async with resources.database.transaction() as conn:
        for kind in kinds:
            await append(conn, kind, None, {"movie_id": 1, "acquisition_id": acquisition_id})


WAY = (EventKind.MOVIE_GRABBED, EventKind.DOWNLOAD_COMPLETED, EventKind.MOVIE_IMPORTED)


async def learned(resources: Resources) -> list[EvidenceKind]:
    return [row.kind for row in reversed(await evidence.of_group(resources.database, "GRP"))]


async def test_what_happens_to_a_release_is_kept_for_its_group(
    resources: Resources, run_actor: Any, eventually: Eventually, acquisition_id: int
) -> None:
    await happen(resources, acquisition_id, *WAY)  # before anybody listened, too
    async with run_actor(lambda: DispatcherActor(resources)):

        async def known() -> bool:
            return await learned(resources) == ALL

        await eventually(known)

        async def counted() -> bool:
            value = resources.metrics.value
            return all(value("reeld_group_evidence_total", kind=kind) == 1 for kind in ALL)

        await eventually(counted)


@pytest.mark.parametrize("point", ["learned.evidence.uncommitted", "learned.evidence.committed"])
async def test_nothing_is_lost_or_doubled_when_it_dies_on_either_side_of_the_commit(
    resources: Resources,
    run_actor: Any,
    eventually: Eventually,
    acquisition_id: int,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    deaths: list[str] = []

    def die_once(name: str) -> None:
        if name == point and not deaths:
            deaths.append(name)
            raise RuntimeError("killed")

    monkeypatch.setattr(dispatcher, "crash_point", die_once)
    await happen(resources, acquisition_id, *WAY)
    async with run_actor(lambda: DispatcherActor(resources)):

        async def died_and_learned_more() -> bool:
            return len(deaths) == 1 and await learned(resources) == ALL

        await eventually(died_and_learned_more)
        await happen(resources, acquisition_id, EventKind.MOVIE_IMPORTED)

        async def read() -> bool:
            lag = await resources.database.fetch_one(
                "SELECT (SELECT max(position) FROM event) = position FROM event_cursor WHERE subscriber = %s",
                (dispatcher.LEARNER,),
            )
            return lag == (True,)

        await eventually(read)
    assert await learned(resources) == ALL


async def test_learning_the_same_events_again_changes_nothing(
    resources: Resources, acquisition_id: int
) -> None:
    await happen(resources, acquisition_id, *WAY)
    async with resources.database.transaction() as conn:
        rows = await DispatcherActor(resources)._events.read_from(0)
        assert await learn(conn, rows) == ALL
        assert await learn(conn, rows) == []
    assert await learned(resources) == ALL


async def test_an_event_of_a_release_that_is_gone_or_of_an_older_version_stops_nobody(
    resources: Resources, run_actor: Any, eventually: Eventually, acquisition_id: int
) -> None:
    await happen(resources, 999, *WAY)
    async with resources.database.transaction() as conn:
        await append(conn, EventKind.MOVIE_IMPORTED, None, {"movie_id": 1})
    await happen(resources, acquisition_id, EventKind.MOVIE_GRABBED)
    async with run_actor(lambda: DispatcherActor(resources)):

        async def known() -> bool:
            return await learned(resources) == [EvidenceKind.GRABBED]

        await eventually(known)


async def test_evidence_that_is_too_old_to_weigh_is_deleted(
    resources: Resources, run_actor: Any, acquisition_id: int
) -> None:
    await happen(resources, acquisition_id, *WAY)
    async with resources.database.transaction() as conn:
        await learn(conn, await DispatcherActor(resources)._events.read_from(0))
        await conn.execute(
            "UPDATE group_evidence SET at = now() - interval '4 years' WHERE kind = 'kept'"
        )
    async with run_actor(lambda: DispatcherActor(resources)) as cell:
        await cell.address.ask(Prune())
        assert await learned(resources) == ALL[:2]
