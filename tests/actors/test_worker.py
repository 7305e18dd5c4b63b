from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
import trio

from reeld.actors.resources import Resources
from reeld.actors.worker import Effect, WorkerActor, works
from reeld.domain.errors import (
    CredentialsRejected,
    DatabaseUnavailable,
    NotFound,
    RateLimited,
    ReeldError,
    Refused,
    ServiceDown,
    Unavailable,
)
from reeld.domain.messages import SettingsChanged, Sweep
from reeld.domain.work import Queue, WorkKind
from reeld.storage import TrioConnection
from reeld.storage.work import Job, WorkItem, WorkState
from reeld.supervisors import ChildSpec, Kit, Supervisor, SupervisorSpec
from reeld.supervisors.tree import returns_rows

Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


class Refresher(WorkerActor):
    """Does what each test says."""

    name = "tmdb"
    queue = Queue.TMDB
    slots = 2
    job_seconds = 2.0
    sweep_seconds = 0.1
    behave: ClassVar[Callable[[Job], Awaitable[Effect | None]]]

    @works(WorkKind.REFRESH_MOVIE)
    async def refresh(self, job: Job) -> Effect | None:
        return await type(self).behave(job)


def refresher(resources: Resources, behave: Callable[[Job], Awaitable[Effect | None]]) -> Any:
    class Behaving(Refresher):
        pass

    Behaving.behave = staticmethod(behave)  # type: ignore[assignment]
    return lambda: Behaving(resources)


async def ask_for(resources: Resources, kind: str = WorkKind.REFRESH_MOVIE, **more: Any) -> int:
    async with resources.database.transaction() as conn:
        work_id = await resources.work.enqueue(conn, "tmdb", kind, {"movie_id": 1}, **more)
    assert work_id is not None
    return work_id


async def item(resources: Resources, work_id: int) -> WorkItem:
    found = await resources.work.get(work_id)
    assert found is not None
    return found


async def fail_with(error: Exception) -> None:
    raise error


async def test_the_effect_and_the_completion_are_committed_together(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    async def behave(job: Job) -> Effect:
        async def effect(conn: TrioConnection) -> None:
            await conn.execute("INSERT INTO daemon_setting (key, value) VALUES ('seen', '1')")

        return effect

    work_id = await ask_for(resources)
    async with run_actor(refresher(resources, behave)):
        await eventually(lambda: is_in(resources, work_id, WorkState.DONE))
    rows = await resources.database.fetch_all("SELECT key FROM daemon_setting")
    assert rows == [("seen",)]
    assert resources.metrics.value("reeld_job_executions_total", queue="tmdb", outcome="ok") == 1


async def test_how_long_work_was_due_before_it_began_is_observed(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    async def behave(job: Job) -> None:
        return None

    work_id = await ask_for(resources)
    await resources.database.execute("UPDATE work SET run_at = now() - interval '10 minutes'")
    async with run_actor(refresher(resources, behave)):
        await eventually(lambda: is_in(resources, work_id, WorkState.DONE))
    value = resources.metrics.value
    assert value("reeld_job_wait_seconds_count", queue="tmdb") == 1
    assert 600 <= value("reeld_job_wait_seconds_sum", queue="tmdb") < 700
    assert value("reeld_job_duration_seconds_count", queue="tmdb") == 1


async def is_in(resources: Resources, work_id: int, state: WorkState) -> bool:
    return (await item(resources, work_id)).state is state


async def was_snoozed(resources: Resources, work_id: int) -> bool:
    return (await item(resources, work_id)).snoozes > 0


@pytest.mark.parametrize(("collisions", "state"), [(2, WorkState.DONE), (3, WorkState.AVAILABLE)])
async def test_an_effect_that_collides_with_another_transaction_is_done_again_at_once(
    resources: Resources, run_actor: Any, eventually: Eventually, collisions: int, state: WorkState
) -> None:
    runs = 0

    async def behave(job: Job) -> Effect:
        async def effect(conn: TrioConnection) -> None:
            nonlocal runs
            runs += 1
            await conn.execute("INSERT INTO daemon_setting (key, value) VALUES ('seen', '1')")
            if runs <= collisions:
                await conn.execute("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")

        return effect

    work_id = await ask_for(resources)
    async with run_actor(refresher(resources, behave)):
        done = state is WorkState.DONE
        await eventually(
            lambda: is_in(resources, work_id, state) if done else was_snoozed(resources, work_id)
        )
    assert runs == 3
    rows = await resources.database.fetch_all("SELECT key FROM daemon_setting")
    assert rows == ([("seen",)] if done else [])


async def test_an_effect_that_fails_leaves_nothing_behind_and_the_work_is_tried_again(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    async def behave(job: Job) -> Effect:
        async def effect(conn: TrioConnection) -> None:
            await conn.execute("INSERT INTO daemon_setting (key, value) VALUES ('seen', '1')")
            raise ServiceDown("It broke.", service="x")

        return effect

    work_id = await ask_for(resources)
    async with run_actor(refresher(resources, behave)):

        async def failed_once() -> bool:
            return len((await item(resources, work_id)).errors) == 1

        await eventually(failed_once)
    assert await resources.database.fetch_all("SELECT key FROM daemon_setting") == []
    assert (await item(resources, work_id)).state is WorkState.AVAILABLE


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("TMDB is not configured.", reason="not_configured"),
        RateLimited("Slow down.", service="tmdb", retry_after=60),
        CredentialsRejected("The token is wrong.", service="tmdb"),
    ],
)
async def test_waiting_for_somebody_elses_recovery_uses_up_no_attempt(
    resources: Resources, run_actor: Any, eventually: Eventually, error: ReeldError
) -> None:
    work_id = await ask_for(resources)
    async with run_actor(refresher(resources, lambda job: fail_with(error))):
        await eventually(lambda: was_snoozed(resources, work_id))
    row = await item(resources, work_id)
    assert (row.state, row.attempt, row.reason) == (WorkState.AVAILABLE, 0, error.reason)


@pytest.mark.parametrize("error", [Refused("That is wrong."), NotFound("It is gone.")])
async def test_what_cannot_help_to_ask_again_is_dead_at_once_with_its_sentence(
    resources: Resources, run_actor: Any, eventually: Eventually, error: ReeldError
) -> None:
    work_id = await ask_for(resources)
    async with run_actor(refresher(resources, lambda job: fail_with(error))):
        await eventually(lambda: is_in(resources, work_id, WorkState.DEAD))
    row = await item(resources, work_id)
    assert (row.reason, row.sentence) == (error.reason, error.sentence)


async def test_a_service_that_is_down_is_retried_until_the_attempts_are_used_up(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    down = ServiceDown("TMDB is down.", service="tmdb")
    work_id = await ask_for(resources, max_attempts=1)
    async with run_actor(refresher(resources, lambda job: fail_with(down))):
        await eventually(lambda: is_in(resources, work_id, WorkState.DEAD))
    assert (await item(resources, work_id)).reason == "service_down"


async def test_a_service_that_says_when_it_is_back_is_not_asked_before(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    down = ServiceDown("TMDB is down.", service="tmdb", retry_after=900.0)
    work_id = await ask_for(resources)
    async with run_actor(refresher(resources, lambda job: fail_with(down))):

        async def failed_once() -> bool:
            return len((await item(resources, work_id)).errors) == 1

        await eventually(failed_once)
    row = await item(resources, work_id)
    assert (row.run_at - row.errors[0].at).total_seconds() >= 900


async def test_a_handler_is_cancelled_at_its_deadline_and_the_work_is_tried_again(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    async def behave(job: Job) -> Effect | None:
        await trio.sleep_forever()

    work_id = await ask_for(resources)
    async with run_actor(refresher(resources, behave)) as cell:

        async def failed_once() -> bool:
            return len((await item(resources, work_id)).errors) == 1

        await eventually(failed_once)
        assert cell.restarts == 0
    assert (await item(resources, work_id)).errors[0].reason == "deadline_exceeded"


async def test_work_that_crashes_three_incarnations_is_dead_and_the_fourth_goes_on(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    poison = await ask_for(resources, unique_key="poison")

    async def behave(job: Job) -> Effect | None:
        if job.id == poison:
            raise ZeroDivisionError("a fault in reeld")
        return None

    async with run_actor(refresher(resources, behave)) as cell:
        await eventually(lambda: is_in(resources, poison, WorkState.DEAD))
        healthy = await ask_for(resources, unique_key="healthy")
        await eventually(lambda: is_in(resources, healthy, WorkState.DONE))
        assert cell.restarts == 3
    assert (await item(resources, poison)).reason == "crashed_worker"


async def test_work_of_an_unknown_kind_is_dead_and_says_so(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    work_id = await ask_for(resources, "no-such-kind")
    async with run_actor(refresher(resources, lambda job: fail_with(ValueError()))):
        await eventually(lambda: is_in(resources, work_id, WorkState.DEAD))
    assert (await item(resources, work_id)).reason == "unknown_work"


async def test_no_more_rows_are_worked_on_at_once_than_there_are_slots(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    at_once, most = 0, 0

    async def behave(job: Job) -> Effect | None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await trio.sleep(0.05)
        at_once -= 1
        return None

    ids = [await ask_for(resources, unique_key=str(n)) for n in range(6)]
    async with run_actor(refresher(resources, behave)) as cell:
        for _ in range(10):
            cell.address.tell(Sweep())
        for work_id in ids:
            await eventually(lambda work_id=work_id: is_in(resources, work_id, WorkState.DONE))
    assert most == 2


async def test_a_change_of_the_settings_wakes_what_waited_for_it(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    corrected = False

    async def behave(job: Job) -> Effect | None:
        if not corrected:
            raise CredentialsRejected("The token is wrong.", service="tmdb")
        return None

    work_id = await ask_for(resources)
    async with run_actor(refresher(resources, behave)) as cell:
        await eventually(lambda: was_snoozed(resources, work_id))
        corrected = True
        await cell.address.ask(SettingsChanged())
        await eventually(lambda: is_in(resources, work_id, WorkState.DONE))


async def test_rows_that_no_hint_announced_are_found_and_counted(
    resources: Resources, run_actor: Any, eventually: Eventually
) -> None:
    async def behave(job: Job) -> Effect | None:
        return None

    async with run_actor(refresher(resources, behave)):
        await trio.sleep(0.3)
        work_id = await ask_for(resources)
        await eventually(lambda: is_in(resources, work_id, WorkState.DONE))
    assert resources.metrics.value("reeld_unhinted_rows_total", actor="tmdb") == 1


# Stopping in order -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def supervised(
    resources: Resources, behave: Callable[[Job], Awaitable[Effect | None]], stop_deadline: float
) -> AsyncIterator[None]:
    """Run a worker under a supervisor, which is told to stop at the end of the block."""
    child = ChildSpec(
        name="tmdb", factory=refresher(resources, behave), stop_deadline=stop_deadline
    )
    kit = Kit(directory=resources.directory, incarnation_ended=returns_rows(resources))
    root = Supervisor(SupervisorSpec(name="root", children=(child,)), kit)
    async with trio.open_nursery() as nursery:
        await nursery.start(root.run)
        yield
        root.stop()


async def test_an_orderly_stop_lets_work_that_is_under_way_be_done_and_claims_no_more(
    resources: Resources,
) -> None:
    begun = trio.Event()

    async def behave(job: Job) -> Effect | None:
        begun.set()
        await trio.sleep(0.5)
        return None

    ids = [await ask_for(resources, unique_key=str(n)) for n in range(4)]
    async with supervised(resources, behave, stop_deadline=30.0):
        await begun.wait()
    found = [await item(resources, work_id) for work_id in ids]
    assert [each.state for each in found] == [WorkState.DONE] * 2 + [WorkState.AVAILABLE] * 2


async def test_work_that_outlasts_the_stop_is_cut_off_and_it_is_as_if_it_had_not_been_tried(
    resources: Resources,
) -> None:
    begun = trio.Event()

    async def behave(job: Job) -> Effect | None:
        begun.set()
        await trio.sleep_forever()

    work_id = await ask_for(resources)
    async with supervised(resources, behave, stop_deadline=0.2):
        await begun.wait()
    found = await item(resources, work_id)
    assert (found.state, found.attempt, found.reason) == (WorkState.AVAILABLE, 0, "stopped")


async def test_rows_of_a_claim_whose_answer_was_lost_are_worked_on_at_the_next_look(
    resources: Resources, run_actor: Any, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    async def behave(job: Job) -> None:
        done.append(job.id)

    claim, lost = type(resources.work).claim, []

    async def lose_the_first(self: Any, *args: Any, **more: Any) -> list[Job]:
        jobs = await claim(self, *args, **more)
        if jobs and not lost:
            lost.extend(job.id for job in jobs)
            raise DatabaseUnavailable("The answer was lost on its way.")
        return jobs

    monkeypatch.setattr(type(resources.work), "claim", lose_the_first)
    work_id = await ask_for(resources)
    async with run_actor(refresher(resources, behave)):
        await eventually(lambda: is_in(resources, work_id, WorkState.DONE))
    assert (lost, done) == ([work_id], [work_id])
    assert (await item(resources, work_id)).attempt == 1


async def test_a_look_that_is_slow_does_not_let_go_what_another_one_claims(
    resources: Resources, run_actor: Any, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    async def behave(job: Job) -> None:
        done.append(job.id)

    claim = type(resources.work).claim

    async def be_slow_to_tell(self: Any, *args: Any, **more: Any) -> list[Job]:
        jobs = await claim(self, *args, **more)
        await trio.sleep(0.3)  # three more looks become due meanwhile
        return jobs

    monkeypatch.setattr(type(resources.work), "claim", be_slow_to_tell)
    monkeypatch.setattr(Refresher, "concurrency", 4)
    ids = [await ask_for(resources) for _ in range(5)]
    async with run_actor(refresher(resources, behave)):
        for work_id in ids:
            await eventually(lambda each=work_id: is_in(resources, each, WorkState.DONE))  # type: ignore[misc]
    assert sorted(done) == ids
    assert {(await item(resources, work_id)).attempt for work_id in ids} == {1}
