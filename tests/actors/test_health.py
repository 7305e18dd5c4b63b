from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from reeld.actors import health
from reeld.actors.checks import (
    _client,
    _disks,
    check_actor,
    check_breaker,
    check_feed,
    check_mailboxes,
)
from reeld.actors.database import DatabaseStatus
from reeld.actors.decision import DecisionActor
from reeld.actors.health import HealthActor, Look, TryLinks
from reeld.actors.kernel import ActorSnapshot, ActorState, Breaker
from reeld.actors.resources import Resources
from reeld.domain.errors import DatabaseUnavailable, ServiceDown
from reeld.domain.messages import ClientSettingsRead
from reeld.domain.secret import Secret
from reeld.domain.settings import FeedSettings, HdbitsSettings, LibrarySettings, TmdbSettings
from reeld.storage.repositories import feeds
from reeld.telemetry import Check, HealthBoard, Status


@pytest.fixture
def database_status() -> DatabaseStatus:
    return DatabaseStatus(is_ready=True, answered_at=0.0, epoch=1)


class Looked:
    """A health actor that looks when it is told to."""

    def __init__(self, cell: Any, board: HealthBoard, status: DatabaseStatus) -> None:
        self.cell = cell
        self.board = board
        self.status = status

    async def __call__(self, name: str) -> Check:
        if self.status.answered_at is not None:
            self.status.answered_at = trio.current_time()
        await self.cell.address.ask(Look())
        return {check.name: check for check in self.board.checks()}[name]


@pytest.fixture
async def looked(
    resources: Resources, run_actor: Any, database_status: DatabaseStatus, settings: Any
) -> AsyncIterator[Looked]:
    settings.data_dir.mkdir(parents=True)
    settings.library.root_folder.mkdir(parents=True)
    board = HealthBoard()
    async with run_actor(lambda: HealthActor(resources, board, database_status)) as cell:
        yield Looked(cell, board, database_status)


# The parts


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (ActorState.RUNNING, Status.PASS),
        (ActorState.STARTING, Status.PASS),
        (ActorState.BACKOFF, Status.WARN),
        (ActorState.PARKED, Status.FAIL),
        (ActorState.STOPPED, Status.FAIL),
    ],
)
async def test_an_actor_is_judged_by_its_state(
    resources: Resources, run_actor: Any, state: ActorState, status: Status
) -> None:
    async with run_actor(lambda: DecisionActor(resources)) as cell:
        snapshot: ActorSnapshot = replace(
            cell.address.snapshot(), state=state, last_error="RuntimeError: a bug"
        )
    check = check_actor(snapshot)
    assert (check.name, check.status) == ("actor:decision", status)
    assert ("a bug" in check.sentence) is (status is not Status.PASS)


async def test_an_actor_with_more_work_than_it_gets_done_is_degraded(
    resources: Resources, run_actor: Any
) -> None:
    async with run_actor(lambda: DecisionActor(resources)) as cell:
        snapshot = cell.address.snapshot()
    for depth, status in ((799, Status.PASS), (800, Status.WARN)):
        check = check_mailboxes(
            [snapshot, replace(snapshot, mailbox_depth=depth, mailbox_capacity=1000)]
        )
        assert (check.name, check.status) == ("mailbox:fullest", status)


async def test_a_breaker_is_judged_by_its_state_and_says_what_is_wrong() -> None:
    breaker = Breaker("tmdb")
    assert check_breaker(breaker).status is Status.PASS
    breaker.reset()
    assert check_breaker(breaker).status is Status.WARN
    with pytest.raises(ServiceDown):
        async with breaker.call():
            raise ServiceDown("TMDB does not answer.", service="tmdb")
    check = check_breaker(breaker)
    assert (check.name, check.status, check.observed) == ("breaker:tmdb", Status.WARN, "open")
    assert "TMDB does not answer." in check.sentence
    breaker.force_open("maintenance")
    assert check_breaker(breaker).status is Status.FAIL
    breaker.reset()
    breaker.disable()
    assert check_breaker(breaker).status is Status.PASS


NOW = datetime(2024, 5, 1, tzinfo=UTC)


def feed_state(age: float | None, sentence: str | None = None) -> feeds.FeedState:
    last_ok = None if age is None else NOW - timedelta(seconds=age)
    return feeds.FeedState("f", None, None, {}, NOW, last_ok, False, None, 0, 0, None, sentence)


@pytest.mark.parametrize(
    ("state", "status", "sentence"),
    [
        (None, Status.WARN, "It was not read yet."),
        (feed_state(None, "It is no feed."), Status.WARN, "It is no feed."),
        (feed_state(300.0, "It failed once."), Status.PASS, ""),
        (feed_state(361.0, "It is no feed."), Status.WARN, "It is no feed."),
    ],
)
def test_a_source_is_judged_by_when_it_was_last_read(
    state: feeds.FeedState | None, status: Status, sentence: str
) -> None:
    check = check_feed("f", state, 100.0, NOW)
    assert (check.name, check.status, check.sentence) == ("feed:f", status, sentence)


def test_a_feed_that_wishes_to_be_left_alone_is_not_late_because_it_is() -> None:
    resting = replace(feed_state(600.0), watermark={"ttl": 3600.0})
    assert check_feed("f", resting, 100.0, NOW).status is Status.PASS


# The whole


async def test_all_is_well_where_all_is_well(looked: Looked) -> None:
    await looked("database:answers")
    assert {check.name for check in looked.board.checks()} >= {
        "actor:health",
        "database:answers",
        "disk:data",
        "disk:library",
        "memory:resident",
        "work:dead",
        "work:oldest_due",
    }
    assert {check.status for check in looked.board.checks()} == {Status.PASS}


@pytest.mark.parametrize("silent", [None, 1000.0])
async def test_a_database_that_is_silent_fails(looked: Looked, silent: float | None) -> None:
    looked.status.answered_at = None
    await looked.cell.address.ask(Look())
    looked.status.answered_at = None if silent is None else trio.current_time() - silent
    await looked.cell.address.ask(Look())
    (check,) = [check for check in looked.board.checks() if check.name == "database:answers"]
    assert check.status is Status.FAIL
    assert "Nothing is lost" in check.sentence


async def test_everything_else_is_still_looked_at_while_the_database_is_away(
    looked: Looked, resources: Resources, monkeypatch: Any
) -> None:
    async def away() -> Any:
        raise DatabaseUnavailable("It is away.")

    monkeypatch.setattr(type(resources.work), "depths", lambda _: away())
    assert (await looked("disk:library")).status is Status.PASS
    assert looked.cell.incarnation_number == 1


async def test_breakers_of_every_actor_are_shown(looked: Looked, resources: Resources) -> None:
    address = looked.cell.address
    address.breakers["rss:a"] = Breaker("rss:a")
    address.breakers["rss:a"].force_open("maintenance")
    check = await looked("breaker:rss:a")
    assert check.status is Status.FAIL


async def test_a_folder_that_is_gone_fails_and_says_which(looked: Looked, rows: Any) -> None:
    rows.configure(library=LibrarySettings(root_folder=Path("/nowhere/at/all")))
    check = await looked("disk:library")
    assert check.status is Status.FAIL
    assert "/nowhere/at/all" in check.sentence


async def test_a_disk_that_is_nearly_full_is_a_warning(looked: Looked, monkeypatch: Any) -> None:
    monkeypatch.setattr(_disks.shutil, "disk_usage", lambda _: (1000, 990, 10))
    check = await looked("disk:library")
    assert (check.status, check.observed) == (Status.WARN, 10)


@pytest.fixture
def hang(monkeypatch: Any, settings: Any) -> Iterator[None]:
    """The library's disk hangs, as one on a network does when its server is gone."""
    release = threading.Event()
    real = _disks.shutil.disk_usage

    def usage(folder: Path) -> Any:
        if folder == settings.library.root_folder:
            release.wait(30)
        return real(folder)

    monkeypatch.setattr(_disks, "DISK_SECONDS", 0.1)
    monkeypatch.setattr(_disks.shutil, "disk_usage", usage)
    yield
    release.set()


async def test_a_disk_that_hangs_is_named_and_makes_no_other_one_look_hung(
    looked: Looked, hang: None
) -> None:
    for _ in range(4):
        check = await looked("disk:library")
        assert check.status is Status.FAIL
        assert "mounted" in check.sentence
        assert (await looked("disk:data")).status is Status.PASS


async def test_dead_and_late_work_are_shown(
    looked: Looked, resources: Resources, rows: Any
) -> None:
    late = await rows.ask("tmdb", "refresh-movie", {"movie_id": 1})
    dead = await rows.ask("tmdb", "refresh-movie", {"movie_id": 2})
    async with resources.database.transaction() as conn:
        await conn.execute(
            "UPDATE work SET run_at = now() - interval '1 hour' WHERE id = %s", (late,)
        )
    (job,) = [job for job in await resources.work.claim("tmdb", 5, uuid4()) if job.id == dead]
    await resources.work.bury(job, "unknown_work", "It is over.")
    await resources.database.execute(
        "UPDATE work SET state = 'available', worker = NULL, owner = NULL, claimed_at = NULL,"
        " deadline_at = NULL WHERE id = %s",
        (late,),
    )
    check = await looked("work:dead")
    assert (check.status, check.observed) == (Status.WARN, 1)
    assert "reeld work list" in check.sentence
    assert (await looked("work:oldest_due")).status is Status.WARN


async def test_feeds_and_hdbits_are_shown_with_what_is_wrong(
    looked: Looked, resources: Resources, rows: Any
) -> None:
    rows.configure(
        feeds=(FeedSettings("f", Secret("http://127.0.0.1:9/"), 60.0),),
        hdbits=HdbitsSettings("me", Secret("key")),
    )
    async with resources.database.transaction() as conn:
        await feeds.was_read(conn, "f", {})
        await feeds.has_failed(conn, "hdbits", "rate_limited", "HDBits wants to be left alone.")
    assert (await looked("feed:f")).status is Status.PASS
    check = await looked("feed:hdbits")
    assert (check.status, check.sentence) == (Status.WARN, "HDBits wants to be left alone.")


async def test_qbittorrents_own_settings_that_endanger_imports_are_shown(looked: Looked) -> None:
    await looked.cell.address.ask(ClientSettingsRead("", ("It deletes files.",)))
    check = await looked("qbittorrent:preferences")
    assert (check.status, check.sentence) == (Status.WARN, "It deletes files.")
    await looked.cell.address.ask(ClientSettingsRead("", ()))
    assert (await looked("qbittorrent:preferences")).status is Status.PASS


async def test_a_real_hard_link_is_tried_from_where_downloads_are_saved(
    looked: Looked, tmp_path: Path
) -> None:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    await looked.cell.address.ask(ClientSettingsRead(str(downloads), ()))
    await looked.cell.address.ask(TryLinks())
    check = await looked("disk:links")
    assert (check.status, check.observed) == (Status.PASS, "hardlink")
    assert list(downloads.iterdir()) == []


async def test_a_download_folder_that_is_not_there_is_named(looked: Looked) -> None:
    await looked.cell.address.ask(ClientSettingsRead("/nowhere/at/all", ()))
    await looked.cell.address.ask(TryLinks())
    check = await looked("disk:links")
    assert (check.status, check.observed) == (Status.WARN, "not_tried")
    assert "/nowhere/at/all" in check.sentence


async def test_a_download_folder_that_comes_with_the_first_download_is_found_soon(
    looked: Looked, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(health, "LINK_AGAIN_SECONDS", 0.05)
    downloads = tmp_path / "later"
    await looked.cell.address.ask(ClientSettingsRead(str(downloads), ()))
    await looked.cell.address.ask(TryLinks())
    assert (await looked("disk:links")).status is Status.WARN
    downloads.mkdir()
    with trio.fail_after(10):
        while (await looked("disk:links")).status is not Status.PASS:
            await trio.sleep(0.02)


async def test_a_link_that_hangs_fails_and_keeps_nobody(
    looked: Looked, monkeypatch: Any, tmp_path: Path
) -> None:
    release = threading.Event()
    monkeypatch.setattr(_client, "TRIAL_SECONDS", 0.1)
    monkeypatch.setattr(_client, "can_link", lambda *_: release.wait(30))
    try:
        await looked.cell.address.ask(ClientSettingsRead(str(tmp_path), ()))
        await looked.cell.address.ask(TryLinks())
        assert (await looked("disk:links")).status is Status.FAIL
        assert (await looked("disk:data")).status is Status.PASS
    finally:
        release.set()


async def test_a_service_shows_its_last_good_call_and_what_its_breaker_says(
    looked: Looked, resources: Resources, rows: Any
) -> None:
    rows.configure(tmdb=TmdbSettings(token=Secret("t")))
    resources.metrics.set(
        "reeld_external_last_success_timestamp_seconds", 1_700_000_000, service="tmdb"
    )
    check = await looked("service:tmdb")
    assert check.status is Status.PASS
    assert check.last_success == datetime.fromtimestamp(1_700_000_000, UTC)


async def test_the_lead_and_the_schema_are_shown(looked: Looked, resources: Resources) -> None:
    await resources.database.execute("UPDATE leader SET epoch = 1, acquired_at = '2024-05-01Z'")
    check = await looked("leader:epoch")
    assert (check.status, check.observed, check.since) == (Status.PASS, 1, NOW)
    assert int(str((await looked("database:migrations")).observed)) >= 4
    looked.status.epoch = None
    assert (await looked("leader:epoch")).status is Status.FAIL


async def test_a_task_that_is_overdue_is_named(looked: Looked, resources: Resources) -> None:
    await resources.database.execute(
        "INSERT INTO schedule (task, every_seconds, next_run) VALUES ('refresh', 60, now() - interval '1 hour')"
    )
    check = await looked("schedule:lateness")
    assert check.status is Status.WARN
    assert "refresh" in check.sentence


async def test_a_default_profile_that_is_not_there_is_a_warning_with_those_that_are(
    looked: Looked, resources: Resources
) -> None:
    assert (await looked("profiles:default")).status is Status.PASS
    await resources.database.execute("UPDATE quality_profile SET name = 'All' WHERE name = 'Any'")
    check = await looked("profiles:default")
    assert check.status is Status.WARN
    assert "'Any'" in check.sentence
    assert "All, SD" in check.sentence


async def test_a_full_disk_of_the_database_fails_and_says_what_to_do(looked: Looked) -> None:
    looked.status.disk_is_full = True
    check = await looked("database:writes")
    assert check.status is Status.FAIL
    assert "Make room" in check.sentence


async def test_a_clock_that_is_off_is_a_warning(looked: Looked) -> None:
    looked.status.clock_skew = 0.01
    assert (await looked("database:clock_skew")).status is Status.PASS
    looked.status.clock_skew = -90.0
    check = await looked("database:clock_skew")
    assert (check.status, check.observed, "-90 s" in check.sentence) == (Status.WARN, -90.0, True)


async def test_what_the_rows_told_last_stays_while_the_database_is_away(
    looked: Looked, resources: Resources, monkeypatch: Any
) -> None:
    assert (await looked("work:dead")).status is Status.PASS

    async def hangs(*_: Any) -> Any:
        await trio.sleep_forever()

    monkeypatch.setattr(health, "ROWS_SECONDS", 0.1)
    monkeypatch.setattr(type(resources.work), "depths", hangs)
    assert (await looked("work:dead")).status is Status.PASS
    assert (await looked("process:open_files")).status is Status.PASS


async def test_a_paused_actor_is_a_warning(resources: Resources, run_actor: Any) -> None:
    async with run_actor(lambda: DecisionActor(resources)) as cell:
        check = check_actor(replace(cell.address.snapshot(), paused=True))
    assert (check.status, check.observed) == (Status.WARN, "paused")


# Backups


def make_backup(folder: Path, name: str, *, verified: bool) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "manifest.json").touch()
    if verified:
        (folder / name / "verified.json").touch()


async def test_the_age_of_backups_is_told_by_their_folder(looked: Looked, settings: Any) -> None:
    folder = settings.backups
    await looked("disk:data")
    assert not [check for check in looked.board.checks() if check.name.startswith("backup:")]
    make_backup(folder, "reeld-20200101T000000Z", verified=True)
    assert (await looked("backup:age")).status is Status.WARN
    make_backup(folder, f"reeld-{datetime.now(UTC):%Y%m%dT%H%M%SZ}", verified=False)
    assert (await looked("backup:age")).status is Status.PASS
    assert (await looked("backup:verified_age")).status is Status.WARN
