from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime

import psycopg
import pytest
import trio

from reeld.domain.acquisition import (
    AcquisitionState,
    DownloadedFile,
    FailureReason,
    IllegalTransition,
    ImportStep,
    LinkKind,
)
from reeld.domain.decision import Outcome, Reason, Ruling, Verdict
from reeld.domain.errors import NotFound
from reeld.domain.library import NewMovieFile
from reeld.domain.media import AudioTrack, DynamicRange, MediaFacts
from reeld.domain.movie import (
    Collection,
    Movie,
    MovieDetails,
    MovieStatus,
    NewMovie,
    ReleaseDates,
    Stage,
)
from reeld.domain.quality import Quality, Revision
from reeld.domain.release import NewRelease, Release, Source
from reeld.storage import Database
from reeld.storage.observer import NullObserver, StageLeft
from reeld.storage.repositories import (
    acquisitions,
    blocklist,
    downloads,
    imports,
    library,
    metadata,
    movies,
    releases,
)
from reeld.storage.repositories.acquisitions import TorrentTaken
from reeld.storage.repositories.downloads import ClientReport
from reeld.storage.repositories.imports import DestinationTaken, NewImport, StepTaken

HASH = "a" * 40
OTHER_HASH = "b" * 40
NIGHT = NewMovie(
    tmdb_id=10331,
    title="Night of the Living Dead",
    year=1968,
    imdb_id="tt0063350",
    alternative_titles=("Die Nacht der lebenden Toten",),
)
S = AcquisitionState


async def add_movie(database: Database, tmdb_id: int = 10331) -> Movie:
    async with database.transaction() as conn:
        movie, is_new = await movies.add(conn, replace(NIGHT, tmdb_id=tmdb_id))
    assert is_new
    return movie


def offer(guid: str = "1", **fields: object) -> NewRelease:
    return NewRelease(Source.HDBITS, "hdbits", guid, f"Movie.{guid}.1080p", **fields)  # type: ignore[arg-type]


async def add_release(database: Database, guid: str = "1") -> Release:
    async with database.transaction() as conn:
        [seen] = await releases.upsert(conn, [offer(guid, size=700)])
    release = await releases.get(database, seen.id)
    assert release is not None
    return release


async def acquire(database: Database, *, tmdb_id: int = 10331, guid: str = "1") -> int:
    movie, release = await add_movie(database, tmdb_id), await add_release(database, guid)
    async with database.transaction() as conn:
        number = await acquisitions.intend(conn, movie.id, release)
    assert number is not None
    return number


async def bring_to(database: Database, number: int, *states: AcquisitionState) -> None:
    async with database.transaction() as conn:
        await acquisitions.store_torrent(conn, number, b"d4:infoe", HASH)
        for state in states:
            await acquisitions.move(conn, number, state)


async def test_a_movie_is_added_once_and_comes_back_as_it_was_given(database: Database) -> None:
    movie = await add_movie(database)
    assert (movie.title, movie.year, movie.stage) == (NIGHT.title, 1968, Stage.WANTED)
    assert movie.alternative_titles == NIGHT.alternative_titles
    async with database.transaction() as conn:
        again, is_new = await movies.add(conn, NIGHT)
    assert (again, is_new) == (movie, False)
    assert await movies.get(database, movie.id) == movie
    assert await movies.by_tmdb_id(database, 10331) == movie
    assert await movies.by_imdb_id(database, "tt0063350") == movie
    assert await movies.get(database, 999) is None


async def test_two_that_add_one_movie_at_once_get_the_same_one(database: Database) -> None:
    results = []

    async def add() -> None:
        async with database.transaction() as conn:
            results.append(await movies.add(conn, NIGHT))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(add)
    assert len({movie.id for movie, _ in results}) == 1
    assert sum(is_new for _, is_new in results) == 1


async def test_movies_are_paged_and_filtered_by_stage(database: Database) -> None:
    ids = [(await add_movie(database, n)).id for n in range(1, 6)]
    async with database.transaction() as conn:
        await movies.advance(conn, ids[2], Stage.SEARCHED)
    assert [movie.id for movie in await movies.page(database, limit=2)] == ids[:2]
    assert [movie.id for movie in await movies.page(database, after=ids[1])] == ids[2:]
    assert [movie.id for movie in await movies.page(database, stage=Stage.SEARCHED)] == [ids[2]]
    assert await movies.count_by_stage(database) == {Stage.WANTED: 4, Stage.SEARCHED: 1}


async def test_what_tmdb_says_is_kept_with_the_movie(database: Database) -> None:
    movie = await add_movie(database)
    details = MovieDetails(
        tmdb_id=10331,
        title="Night of the Living Dead",
        year=1968,
        imdb_id="tt0063350",
        original_language="en",
        runtime_minutes=96,
        alternative_titles=("NOTLD",),
        overview="They come.",
        genres=("Horror",),
        status=MovieStatus.RELEASED,
        release_dates=ReleaseDates(in_cinemas=date(1968, 10, 4)),
        certification="NR",
        collection=Collection(1, "Living Dead"),
        poster_path="/p.jpg",
    )
    async with database.transaction() as conn:
        assert await metadata.refresh(conn, movie.id, details) is True
        assert await metadata.refresh(conn, 999, details) is False
    assert await metadata.get(database, movie.id) == details
    fresh = await movies.get(database, movie.id)
    assert fresh is not None
    assert (fresh.runtime_minutes, fresh.alternative_titles) == (96, ("NOTLD",))


async def test_a_late_message_moves_no_movie_back(database: Database) -> None:
    movie = await add_movie(database)
    async with database.transaction() as conn:
        for stage in (Stage.SEARCHED, Stage.DECIDED, Stage.GRABBED, Stage.DOWNLOADING):
            assert await movies.advance(conn, movie.id, stage)
        assert not await movies.advance(conn, movie.id, Stage.SEARCHED)
        assert not await movies.advance(conn, movie.id, Stage.WANTED)
        assert await movies.advance(conn, movie.id, Stage.DOWNLOADING, progress=0.5, note="Half.")
    there = await movies.get(database, movie.id)
    assert there is not None
    assert (there.stage, there.progress, there.stage_note) == (Stage.DOWNLOADING, 0.5, "Half.")


async def test_a_failed_movie_may_start_over_but_its_leftovers_change_nothing(
    database: Database,
) -> None:
    movie = await add_movie(database)
    async with database.transaction() as conn:
        assert await movies.advance(conn, movie.id, Stage.FAILED, note="No luck.")
        assert not await movies.advance(conn, movie.id, Stage.DOWNLOADING)
        assert await movies.advance(conn, movie.id, Stage.DECIDED)


async def test_a_movie_in_the_library_only_goes_back_when_that_is_meant(database: Database) -> None:
    movie = await add_movie(database)
    async with database.transaction() as conn:
        await movies.advance(conn, movie.id, Stage.IN_LIBRARY, progress=1)
        for stage in Stage:
            assert await movies.advance(conn, movie.id, stage) is (stage is Stage.IN_LIBRARY)
        assert await movies.move(conn, movie.id, Stage.DECIDED, expected=[Stage.IN_LIBRARY])
        assert not await movies.move(conn, movie.id, Stage.DECIDED, expected=[Stage.IN_LIBRARY])


async def test_progress_counts_only_for_the_stage_it_was_meant_for(database: Database) -> None:
    movie = await add_movie(database)
    async with database.transaction() as conn:
        await movies.advance(conn, movie.id, Stage.DOWNLOADING)
        assert await movies.set_progress(conn, movie.id, Stage.DOWNLOADING, 0.25)
        assert not await movies.set_progress(conn, movie.id, Stage.DOWNLOADING, 0.25)
        assert not await movies.set_progress(conn, movie.id, Stage.IMPORTING, 0.5)


async def test_a_movie_with_an_active_acquisition_is_not_deleted(database: Database) -> None:
    number = await acquire(database)
    movie = await movies.by_tmdb_id(database, 10331)
    assert movie is not None
    async with database.transaction() as conn:
        assert not await movies.delete(conn, movie.id)
        await acquisitions.move(conn, number, S.FAILED, failure=FailureReason.MOVIE_REMOVED)
        assert await movies.delete(conn, movie.id)
    assert await acquisitions.get(database, number) is None


async def test_releases_are_stored_once_and_brought_up_to_date(database: Database) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    async with database.transaction() as conn:
        first = await releases.upsert(
            conn, [offer("1", seeders=5, infohash=HASH, published_at=at), offer("2")]
        )
        second = await releases.upsert(conn, [offer("2"), offer("1", seeders=9), offer("3")])
    assert [seen.is_new for seen in first] == [True, True]
    assert [(seen.guid, seen.is_new) for seen in second] == [
        ("1", False),
        ("2", False),
        ("3", True),
    ]
    release = await releases.get(database, first[0].id)
    assert release is not None
    assert (release.seeders, release.infohash, release.published_at) == (9, HASH, at)
    assert release.source is Source.HDBITS


async def test_one_page_may_name_a_release_twice(database: Database) -> None:
    async with database.transaction() as conn:
        [seen] = await releases.upsert(conn, [offer("1", seeders=1), offer("1", seeders=2)])
        assert await releases.upsert(conn, []) == []
    release = await releases.get(database, seen.id)
    assert release is not None
    assert release.seeders == 2


async def test_two_pollers_that_store_the_same_page_in_other_orders_do_not_deadlock(
    database: Database,
) -> None:
    page = [offer(str(n)) for n in range(100)]

    async def store(offers: list[NewRelease]) -> None:
        for _ in range(5):
            async with database.transaction() as conn:
                await releases.upsert(conn, offers)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(store, page)
        nursery.start_soon(store, page[::-1])
    assert await database.fetch_one("SELECT count(*) FROM release") == (100,)


async def test_a_search_and_a_decision_about_the_same_releases_do_not_deadlock(
    database: Database,
) -> None:
    movie = await add_movie(database)
    first, second = offer("1"), offer("2")
    async with database.transaction() as conn:
        # In this order, so that their numbers and their places on disk run the other way than a search does.
        seen = await releases.upsert(conn, [second]) + await releases.upsert(conn, [first])
    verdicts = [Verdict(one.id, movie.id, Quality.BLURAY_1080P, Revision(), ()) for one in seen]
    half_way = trio.Event()

    async def search() -> None:
        async with database.transaction() as conn:
            await releases.upsert(conn, [first])
            half_way.set()
            while not await is_waited_for(database):
                await trio.sleep(0.01)
            await releases.upsert(conn, [second])

    async def decide() -> None:
        await half_way.wait()
        async with database.transaction() as conn:
            await releases.set_verdicts(conn, verdicts)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(search)
        nursery.start_soon(decide)


async def is_waited_for(database: Database) -> bool:
    return await database.fetch_one("SELECT FROM pg_locks WHERE NOT granted") is not None


async def test_matches_verdicts_and_sealed_links_are_kept(database: Database) -> None:
    movie = await add_movie(database)
    async with database.transaction() as conn:
        [seen] = await releases.upsert(conn, [offer("1")], sealed_links={"1": b"\x01sealed"})
        await releases.upsert(conn, [offer("1")])  # seen again without its link
        assert [r.id for r in await releases.unmatched(conn)] == [seen.id]
        await releases.set_match(conn, seen.id, movie.id, {"title": "x"})
        rejection = Ruling(
            "seeders", Outcome.REJECTED, Reason.TOO_FEW_SEEDERS, False, "It has no seeder."
        )
        verdict = Verdict(seen.id, movie.id, Quality.BLURAY_1080P, Revision(), (rejection,))
        assert await releases.set_verdicts(conn, [verdict]) == 1
    assert await releases.sealed_link(database, seen.id) == b"\x01sealed"
    assert await releases.verdict(database, seen.id) == verdict.to_json()
    assert await releases.parsed(database, seen.id) == {"title": "x"}
    assert [r.id for r in await releases.by_movie(database, movie.id)] == [seen.id]
    assert await releases.unmatched(database) == []


async def test_old_releases_go_unless_they_were_fetched(database: Database) -> None:
    await acquire(database, guid="fetched")
    await add_release(database, "forgotten")
    await database.execute(
        "UPDATE release SET first_seen = now() - interval '91 days', last_seen = first_seen"
    )
    await database.execute("UPDATE release SET last_seen = now() - interval '91 days'")
    await add_release(database, "fresh")
    async with database.transaction() as conn:
        assert await releases.prune(conn) == 1
    rows = await database.fetch_all("SELECT guid FROM release ORDER BY guid")
    assert rows == [("fetched",), ("fresh",)]


async def test_an_infohash_that_is_none_is_refused_by_the_table(database: Database) -> None:
    async def store() -> None:
        async with database.transaction() as conn:
            await releases.upsert(conn, [offer("1", infohash="A" * 40)])

    with pytest.raises(psycopg.errors.CheckViolation):
        await store()


async def test_a_movie_is_fetched_once_at_a_time(database: Database) -> None:
    number = await acquire(database)
    movie = await movies.by_tmdb_id(database, 10331)
    release = await add_release(database, "2")
    assert movie is not None
    async with database.transaction() as conn:
        assert await acquisitions.intend(conn, movie.id, release) is None
        await acquisitions.move(conn, number, S.FAILED, failure=FailureReason.STALLED)
        second = await acquisitions.intend(conn, movie.id, release)
    assert second is not None
    active = await acquisitions.active_of_movie(database, movie.id)
    assert active is not None
    assert active.id == second
    assert [one.id for one in await acquisitions.by_movie(database, movie.id)] == [second, number]


async def test_an_acquisition_goes_its_way_step_by_step(database: Database) -> None:
    number = await acquire(database)
    async with database.transaction() as conn:
        assert await acquisitions.store_torrent(conn, number, b"torrent", HASH) is True
        assert await acquisitions.store_torrent(conn, number, b"other", HASH) is False
        assert await acquisitions.move(conn, number, S.SENT, category="reeld") is True
        assert await acquisitions.move(conn, number, S.SENT) is False
        await acquisitions.move(conn, number, S.DOWNLOADING)
        files = [DownloadedFile("Movie/a.mkv", 7)]
        await acquisitions.move(conn, number, S.COMPLETE, files=files, content_path="/d/Movie")
        await acquisitions.move(conn, number, S.IMPORTED)
    there = await acquisitions.get(database, number)
    assert there is not None
    assert (there.state, there.progress, there.files) == (S.IMPORTED, 1, tuple(files))
    assert await acquisitions.torrent(database, number) == b"torrent"
    assert await acquisitions.active(database) == []
    assert [one.id for one in await acquisitions.by_infohash(database, HASH)] == [number]


@pytest.mark.parametrize(
    ("states", "to"),
    [
        ((), S.DOWNLOADING),
        ((S.SENT, S.COMPLETE), S.DOWNLOADING),
        ((S.SENT, S.COMPLETE, S.IMPORTED), S.SENT),
    ],
)
async def test_a_step_that_cannot_follow_is_refused(
    database: Database, states: tuple[AcquisitionState, ...], to: AcquisitionState
) -> None:
    number = await acquire(database)
    await bring_to(database, number, *states)

    async def step() -> None:
        async with database.transaction() as conn:
            await acquisitions.move(conn, number, to)

    with pytest.raises(IllegalTransition):
        await step()


async def test_a_step_can_insist_on_the_state_it_comes_from(database: Database) -> None:
    number = await acquire(database)
    await bring_to(database, number, S.SENT, S.DOWNLOADING)

    async def step() -> None:
        async with database.transaction() as conn:
            await acquisitions.move(conn, number, S.COMPLETE, expected=S.SENT)

    with pytest.raises(IllegalTransition):
        await step()


async def test_steps_of_an_acquisition_that_is_gone_say_so(database: Database) -> None:
    async def move() -> None:
        async with database.transaction() as conn:
            await acquisitions.move(conn, 999, S.SENT)

    async def store() -> None:
        async with database.transaction() as conn:
            await acquisitions.store_torrent(conn, 999, b"", HASH)

    with pytest.raises(NotFound):
        await move()
    with pytest.raises(NotFound):
        await store()


async def test_a_torrent_that_failed_meanwhile_is_not_stored(database: Database) -> None:
    number = await acquire(database)
    async with database.transaction() as conn:
        await acquisitions.move(conn, number, S.FAILED, failure=FailureReason.MOVIE_REMOVED)

    async def store() -> None:
        async with database.transaction() as conn:
            await acquisitions.store_torrent(conn, number, b"x", HASH)

    with pytest.raises(IllegalTransition):
        await store()


async def test_one_torrent_is_not_fetched_for_two_movies_and_the_caller_can_say_so(
    database: Database,
) -> None:
    first = await acquire(database, tmdb_id=1, guid="1")
    second = await acquire(database, tmdb_id=2, guid="2")
    async with database.transaction() as conn:
        await acquisitions.store_torrent(conn, first, b"x", HASH)
        with pytest.raises(TorrentTaken):
            await acquisitions.store_torrent(conn, second, b"x", HASH)
        # The transaction is still good: the caller stores what became of it.
        await acquisitions.move(conn, second, S.FAILED, failure=FailureReason.TORRENT_INVALID)
    there = await acquisitions.get(database, second)
    assert there is not None
    assert there.failure is FailureReason.TORRENT_INVALID


async def test_a_lost_torrent_goes_back_to_its_stored_bytes(database: Database) -> None:
    number = await acquire(database)
    await bring_to(database, number, S.SENT, S.DOWNLOADING)
    async with database.transaction() as conn:
        assert await acquisitions.move(conn, number, S.FETCHED, note="The client lost it.")
    assert await acquisitions.torrent(database, number) == b"d4:infoe"


async def test_stages_that_are_left_are_told_once_they_are_committed(
    database: Database, database_url: str
) -> None:
    told: list[StageLeft] = []

    class Listener(NullObserver):
        def stage_left(self, left: StageLeft) -> None:
            told.append(left)

    number = await acquire(database)
    async with Database.open(database_url, observer=Listener()) as watched:
        async with watched.transaction() as conn:
            await acquisitions.store_torrent(conn, number, b"x", HASH)
            assert told == []
        async with watched.transaction() as conn:
            await acquisitions.move(conn, number, S.SENT)
        with suppress(ValueError):
            async with watched.transaction() as conn:
                await acquisitions.move(conn, number, S.DOWNLOADING)
                raise ValueError
        await watched.execute(
            "UPDATE acquisition SET state_at = state_at - interval '1 hour', sent_at = sent_at - interval '1 hour'"
        )
        for to in (S.FETCHED, S.SENT, S.SENT, S.COMPLETE):
            async with watched.transaction() as conn:
                await acquisitions.move(conn, number, to)
        async with watched.transaction() as conn:
            await acquisitions.move(conn, number, S.FAILED, failure=FailureReason.WRONG_CONTENT)
    assert [(left.stage, str(left.outcome)) for left in told] == [
        ("intent", "ok"),
        ("fetched", "ok"),
        ("sent", "back"),
        ("fetched", "ok"),
        ("sent", "ok"),
        ("complete", "failed"),
    ]
    assert 3600 <= told[2].seconds < 3700
    assert all(0 <= left.seconds < 60 for left in told if left is not told[2])
    downloads_done = [left for left in told if left.downloaded_in is not None]
    assert downloads_done == [told[4]]


async def test_reports_of_the_client_move_acquisitions_and_movies_at_once(
    database: Database,
) -> None:
    number = await acquire(database)
    await bring_to(database, number, S.SENT, S.DOWNLOADING)
    movie = await movies.by_tmdb_id(database, 10331)
    assert movie is not None
    report = ClientReport(number, 0.5, 350, 1000, 7, "downloading")
    async with database.transaction() as conn:
        await movies.advance(conn, movie.id, Stage.DOWNLOADING)
        assert (await downloads.note_missed(conn, number)).polls == 1
        assert (await downloads.note_missed(conn, number)).polls == 2
        await downloads.report(conn, [report, replace(report, acquisition_id=999)])
        assert (await downloads.note_missed(conn, number)).polls == 1
    assert await downloads.count(database) == 1
    [download] = await downloads.active(database)
    assert (download.progress, download.downloaded, download.speed) == (0.5, 350, 1000)
    assert (download.movie_title, download.state) == (NIGHT.title, S.DOWNLOADING)
    movie = await movies.get(database, movie.id)
    assert movie is not None
    assert movie.progress == 0.5


async def test_how_long_a_download_stands_still_is_written_now_and_then(database: Database) -> None:
    number = await acquire(database)
    await bring_to(database, number, S.SENT, S.DOWNLOADING)
    written = []
    for still in (0, 200, 400, 0):
        report = ClientReport(number, 0.5, 350, 0, None, "stalledDL", still_seconds=still)
        async with database.transaction() as conn:
            await downloads.report(conn, [report])
        [download] = await downloads.active(database)
        written.append(download.still_seconds)
    assert written == [0, 0, 400, 0]


async def test_a_late_report_changes_nothing_that_is_over(database: Database) -> None:
    number = await acquire(database)
    await bring_to(database, number, S.SENT, S.COMPLETE)
    async with database.transaction() as conn:
        await downloads.report(conn, [ClientReport(number, 0.5, 350, 1000, None, "downloading")])
        assert (await acquisitions.get(conn, number)).progress == 1  # type: ignore[union-attr]
        await acquisitions.move(conn, number, S.FAILED, failure=FailureReason.NO_VIDEO)
        assert (await downloads.note_missed(conn, number)).polls == 0


def a_plan(acquisition_id: int, movie_id: int, **fields: object) -> NewImport:
    return NewImport(
        **{
            "acquisition_id": acquisition_id,
            "movie_id": movie_id,
            "source": "/downloads/a.mkv",
            "root_folder": "/library",
            "destination": "Movie (1968)/Movie.mkv",
            "size": 7,
            "device": 2**64 - 1,
            "inode": 2**63,
            **fields,
        }  # type: ignore[arg-type]
    )


async def test_the_journal_goes_on_step_by_step_and_keeps_what_it_was_told(
    database: Database,
) -> None:
    number = await acquire(database)
    movie = await movies.by_tmdb_id(database, 10331)
    assert movie is not None
    async with database.transaction() as conn:
        row = await imports.plan(conn, a_plan(number, movie.id, old_path="/library/old.mkv"))
        assert await imports.plan(conn, a_plan(number, movie.id)) == row
        await imports.step(
            conn, row.id, ImportStep.PLANNED, ImportStep.PLACED, link=LinkKind.HARDLINK
        )
        assert [one.id for one in await imports.unfinished(conn)] == [row.id]
    assert (row.device, row.inode) == (2**64 - 1, 2**63)
    there = await imports.get(database, row.id)
    assert there is not None
    assert (there.step, there.link) == (ImportStep.PLACED, LinkKind.HARDLINK)
    assert there.old_path == "/library/old.mkv"
    assert await imports.of_acquisition(database, number) == [there]


async def test_a_step_of_the_journal_is_taken_once(database: Database) -> None:
    number = await acquire(database)
    movie = await movies.by_tmdb_id(database, 10331)
    assert movie is not None
    async with database.transaction() as conn:
        row = await imports.plan(conn, a_plan(number, movie.id))
        await imports.step(conn, row.id, ImportStep.PLANNED, ImportStep.PLACED)
        with pytest.raises(StepTaken):
            await imports.step(conn, row.id, ImportStep.PLANNED, ImportStep.PLACED)
        with pytest.raises(NotFound):
            await imports.step(conn, 999, ImportStep.PLANNED, ImportStep.PLACED)


async def test_two_imports_never_write_one_final_name_and_a_failed_one_frees_it(
    database: Database,
) -> None:
    number = await acquire(database)
    movie = await movies.by_tmdb_id(database, 10331)
    assert movie is not None
    async with database.transaction() as conn:
        row = await imports.plan(conn, a_plan(number, movie.id))
        with pytest.raises(DestinationTaken):
            await imports.plan(conn, a_plan(number, movie.id, source="/downloads/b.mkv"))
        await imports.fail(conn, row.id, ImportStep.PLANNED, "disk_full", "The disk is full.")
        again = await imports.plan(conn, a_plan(number, movie.id))
        assert again.id != row.id


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x.mkv", "a/../../x.mkv", "a/.."])
async def test_the_tables_refuse_paths_that_leave_the_root(database: Database, path: str) -> None:
    number = await acquire(database)
    movie = await movies.by_tmdb_id(database, 10331)
    assert movie is not None

    async def plan() -> None:
        async with database.transaction() as conn:
            await imports.plan(conn, a_plan(number, movie.id, destination=path))

    with pytest.raises(psycopg.errors.CheckViolation):
        await plan()


FACTS = MediaFacts(
    runtime_seconds=5760.5,
    width=1920,
    height=1080,
    video_codec="x264",
    dynamic_range=DynamicRange.HDR10,
    audio=(AudioTrack("DTS", 6, "en"),),
    subtitles=("de", "en"),
)


def a_file(movie_id: int, path: str = "Movie (1968)/Movie.mkv") -> NewMovieFile:
    return NewMovieFile(
        movie_id=movie_id,
        root_folder="/library",
        relative_path=path,
        size=7,
        quality=Quality.BLURAY_1080P,
        revision=Revision(0, 2, is_repack=True),
        release_title="Movie.1968.1080p",
        link=LinkKind.HARDLINK,
        media=FACTS,
    )


async def test_a_file_of_the_library_comes_back_as_it_was_recorded(database: Database) -> None:
    movie = await add_movie(database)
    async with database.transaction() as conn:
        file = await library.record(conn, a_file(movie.id), device=1, inode=2**64 - 1)
    assert (file.media, file.revision, file.quality) == (
        FACTS,
        Revision(0, 2, is_repack=True),
        Quality.BLURAY_1080P,
    )
    assert file.revision.is_repack
    assert await library.get(database, file.id) == file
    assert await library.by_movie(database, movie.id) == [file]
    assert await library.by_path(database, "/library", file.relative_path) == file
    assert await library.of_movies(database, [movie.id, 999]) == {movie.id: [file]}


async def test_an_upgrade_takes_the_place_of_the_old_row_under_the_same_or_another_name(
    database: Database,
) -> None:
    movie = await add_movie(database)
    async with database.transaction() as conn:
        old = await library.record(conn, a_file(movie.id))
        same = await library.record(
            conn, replace(a_file(movie.id), quality=Quality.REMUX_1080P), replaces=old.id
        )
        assert same.id == old.id
        other = await library.record(conn, a_file(movie.id, "Movie (1968)/b.mkv"), replaces=old.id)
    assert await library.by_movie(database, movie.id) == [other]


async def test_a_blocked_release_is_known_by_its_torrent_and_by_its_offer(
    database: Database,
) -> None:
    movie = await add_movie(database)
    async with database.transaction() as conn:
        for _ in range(2):
            added = await blocklist.add(
                conn,
                movie.id,
                indexer="hdbits",
                guid="1",
                infohash=HASH,
                title="Movie",
                reason="stalled",
            )
        assert added is False
    [blocked] = await blocklist.by_movie(database, movie.id)
    assert blocked.covers("feed", "9", HASH)
    assert blocked.covers("hdbits", "1", None)
    assert not blocked.covers("feed", "1", OTHER_HASH)
    assert await blocklist.page(database) == [blocked]
    async with database.transaction() as conn:
        assert await blocklist.remove(conn, blocked.id)
    assert await blocklist.by_movie(database, movie.id) == []


async def test_a_second_offer_of_a_blocked_torrent_is_blocked_too(database: Database) -> None:
    movie = await add_movie(database)
    same = {"infohash": HASH, "title": "Movie", "reason": "stalled"}
    async with database.transaction() as conn:
        assert await blocklist.add(conn, movie.id, indexer="hdbits", guid="1", **same)
        assert await blocklist.add(conn, movie.id, indexer="feed", guid="2", **same)
        assert not await blocklist.add(conn, movie.id, indexer="feed", guid="2", **same)
    first, second = await blocklist.by_movie(database, movie.id)
    assert first.covers("hdbits", "1", None)
    assert second.covers("feed", "2", None)
