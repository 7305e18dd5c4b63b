"""The tenth migration, on a database with the rows of a release before it."""

from __future__ import annotations

from typing import Any

from reeld.migrations import bundled_migrations, migrate
from reeld.storage import TrioConnection


async def test_movies_of_before_keep_their_searches_and_enter_the_schedule(
    empty_database_url: str,
) -> None:
    bundled = bundled_migrations()
    before = [each for each in bundled if each.number < 10]
    await migrate(empty_database_url, before)
    conn = await TrioConnection.connect(empty_database_url)

    async def rows(statement: str) -> list[tuple[Any, ...]]:
        return await (await conn.execute(statement)).fetchall()

    await conn.execute(
        "INSERT INTO movie (tmdb_id, title, profile, stage, searched_at) VALUES"
        " (1, 'Never', 'Any', 'wanted', NULL), (2, 'In vain', 'HD-1080p', 'searched', now()),"
        " (3, 'Taken', 'Any', 'downloading', now())"
    )
    assert await migrate(empty_database_url, bundled) == list(bundled[9:])
    assert await rows("SELECT title, searches_in_vain, scheduled_at FROM movie ORDER BY id") == [
        ("Never", 0, None),
        ("In vain", 1, None),
        ("Taken", 0, None),
    ]
    changed = "SELECT title FROM movie WHERE names_xid = pg_current_xact_id() ORDER BY id"
    async with conn.transaction():
        await conn.execute("UPDATE movie SET progress = 0.5, title = title, searched_at = now()")
        assert await rows(changed) == []
        await conn.execute("UPDATE movie SET monitored = false WHERE tmdb_id = 2")
        assert await rows(changed) == [("In vain",)]
    await conn.close()
