from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from reeld.domain.errors import NotFound, Refused
from reeld.domain.movie import NewMovie
from reeld.domain.release import NewRelease, Source
from reeld.storage import Database
from reeld.storage.repositories import decisions, movies, pending, releases, tags
from reeld.storage.repositories.pending import PendingReason

SOON = datetime.now(UTC) + timedelta(hours=1)


async def want(database: Database, tmdb_id: int = 1) -> int:
    async with database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(tmdb_id, f"Movie {tmdb_id}", 2001))
    return movie.id


async def offer(database: Database, *guids: str) -> list[int]:
    async with database.transaction() as conn:
        seen = await releases.upsert(
            conn, [NewRelease(Source.RSS, "feed", guid, f"Movie.{guid}") for guid in guids]
        )
    return [each.id for each in seen]


# Tags


async def test_a_label_exists_once_in_lower_case(database: Database) -> None:
    async with database.transaction() as conn:
        first, is_new = await tags.add(conn, "  Kids ")
        again, is_new_again = await tags.add(conn, "KIDS")
    assert (first.label, is_new, is_new_again, again) == ("kids", True, False, first)
    assert await tags.every(database) == [first]


@pytest.mark.parametrize("text", ["", "   ", "x" * 101, "two\nlines", "\u202eabc"])
async def test_what_nobody_could_read_is_no_label(database: Database, text: str) -> None:
    async with database.transaction() as conn:
        with pytest.raises(Refused) as refused:
            await tags.add(conn, text)
    assert refused.value.sentence.startswith("label:")


async def test_a_tag_is_renamed_unless_another_has_the_name(database: Database) -> None:
    async with database.transaction() as conn:
        kids, _ = await tags.add(conn, "kids")
        await tags.add(conn, "anime")
        assert (await tags.rename(conn, kids.id, "Children")).label == "children"
        with pytest.raises(Refused):
            await tags.rename(conn, kids.id, "Anime")
        with pytest.raises(NotFound):
            await tags.rename(conn, 99, "x")


async def test_a_deleted_tag_is_taken_from_every_row_that_named_it(database: Database) -> None:
    movie_id = await want(database)
    async with database.transaction() as conn:
        kids, _ = await tags.add(conn, "kids")
        anime, _ = await tags.add(conn, "anime")
        both = [kids.id, anime.id]
        await tags.set_of_movie(conn, movie_id, both)
        await conn.execute("INSERT INTO delay_profile (place, tags) VALUES (1, %s)", (both,))
        await conn.execute("INSERT INTO release_profile (tags) VALUES (%s)", (both,))
    (of_anime, of_kids) = await tags.usage(database)
    assert (of_kids.movies, len(of_kids.delay_profiles), len(of_kids.release_profiles)) == (1, 1, 1)
    async with database.transaction() as conn:
        assert await tags.delete(conn, kids.id)
        assert not await tags.delete(conn, kids.id)
    assert await tags.of_movie(database, movie_id) == {anime.id}
    for table in ("delay_profile", "release_profile"):
        rows = await database.fetch_all(f"SELECT tags FROM {table} WHERE tags <> '{{}}'")
        assert rows == [([anime.id],)]
    assert await tags.every(database) == [anime]
    assert of_anime.id == anime.id


async def test_a_tag_that_alone_keeps_a_profile_from_every_movie_is_not_deleted(
    database: Database,
) -> None:
    async with database.transaction() as conn:
        kids, _ = await tags.add(conn, "kids")
        await conn.execute("INSERT INTO delay_profile (place, tags) VALUES (1, %s)", ([kids.id],))
        with pytest.raises(Refused) as refused:
            await tags.delete(conn, kids.id)
    assert refused.value.reason == "tag_in_use"
    assert "delay profile 2" in refused.value.sentence


async def test_a_movie_gets_no_tag_that_does_not_exist(database: Database) -> None:
    movie_id = await want(database)
    async with database.transaction() as conn:
        with pytest.raises(Refused) as refused:
            await tags.set_of_movie(conn, movie_id, [7])
    assert (refused.value.reason, "tag 7" in refused.value.sentence) == ("no_such_tag", True)


# What waits


async def test_a_release_that_waits_on_keeps_since_when(database: Database) -> None:
    movie_id = await want(database)
    (release_id,) = await offer(database, "a")
    async with database.transaction() as conn:
        first = await pending.put(conn, release_id, movie_id, PendingReason.DELAY, SOON)
    async with database.transaction() as conn:
        later = SOON + timedelta(hours=1)
        await pending.put(conn, release_id, movie_id, PendingReason.CLIENT_UNAVAILABLE, later)
    (there,) = await pending.of_movie(database, movie_id)
    assert (there.added_at, there.due_at) == (first.added_at, later)
    assert there.reason is PendingReason.CLIENT_UNAVAILABLE
    assert await pending.counts(database) == {PendingReason.CLIENT_UNAVAILABLE: 1}


async def test_what_is_due_is_told_by_movie_and_taken_once(database: Database) -> None:
    first, second = await want(database, 1), await want(database, 2)
    one, other, third = await offer(database, "a", "b", "c")
    past = datetime.now(UTC) - timedelta(minutes=1)
    async with database.transaction() as conn:
        await pending.put(conn, one, first, PendingReason.DELAY, past)
        await pending.put(conn, other, first, PendingReason.DELAY, past)
        await pending.put(conn, third, second, PendingReason.DELAY, SOON)
    assert await pending.due(database) == [first]
    assert [each.release_id for each in await pending.page(database)] == [one, other, third]
    async with database.transaction() as conn:
        taken = await pending.take(conn, one)
        assert taken is not None
        assert taken.movie_id == first
        assert await pending.take(conn, one) is None


async def test_the_wait_of_all_but_some_ends(database: Database) -> None:
    movie_id = await want(database)
    kept, gone = await offer(database, "a", "b")
    async with database.transaction() as conn:
        for release_id in (kept, gone):
            await pending.put(conn, release_id, movie_id, PendingReason.DELAY, SOON)
        assert await pending.clear(conn, movie_id, keep=[kept]) == 1
    assert [each.release_id for each in await pending.of_movie(database, movie_id)] == [kept]


# Decisions


async def decided(database: Database, movie_id: int, end: str, **more: Any) -> tuple[int, bool]:
    async with database.transaction() as conn:
        return await decisions.store(
            conn,
            movie_id,
            cause="rss",
            release_id=more.get("release_id"),
            explanation=json.dumps({"end": end}).encode(),
            digest=sha256(end.encode()).digest(),
        )


async def test_the_same_end_again_is_counted_and_another_one_stored(database: Database) -> None:
    movie_id = await want(database)
    other = await want(database, 2)
    first, is_new = await decided(database, movie_id, "nothing")
    assert is_new
    await decided(database, other, "in between, about another movie")
    assert await decided(database, movie_id, "nothing") == (first, False)
    second, is_new = await decided(database, movie_id, "taken")
    assert is_new
    third, is_new = await decided(database, movie_id, "nothing")
    assert is_new, "it is a change of mind"
    stored = await decisions.of_movie(database, movie_id)
    assert [(each.id, each.times) for each in stored] == [(third, 1), (second, 1), (first, 2)]
    assert stored[-1].last_at > stored[-1].at
    newest = await decisions.newest(database, movie_id)
    assert newest == stored[0]
    assert [each.id for each in await decisions.of_movie(database, movie_id, before=third)] == [
        second,
        first,
    ]


async def test_old_decisions_go_apart_from_the_last_one_of_each_movie(database: Database) -> None:
    movie_id = await want(database)
    for end in ("one", "two", "three"):
        await decided(database, movie_id, end)
    await database.execute("UPDATE decision SET last_at = now() - interval '91 days'")
    async with database.transaction() as conn:
        assert await decisions.prune(conn, days=92) == 0
        assert await decisions.prune(conn, days=90) == 2
    (left,) = await decisions.of_movie(database, movie_id)
    assert left.explanation == {"end": "three"}


async def test_a_decision_outlives_the_release_that_it_took(database: Database) -> None:
    movie_id = await want(database)
    (release_id,) = await offer(database, "a")
    await decided(database, movie_id, "taken", release_id=release_id)
    await database.execute("DELETE FROM release")
    newest = await decisions.newest(database, movie_id)
    assert newest is not None
    assert newest.release_id is None
