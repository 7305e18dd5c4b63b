"""The same again, whichever way it comes: recognised, named, and nothing fetched twice."""

from __future__ import annotations

from typing import Any

import trio

from reeld.actors.decision import DecisionActor
from reeld.actors.resources import Resources
from reeld.domain.acquisition import AcquisitionState
from reeld.domain.decision import Cause
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import NewMovie, Stage
from reeld.domain.quality import Quality
from reeld.domain.release import Source
from reeld.simulators import catalogue as films
from reeld.storage.repositories import acquisitions, library, releases
from reeld.storage.repositories import movies as movie_rows

NIGHT = films.NIGHT_OF_THE_LIVING_DEAD
NAME = "Night.of.the.Living.Dead.1968.1080p.BluRay.x264-GRP"
HASH = "ab" * 20


async def test_the_same_torrent_offered_twice_is_taken_once_and_the_other_offer_named(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        one, other = await offers.bring(
            offers.of(NAME, guid="1", infohash=HASH),
            offers.of(f"{NAME}.mkv", guid="2", infohash=HASH, seeders=1000),
        )
    assert len(await acquisitions.by_movie(resources.database, movie_id)) == 1
    said = {number: await offers.reasons(number) for number in (one, other)}
    assert sorted(said.values()) == [[], ["duplicate"]]


async def test_the_same_release_from_two_sources_is_taken_from_one(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    spaced = NAME.replace(".", " ")
    async with run_actor(lambda: DecisionActor(resources)):
        feed, hdbits = await offers.bring(
            offers.of(NAME, indexer="feed"),
            offers.of(spaced, indexer="hdbits", source=Source.HDBITS, imdb_id=NIGHT.imdb_id),
        )
    (taken,) = await acquisitions.by_movie(resources.database, movie_id)
    twin = ({feed, hdbits} - {taken.release_id}).pop()
    assert await offers.reasons(twin) == ["duplicate"]
    (said,) = [e for e in (await offers.explained(movie_id)).releases if e.release_id == twin]
    assert "which is preferred" in next(each.sentence for each in said.rulings if each.is_rejected)


async def test_a_torrent_that_is_fetched_for_another_movie_is_named_before_it_is_fetched(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    other_id = await rows.add_movie(films.CHARADE)
    movie_id = await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.bring(offers.of("Charade.1963.1080p.BluRay.x264-GRP"))
        taken = await offers.taken(other_id)
        async with resources.database.transaction() as conn:
            await acquisitions.store_torrent(conn, taken.id, b"sealed", HASH)
        (release_id,) = await offers.bring(offers.of(NAME, infohash=HASH))
        assert await offers.taken(movie_id) is None
        verdict = await releases.verdict(resources.database, release_id)
    assert verdict is not None
    assert [each["reason"] for each in verdict["rejections"]] == ["torrent_taken"]
    assert films.CHARADE.title in verdict["rejections"][0]["sentence"]


async def test_what_the_library_has_under_whatever_name_is_not_fetched_again(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with resources.database.transaction() as conn:
        file = NewMovieFile(
            movie_id, "/library", "whatever.mkv", 7, Quality.BLURAY_720P, infohash=HASH
        )
        await library.record(conn, file)
        await movie_rows.move(conn, movie_id, Stage.IN_LIBRARY, expected=list(Stage))
    async with run_actor(lambda: DecisionActor(resources)):
        same, by_name = await offers.bring(
            offers.of(NAME, infohash=HASH), offers.of(NAME.replace("1080p", "720p"))
        )
    assert "already_imported" in await offers.reasons(same)
    assert await offers.reasons(by_name) == ["not_an_upgrade"]
    assert await acquisitions.by_movie(resources.database, movie_id) == []


async def test_a_movie_that_is_asked_for_twice_at_once_is_one_movie(resources: Resources) -> None:
    found: list[tuple[int, bool]] = []

    async def add() -> None:
        async with resources.database.transaction() as conn:
            movie, is_new = await movie_rows.add(conn, NewMovie(NIGHT.tmdb_id, NIGHT.title))
        found.append((movie.id, is_new))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(add)
    assert len({movie_id for movie_id, _ in found}) == 1
    assert sum(is_new for _, is_new in found) == 1


async def test_two_decisions_about_a_movie_at_once_take_one_release(
    resources: Resources, run_actor: Any, rows: Any, offers: Any
) -> None:
    movie_id = await rows.add_movie(NIGHT)
    async with run_actor(lambda: DecisionActor(resources)):
        await offers.match(offers.of(NAME), look=True)
    # Two daemons, as after a network that was cut: the rows decide.
    first, second = DecisionActor(resources), DecisionActor(resources)
    movie = await rows.movie(movie_id)
    effects = [await each._deciding.about(movie, Cause.RSS) for each in (first, second)]

    async def commit(effect: Any) -> None:
        async with resources.database.transaction() as conn:
            await effect(conn)

    async with trio.open_nursery() as nursery:
        for effect in effects:
            nursery.start_soon(commit, effect)
    (taken,) = await acquisitions.by_movie(resources.database, movie_id)
    assert taken.state is AcquisitionState.INTENT
    assert len(await rows.events("release.decided")) == 1
