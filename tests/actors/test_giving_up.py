from __future__ import annotations

from typing import Any

import pytest

from reeld.actors.giving_up import give_up
from reeld.actors.resources import Resources
from reeld.domain.acquisition import AcquisitionState, FailureReason
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import Stage
from reeld.domain.quality import Quality
from reeld.simulators import Source, World
from reeld.storage.repositories import blocklist, library, releases


@pytest.fixture
async def acquiring(world: World, rows: Any) -> tuple[int, int]:
    film = world.films_from(Source.HDBITS)[0]
    movie_id = await rows.add_movie(film)
    return movie_id, await rows.intend(movie_id, world.releases_of(film)[0])


async def give_up_on(resources: Resources, acquisition: Any, failure: FailureReason) -> None:
    release = await releases.get(resources.database, acquisition.release_id)
    assert release is not None
    async with resources.database.transaction() as conn:
        await give_up(conn, acquisition, release, failure, "It is over.")


@pytest.mark.parametrize(
    "failure", [FailureReason.STALLED, FailureReason.SUPERSEDED, FailureReason.TORRENT_UNSAFE]
)
async def test_every_trace_of_a_failure_is_written_together(
    resources: Resources, rows: Any, acquiring: tuple[int, int], failure: FailureReason
) -> None:
    movie_id, acquisition_id = acquiring
    await give_up_on(resources, await rows.acquisition(acquisition_id), failure)
    acquisition = await rows.acquisition(acquisition_id)
    assert (acquisition.state, acquisition.failure) == (AcquisitionState.FAILED, failure)
    movie = await rows.movie(movie_id)
    assert (movie.stage, movie.stage_note) == (Stage.SEARCHED, "It is over.")
    assert await rows.history(movie_id) == ["download_failed"]
    assert len(await rows.events("download.failed")) == 1
    blocked = await blocklist.by_movie(resources.database, movie_id)
    assert bool(blocked) is failure.blames_release


async def test_giving_up_twice_writes_nothing_more(
    resources: Resources, rows: Any, acquiring: tuple[int, int]
) -> None:
    movie_id, acquisition_id = acquiring
    acquisition = await rows.acquisition(acquisition_id)
    for _ in range(2):
        await give_up_on(resources, acquisition, FailureReason.STALLED)
    assert await rows.history(movie_id) == ["download_failed"]
    assert len(await rows.events("download.failed")) == 1


async def test_a_movie_whose_upgrade_fails_stays_in_the_library(
    resources: Resources, rows: Any, acquiring: tuple[int, int]
) -> None:
    movie_id, acquisition_id = acquiring
    file = NewMovieFile(movie_id, "/library", "Movie/Movie.mkv", 7, Quality.WEBDL_720P)
    async with resources.database.transaction() as conn:
        await library.record(conn, file)
    await give_up_on(
        resources, await rows.acquisition(acquisition_id), FailureReason.CLIENT_REFUSED
    )
    movie = await rows.movie(movie_id)
    assert (movie.stage, movie.progress) == (Stage.IN_LIBRARY, 1.0)
