from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from reeld.domain.library import NewMovieFile
from reeld.domain.movie import NewMovie, Stage
from reeld.domain.quality import Quality
from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest
from reeld.storage import Database
from reeld.storage.repositories import library, movies
from reeld.storage.work import submit


async def add(database: Database, number: int, statement: str = "", **changes: Any) -> int:
    async with database.transaction() as conn:
        new = NewMovie(number, f"Movie {number}", 2000, imdb_id=f"tt{number:07}", **changes)
        movie, _ = await movies.add(conn, new)
        # Nobody is there who would search for it.
        await conn.execute(
            "UPDATE movie SET added_at = now() - interval '90 days' WHERE id = %s", (movie.id,)
        )
        if statement:
            await conn.execute(f"UPDATE movie SET {statement} WHERE id = %s", (movie.id,))
    return movie.id


async def own(database: Database, movie_id: int, quality: Quality) -> None:
    async with database.transaction() as conn:
        await library.record(conn, NewMovieFile(movie_id, "/l", f"{movie_id}.mkv", 1, quality))
        await movies.move(conn, movie_id, Stage.IN_LIBRARY, expected=list(Stage))
        await conn.execute("UPDATE quality_profile SET upgrades_allowed = true WHERE name = 'Any'")


async def everything(daemon: Any, path: str, limit: int) -> list[dict[str, Any]]:
    found, after = [], 0
    while after is not None:
        page = (await daemon.http.get(path, params={"after": after, "limit": limit})).json()
        assert len(page["movies"]) <= limit
        found += page["movies"]
        after = page["next"]
    return found


async def test_what_is_missing_says_when_it_is_searched_next_and_why(
    running_daemon: Any, database: Database
) -> None:
    never = await add(database, 1)
    vain = await add(database, 2, "searched_at = now(), searches_in_vain = 3, status = 'released'")
    waits = await add(
        database,
        3,
        "refreshed_at = now(), release_dates = jsonb_build_object('digital', (now() + interval '9 days')::date)",
    )
    unknown = await add(database, 4, "refreshed_at = now()")
    await add(database, 5, monitored=False)
    await add(database, 6, "stage = 'downloading'")
    await own(database, await add(database, 7), Quality.BLURAY_1080P)
    for limit in (1, 2, 100):
        found = await everything(running_daemon, "/api/wanted/missing", limit)
        assert [each["id"] for each in found] == [never, vain, waits, unknown]
    shown = {each["id"]: each for each in found}
    assert shown[never]["cause"] == "never_searched"
    assert datetime.fromisoformat(shown[never]["next_search_at"]) < datetime.now(UTC)
    again = datetime.fromisoformat(shown[vain]["next_search_at"]) - datetime.now(UTC)
    assert timedelta(days=3, hours=23) < again <= timedelta(days=4)
    assert "3 searches in vain" in shown[vain]["why"]
    assert shown[waits]["cause"] == "newly_available"
    assert shown[waits]["next_search_at"] == shown[waits]["available_from"]
    assert (shown[unknown]["next_search_at"], shown[unknown]["cause"]) == (None, None)
    assert shown[unknown]["why"]


async def test_what_is_below_its_cutoff_is_listed_with_what_it_has(
    running_daemon: Any, database: Database
) -> None:
    below = await add(database, 1, "searched_at = now() - interval '3 days', searches_in_vain = 1")
    enough = await add(database, 2)
    await own(database, below, Quality.WEBDL_480P)
    await own(database, enough, Quality.BLURAY_1080P)
    await add(database, 3)
    found = await everything(running_daemon, "/api/wanted/cutoff", 100)
    assert [each["id"] for each in found] == [below]
    assert (found[0]["quality"], found[0]["cause"]) == ("WEBDL-480p", "cutoff_unmet")
    async with database.transaction() as conn:
        await conn.execute("UPDATE quality_profile SET cutoff_format_score = 10")
    found = await everything(running_daemon, "/api/wanted/cutoff", 1)
    assert [each["id"] for each in found] == [below, enough]
    assert found[1]["format_score"] == 0


async def test_a_search_that_waits_for_the_schedules_share_is_hastened_when_a_person_asks(
    running_daemon: Any, database: Database
) -> None:
    movie_id = await add(database, 1)
    request = WorkRequest(
        Queue.HDBITS,
        WorkKind.SEARCH_MOVIE,
        {"movie_id": movie_id, "cause": "missing"},
        f"movie:{movie_id}",
        Priority.BACKGROUND,
    )
    async with database.transaction() as conn:
        await submit(conn, request)
        await conn.execute("UPDATE work SET run_at = now() + interval '1 hour'")
    answer = await running_daemon.http.post(f"/api/movies/{movie_id}/search")
    assert answer.status_code == 202
    row = await database.fetch_one(
        "SELECT priority FROM work WHERE kind = 'search-movie' AND queue = 'hdbits'"
    )
    assert row is not None
    assert row[0] == Priority.PERSON_WAITS
