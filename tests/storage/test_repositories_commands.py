"""How far a command is, as its work goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
import trio

from reeld.domain.errors import ServiceDown
from reeld.domain.movie import NewMovie
from reeld.domain.torznab import NewIndexer
from reeld.domain.work import Queue, WorkKind, WorkRequest, searches_of
from reeld.storage import Database
from reeld.storage.repositories import commands, indexers, movies
from reeld.storage.repositories.commands import Command, CommandState
from reeld.storage.vault import Vault
from reeld.storage.work import Job, Presence, WorkQueue, submit

WORKER = uuid4()
SILENT = "It did not answer in time."
FEED = WorkRequest(Queue.RSS, WorkKind.POLL_FEED, {"feed": "Quick"}, "Quick")
REFRESH = WorkRequest(Queue.TMDB, WorkKind.REFRESH_STALE, {}, "stale")


@pytest.fixture
async def work(database: Database) -> AsyncIterator[WorkQueue]:
    owner = uuid4()
    async with trio.open_nursery() as nursery:
        await nursery.start(Presence(database, owner).run)
        yield WorkQueue(database, owner)
        nursery.cancel_scope.cancel()


async def claim(work: WorkQueue, queue: str) -> Job:
    await work.wake(queue)
    (job,) = await work.claim(queue, 10, WORKER)
    return job


async def finish(database: Database, work: WorkQueue, queue: str) -> None:
    job = await claim(work, queue)
    async with database.transaction() as conn:
        await work.complete(conn, job)


async def ask(database: Database, requests: Sequence[WorkRequest]) -> int:
    """Ask for something and return the number of the command."""
    async with database.transaction() as conn:
        return await commands.add(conn, "search-movies", "a key", requests)


async def seen(database: Database, number: int) -> Command:
    found = await commands.get(database, number)
    assert found is not None
    return found


async def test_a_command_ends_without_the_source_that_is_away(
    database: Database, work: WorkQueue
) -> None:
    hdbits, others = searches_of(1)
    number = await ask(database, [hdbits, others, FEED])
    await finish(database, work, Queue.INDEXERS)
    await work.snooze(await claim(work, Queue.HDBITS), 900.0, "breaker_open", SILENT)
    command = await seen(database, number)
    assert (command.state, command.open) == (CommandState.RUNNING, 2)
    await work.retry(await claim(work, Queue.RSS), ServiceDown(SILENT, service="feed"))
    command = await seen(database, number)
    assert (command.state, command.open, command.failed) == (CommandState.DONE, 2, 0)
    assert command.finished_at is not None
    assert command.sentence == (
        "hdbits cannot be asked now, and is asked again by itself: It did not answer in time."
        " Quick cannot be asked now, and is asked again by itself: It did not answer in time."
    )


async def test_a_command_that_ended_does_not_begin_anew_when_the_source_is_tried_again(
    database: Database, work: WorkQueue
) -> None:
    number = await ask(database, [FEED])
    await work.snooze(await claim(work, Queue.RSS), 0.0, "breaker_open", SILENT)
    for error in (ServiceDown(SILENT, service="feed"), None):
        job = await claim(work, Queue.RSS)
        command = await seen(database, number)
        assert command.state is CommandState.DONE
        assert command.sentence is not None
        assert command.sentence.startswith("Quick cannot be asked now")
        if error is not None:
            await work.retry(job, error, delay=0.0)
    async with database.transaction() as conn:
        await work.complete(conn, job)
    command = await seen(database, number)
    assert (command.state, command.open, command.sentence) == (CommandState.DONE, 0, None)


async def test_what_only_one_service_can_do_has_failed_until_it_is_done(
    database: Database, work: WorkQueue
) -> None:
    number = await ask(database, [REFRESH])
    await work.snooze(await claim(work, Queue.TMDB), 0.0, "breaker_open", SILENT)
    command = await seen(database, number)
    assert (command.state, command.failed) == (CommandState.FAILED, 0)
    assert command.sentence is not None
    assert "tmdb cannot be asked now" in command.sentence
    await finish(database, work, Queue.TMDB)
    command = await seen(database, number)
    assert command.state is CommandState.DONE


async def test_what_is_tried_again_after_a_failure_of_its_own_is_waited_for(
    database: Database, work: WorkQueue
) -> None:
    number = await ask(database, [REFRESH])
    await work.retry(await claim(work, Queue.TMDB), ServiceDown(SILENT, service="tmdb"))
    command = await seen(database, number)
    assert command.state is not CommandState.FAILED


async def test_a_search_waits_for_every_indexer_that_is_asked_for_it(
    database: Database, work: WorkQueue, tmp_path: Path
) -> None:
    vault = Vault.from_file(tmp_path / "vault.key")
    async with database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(1, "Night", 1968))
        indexer = NewIndexer(name="Tracker (Prowlarr)", base_url="http://prowlarr:9696/7/")
        part = f"torznab:{await indexers.save(conn, vault, indexer)}"
    hdbits, others = searches_of(movie.id)
    number = await ask(database, [hdbits, others])
    await finish(database, work, Queue.HDBITS)
    job = await claim(work, Queue.INDEXERS)
    look = WorkRequest(part, WorkKind.SEARCH_MOVIE, job.args, f"movie:{movie.id}:look")
    async with database.transaction() as conn:
        of_each = WorkRequest(part, WorkKind.SEARCH_MOVIE, job.args, f"movie:{movie.id}")
        await submit(conn, of_each, look)
        await work.complete(conn, job)
    command = await seen(database, number)
    assert (command.state, command.total, command.open) == (CommandState.RUNNING, 3, 1)
    searching, looking = await work.claim(part, 10, WORKER)
    await work.snooze(searching, 900.0, "breaker_open", SILENT)
    command = await seen(database, number)
    assert command.state is CommandState.DONE
    assert looking.id != searching.id


async def test_a_command_whose_work_was_discarded_is_no_failure(
    database: Database, work: WorkQueue
) -> None:
    number = await ask(database, [REFRESH])
    for work_id in await commands.work_of(database, number):
        assert await work.discard(work_id)
    command = await seen(database, number)
    assert command.state is CommandState.CANCELLED
    assert command.sentence == "A person discarded it."
