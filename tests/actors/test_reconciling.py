"""After a restore: the library is looked at before anybody acts, and only then."""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from reeld.actors.importer._folders import Folder
from reeld.actors.reconciling import reconcile
from reeld.domain.custom_format import from_radarr
from reeld.domain.errors import Unavailable
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import Stage
from reeld.domain.quality import Quality
from reeld.domain.settings import Settings
from reeld.simulators import OFFERS, World
from reeld.storage import Database
from reeld.storage.repositories import formats, library

FILM = OFFERS[0].film


@pytest.fixture
async def restored(database: Database) -> AsyncIterator[Database]:
    """A database that came from a backup, before anybody may use it."""
    await database.execute("INSERT INTO restoration (backup, taken_at) VALUES ('reeld-x', now())")
    yield database
    database.hold_back(None)


@pytest.fixture
def root(settings: Settings) -> Path:
    settings.library.root_folder.mkdir()
    return settings.library.root_folder


def put(root: Path, film: Any, name: str, size: int = 1000) -> Path:
    folder = root / f"{film.title} ({film.year})"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x" * size)
    return folder / name


async def test_without_a_restore_nothing_is_looked_at(
    database: Database, settings: Settings
) -> None:
    assert await reconcile(database, settings) is None


async def test_a_file_that_no_row_knows_becomes_the_movies_although_calls_are_held_back(
    restored: Database, rows: Any, settings: Settings, root: Path
) -> None:
    movie_id = await rows.add_movie(FILM)
    put(root, FILM, "sample.mkv", 9)
    (root / f"{FILM.title} ({FILM.year})" / "subtitle.srt").write_text("x" * 5000)
    file = put(root, FILM, f"{FILM.title} ({FILM.year}) Bluray-1080p.mkv")
    restored.hold_back("The database is being prepared.")
    assert await reconcile(restored, settings) == 1
    restored.hold_back(None)
    (known,) = await library.by_movie(restored, movie_id)
    assert root / known.relative_path == file
    assert known.quality is Quality.by_label("Bluray-1080p")
    assert (await rows.movie(movie_id)).stage is Stage.IN_LIBRARY
    assert "found" in await rows.history(movie_id)
    assert await reconcile(restored, settings) is None


async def test_a_file_that_was_replaced_since_takes_the_place_of_its_row(
    restored: Database, rows: Any, settings: Settings, root: Path
) -> None:
    movie_id = await rows.add_movie(FILM)
    folder = f"{FILM.title} ({FILM.year})"
    old = NewMovieFile(movie_id, str(root), f"{folder}/old.mkv", 5, Quality.by_label("HDTV-720p"))
    async with restored.transaction() as conn:
        await library.record(conn, old)
    put(root, FILM, "new Bluray-1080p.mkv")
    assert await reconcile(restored, settings) == 1
    (known,) = await library.by_movie(restored, movie_id)
    assert known.relative_path == f"{folder}/new Bluray-1080p.mkv"


async def test_a_file_that_is_where_its_row_says_is_left_alone_and_so_is_what_hides_behind_a_link(
    restored: Database, rows: Any, settings: Settings, root: Path, tmp_path: Path
) -> None:
    movie_id = await rows.add_movie(FILM)
    folder = f"{FILM.title} ({FILM.year})"
    here = NewMovieFile(movie_id, str(root), f"{folder}/a.mkv", 5, Quality.by_label("HDTV-720p"))
    async with restored.transaction() as conn:
        await library.record(conn, here)
    put(root, FILM, "a.mkv")
    put(root, FILM, "b.mkv", 9000)
    other = next(offer.film for offer in OFFERS if offer.film is not FILM)
    await rows.add_movie(other)
    outside = put(tmp_path, other, "movie.mkv").parent
    (root / outside.name).symlink_to(outside)
    assert await reconcile(restored, settings) == 0
    (known,) = await library.by_movie(restored, movie_id)
    assert known.relative_path == f"{folder}/a.mkv"


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_library_that_cannot_be_looked_at_is_waited_for(
    restored: Database, rows: Any, settings: Settings, is_there: bool
) -> None:
    root = settings.library.root_folder
    if is_there:
        root.mkdir()  # an empty mount point
    movie_id = await rows.add_movie(FILM)
    here = NewMovieFile(movie_id, str(root), "x/a.mkv", 5, Quality.by_label("HDTV-720p"))
    async with restored.transaction() as conn:
        await library.record(conn, here)
    with pytest.raises(Unavailable, match="Mount its disk") as waits:
        await reconcile(restored, settings)
    assert waits.value.reason == "library_not_observed"
    root.mkdir(exist_ok=True)
    put(root, FILM, "a.mkv")
    assert await reconcile(restored, settings) == 1


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EMFILE])
async def test_a_folder_that_cannot_be_read_is_not_taken_for_one_that_is_not_there(
    restored: Database,
    rows: Any,
    settings: Settings,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    known: bool,
    number: int,
) -> None:
    movie_id = await rows.add_movie(FILM)
    file = put(root, FILM, "a.mkv")
    if known:
        path = f"{file.parent.name}/a.mkv"
        here = NewMovieFile(movie_id, str(root), path, 5, Quality.by_label("HDTV-720p"))
        async with restored.transaction() as conn:
            await library.record(conn, here)

    def fail(_: Folder, name: str) -> Folder:
        raise OSError(number, os.strerror(number), name)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "child", fail)
        with pytest.raises(Unavailable, match=os.strerror(number)) as waits:
            await reconcile(restored, settings)
    assert waits.value.reason == "library_not_observed"
    assert await reconcile(restored, settings) == (0 if known else 1)


async def test_what_was_only_decided_on_is_given_up_for_the_file_that_is_there(
    restored: Database, rows: Any, settings: Settings, root: Path, world: World
) -> None:
    release = next(iter(world.releases.values()))
    movie_id = await rows.add_movie(release.offer.film)
    acquisition_id = await rows.intend(movie_id, release)
    put(root, release.offer.film, "movie.mkv")
    assert await reconcile(restored, settings) == 1
    acquisition = await rows.acquisition(acquisition_id)
    assert (acquisition.state, acquisition.failure) == ("failed", "superseded")
    assert (await rows.movie(movie_id)).stage is Stage.IN_LIBRARY
    assert await restored.fetch_all("SELECT * FROM blocklist") == []


async def test_the_formats_of_a_found_file_are_those_of_its_name_and_stay(
    restored: Database, rows: Any, settings: Settings, root: Path
) -> None:
    movie_id = await rows.add_movie(FILM)
    fields = {"value": "DTS"}
    document = {
        "name": "DTS",
        "specifications": [
            {
                "name": "DTS",
                "implementation": "ReleaseTitleSpecification",
                "negate": False,
                "required": True,
                "fields": fields,
            }
        ],
    }
    async with restored.transaction() as conn:
        number = await formats.save(conn, from_radarr(document))
        await conn.execute(
            "INSERT INTO profile_format_score SELECT id, %s, 70 FROM quality_profile", (number,)
        )
    put(root, FILM, f"{FILM.title} ({FILM.year}) Bluray-1080p DTS-GRP.mkv")
    assert await reconcile(restored, settings) == 1
    (known,) = await library.by_movie(restored, movie_id)
    assert known.formats is not None
    assert [each.name for each in known.formats] == ["DTS"]
    assert (known.format_score, known.release_group) == (70, "GRP")
