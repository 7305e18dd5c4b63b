from __future__ import annotations

import time
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest
import trio

from reeld.actors.kernel import BreakerState
from reeld.actors.resources import Resources
from reeld.actors.tmdb import TmdbActor
from reeld.actors.tmdb import _actor as tmdb_actor
from reeld.domain.errors import (
    BreakerOpen,
    CredentialsRejected,
    NotFound,
    RateLimited,
    Refused,
    ServiceDown,
    Unavailable,
)
from reeld.domain.messages import (
    AddMovie,
    FindMovie,
    LookupMovie,
    SearchMovies,
)
from reeld.domain.movie import MovieStatus
from reeld.domain.secret import Secret
from reeld.simulators import World
from reeld.simulators import catalogue as films
from reeld.storage.repositories import metadata, movies
from reeld.storage.work import WorkState

SINTEL = films.SINTEL
MOVIE = f"/3/movie/{SINTEL.tmdb_id}"


async def make_stale(resources: Resources) -> None:
    await resources.database.execute(
        "UPDATE metadata_cache SET expires_at = now() - interval '1 second'"
    )


# Questions


async def test_movies_are_found_by_title_and_by_imdb_number(
    resources: Resources, run_actor: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        found = await cell.address.ask(SearchMovies("sintel", 2010))
        assert [hit.tmdb_id for hit in found.movies] == [SINTEL.tmdb_id]
        found = await cell.address.ask(SearchMovies(f" {SINTEL.imdb_id} "))
        assert [hit.tmdb_id for hit in found.movies] == [SINTEL.tmdb_id]
        assert (await cell.address.ask(FindMovie(SINTEL.imdb_id))).title == "Sintel"
        assert (await cell.address.ask(SearchMovies("there is no such movie"))).movies == ()
        world.tmdb.turn(find_nothing=True)
        with pytest.raises(NotFound):
            await cell.address.ask(FindMovie("tt9999999"))
        with pytest.raises(Refused):
            await cell.address.ask(FindMovie("nm0000001"))
        assert cell.breakers["tmdb"].state is BreakerState.CLOSED


async def test_a_movie_comes_with_everything_that_reeld_uses_of_it(
    resources: Resources, run_actor: Any, world: World
) -> None:
    film = replace(SINTEL, collection=films.Collection(77, "Open Movies"))
    world.tmdb.films[film.tmdb_id] = film
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        details = await cell.address.ask(LookupMovie(SINTEL.tmdb_id))
    assert (details.title, details.year, details.imdb_id) == ("Sintel", 2010, SINTEL.imdb_id)
    assert details.runtime_minutes == SINTEL.runtime
    assert set(details.alternative_titles) >= {title for _, title in SINTEL.alternative_titles}
    assert details.collection is not None
    assert details.collection.tmdb_id == 77
    assert details.release_dates.in_cinemas is not None
    assert details.poster_path


async def test_an_answer_is_used_again_while_it_is_fresh_and_then_asked_for_by_its_tag(
    resources: Resources, run_actor: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        first = await cell.address.ask(LookupMovie(SINTEL.tmdb_id))
        assert await cell.address.ask(LookupMovie(SINTEL.tmdb_id)) == first
        assert world.tmdb.requests[MOVIE] == 1
        await make_stale(resources)
        assert await cell.address.ask(LookupMovie(SINTEL.tmdb_id)) == first
        assert (world.tmdb.requests[MOVIE], world.tmdb.not_modified) == (2, 1)
        assert await cell.address.ask(LookupMovie(SINTEL.tmdb_id)) == first  # fresh again
        assert world.tmdb.requests[MOVIE] == 2
        await make_stale(resources)
        world.tmdb.films[SINTEL.tmdb_id] = replace(SINTEL, title="Sintel, restored")
        renewed = await cell.address.ask(LookupMovie(SINTEL.tmdb_id))
        assert renewed.title == "Sintel, restored"


async def test_a_stored_answer_that_cannot_be_read_any_more_is_asked_for_again(
    resources: Resources, run_actor: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        await cell.address.ask(LookupMovie(SINTEL.tmdb_id))
        await resources.database.execute("UPDATE metadata_cache SET body = 'not json'::bytea")
        details = await cell.address.ask(LookupMovie(SINTEL.tmdb_id))
    assert details.title == "Sintel"
    assert world.tmdb.not_modified == 0


async def test_another_language_is_another_answer(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        await cell.address.ask(LookupMovie(SINTEL.tmdb_id))
        rows.configure(tmdb=replace(world.tmdb_settings(), language="de-DE"))
        await cell.address.ask(LookupMovie(SINTEL.tmdb_id))
    assert world.tmdb.requests[MOVIE] == 2


async def test_a_movie_that_tmdb_does_not_know_is_said_not_to_be_there(
    resources: Resources, run_actor: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        with pytest.raises(NotFound):
            await cell.address.ask(LookupMovie(1))
        assert cell.breakers["tmdb"].state is BreakerState.CLOSED


# Limits and credentials


@pytest.mark.parametrize("how", ["1", "date"])
async def test_a_rate_limit_opens_the_breaker_for_as_long_as_tmdb_says(
    resources: Resources, run_actor: Any, world: World, how: str
) -> None:
    retry_after = formatdate(time.time() + 2, usegmt=True) if how == "date" else how
    world.tmdb.turn(error_next=1, error_code=25, retry_after=retry_after)
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        with pytest.raises(RateLimited):
            await cell.address.ask(LookupMovie(SINTEL.tmdb_id))
        snapshot = cell.breakers["tmdb"].snapshot()
        assert snapshot.state == BreakerState.OPEN.value
        assert snapshot.retry_in is not None
        assert 0 < snapshot.retry_in <= 2
        with pytest.raises(BreakerOpen):
            await cell.address.ask(LookupMovie(SINTEL.tmdb_id))
        assert world.tmdb.requests[MOVIE] == 1
        await trio.sleep(snapshot.retry_in + 0.1)
        assert (await cell.address.ask(LookupMovie(SINTEL.tmdb_id))).title == "Sintel"
        assert cell.breakers["tmdb"].state is BreakerState.CLOSED


async def test_questions_keep_below_the_configured_pace(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    rows.configure(tmdb=replace(world.tmdb_settings(), requests_per_second=20.0))
    world.tmdb.turn(requests_per_second=30)  # the burst of ten and a second's twenty
    async with run_actor(lambda: TmdbActor(resources)) as cell, trio.open_nursery() as nursery:
        for number in range(25):
            nursery.start_soon(cell.address.ask, SearchMovies(f"sintel {number}"))
    assert sum(world.tmdb.requests.values()) == 25


async def test_a_wrong_key_is_tried_once_and_a_corrected_one_works_without_a_restart(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    movie_id = await rows.add_movie(SINTEL)
    rows.configure(tmdb=replace(world.tmdb_settings(), token=Secret("wrong")))
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        with pytest.raises(CredentialsRejected) as rejected:
            await cell.address.ask(SearchMovies("sintel"))
        assert "wrong" not in rejected.value.sentence
        work = await rows.ask("tmdb", "refresh-movie", {"movie_id": movie_id})
        item = await rows.until_snoozed(work)
        assert item.reason == "breaker_forced_open"
        with pytest.raises(BreakerOpen):
            await cell.address.ask(SearchMovies("sintel"))
        assert sum(world.tmdb.requests.values()) == 1
        assert cell.breakers["tmdb"].state is BreakerState.FORCED_OPEN
        rows.configure(tmdb=world.tmdb_settings())
        await rows.until(work)
        assert cell.breakers["tmdb"].state is BreakerState.CLOSED
        assert cell.incarnation_number == 1


async def test_settings_that_change_under_many_questions_break_none_of_them(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    world.tmdb.turn(latency=0.4)
    answers = []

    async def ask(cell: Any) -> None:
        answers.append(await cell.address.ask(SearchMovies("sintel", 2010)))

    async with run_actor(lambda: TmdbActor(resources)) as cell:
        async with trio.open_nursery() as nursery:
            for language in ("en-US", "de-DE", "fr-FR"):
                rows.configure(tmdb=replace(world.tmdb_settings(), language=language))
                for _ in range(2):
                    nursery.start_soon(ask, cell)
                await trio.sleep(0.1)
        assert len(answers) == 6
        assert cell.incarnation_number == 1


async def test_without_settings_nothing_is_asked(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    rows.configure(tmdb=None)
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        with pytest.raises(Unavailable) as unavailable:
            await cell.address.ask(SearchMovies("sintel"))
    assert unavailable.value.reason == "not_configured"


# Adding


async def test_an_added_movie_has_tmdbs_facts_and_is_announced_once(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        first = await cell.address.ask(AddMovie(SINTEL.tmdb_id))
        again = await cell.address.ask(AddMovie(SINTEL.tmdb_id, title="Other", monitored=False))
    assert (first.is_new, again.is_new) == (True, False)
    assert again.movie == first.movie
    assert (first.movie.title, first.movie.imdb_id) == ("Sintel", SINTEL.imdb_id)
    assert first.movie.runtime_minutes == SINTEL.runtime
    assert await rows.events("movie.added") == [{"movie_id": first.movie.id, "search": True}]
    assert await rows.history(first.movie.id) == ["added"]


async def test_two_who_add_a_movie_at_once_get_the_same_one(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    added = []

    async def add(cell: Any) -> None:
        added.append(await cell.address.ask(AddMovie(SINTEL.tmdb_id)))

    async with run_actor(lambda: TmdbActor(resources)) as cell, trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(add, cell)
    assert sorted(each.is_new for each in added) == [False, False, False, True]
    assert len({each.movie.id for each in added}) == 1
    assert len(await rows.events("movie.added")) == 1


@pytest.mark.parametrize("down_as", ["503", "html", "drop", "hang"])
async def test_a_movie_whose_title_is_known_can_be_added_while_tmdb_is_down(
    resources: Resources,
    run_actor: Any,
    rows: Any,
    world: World,
    down_as: str,
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(tmdb_actor, "ADD_PATIENCE_SECONDS", 0.5)
    world.tmdb.turn(down_for=60.0, down_as=down_as)
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        added = await cell.address.ask(AddMovie(SINTEL.tmdb_id, title="Sintel", year=2010))
        movie = added.movie
        assert (movie.title, movie.year, movie.imdb_id) == ("Sintel", 2010, None)
        assert await rows.events("movie.added") == [{"movie_id": movie.id, "search": True}]
        world.tmdb.turn(down_for=0.0)
        work = await rows.ask("tmdb", "refresh-movie", {"movie_id": movie.id})
        await rows.until(work)
    movie = await rows.movie(movie.id)
    assert movie.imdb_id == SINTEL.imdb_id
    assert [item.kind for item in await rows.waiting("hdbits")] == ["search-movie"]
    assert [item.kind for item in await rows.waiting("decision")] == ["match-movie"]


async def test_without_a_title_a_movie_cannot_be_added_while_tmdb_is_down(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    world.tmdb.turn(down_for=60.0)
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        with pytest.raises(ServiceDown):
            await cell.address.ask(AddMovie(SINTEL.tmdb_id))
    assert await movies.by_tmdb_id(resources.database, SINTEL.tmdb_id) is None


@pytest.mark.parametrize("question", [SearchMovies("sintel"), LookupMovie(SINTEL.tmdb_id)])
async def test_a_bad_moment_of_tmdb_is_asked_through_and_one_that_lasts_is_told(
    resources: Resources, run_actor: Any, world: World, question: Any
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        world.tmdb.turn(fail_next=2)
        assert await cell.address.ask(question)
        assert sum(world.tmdb.requests.values()) == 3
        world.tmdb.turn(fail_next=3)
        with pytest.raises(ServiceDown):
            await cell.address.ask(SearchMovies("another"))
        assert sum(world.tmdb.requests.values()) == 6
        world.tmdb.turn(fail_next=1, retry_after="30")
        with pytest.raises(ServiceDown):
            await cell.address.ask(SearchMovies("a third one"))
        assert sum(world.tmdb.requests.values()) == 7


@pytest.mark.parametrize("wrong", ["/wrong/path", "nothing listens", "another server"])
async def test_a_wrong_address_costs_no_movie_and_is_healed_by_the_right_one(
    resources: Resources, run_actor: Any, rows: Any, world: World, wrong: str
) -> None:
    right = world.tmdb_settings()
    addresses = {
        "/wrong/path": f"{right.url}/wrong/path",
        "nothing listens": "http://127.0.0.1:9",
        "another server": world.rss.url,
    }
    movie_id = await rows.add_movie(SINTEL, title="As Somebody Called It")
    rows.configure(tmdb=replace(right, url=addresses[wrong]))
    async with run_actor(lambda: TmdbActor(resources)):
        work = await rows.ask("tmdb", "refresh-movie", {"movie_id": movie_id})
        await rows.when(work, lambda item: item.reason is not None, 20)
        rows.configure(tmdb=right)
        await rows.make_due(work)
        await rows.until(work, seconds=20)
    assert (await rows.movie(movie_id)).title == SINTEL.title


async def test_a_tmdb_that_hangs_is_noticed_by_the_breaker(
    resources: Resources, run_actor: Any, world: World, monkeypatch: Any
) -> None:
    monkeypatch.setattr(tmdb_actor, "ADD_PATIENCE_SECONDS", 0.2)
    world.tmdb.turn(down_for=60.0, down_as="hang")
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        for number in range(3):
            await cell.address.ask(AddMovie(1000 + number, title="Something"))
        assert cell.breakers["tmdb"].state is BreakerState.OPEN


async def test_an_unknown_profile_and_an_unknown_movie_are_refused(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        with pytest.raises((Refused, NotFound)) as refused:
            await cell.address.ask(AddMovie(SINTEL.tmdb_id, profile="No Such Profile"))
        assert "No Such Profile" in refused.value.sentence
        with pytest.raises(NotFound):
            await cell.address.ask(AddMovie(1, title="It is not there"))
    # The second one asks whether it is TMDB that does not have the movie.
    assert sum(world.tmdb.requests.values()) == 2
    assert await rows.events("movie.added") == []


async def test_the_profile_is_the_one_asked_for_or_the_default(
    resources: Resources, run_actor: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        default = await cell.address.ask(AddMovie(SINTEL.tmdb_id))
        chosen = await cell.address.ask(AddMovie(films.CHARADE.tmdb_id, profile="HD-1080p"))
    assert (default.movie.profile, chosen.movie.profile) == ("Any", "HD-1080p")


# Refreshing


async def test_a_movie_that_tmdb_deleted_is_kept_and_marked(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    movie_id = await rows.add_movie(SINTEL)
    world.tmdb.turn(deleted=[SINTEL.tmdb_id])
    async with run_actor(lambda: TmdbActor(resources)):
        item = await rows.until(await rows.ask("tmdb", "refresh-movie", {"movie_id": movie_id}))
    assert item.state is WorkState.DONE
    details = await metadata.get(resources.database, movie_id)
    assert details is not None
    assert (details.status, details.title) == (MovieStatus.DELETED, "Sintel")
    assert await metadata.stale(resources.database, seconds=3600, limit=5) == []


async def test_facts_that_tmdb_leaves_out_do_not_take_the_imdb_number_away(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    movie_id = await rows.add_movie(SINTEL)
    world.tmdb.turn(bare=True)
    async with run_actor(lambda: TmdbActor(resources)):
        await rows.until(await rows.ask("tmdb", "refresh-movie", {"movie_id": movie_id}))
    assert (await rows.movie(movie_id)).imdb_id == SINTEL.imdb_id


async def test_an_ordinary_refresh_asks_for_nothing_more(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)) as cell:
        added = await cell.address.ask(AddMovie(SINTEL.tmdb_id))
        await rows.until(await rows.ask("tmdb", "refresh-movie", {"movie_id": added.movie.id}))
    assert len(await rows.events("movie.refreshed")) == 1
    assert await rows.waiting("hdbits") == []
    assert await rows.waiting("decision") == []
    assert world.tmdb.requests[MOVIE] == 1  # the answer of the addition was fresh


async def test_the_movies_whose_facts_are_oldest_are_refreshed(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    old = await rows.add_movie(SINTEL)
    await rows.add_movie(films.CHARADE)
    async with resources.database.transaction() as conn:
        await conn.execute(
            "UPDATE movie SET refreshed_at = now() - interval '3 days' WHERE id = %s", (old,)
        )
    async with run_actor(lambda: TmdbActor(resources)):
        await rows.until(await rows.ask("tmdb", "refresh-stale"))
        (asked,) = [
            item for item in await resources.work.list(queue="tmdb") if item.kind == "refresh-movie"
        ]
        assert asked.args == {"movie_id": old}
        await rows.until(asked.id)


async def test_work_about_a_movie_that_is_gone_is_done(
    resources: Resources, run_actor: Any, rows: Any, world: World
) -> None:
    async with run_actor(lambda: TmdbActor(resources)):
        await rows.until(await rows.ask("tmdb", "refresh-movie", {"movie_id": 99}))
