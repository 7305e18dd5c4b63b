"""Rows become numbers on a timer, and a scrape asks the database nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import trio

from reeld.actors.settings import LiveSettings
from reeld.cli import rows
from reeld.cli.labels import KNOWN_LABELS
from reeld.cli.rows import RowCounts, cutoff_unmet, missing
from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.library import NewMovieFile
from reeld.domain.movie import Movie, NewMovie, Stage
from reeld.domain.profile import default_profiles
from reeld.domain.quality import Quality
from reeld.domain.secret import Secret
from reeld.domain.settings import FeedSettings, Settings
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.storage import Database
from reeld.storage.repositories import feeds, library, movies
from reeld.storage.repositories.counts import Owned
from reeld.storage.schedule import Schedule, Task
from reeld.storage.work import submit
from reeld.telemetry import Metrics

ROOT = "/movies"


@pytest.fixture
def live(daemon_settings: Settings) -> LiveSettings:
    feed = FeedSettings("open-movies", Secret("http://127.0.0.1/feed"))
    return LiveSettings(replace(daemon_settings, feeds=(feed,)))


@pytest.fixture
async def counts(database: Database, live: LiveSettings) -> RowCounts:
    return RowCounts(database, live, Metrics(KNOWN_LABELS))


@pytest.fixture
def value(counts: RowCounts) -> Any:
    return counts._metrics.value


async def add(
    database: Database, number: int, quality: Quality | None = None, **more: Any
) -> Movie:
    async with database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(number, f"Movie {number}", **more))
        if quality is not None:
            await library.record(
                conn, NewMovieFile(movie.id, ROOT, f"{number}.mkv", 100 * number, quality)
            )
            await movies.move(conn, movie.id, Stage.IN_LIBRARY, expected=tuple(Stage))
    return movie


async def test_movies_and_their_files_are_counted(
    database: Database, counts: RowCounts, value: Any
) -> None:
    await add(database, 1, Quality.BLURAY_1080P, profile="HD-1080p")
    await add(database, 2, Quality.BLURAY_1080P, profile="HD-1080p")
    await add(database, 3, Quality.SDTV, profile="HD-1080p")
    await add(database, 4)
    await add(database, 5, monitored=False)
    await counts.count()
    assert value("reeld_movies", status="in_library", monitored="true") == 3
    assert value("reeld_movies", status="wanted", monitored="false") == 1
    assert value("reeld_movies", status="failed", monitored="true") == 0
    assert value("reeld_movie_files", quality="Bluray-1080p") == 2
    assert value("reeld_movie_files", quality="SDTV") == 1
    assert value("reeld_movies_wanted", kind="missing") == 1
    assert value("reeld_movies_wanted", kind="cutoff_unmet") == 1
    assert value("reeld_library_size_bytes", root=ROOT) == 600
    assert ROOT in counts.roots


async def test_work_is_counted_with_the_time_since_when_the_oldest_is_due(
    database: Database, counts: RowCounts, value: Any
) -> None:
    async with database.transaction() as conn:
        for number in range(2):
            await submit(conn, WorkRequest(Queue.QBIT, WorkKind.ADD_TORRENT, {"n": number}))
        await conn.execute("UPDATE work SET run_at = to_timestamp(1700000000) WHERE id = 1")
    await counts.count()
    assert value("reeld_jobs", queue="qbit", state="available") == 2
    assert value("reeld_job_oldest_due_timestamp_seconds", queue="qbit") == 1_700_000_000
    await database.execute("UPDATE work SET run_at = now() + interval '1 hour'")
    await counts.count()
    body = counts._metrics.render("text/plain")[0]
    assert b"reeld_job_oldest_due_timestamp_seconds{" not in body
    assert value("reeld_jobs", queue="qbit", state="available") == 2


async def test_times_of_success_come_back_from_the_rows_after_a_restart(
    database: Database, counts: RowCounts, value: Any
) -> None:
    before = datetime.now(UTC).timestamp() - 60
    task = Task("feed:open-movies", 900.0, ())
    await add(database, 1)
    await Schedule(database).declare({task.name: task})
    await counts.count()
    last_turn = "reeld_schedule_last_success_timestamp_seconds"
    assert value(last_turn, task=task.name) == 0
    assert value("reeld_schedule_interval_seconds", task=task.name) == 900
    await Schedule(database).run_due({task.name: task})
    async with database.transaction() as conn:
        await feeds.was_read(conn, "open-movies", {})
        await feeds.was_read(conn, "gone", {})
    await counts.count()
    assert value(last_turn, task=task.name) > before
    assert value("reeld_rss_last_success_timestamp_seconds", indexer="open-movies") > before
    assert value("reeld_rss_last_success_timestamp_seconds", indexer="gone") == 0
    calls = "reeld_external_last_success_timestamp_seconds"
    assert value(calls, service="feed") > before
    assert value(calls, service="tmdb") == 0
    counts._metrics.set(calls, before + 10_000, service="feed")
    await database.execute("UPDATE movie SET refreshed_at = now()")
    await counts.count()
    # A call of this daemon is newer than what the rows know of.
    assert value(calls, service="feed") == before + 10_000
    assert value(calls, service="tmdb") > before


async def test_a_task_that_is_gone_takes_its_series_along(
    database: Database, counts: RowCounts
) -> None:
    one, two = Task("one", 10.0, ()), Task("two", 10.0, ())
    await Schedule(database).declare({"one": one, "two": two})
    await counts.count()
    await Schedule(database).declare({"two": two})
    await counts.count()
    body = counts._metrics.render("text/plain")[0]
    assert b'task="two"' in body
    assert b'task="one"' not in body


async def test_while_the_database_is_away_the_last_counts_stay_and_grow_old(
    database: Database, counts: RowCounts, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(database, 4)
    await counts.count()
    at_first = counts.age

    async def away(_source: object) -> Any:
        raise DatabaseUnavailable("It is away.")

    monkeypatch.setattr(rows, "count", away)
    await trio.sleep(0.01)
    await counts.count()
    assert counts.age > at_first
    assert value("reeld_movies", status="wanted", monitored="true") == 1


async def test_rows_are_counted_again_and_again_once_the_database_is_ready(
    counts: RowCounts, monkeypatch: pytest.MonkeyPatch, autojump_clock: Any
) -> None:
    times: list[float] = []

    async def note(_source: object) -> Any:
        times.append(trio.current_time())
        raise DatabaseUnavailable("It is away.")

    monkeypatch.setattr(rows, "count", note)
    ready = trio.Event()
    with trio.move_on_after(35):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(counts.run, ready)
            await trio.sleep(5)
            ready.set()
    assert times == [5.0, 15.0, 25.0]


def test_a_profile_that_nobody_knows_is_never_below_its_cutoff() -> None:
    owned = (
        Owned("Of another version", True, "Bluray-1080p", True, 1),
        Owned("HD-1080p", True, "Of another version", True, 1),
        Owned("HD-1080p", False, "SDTV", True, 1),
        Owned("HD-1080p", True, "SDTV", True, 1),
        Owned("HD-1080p", True, "WEBDL-1080p", True, 1),
        Owned("HD-1080p", True, None, True, 1),
    )
    assert cutoff_unmet(owned, default_profiles()) == 1
    demanding = {
        name: replace(profile, cutoff_format_score=10, format_scores={7: 10})
        for name, profile in default_profiles(upgrades_allowed=True).items()
    }
    grabbed = [
        Owned("HD-1080p", True, "Bluray-1080p", True, 1, formats, format_score=99)
        for formats in ([], [{"id": 7}])
    ]
    assert cutoff_unmet(tuple(grabbed), demanding) == 1
    assert cutoff_unmet(owned, default_profiles(upgrades_allowed=True)) == 2
    assert missing(owned) == 1
