from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from reeld.actors.kernel.breaker import StoredBreaker
from reeld.domain.history import HistoryKind
from reeld.domain.secret import Secret
from reeld.storage import Database
from reeld.storage.repositories import (
    Breakers,
    Limiters,
    cache,
    feeds,
    history,
    keys,
    settings,
)
from reeld.storage.repositories.history import Place


async def tell(database: Database, movie_id: int, kind: HistoryKind = HistoryKind.GRABBED) -> int:
    async with database.transaction() as conn:
        return await history.append(
            conn, movie_id, kind, release_title="Movie.1080p", infohash="a" * 40, data={"n": 1}
        )


async def test_history_is_told_newest_first_with_what_was_written(database: Database) -> None:
    first = await tell(database, 1)
    second = await tell(database, 2, HistoryKind.IMPORTED)
    entries = await history.page(database)
    assert [entry.id for entry in entries] == [second, first]
    assert (entries[0].kind, entries[0].data) == (HistoryKind.IMPORTED, {"n": 1})
    assert entries[0].release_title == "Movie.1080p"
    assert [entry.id for entry in await history.by_infohash(database, "a" * 40)] == [second, first]


@pytest.mark.parametrize("same_moment", [True, False])
async def test_pages_of_history_meet_without_gap_or_repeat_while_it_grows(
    database: Database, same_moment: bool
) -> None:
    written = [await tell(database, n % 2) for n in range(10)]
    if same_moment:
        await database.execute("UPDATE history SET at = '2026-01-01'")
    read: list[int] = []
    place: Place | None = None
    while page := await history.page(database, before=place, limit=3):
        read += [entry.id for entry in page]
        place = Place.after(page[-1])
        await tell(database, 1)  # newer rows must not shift the pages
    assert read == written[::-1]


async def test_history_can_be_read_by_movie_and_kind(database: Database) -> None:
    await tell(database, 1)
    imported = await tell(database, 1, HistoryKind.IMPORTED)
    other = await tell(database, 2, HistoryKind.IMPORTED)

    async def ids(**filters: object) -> list[int]:
        return [entry.id for entry in await history.page(database, **filters)]  # type: ignore[arg-type]

    assert await ids(kind=HistoryKind.IMPORTED) == [other, imported]
    assert await ids(movie_id=1, kind=HistoryKind.IMPORTED) == [imported]
    assert len(await ids(movie_id=1)) == 2


async def test_the_reading_of_a_feed_is_remembered_with_its_gaps(database: Database) -> None:
    assert await feeds.get(database, "f") is None
    async with database.transaction() as conn:
        await feeds.was_read(conn, "f", {"newest": "9"}, etag='"a"', gap=True)
        await feeds.was_read(conn, "f", {"newest": "12"}, etag='"b"')
    state = await feeds.get(database, "f")
    assert state is not None
    assert (state.watermark, state.etag, state.gap, state.gaps) == (
        {"newest": "12"},
        '"b"',
        False,
        1,
    )
    assert state.gap_at is not None
    assert state.last_ok is not None


async def test_failures_of_a_feed_are_counted_until_it_is_read_again(database: Database) -> None:
    async with database.transaction() as conn:
        await feeds.has_failed(conn, "f", "service_down", "It is down.")
        await feeds.has_failed(conn, "f", "service_down", "It is down.")
    state = await feeds.get(database, "f")
    assert state is not None
    assert (state.failures, state.reason, state.last_ok) == (2, "service_down", None)
    async with database.transaction() as conn:
        await feeds.was_unchanged(conn, "f")
    [state] = await feeds.every(database)
    assert (state.failures, state.reason) == (0, None)


async def test_a_watermark_commits_with_the_rows_it_announces(database: Database) -> None:
    async def read() -> None:
        async with database.transaction() as conn:
            await feeds.was_read(conn, "f", {"newest": "9"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await read()
    assert await feeds.get(database, "f") is None


async def test_the_kernels_breakers_are_stored_and_loaded(database: Database) -> None:
    store = Breakers(database, StoredBreaker)
    now = datetime.now(UTC)
    opened = StoredBreaker(
        name="hdbits",
        state="open",
        opened_in_a_row=3,
        retry_at=now,
        reason="rate_limited",
        sentence="Too fast.",
        changed_at=now,
        settings_mark="ab12",
    )
    assert await store.load("hdbits") is None
    await store.save(opened)
    assert await store.load("hdbits") == opened
    closed = replace(opened, state="closed", retry_at=None, opened_in_a_row=0)
    await store.save(closed)
    assert await store.load("hdbits") == closed


async def test_what_a_limiter_knows_is_read_back(database: Database) -> None:
    limiters = Limiters(database)
    assert await limiters.load("hdbits") is None
    await limiters.save("hdbits", 3.5, 1000.25, 1002.25)
    await limiters.save("hdbits", 2.5, 1001.25, 1003.25)
    assert await limiters.load("hdbits") == (2.5, 1001.25, 1003.25)


async def test_answers_are_cached_until_they_expire_and_can_be_made_fresh_again(
    database: Database,
) -> None:
    async with database.transaction() as conn:
        await cache.put(conn, "movie/1", {"title": "x"}, seconds=60, etag='"a"')
        await cache.put(conn, "poster/1", b"\xff\xd8", seconds=-1)
    answer = await cache.get(database, "movie/1")
    assert answer is not None
    assert (answer.document, answer.body, answer.etag) == ({"title": "x"}, None, '"a"')
    assert answer.is_fresh
    stale = await cache.get(database, "poster/1")
    assert stale is not None
    assert (stale.body, stale.is_fresh) == (b"\xff\xd8", False)
    async with database.transaction() as conn:
        assert await cache.touch(conn, "poster/1", seconds=60)
        assert not await cache.touch(conn, "nothing", seconds=60)
    assert (await cache.get(database, "poster/1")).is_fresh  # type: ignore[union-attr]


async def test_long_stale_answers_are_evicted(database: Database) -> None:
    async with database.transaction() as conn:
        await cache.put(conn, "old", {}, seconds=-40 * 86400)
        await cache.put(conn, "new", {}, seconds=-1)
        assert await cache.evict(conn) == 1
    assert await cache.get(database, "old") is None


async def test_a_key_is_known_by_its_hash_alone_until_it_is_revoked(database: Database) -> None:
    key = keys.generate()
    async with database.transaction() as conn:
        stored = await keys.store(conn, "admin", key)
        assert stored is not None
        assert await keys.store(conn, "admin", keys.generate()) is None
    assert await keys.find(database, key) == stored
    assert await keys.find(database, Secret("reeld_wrong")) is None
    rows = await database.fetch_all("SELECT row_to_json(k)::text FROM api_key k")
    assert key.reveal() not in str(rows)
    async with database.transaction() as conn:
        await keys.note_use(conn, stored.id)
        [used] = await keys.every(conn)
        assert used.last_used_at is not None
        assert await keys.revoke(conn, stored.id)
        assert not await keys.revoke(conn, stored.id)
    assert await keys.find(database, key) is None
    async with database.transaction() as conn:
        assert await keys.store(conn, "admin", keys.generate()) is not None


def test_every_generated_key_is_another_and_long_enough() -> None:
    texts = {keys.generate().reveal() for _ in range(100)}
    assert len(texts) == 100
    assert min(len(text) for text in texts) > 40


async def test_small_facts_are_remembered(database: Database) -> None:
    mark = str(uuid.uuid4())
    assert await settings.get(database, "k", "none") == "none"
    async with database.transaction() as conn:
        await settings.put(conn, "k", {"mark": mark})
        await settings.put(conn, "k", [mark])
    assert await settings.get(database, "k") == [mark]
    async with database.transaction() as conn:
        assert await settings.forget(conn, "k")
    assert await settings.get(database, "k") is None


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO movie (tmdb_id, title, profile, stage) VALUES (1, 'x', 'Any', 'lost')",
        "INSERT INTO movie (tmdb_id, title, profile, progress) VALUES (1, 'x', 'Any', 1.5)",
        "INSERT INTO movie (tmdb_id, title, profile, imdb_id) VALUES (1, 'x', 'Any', '0063350')",
        "INSERT INTO history (movie_id, kind) VALUES (1, 'Not A Kind')",
        "INSERT INTO event (kind) VALUES ('Not A Kind')",
        "INSERT INTO breaker (name, state) VALUES ('x', 'ajar')",
        "INSERT INTO metadata_cache (key, expires_at) VALUES ('x', now())",
        "INSERT INTO api_key (name, prefix, hash) VALUES ('x', 'y', 'short')",
        "INSERT INTO leader (singleton, epoch) VALUES (false, 1)",
    ],
)
async def test_values_that_have_no_name_are_refused(database: Database, statement: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        await database.execute(statement)


async def test_every_kind_the_domain_names_fits_its_column(database: Database) -> None:
    for kind in HistoryKind:
        await tell(database, 1, kind)
