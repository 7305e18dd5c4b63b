from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from structlog.testing import capture_logs

from reeld.actors.importer import ImportActor, _journal, _progress, _roots, _run
from reeld.actors.importer._failures import VerificationFailed
from reeld.actors.kernel import BreakerConfig
from reeld.actors.resources import Resources
from reeld.domain.acquisition import (
    GONE_POLLS,
    AcquisitionState,
    DownloadedFile,
    FailureReason,
    ImportStep,
    LinkKind,
)
from reeld.domain.custom_format import FormatMatch
from reeld.domain.history import HistoryKind
from reeld.domain.library import NewMovieFile
from reeld.domain.messages import Sweep
from reeld.domain.movie import NewMovie, Stage
from reeld.domain.quality import Quality, Revision
from reeld.domain.release import NewRelease, Source
from reeld.domain.settings import ImportMode
from reeld.simulators.matroska import Matroska
from reeld.storage.repositories import (
    acquisitions,
    blocklist,
    history,
    imports,
    library,
    movies,
    releases,
)
from reeld.storage.repositories import downloads as download_rows
from reeld.storage.work import WorkItem, WorkState

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]
TITLE = "Movie.2020.1080p.BluRay.x264-GRP"
FINAL = "Movie (2020)/Movie (2020) Bluray-1080p.mkv"
HASH = "ab" * 20


def video(path: Path, *, seconds: float = 6000, width: int = 1920, height: int = 1080) -> bytes:
    movie = Matroska("Movie", seconds, width, height, 50_000)
    content = b"".join(movie.block(index) for index in range(movie.blocks))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return content


@dataclass
class Story:
    """A movie whose release was downloaded, and what becomes of it."""

    resources: Resources
    downloads: Path
    root: Path
    movie_id: int
    acquisition_id: int
    work_id: int

    @property
    def source(self) -> Path:
        return self.downloads / TITLE / "movie.mkv"

    @property
    def final(self) -> Path:
        return self.root / FINAL

    async def work(self) -> WorkItem:
        found = await self.resources.work.get(self.work_id)
        assert found is not None
        return found

    async def acquisition(self) -> Any:
        return await acquisitions.get(self.resources.database, self.acquisition_id)

    async def movie(self) -> Any:
        return await movies.get(self.resources.database, self.movie_id)

    async def journal(self) -> Any:
        rows = await imports.of_acquisition(self.resources.database, self.acquisition_id)
        return rows[-1] if rows else None

    async def files(self) -> list[Any]:
        return await library.by_movie(self.resources.database, self.movie_id)

    async def events(self) -> list[tuple[str, Any]]:
        """Return the facts that others react to, without the steps on the way."""
        rows = await self.resources.database.fetch_all(
            "SELECT kind, payload FROM event WHERE kind !~ '(moved|stepped)$' ORDER BY position NULLS LAST, kind"
        )
        return [(kind, payload) for kind, payload in rows]

    async def told(self) -> list[HistoryKind]:
        entries = await history.page(self.resources.database, movie_id=self.movie_id)
        return [entry.kind for entry in reversed(entries)]

    async def is_(self, state: WorkState) -> bool:
        return (await self.work()).state is state

    async def snoozed(self) -> bool:
        return (await self.work()).snoozes > 0


async def add_movie(resources: Resources, tmdb_id: int = 1, **more: Any) -> int:
    async with resources.database.transaction() as conn:
        movie, _ = await movies.add(
            conn, NewMovie(tmdb_id, "Movie", 2020, runtime_minutes=100, **more)
        )
    return movie.id


async def downloaded(
    resources: Resources, movie_id: int, downloads: Path, sizes: dict[str, int]
) -> int:
    """Take a release as far as the download client does."""
    async with resources.database.transaction() as conn:
        (seen,) = await releases.upsert(
            conn, [NewRelease(Source.HDBITS, "hdbits", f"guid-{movie_id}", TITLE, size=50_000)]
        )
        release = await releases.get(conn, seen.id)
        assert release is not None
        acquisition_id = await acquisitions.intend(conn, movie_id, release)
        assert acquisition_id is not None
        await acquisitions.store_torrent(conn, acquisition_id, b"torrent", HASH)
        await acquisitions.move(conn, acquisition_id, AcquisitionState.SENT)
        await acquisitions.move(
            conn,
            acquisition_id,
            AcquisitionState.COMPLETE,
            save_path=str(downloads),
            content_path=str(downloads / TITLE),
            files=[DownloadedFile(f"{TITLE}/{name}", size) for name, size in sizes.items()],
        )
        await movies.advance(conn, movie_id, Stage.DOWNLOADING)
    return acquisition_id


async def ask(resources: Resources, acquisition_id: int) -> int:
    async with resources.database.transaction() as conn:
        work_id = await resources.work.enqueue(
            conn, "importer", "import", {"acquisition_id": acquisition_id}
        )
    assert work_id is not None
    return work_id


@pytest.fixture
async def story(resources: Resources, tmp_path: Path) -> Story:
    downloads, root = tmp_path / "downloads", tmp_path / "library"
    root.mkdir()
    content = video(downloads / TITLE / "movie.mkv")
    movie_id = await add_movie(resources)
    acquisition_id = await downloaded(
        resources, movie_id, downloads, {"movie.mkv": len(content), "movie.nfo": 5}
    )
    work_id = await ask(resources, acquisition_id)
    return Story(resources, downloads, root, movie_id, acquisition_id, work_id)


@pytest.fixture
def actor(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> Callable[[], ImportActor]:
    monkeypatch.setattr(ImportActor, "sweep_seconds", 0.1)
    monkeypatch.setattr(_roots, "CONFIG", replace(_roots.CONFIG, open_seconds=0.2))
    return lambda: ImportActor(resources)


def with_settings(story: Story, **library_settings: Any) -> None:
    current = story.resources.settings.current
    changed = replace(current, library=replace(current.library, **library_settings))
    story.resources.settings.replace(changed)


async def test_a_finished_download_becomes_the_movies_file(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    with capture_logs() as logs:
        async with run_actor(actor):
            await eventually(lambda: story.is_(WorkState.DONE))

    assert story.final.samefile(story.source)
    movie, acquisition, journal = (
        await story.movie(),
        await story.acquisition(),
        await story.journal(),
    )
    assert (movie.stage, movie.progress, movie.stage_note) == (Stage.IN_LIBRARY, 1.0, "")
    assert acquisition.state is AcquisitionState.IMPORTED
    assert (journal.step, journal.link) == (ImportStep.DONE, LinkKind.HARDLINK)
    (file,) = await story.files()
    assert (file.relative_path, file.quality) == (FINAL, Quality.BLURAY_1080P)
    assert (file.release_group, file.infohash) == ("GRP", HASH)
    assert file.media.runtime_seconds == pytest.approx(6000, abs=1)
    assert await story.told() == [HistoryKind.IMPORTED]
    ((kind, payload),) = await story.events()
    assert (kind, payload["quality"]) == ("movie.imported", Quality.BLURAY_1080P.label)
    # The dispatcher logs the event; a line of the importer's own would be the same news twice.
    assert "movie_imported" not in {entry["event"] for entry in logs}
    (marking,) = await story.resources.work.list(queue="qbit")
    assert (marking.kind, marking.args) == (
        "mark-imported",
        {"acquisition_id": story.acquisition_id},
    )
    value = story.resources.metrics.value
    assert value("reeld_import_files_total", method="hardlink") == 1
    assert value("reeld_imports_total", outcome="imported") == 1


async def test_formats_score_and_group_are_those_of_the_grab_whatever_the_file_is_called(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    found = [{"id": 7, "name": "HDR"}, {"id": 9, "name": "Remux Tier 1"}]
    await story.resources.database.execute(
        "UPDATE acquisition SET formats = %s, format_score = 1750, release_group = 'FraMeSToR'",
        (Jsonb(found),),
    )
    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))
    (file,) = await story.files()
    assert "FraMeSToR" not in file.relative_path
    assert file.formats == (FormatMatch(7, "HDR"), FormatMatch(9, "Remux Tier 1"))
    assert (file.format_score, file.release_group) == (1750, "FraMeSToR")


async def test_asking_twice_imports_once(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))
        story.work_id = await ask(story.resources, story.acquisition_id)
        await eventually(lambda: story.is_(WorkState.DONE))

    assert len(await story.files()) == 1
    assert await story.told() == [HistoryKind.IMPORTED]


async def give_old_file(
    story: Story, path: str, quality: Quality = Quality.WEBDL_720P, **more: Any
) -> Path:
    old = story.root / path
    old.parent.mkdir(parents=True, exist_ok=True)
    old.write_bytes(b"the old movie")
    new = NewMovieFile(story.movie_id, str(story.root), path, 13, quality, **more)
    async with story.resources.database.transaction() as conn:
        await library.record(conn, new)
    return old


@pytest.mark.parametrize("path", [FINAL, "Movie (2020)/Movie (2020) WEBDL-720p.mkv"])
async def test_an_upgrade_keeps_the_old_file_in_the_recycle_folder(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually, path: str
) -> None:
    await give_old_file(story, path)

    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))

    assert story.final.samefile(story.source)
    (kept,) = (story.root / ".recycle").rglob("*.mkv")
    assert kept.read_bytes() == b"the old movie"
    assert sorted(p.name for p in story.final.parent.iterdir()) == [Path(FINAL).name]
    (file,) = await story.files()
    assert file.relative_path == FINAL
    assert (await story.journal()).recycle_path == str(kept)
    assert await story.told() == [HistoryKind.IMPORTED, HistoryKind.FILE_RETIRED]
    assert ("file.retired", {"movie_id": story.movie_id, "path": str(story.root / path)}) in (
        await story.events()
    )


async def test_a_resolution_that_was_promised_is_held_against_the_file(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    video(story.source, width=1280, height=720)

    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))

    (file,) = await story.files()
    assert file.quality is Quality.BLURAY_720P
    assert file.relative_path == "Movie (2020)/Movie (2020) Bluray-720p.mkv"
    ((_, payload),) = await story.events()
    assert (payload["promised"], payload["quality"]) == ("Bluray-1080p", "Bluray-720p")
    assert payload["replaced"] is None


async def test_an_import_tells_what_it_replaced(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    revision = Revision(real=1, version=2, is_repack=True)
    old = await give_old_file(
        story, "Movie (2020)/old.mkv", revision=revision, acquisition_id=story.acquisition_id
    )

    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))

    assert not old.exists()
    (payload,) = [told for kind, told in await story.events() if kind == "movie.imported"]
    assert payload["revision"] == {"real": 0, "version": 1, "is_repack": False}
    assert payload["replaced"] == {
        "acquisition_id": story.acquisition_id,
        "quality": "WEBDL-720p",
        "revision": {"real": 1, "version": 2, "is_repack": True},
    }


async def test_strict_mode_copies_what_is_replaced_to_a_recycle_folder_on_another_disk(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually, other_disk: Path
) -> None:
    path = "Movie (2020)/Movie (2020) WEBDL-720p.mkv"
    await give_old_file(story, path)
    content = (story.root / path).read_bytes()
    with_settings(story, recycle_folder=other_disk / "bin", import_mode=ImportMode.STRICT)

    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))

    (kept,) = (other_disk / "bin").rglob("*.mkv")
    assert kept.read_bytes() == content
    assert story.final.samefile(story.source)
    assert not (story.root / path).exists()


async def test_a_file_that_is_worse_than_promised_replaces_nothing_better(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    old = await give_old_file(story, "Movie (2020)/old.mkv", Quality.WEBDL_1080P)
    video(story.source, width=640, height=360)

    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))

    assert old.read_bytes() == b"the old movie"
    assert (await story.acquisition()).failure is FailureReason.WRONG_CONTENT
    ((_, payload),) = await story.events()
    assert (payload["reason"], payload["cause"]) == ("wrong_content", "worse_than_promised")


async def spoil_sample(story: Story) -> None:
    video(story.source, seconds=60)


async def spoil_link(story: Story) -> None:
    story.source.rename(story.downloads / "elsewhere.mkv")
    story.source.symlink_to(story.downloads / "elsewhere.mkv")


async def spoil_content(story: Story) -> None:
    story.source.write_bytes(os.urandom(50_000))


@pytest.mark.parametrize(
    ("spoil", "failure"),
    [
        (spoil_sample, FailureReason.SAMPLE_ONLY),
        (spoil_link, FailureReason.TORRENT_UNSAFE),
        (spoil_content, FailureReason.UNREADABLE),
    ],
)
async def test_a_download_that_is_no_movie_is_blocked_and_the_next_best_looked_for(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually, spoil: Any, failure: Any
) -> None:
    await spoil(story)

    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))

    acquisition, movie = await story.acquisition(), await story.movie()
    assert (acquisition.state, acquisition.failure) == (AcquisitionState.FAILED, failure)
    assert movie.stage is Stage.SEARCHED
    assert movie.stage_note
    (blocked,) = await blocklist.by_movie(story.resources.database, story.movie_id)
    assert (blocked.indexer, blocked.infohash) == ("hdbits", HASH)
    assert await story.told() == [HistoryKind.IMPORT_FAILED]
    payload = {
        "movie_id": story.movie_id,
        "acquisition_id": story.acquisition_id,
        "reason": str(failure),
    }
    [(kind, told)] = await story.events()
    assert (kind, told | payload) == ("download.failed", told)
    assert list(story.root.iterdir()) == []
    assert story.resources.metrics.value("reeld_imports_total", outcome="rejected") == 1


async def test_a_download_that_is_not_here_waits_and_blames_nobody(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    story.downloads.rename(story.downloads.with_name("unmounted"))

    async with run_actor(actor):
        await eventually(story.snoozed)

    work, movie = await story.work(), await story.movie()
    assert (work.reason, work.attempt) == ("download_folder_missing", 0)
    assert movie.stage is Stage.IMPORTING
    assert "mount it" in movie.stage_note
    value = story.resources.metrics.value
    assert value("reeld_imports_total", outcome="failed") == 1
    assert value("reeld_import_failures_total", reason="download_folder_missing") == 1
    assert await blocklist.by_movie(story.resources.database, story.movie_id) == []


@pytest.mark.parametrize("planned", [False, True])
async def test_a_download_that_was_removed_with_its_files_is_given_up(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually, planned: bool
) -> None:
    if planned:
        story.root.rmdir()
        async with run_actor(actor):
            await eventually(story.snoozed)
        assert (await story.journal()).step is ImportStep.PLANNED
        story.root.mkdir()
    shutil.rmtree(story.downloads / TITLE)
    async with story.resources.database.transaction() as conn:
        await conn.execute("UPDATE work SET run_at = now()")
        for _ in range(GONE_POLLS):
            await download_rows.note_missed(conn, story.acquisition_id)

    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))

    acquisition, movie = await story.acquisition(), await story.movie()
    assert acquisition.failure is FailureReason.REMOVED_BY_USER
    assert (movie.stage, "removed" in movie.stage_note) == (Stage.SEARCHED, True)
    assert [kind for kind, _ in await story.events()] == ["download.failed"]


async def test_a_torrent_that_was_removed_without_its_files_is_imported(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    async with story.resources.database.transaction() as conn:
        for _ in range(GONE_POLLS):
            await download_rows.note_missed(conn, story.acquisition_id)

    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))

    assert story.final.samefile(story.source)
    assert (await story.acquisition()).state is AcquisitionState.IMPORTED


async def test_files_that_are_gone_while_the_client_has_the_torrent_are_waited_for(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    shutil.rmtree(story.downloads / TITLE)

    async with run_actor(actor):
        await eventually(story.snoozed)

    assert (await story.work()).reason == "download_missing"
    assert (await story.acquisition()).state is AcquisitionState.COMPLETE


async def test_a_root_folder_that_comes_back_is_noticed_without_anybodys_help(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    story.root.rmdir()

    async with run_actor(actor) as cell:
        await eventually(story.snoozed)
        (breaker,) = cell.breakers.values()
        assert breaker.name == f"importer:{story.root}"
        assert breaker.state != "closed"
        assert (await story.work()).reason == "root_missing"
        story.root.mkdir()
        await eventually(lambda: story.is_(WorkState.DONE))
        assert breaker.state == "closed"

    assert story.final.samefile(story.source)


@pytest.mark.parametrize(
    ("number", "reason"), [(errno.ENOSPC, "disk_full"), (errno.EROFS, "read_only")]
)
async def test_a_library_that_is_full_or_read_only_is_waited_for_and_blames_nobody(
    story: Story,
    actor: Any,
    run_actor: Any,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    reason: str,
) -> None:
    create, link = os.open, os.link
    is_broken = True

    def broken_open(path: Any, flags: int, *args: Any, **more: Any) -> int:
        if is_broken and flags & os.O_CREAT and ".reeld-" in os.fspath(path):
            raise OSError(number, os.strerror(number))
        return create(path, flags, *args, **more)

    def broken_link(*args: Any, **more: Any) -> None:
        if is_broken:
            raise OSError(number, os.strerror(number))
        link(*args, **more)

    monkeypatch.setattr(os, "open", broken_open)
    monkeypatch.setattr(os, "link", broken_link)
    async with run_actor(actor) as cell:
        await eventually(story.snoozed)
        (breaker,) = cell.breakers.values()
        assert breaker.state != "closed"
        work = await story.work()
        assert (work.reason, work.attempt) == (reason, 0)
        assert list(story.root.rglob("*.mkv")) == []
        assert await blocklist.by_movie(story.resources.database, story.movie_id) == []
        is_broken = False
        await eventually(lambda: story.is_(WorkState.DONE))
        assert breaker.state == "closed"
    assert story.final.samefile(story.source)


async def test_one_broken_root_folder_does_not_hold_up_another(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually, tmp_path: Path
) -> None:
    other = await add_movie(story.resources, 2, root_folder=str(tmp_path / "gone"))
    acquisition_id = await downloaded_again(story, other)
    broken = replace(story, work_id=await ask(story.resources, acquisition_id))

    async with run_actor(actor):
        await eventually(broken.snoozed)
        await eventually(lambda: story.is_(WorkState.DONE))

    assert not (tmp_path / "gone").exists()


async def downloaded_again(story: Story, movie_id: int) -> int:
    """Give another movie the same files under another torrent."""
    async with story.resources.database.transaction() as conn:
        await conn.execute("UPDATE acquisition SET infohash = %s", ("cd" * 20,))
    sizes = {"movie.mkv": story.source.stat().st_size}
    return await downloaded(story.resources, movie_id, story.downloads, sizes)


async def test_strict_mode_waits_and_tells_the_remedy(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually, other_disk: Path
) -> None:
    with_settings(story, root_folder=other_disk, import_mode=ImportMode.STRICT)

    async with run_actor(actor):
        await eventually(story.snoozed)

        assert (await story.work()).reason == "cross_device"
        assert "one volume for both" in (await story.movie()).stage_note
        with_settings(story, import_mode=ImportMode.HARDLINK)
        await story.resources.work.wake("importer")
        await eventually(lambda: story.is_(WorkState.DONE))

    assert (await story.journal()).link is LinkKind.COPY
    fallbacks = story.resources.metrics.value("reeld_import_fallbacks_total", reason="cross_device")
    assert fallbacks == 1


async def test_a_download_that_was_given_up_is_not_imported(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    async with story.resources.database.transaction() as conn:
        await acquisitions.move(
            conn,
            story.acquisition_id,
            AcquisitionState.FAILED,
            failure=FailureReason.REMOVED_BY_USER,
        )

    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))

    assert await story.files() == []
    assert list(story.root.iterdir()) == []


async def test_a_download_that_is_given_up_after_its_file_was_placed_stays_in_the_library(
    story: Story,
    actor: Any,
    run_actor: Any,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = _journal.verified

    async def meanwhile(database: Any, journal: Any) -> Any:
        async with database.transaction() as conn:
            await acquisitions.move(
                conn,
                story.acquisition_id,
                AcquisitionState.FAILED,
                failure=FailureReason.REMOVED_BY_USER,
            )
        return await real(database, journal)

    monkeypatch.setattr(_journal, "verified", meanwhile)

    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DONE))

    assert (await story.acquisition()).state is AcquisitionState.FAILED
    assert (await story.movie()).stage is Stage.IN_LIBRARY
    assert len(await story.files()) == 1


async def test_the_file_of_another_movie_is_never_replaced(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    other = await add_movie(story.resources, 2)
    theirs = await give_old_file(replace(story, movie_id=other), FINAL)

    async with run_actor(actor):
        await eventually(lambda: story.is_(WorkState.DEAD))

    assert theirs.read_bytes() == b"the old movie"
    assert (await story.work()).reason == "name_taken"
    assert "{TmdbId}" in (await story.movie()).stage_note


async def test_a_file_that_is_not_the_downloaded_one_is_placed_again(
    story: Story,
    actor: Any,
    run_actor: Any,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, calls = _run.verify, []

    def doubt(*arguments: Any) -> int:
        calls.append(1)
        if len(calls) == 1:
            raise VerificationFailed("It is not.")
        return real(*arguments)

    monkeypatch.setattr(_run, "verify", doubt)

    async with run_actor(actor):

        async def failed_once() -> bool:
            return len((await story.work()).errors) == 1

        await eventually(failed_once)
        assert (await story.journal()).step is ImportStep.PLANNED
        await story.resources.database.execute("UPDATE work SET run_at = now()")
        await eventually(lambda: story.is_(WorkState.DONE))

    assert story.final.samefile(story.source)


async def test_what_a_killed_process_left_is_cleared_at_the_start(
    story: Story, actor: Any, run_actor: Any, eventually: Eventually
) -> None:
    part = story.root / "Film (2019)/.reeld-99.part"
    part.parent.mkdir()
    part.write_bytes(b"half")

    async with run_actor(actor):

        async def cleared() -> bool:
            return not part.exists()

        await eventually(cleared)


async def test_a_hint_is_answered_at_once(
    story: Story,
    actor: Any,
    run_actor: Any,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ImportActor, "sweep_seconds", 3600.0)
    async with run_actor(actor) as cell:
        await eventually(lambda: story.is_(WorkState.DONE))
        story.work_id = await ask(story.resources, story.acquisition_id)
        cell.address.tell(Sweep())
        await eventually(lambda: story.is_(WorkState.DONE))


async def test_a_long_copy_shows_how_far_it_is(
    story: Story,
    actor: Any,
    run_actor: Any,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_progress, "_EVERY", 0.02)
    go_on, real = threading.Event(), _run.place

    def slow(order: Any, tick: Any) -> Any:
        threading.Event().wait(0.15)  # reports are a tenth of a second apart
        tick(order.size // 2)
        go_on.wait(20)
        return real(order, tick)

    monkeypatch.setattr(_run, "place", slow)

    async with run_actor(actor):

        async def half() -> bool:
            progress = (await story.work()).progress
            return progress.get("bytes") == 25_000 and (await story.movie()).progress == 0.5

        try:
            await eventually(half)
        finally:
            go_on.set()
        await eventually(lambda: story.is_(WorkState.DONE))

    assert (await story.movie()).progress == 1.0


def test_one_word_of_a_disk_is_enough() -> None:
    assert _roots.CONFIG.min_calls == 1
    assert isinstance(_roots.CONFIG, BreakerConfig)
