"""The spans of work, and how one stage of a movie's way finds the last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest
import trio
from opentelemetry.trace import SpanKind, StatusCode
from structlog.contextvars import get_contextvars

from reeld.actors.dispatcher import DispatcherActor
from reeld.actors.resources import Resources
from reeld.actors.tracing import stage_span
from reeld.actors.worker import Effect, WorkerActor, works
from reeld.domain.errors import ReeldError, Refused, ServiceDown
from reeld.domain.history import EventKind
from reeld.domain.movie import NewMovie
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.storage import TrioConnection
from reeld.storage.events import append
from reeld.storage.repositories import movies
from reeld.storage.work import Job, enqueue, submit
from reeld.telemetry import tracing

Behave = Callable[[Job], Awaitable[Effect | None]]


class Searcher(WorkerActor):
    name = "hdbits"
    queue = Queue.HDBITS
    job_seconds = 1.0
    sweep_seconds = 0.1
    behave: ClassVar[Behave]

    @works(WorkKind.SEARCH_MOVIE)
    async def search(self, job: Job) -> Effect | None:
        return await type(self).behave(job)


def searcher(resources: Resources, behave: Behave) -> Any:
    class Behaving(Searcher):
        pass

    Behaving.behave = staticmethod(behave)  # type: ignore[assignment]
    return lambda: Behaving(resources)


async def want(resources: Resources) -> int:
    async with resources.database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(tmdb_id=1, title="A", year=2000, profile="Any"))
    return movie.id


async def ended(spans: Any, name: str = "run search-movie") -> Any:
    with trio.fail_after(30):
        while not (found := spans.named(name)):
            await trio.sleep(0.01)
    return found[0]


async def ask_for(resources: Resources, movie_id: int) -> None:
    async with resources.database.transaction() as conn:
        await enqueue(conn, "hdbits", WorkKind.SEARCH_MOVIE, {"movie_id": movie_id})


async def nothing(job: Job) -> None:
    pass


async def test_a_run_is_a_trace_of_its_own_linked_to_who_asked_and_to_the_wish(
    resources: Resources, run_actor: Any, spans: Any
) -> None:
    with tracing.record("wish") as wish:
        movie_id = await want(resources)
    with tracing.record("ask") as ask:
        await ask_for(resources, movie_id)
    async with run_actor(searcher(resources, nothing)):
        run = await ended(spans)
    assert run.parent is None
    assert run.kind is SpanKind.CONSUMER
    linked = [link.context.span_id for link in run.links]
    assert linked == [ask.get_span_context().span_id, wish.get_span_context().span_id]
    told = dict(run.attributes)
    assert told.pop("reeld.work.id") > 0
    assert told == {
        "messaging.system": "reeld",
        "messaging.operation.type": "process",
        "messaging.operation.name": "run",
        "messaging.destination.name": "hdbits",
        "reeld.work.kind": "search-movie",
        "reeld.work.queue": "hdbits",
        "reeld.work.attempt": 1,
        "reeld.work.outcome": "ok",
        "reeld.stage": "search",
        "reeld.workflow.id": f"movie-{movie_id}",
    }
    assert run.status.is_unset


async def test_what_a_run_asks_for_is_about_the_same_movie_and_links_back_to_it(
    resources: Resources, run_actor: Any, spans: Any
) -> None:
    async def behave(job: Job) -> Effect:
        async def effect(conn: TrioConnection) -> None:
            args = {"acquisition_id": 7}
            await submit(conn, WorkRequest(Queue.QBIT, WorkKind.ADD_TORRENT, args))

        return effect

    movie_id = await want(resources)
    await ask_for(resources, movie_id)
    async with run_actor(searcher(resources, behave)):
        run = await ended(spans)
    rows = await resources.database.fetch_all(
        "SELECT movie_id, traceparent FROM work WHERE queue = 'qbit'"
    )
    ((movie, traceparent),) = rows
    assert movie == movie_id
    assert f"{run.context.span_id:016x}" in traceparent


async def test_the_log_of_a_run_names_the_movies_way_whether_spans_are_recorded_or_not(
    resources: Resources, run_actor: Any
) -> None:
    seen: list[Any] = []

    async def behave(job: Job) -> None:
        seen.append(get_contextvars().get("workflow"))

    movie_id = await want(resources)
    await ask_for(resources, movie_id)
    async with run_actor(searcher(resources, behave)):
        with trio.fail_after(30):
            while not seen:
                await trio.sleep(0.01)
    assert seen == [f"movie-{movie_id}"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Refused("It cannot be.", reason="no_such_thing"), "dead"),
        (ServiceDown("hdbits: a secret", service="hdbits", reason="unreachable"), "retried"),
    ],
)
async def test_a_run_that_failed_says_why_in_a_word_and_what_becomes_of_it(
    resources: Resources, run_actor: Any, spans: Any, error: ReeldError, outcome: str
) -> None:
    async def behave(job: Job) -> None:
        raise error

    await ask_for(resources, await want(resources))
    async with run_actor(searcher(resources, behave)):
        run = await ended(spans)
    assert run.status.status_code is StatusCode.ERROR
    assert run.attributes["error.type"] == error.reason
    assert run.attributes["reeld.work.outcome"] == outcome
    assert "a secret" not in run.to_json()


async def test_a_run_past_its_deadline_says_so(
    resources: Resources, run_actor: Any, spans: Any
) -> None:
    async def behave(job: Job) -> None:
        with tracing.record("inside"):
            await trio.sleep_forever()

    await ask_for(resources, await want(resources))
    async with run_actor(searcher(resources, behave)):
        run = await ended(spans)
    assert run.attributes["error.type"] == "deadline_exceeded"
    assert spans.one("inside").attributes["error.type"] == "deadline_exceeded"


async def test_a_run_that_the_daemons_stop_cuts_short_is_cancelled(
    resources: Resources, run_actor: Any, spans: Any
) -> None:
    begun = trio.Event()

    async def behave(job: Job) -> None:
        begun.set()
        await trio.sleep_forever()

    await ask_for(resources, await want(resources))
    with trio.fail_after(30):
        async with run_actor(searcher(resources, behave)):
            await begun.wait()
    run = spans.one("run search-movie")
    assert run.attributes["error.type"] == "cancelled"
    assert run.status.status_code is StatusCode.ERROR


async def test_an_event_is_told_in_a_trace_that_links_to_where_it_happened(
    resources: Resources, run_actor: Any, spans: Any
) -> None:
    async with run_actor(lambda: DispatcherActor(resources)) as cell:
        with trio.fail_after(30):
            while not await resources.database.fetch_all("SELECT FROM event_cursor OFFSET 1"):
                await trio.sleep(0.01)
        with tracing.record("import") as happened:
            async with resources.database.transaction() as conn:
                await append(conn, EventKind.MOVIE_IMPORTED, 7, {"movie_id": 7})
        del cell
        told = await ended(spans, "notify movie.imported")
    assert told.parent is None
    assert told.attributes["reeld.workflow.id"] == "movie-7"
    assert told.attributes["reeld.stage"] == "notify"
    assert [link.context.span_id for link in told.links] == [happened.get_span_context().span_id]


def test_a_stage_without_a_movie_has_no_workflow(spans: Any) -> None:
    with stage_span("notify work.dead", "notify", None, None):
        pass
    assert "reeld.workflow.id" not in spans.one("notify work.dead").attributes
