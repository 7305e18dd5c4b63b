from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from reeld.domain.edits import MovieEdit
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import NewMovie, Stage
from reeld.domain.quality import Quality
from reeld.storage import Database
from reeld.storage.repositories import browsing, edits, library, movies, roots
from reeld.storage.repositories.browsing import MovieFilter, MovieOrder

ROOT, OTHER = "/films", "/more"
TITLES = ("Zulu", "alien", "Alien", "Spider-Man: Home & Away", "Amélie", "The 'Burbs", "\\x & 'y")


async def shelve(database: Database) -> list[int]:
    ids = []
    async with database.transaction() as conn:
        await roots.add(conn, OTHER, ROOT)
        await conn.execute("INSERT INTO tag (label) VALUES ('a')")
        for number, title in enumerate(TITLES, 1):
            year = None if number == 1 else 2000 - number % 3
            movie, _ = await movies.add(conn, NewMovie(number, title, year))
            ids.append(movie.id)
        change = MovieEdit(monitored=False, root_folder=OTHER, tags=(1,), profile="HD-720p")
        await edits.edit(conn, ids[:2], change, default_root=ROOT)
        await library.record(conn, NewMovieFile(ids[2], ROOT, "a/b", 1, Quality.DVD))
        await movies.move(conn, ids[2], Stage.IN_LIBRARY, expected=tuple(Stage))
    return ids


async def found(database: Database, **which: Any) -> list[str]:
    listed = await browsing.page(database, MovieFilter(**which), default_root=ROOT)
    shown = await browsing.by_ids(database, [each.id for each in listed])
    return [each.title for each in shown]


async def test_each_filter_lets_its_movies_through_and_all_of_them_count(
    database: Database,
) -> None:
    await shelve(database)
    zulu, alien, owned = TITLES[:3]
    for which, there in (
        ({}, list(TITLES)),
        ({"stage": Stage.IN_LIBRARY}, [owned]),
        ({"monitored": False}, [zulu, alien]),
        ({"profile": "HD-720p"}, [zulu, alien]),
        ({"tag": 1}, [zulu, alien]),
        ({"tag": 99}, []),
        ({"year": 0}, [zulu]),
        ({"has_file": True}, [owned]),
        ({"root_folder": OTHER}, [zulu, alien]),
        ({"root_folder": ROOT, "has_file": True}, [owned]),
        ({"monitored": False, "year": 1998}, [alien]),
    ):
        assert await found(database, **which) == there, which


async def test_words_of_titles_are_found_whatever_is_typed(database: Database) -> None:
    await shelve(database)
    for text, there in (
        ("ali", ["alien", "Alien"]),
        ("ALIEN", ["alien", "Alien"]),
        ("home spider", ["Spider-Man: Home & Away"]),
        ("spider-man", ["Spider-Man: Home & Away"]),
        ("amé", ["Amélie"]),
        ("the burbs", ["The 'Burbs"]),
        ("lien", []),
    ):
        assert await found(database, text=text) == there, text
    for text in ("'", "\\", "&", "!", "a:*", "()", "' | '", "<->", "%", "' ; DROP TABLE movie; --"):
        assert len(await found(database, text=text)) <= len(TITLES)


async def test_pages_in_every_order_hold_each_movie_once(database: Database) -> None:
    ids = await shelve(database)
    for order in MovieOrder:
        for descending in (False, True):
            seen: list[Any] = []
            after = None
            while True:
                page = await browsing.page(
                    database,
                    MovieFilter(),
                    default_root=ROOT,
                    order=order,
                    descending=descending,
                    after=after,
                    limit=2,
                )
                seen += page
                if len(page) < 2:
                    break
                after = page[-1].place
            assert sorted(each.id for each in seen) == sorted(ids), order
            movies = await browsing.by_ids(database, [each.id for each in seen])
            keys = [
                {
                    MovieOrder.ID: each.id,
                    MovieOrder.YEAR: each.year or 0,
                    MovieOrder.ADDED: each.added_at,
                    MovieOrder.TITLE: 0,
                }[order]
                for each in movies
            ]
            assert keys == sorted(keys, reverse=descending)


async def test_a_page_walks_along_an_index_however_many_movies_there_are(
    database: Database,
) -> None:
    async with database.transaction() as conn:
        await conn.execute(
            "INSERT INTO movie (tmdb_id, title, year, profile) "
            "SELECT n, 'Movie ' || n, 1950 + n % 70, 'Any' FROM generate_series(1, 20000) n"
        )
    async with database.connection() as conn:
        await conn.execute("ANALYZE movie")
    asked: list[tuple[str, Any]] = []

    class Watched:
        async def execute(self, statement: str, params: Any) -> Any:
            asked.append((statement, params))
            raise StopAsyncIteration

    for order in MovieOrder:
        last = (await browsing.page(database, MovieFilter(), default_root=ROOT, order=order))[-1]
        for which in (MovieFilter(), MovieFilter(text="movie 777")):
            with suppress(StopAsyncIteration, RuntimeError):
                await browsing.page(
                    Watched(),  # type: ignore[arg-type]
                    which,
                    default_root=ROOT,
                    order=order,
                    after=last.place,
                )
    assert len(asked) == 2 * len(MovieOrder)
    for statement, params in asked:
        rows = await database.fetch_all("EXPLAIN (FORMAT JSON) " + statement, params)
        assert '"Seq Scan"' not in json.dumps(rows), statement
