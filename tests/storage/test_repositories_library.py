from __future__ import annotations

from typing import Any

import pytest

from reeld.domain.acquisition import AcquisitionState, FailureReason
from reeld.domain.availability import MinimumAvailability
from reeld.domain.edits import MovieEdit, MovieSettings, TagsMode
from reeld.domain.errors import InvalidField, NotFound, Refused
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import NewMovie, Stage
from reeld.domain.quality import Quality
from reeld.domain.release import NewRelease, Source
from reeld.storage import Database
from reeld.storage.repositories import (
    acquisitions,
    edits,
    exclusions,
    library,
    moves,
    movies,
    releases,
    removals,
    renames,
    roots,
)
from reeld.storage.repositories.removals import MovieBusy, RemovalStep
from reeld.storage.work import enqueue

ROOT, OTHER = "/films", "/more"


async def add(database: Database, tmdb_id: int, *, with_file: bool = True) -> int:
    async with database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(tmdb_id, f"Movie {tmdb_id}", 2000))
        if with_file:
            path = f"Movie {tmdb_id}/movie.mkv"
            await library.record(conn, NewMovieFile(movie.id, ROOT, path, 7, Quality.DVD))
            await movies.move(conn, movie.id, Stage.IN_LIBRARY, expected=tuple(Stage))
    return movie.id


async def work(database: Database) -> list[Any]:
    statement = "SELECT kind, args FROM work WHERE state = 'available' ORDER BY id"
    return [(kind, args) for kind, args in await database.fetch_all(statement)]


async def tag(database: Database, label: str) -> int:
    async with database.transaction() as conn:
        rows = await conn.execute("INSERT INTO tag (label) VALUES (%s) RETURNING id", (label,))
        return int((await rows.fetchone() or (0,))[0])


async def edit(database: Database, ids: list[int], change: MovieEdit, **more: Any) -> Any:
    async with database.transaction() as conn:
        return await edits.edit(conn, ids, change, default_root=ROOT, **more)


async def delete(database: Database, ids: list[int], **more: Any) -> Any:
    async with database.transaction() as conn:
        return await removals.remove_movies(conn, ids, **more)


async def test_what_an_edit_names_changes_and_the_rest_stays(database: Database) -> None:
    movie = await add(database, 1)
    change = MovieEdit(monitored=False, minimum_availability=MinimumAvailability.IN_CINEMAS)
    assert (await edit(database, [movie], change)).changed == (movie,)
    found = await edits.settings_of(database, [movie])
    available = MinimumAvailability.IN_CINEMAS
    assert found == {movie: MovieSettings(False, "Any", available, None, ())}
    again = await edit(database, [movie, 999], change)
    assert (again.changed, again.missing) == ((), (999,))
    events = await database.fetch_all("SELECT payload FROM event WHERE kind = 'movie.changed'")
    assert events == [({"movie_id": movie},)]


async def test_tags_are_added_taken_away_and_replaced(database: Database) -> None:
    movie = await add(database, 1)
    one, two, three = [await tag(database, label) for label in ("a", "b", "c")]
    for tags, mode, left in (
        ((two, one, one), TagsMode.ADD, (one, two)),
        ((three,), TagsMode.ADD, (one, two, three)),
        ((two, 999), TagsMode.REMOVE, (one, three)),
        ((two,), TagsMode.REPLACE, (two,)),
        ((), TagsMode.REPLACE, ()),
    ):
        await edit(database, [movie], MovieEdit(tags=tags, tags_mode=mode))
        assert (await edits.settings_of(database, [movie]))[movie].tags == left


async def test_an_edit_of_many_movies_is_made_whole_or_not_at_all(database: Database) -> None:
    ids = [await add(database, number) for number in (1, 2)]
    for change in (
        MovieEdit(monitored=False, profile="Best"),
        MovieEdit(monitored=False, root_folder="/nowhere"),
        MovieEdit(monitored=False, tags=(4711,)),
    ):
        with pytest.raises(Refused):
            await edit(database, ids, change)
    assert all(each.monitored for each in (await edits.settings_of(database, ids)).values())
    assert (await edit(database, ids, MovieEdit(monitored=False))).changed == tuple(ids)


async def test_files_follow_only_when_that_is_asked_for(database: Database) -> None:
    moving, resting = await add(database, 1), await add(database, 2, with_file=False)
    async with database.transaction() as conn:
        await roots.add(conn, OTHER, ROOT)
    change = MovieEdit(root_folder=OTHER)
    assert (await edit(database, [moving, resting], change)).moving == ()
    assert await work(database) == []
    there = await edit(database, [moving, resting], change, move_files=True)
    assert there.moving == (moving,)
    assert await work(database) == [("move-files", {"movie_id": moving})]


async def test_a_root_folder_in_use_stays_and_the_one_of_the_settings_too(
    database: Database,
) -> None:
    movie = await add(database, 1)
    async with database.transaction() as conn:
        added, is_new = await roots.add(conn, OTHER, ROOT)
        assert (is_new, await roots.add(conn, OTHER, ROOT)) == (True, (added, False))
    await edit(database, [movie], MovieEdit(root_folder=OTHER))
    async with database.transaction() as conn:
        for number in (roots.DEFAULT_ID, added.id):
            with pytest.raises(Refused):
                await roots.remove(conn, number)
    await edit(database, [movie], MovieEdit(root_folder=ROOT))
    async with database.transaction() as conn:
        assert await roots.remove(conn, added.id)
        assert not await roots.remove(conn, added.id)
        with pytest.raises(InvalidField):
            await roots.require(conn, OTHER, ROOT)


async def test_a_deleted_movie_leaves_its_file_where_it_is_unless_asked(database: Database) -> None:
    kept, gone = await add(database, 1), await add(database, 2)
    assert (await delete(database, [kept])).files == ()
    removed = await delete(database, [gone, 999], with_files=True, exclude=True)
    assert (removed.movies, removed.missing) == ((gone,), (999,))
    (number,) = removed.files
    assert await work(database) == [("remove-file", {"removal_id": number})]
    removal = await removals.get(database, number)
    assert removal is not None
    assert (removal.root_folder, removal.relative_path) == (ROOT, "Movie 2/movie.mkv")
    assert removal.step is RemovalStep.PLANNED
    assert await removals.holds(database, ROOT, "Movie 2/movie.mkv")
    assert not await removals.holds(database, ROOT, "Movie 1/movie.mkv")
    assert await exclusions.is_excluded(database, 2)
    assert not await exclusions.is_excluded(database, 1)
    assert await movies.page(database) == []
    told = await database.fetch_all("SELECT movie_id, kind FROM history ORDER BY id")
    assert told == [(kept, "removed"), (gone, "removed")]


async def test_what_was_being_fetched_is_given_up_and_leaves_the_client(database: Database) -> None:
    movie = await add(database, 1, with_file=False)
    async with database.transaction() as conn:
        (seen,) = await releases.upsert(conn, [NewRelease(Source.HDBITS, "hdbits", "1", "Movie")])
        release = await releases.get(conn, seen.id)
        assert release is not None
        number = await acquisitions.intend(conn, movie, release)
        assert number is not None
        await acquisitions.store_torrent(conn, number, b"torrent", "ab" * 20)
        await acquisitions.move(conn, number, AcquisitionState.SENT, ours=True)
        await conn.execute(
            "INSERT INTO work (queue, kind, movie_id) VALUES ('hdbits', 'search-movie', %s)",
            (movie,),
        )
    await delete(database, [movie])
    args = {"acquisition_id": number, "infohash": "ab" * 20, "ours": True}
    assert await work(database) == [("drop-torrent", args)]
    moved = await database.fetch_all(
        "SELECT payload->>'state' FROM event WHERE kind = 'acquisition.moved' ORDER BY id"
    )
    assert moved[-1] == (FailureReason.MOVIE_REMOVED and "failed",)
    assert await releases.get(database, seen.id) is not None


async def test_a_movie_whose_files_are_under_way_is_not_deleted(database: Database) -> None:
    movie, other = await add(database, 1), await add(database, 2)
    async with database.transaction() as conn:
        await roots.add(conn, OTHER, ROOT)
    await edit(database, [movie], MovieEdit(root_folder=OTHER), move_files=True)
    (file,) = await library.by_movie(database, movie)
    async with database.transaction() as conn:
        await moves.plan(conn, file, OTHER)
    with pytest.raises(MovieBusy):
        await delete(database, [movie, other], with_files=True)
    assert len(await movies.page(database)) == 2
    assert await moves.is_moving(database, movie)


async def test_a_movie_whose_file_is_being_renamed_is_left_alone_until_that_is_done(
    database: Database,
) -> None:
    movie, other = await add(database, 1), await add(database, 2)
    (file,) = await library.by_movie(database, movie)
    args = {"movie_id": movie, "files": [file.id]}
    async with database.transaction() as conn:
        planned = await renames.plan(conn, file, "Movie 1/new.mkv", size=1, inode=2**64 - 1)
        assert not await moves.is_moving(conn, movie), "nobody works on it"
        await enqueue(conn, "importer", "rename-files", args, unique_key=f"movie:{movie}:1")
    assert await renames.open_of_movie(database, movie) == [planned]
    assert await moves.is_moving(database, movie)
    assert not await moves.is_moving(database, other)
    with pytest.raises(MovieBusy):
        await delete(database, [movie], with_files=True)
    async with database.transaction() as conn:
        await renames.record(conn, planned)
    assert not await moves.is_moving(database, movie)
    (after,) = await library.by_movie(database, movie)
    assert (after.id, after.relative_path) == (file.id, "Movie 1/new.mkv")
    with pytest.raises(NotFound):
        async with database.transaction() as conn:
            await renames.record(conn, planned)


async def test_a_file_that_is_removed_makes_its_movie_wanted_again(database: Database) -> None:
    movie = await add(database, 1)
    (file,) = await library.by_movie(database, movie)
    async with database.transaction() as conn:
        removed = await removals.remove_file(conn, file.id)
        assert removed is not None
        assert len(removed.files) == 1
        assert await removals.remove_file(conn, file.id) is None
    found = await movies.get(database, movie)
    assert found is not None
    assert found.stage is Stage.WANTED
    assert await library.by_movie(database, movie) == []


async def test_an_exclusion_is_listed_and_taken_back(database: Database) -> None:
    async with database.transaction() as conn:
        first = await exclusions.add(conn, 1, "One", 2001)
        await exclusions.add(conn, 2, "Two")
        assert (await exclusions.add(conn, 1, "Uno", 2001)).id == first.id
    assert [each.title for each in await exclusions.page(database)] == ["Uno", "Two"]
    async with database.transaction() as conn:
        assert await exclusions.remove(conn, first.id)
        assert not await exclusions.remove(conn, first.id)
    assert not await exclusions.is_excluded(database, 1)
