from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import trio

from reeld.actors.decision._indexing import WantedTitles
from reeld.actors.decision._matching import Memory, match_releases
from reeld.actors.resources import Resources
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import Stage
from reeld.domain.quality import Quality
from reeld.domain.release import Release, Source
from reeld.domain.settings import DecisionSettings
from reeld.simulators import catalogue as films
from reeld.storage.repositories import library, movies, titles

NIGHT = films.NIGHT_OF_THE_LIVING_DEAD


@pytest.fixture
def wanted(resources: Resources) -> WantedTitles:
    """Titles on a fresh database."""
    return WantedTitles(resources)


async def update(rows: Any, statement: str, *params: Any) -> None:
    async with rows.database.transaction() as conn:
        await conn.execute(statement, params)


async def ids(wanted: WantedTitles) -> set[int]:
    index = await wanted.current()
    return {number for number in range(1, 50) if number in index}


async def own(rows: Any, movie_id: int, quality: Quality, *, days_ago: int = 100) -> None:
    async with rows.database.transaction() as conn:
        await library.record(conn, NewMovieFile(movie_id, "/l", f"{movie_id}.mkv", 1, quality))
        await movies.move(conn, movie_id, Stage.IN_LIBRARY, expected=list(Stage))
        await conn.execute(
            "UPDATE library_file SET added_at = now() - make_interval(days => %s)", (days_ago,)
        )


async def test_the_index_follows_every_change_and_reads_nothing_again_that_stayed(
    wanted: WantedTitles, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = await rows.add_movie(NIGHT)
    assert await ids(wanted) == {night}
    charade = await rows.add_movie(films.CHARADE)
    sintel = await rows.add_movie(films.SINTEL)
    assert await ids(wanted) == {night, charade, sintel}

    await update(rows, "UPDATE movie SET monitored = false WHERE id = %s", charade)
    await update(rows, "UPDATE movie SET title = 'Durian' WHERE id = %s", sintel)
    index = await wanted.current()
    assert charade not in index
    assert [movie.id for movie in index.titled("durian")] == [sintel]

    await update(rows, "DELETE FROM movie WHERE id = %s", night)
    again = await rows.add_movie(replace(NIGHT, tmdb_id=9))
    assert await ids(wanted) == {sintel, again}, "as many as before, and another one"

    await ids(wanted)
    read: list[int] = []
    taken = titles.decode

    def decode(text: str) -> Any:
        found = taken(text)
        read.extend(row.id for row in found)
        return found

    monkeypatch.setattr(titles, "decode", decode)
    await update(rows, "UPDATE movie SET progress = 0.5, searched_at = now()")
    await ids(wanted)
    assert read == []


async def test_a_change_that_commits_after_a_later_one_was_read_is_not_missed(
    wanted: WantedTitles, rows: Any
) -> None:
    night = await rows.add_movie(NIGHT)
    async with rows.database.connection() as slow:
        await slow.execute("BEGIN")
        await slow.execute("UPDATE movie SET title = 'Slow' WHERE id = %s", (night,))
        later = await rows.add_movie(films.CHARADE)
        assert await ids(wanted) == {night, later}
        assert not (await wanted.current()).titled("slow")
        await slow.execute("COMMIT")
    assert (await wanted.current()).titled("slow")


async def test_numbers_of_transactions_of_another_server_do_no_harm(
    wanted: WantedTitles, rows: Any
) -> None:
    night = await rows.add_movie(NIGHT)
    await update(rows, "ALTER TABLE movie DISABLE TRIGGER movie_names_changed")
    await update(rows, "UPDATE movie SET names_xid = '999999999999'")
    await update(rows, "ALTER TABLE movie ENABLE TRIGGER movie_names_changed")
    assert await ids(wanted) == {night}
    await update(rows, "UPDATE movie SET title = 'Restored' WHERE id = %s", night)
    assert (await wanted.current()).titled("restored")


async def test_only_what_is_missing_below_its_cutoff_or_new_is_looked_for(
    wanted: WantedTitles, rows: Any
) -> None:
    missing = await rows.add_movie(NIGHT)
    below = await rows.add_movie(films.CHARADE)
    enough = await rows.add_movie(films.SINTEL)
    fresh = await rows.add_movie(films.METROPOLIS)
    await own(rows, fresh, Quality.BLURAY_1080P)
    await own(rows, enough, Quality.BLURAY_1080P)
    await own(rows, below, Quality.WEBDL_480P)
    await update(rows, "UPDATE library_file SET added_at = now() WHERE movie_id = %s", fresh)
    assert await ids(wanted) == {missing, fresh}, "nothing may be upgraded"
    rows.configure(decision=DecisionSettings(upgrades_allowed=True))
    assert await ids(wanted) == {missing, below, fresh}
    await update(rows, "UPDATE quality_profile SET cutoff_format_score = 10")
    assert await ids(wanted) == {missing, below, enough, fresh}
    async with rows.database.transaction() as conn:
        await movies.set_monitored(conn, enough, False)
    assert enough not in await ids(wanted)
    async with rows.database.transaction() as conn:
        await movies.ask_for(conn, enough)
    assert enough in await ids(wanted)


def release(title: str, **more: Any) -> Release:
    return Release(Source.RSS, "feed", title, title, id=1, **more)


async def test_a_name_without_a_movie_is_not_looked_at_again_until_a_title_comes(
    wanted: WantedTitles, rows: Any
) -> None:
    await rows.add_movie(NIGHT)
    names = ["Charade.1963.1080p.BluRay-GRP", "Night.of.the.Living.Dead.1969.1080p.BluRay-GRP"]
    offered = [release(name) for name in names]

    async def outcomes() -> list[str]:
        index = await wanted.current()
        return [str(each.outcome) for each in await match_releases(index, offered, wanted.memory)]

    assert await outcomes() == ["ignored", "unmatched"]
    assert len(wanted.memory) == 2
    assert [wanted.memory.recall(each) is not None for each in offered] == [True, True]
    assert await outcomes() == ["ignored", "unmatched"]
    await rows.add_movie(films.CHARADE)
    assert await outcomes() == ["matched", "unmatched"]
    assert wanted.memory.recall(offered[0]) is None, "what has a movie is matched each time"


def test_the_memory_is_bounded() -> None:
    from reeld.actors.decision._matching import Reading

    memory = Memory(most=10)
    for number in range(100):
        memory.note(Reading(release(f"Some.Name.{number}"), None))
        assert 0 < len(memory) <= 10


async def test_reading_ten_thousand_movies_leaves_the_loop_free(
    wanted: WantedTitles, rows: Any
) -> None:
    await update(
        rows,
        "INSERT INTO movie (tmdb_id, title, year, profile) SELECT n, 'Movie ' || n, 2000, 'Any'"
        " FROM generate_series(1, 10000) n",
    )
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await trio.sleep(0)
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        index = await wanted.current()
        nursery.cancel_scope.cancel()
    assert len(index) == 10_000
    # Twenty pages, in and out of a thread: whoever reads them on the loop gives it away some forty times.
    assert turns > 200
