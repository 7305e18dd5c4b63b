"""What becomes of a download, its torrent and its movie when a person takes it out of the queue."""

from __future__ import annotations

from typing import Any

import pytest

from reeld.actors.decision import DecisionActor
from reeld.actors.qbit import QbitActor
from reeld.actors.resources import Resources
from reeld.domain.acquisition import AcquisitionState, FailureReason
from reeld.domain.movie import Stage
from reeld.domain.parting import InClient, Parting
from reeld.simulators import Source, World
from reeld.storage.repositories import blocklist


@pytest.fixture
async def fetched(world: World, rows: Any) -> tuple[int, int]:
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    rows.configure(qbittorrent=world.qbittorrent_settings(poll_seconds=0.1))
    world.qbittorrent.turn(download_seconds=600)
    return movie_id, await rows.fetched(movie_id, world.releases_of(film)[0])


@pytest.fixture
async def downloading(
    run_actor: Any, rows: Any, resources: Resources, fetched: tuple[int, int]
) -> tuple[int, int]:
    """A movie and its acquisition, which qBittorrent has."""
    async with run_actor(lambda: QbitActor(resources)):
        await rows.until(await rows.ask("qbit", "add-torrent", {"acquisition_id": fetched[1]}))
        await rows.until_state(fetched[1], AcquisitionState.SENT, AcquisitionState.DOWNLOADING)
    return fetched


async def let_go(
    run_actor: Any, rows: Any, resources: Resources, acquisition_id: int, parting: Parting
) -> None:
    async with run_actor(lambda: DecisionActor(resources)):
        work = parting.work(acquisition_id)
        await rows.until(await rows.ask(work.queue, work.kind, dict(work.args)))


async def do_what_the_client_is_told(run_actor: Any, rows: Any, resources: Resources) -> None:
    """Begin anew, as after a crash between the rows and the client."""
    async with run_actor(lambda: QbitActor(resources)):
        for item in await rows.waiting("qbit"):
            await rows.make_due(item.id)
            await rows.until(item.id)


@pytest.mark.parametrize(
    ("in_client", "kinds"),
    [
        (InClient.REMOVED, ["drop-torrent"]),
        (InClient.MARKED, ["mark-imported"]),
        (InClient.LEFT, []),
    ],
)
async def test_the_rows_come_first_and_the_client_follows(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    downloading: tuple[int, int],
    in_client: InClient,
    kinds: list[str],
) -> None:
    movie_id, number = downloading
    parting = Parting(in_client)
    await let_go(run_actor, rows, resources, number, parting)
    acquisition = await rows.acquisition(number)
    assert (acquisition.state, acquisition.failure) == (AcquisitionState.FAILED, parting.reason)
    movie = await rows.movie(movie_id)
    assert (movie.stage, movie.stage_note) == (Stage.SEARCHED, parting.sentence)
    assert (await rows.history(movie_id))[-1:] == [str(parting.history)]
    assert await blocklist.by_movie(resources.database, movie_id) == []
    assert [each.kind for each in await rows.waiting("qbit")] == kinds
    (torrent,) = world.qbittorrent.torrents.values()
    assert torrent.category == "reeld"
    await do_what_the_client_is_told(run_actor, rows, resources)
    there = [each.category for each in world.qbittorrent.torrents.values()]
    left = {InClient.REMOVED: [], InClient.MARKED: ["reeld-imported"], InClient.LEFT: ["reeld"]}
    assert there == left[in_client]


@pytest.mark.parametrize("again", [False, True])
async def test_a_blocked_release_is_replaced_unless_a_person_says_otherwise(
    resources: Resources, run_actor: Any, rows: Any, downloading: tuple[int, int], *, again: bool
) -> None:
    movie_id, number = downloading
    parting = Parting(InClient.LEFT, blocklist=True, again=again)
    await let_go(run_actor, rows, resources, number, parting)
    (blocked,) = await blocklist.by_movie(resources.database, movie_id)
    assert blocked.reason == FailureReason.REMOVED_BY_USER
    (failed,) = await rows.events("download.failed")
    assert failed.get("again", True) is again


async def test_what_is_just_being_handed_over_is_removed_after_it_arrived(
    resources: Resources, run_actor: Any, rows: Any, world: World, fetched: tuple[int, int]
) -> None:
    _, number = fetched
    await let_go(run_actor, rows, resources, number, Parting())
    (drop,) = await rows.waiting("qbit")
    assert drop.run_at > drop.created_at
    await do_what_the_client_is_told(run_actor, rows, resources)
    assert world.qbittorrent.torrents == {}


async def test_letting_go_twice_changes_nothing_more(
    resources: Resources, run_actor: Any, rows: Any, downloading: tuple[int, int]
) -> None:
    movie_id, number = downloading
    for parting in (Parting(InClient.LEFT), Parting(blocklist=True)):
        await let_go(run_actor, rows, resources, number, parting)
    assert (await rows.acquisition(number)).failure is FailureReason.IGNORED
    assert (await rows.history(movie_id)).count("download_ignored") == 1
    assert await blocklist.by_movie(resources.database, movie_id) == []
    assert await rows.waiting("qbit") == []
