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
from reeld.actors.database import DatabaseStatus
from reeld.actors.decision import DecisionActor
from reeld.actors.health import HealthActor, Look, check_actor, check_breaker, check_feed
from reeld.actors.kernel import ActorSnapshot, ActorState, Breaker
from reeld.actors.resources import Resources
from reeld.domain.errors import DatabaseUnavailable, ServiceDown
from reeld.domain.secret import Secret
from reeld.domain.settings import FeedSettings, HdbitsSettings, LibrarySettings
from reeld.storage.repositories import feeds
from reeld.telemetry import Check, HealthBoard, Status


@pytest.fixture
def database_status() -> DatabaseStatus:
    return DatabaseStatus(is_ready=True, answered_at=0.0)


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
        check = check_actor(replace(snapshot, mailbox_depth=depth, mailbox_capacity=1000))
        assert check.status is status


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
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: (1000, 990, 10))
    check = await looked("disk:library")
    assert (check.status, check.observed) == (Status.WARN, 10)


@pytest.fixture
def hang(monkeypatch: Any, settings: Any) -> Iterator[None]:
    """The library's disk hangs, as one on a network does when its server is gone."""
    release = threading.Event()
    real = health.shutil.disk_usage

    def usage(folder: Path) -> Any:
        if folder == settings.library.root_folder:
            release.wait(30)
        return real(folder)

    monkeypatch.setattr(health, "DISK_SECONDS", 0.1)
    monkeypatch.setattr(health.shutil, "disk_usage", usage)
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
