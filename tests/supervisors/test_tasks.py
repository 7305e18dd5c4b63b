"""Children that are async functions: the web server, say."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from reeld.actors.kernel import ActorState
from reeld.supervisors import InducedCrash, Intensity, RestartPolicy, SupervisorSpec, TaskSpec


class Server:
    """Serves until it is told to drain, and notes what it does."""

    def __init__(self, drain: float = 0, dies_after: float | None = None) -> None:
        self.notes: list[tuple[float, str]] = []
        self.drain = drain
        self.dies_after = dies_after
        self._stopping = trio.Event()

    def note(self, what: str) -> None:
        self.notes.append((trio.current_time() - self.began, what))

    def stop(self) -> None:
        self._stopping.set()

    async def serve(self, *, task_status: trio.TaskStatus[list[str]]) -> None:
        self.began = trio.current_time()
        self._stopping = trio.Event()
        await trio.sleep(1)
        task_status.started(["http://127.0.0.1:7878"])
        self.note("up")
        try:
            if self.dies_after is not None:
                await trio.sleep(self.dies_after)
                raise OSError("the socket is gone")
            await self._stopping.wait()
            await trio.sleep(self.drain)
            self.note("drained")
        except trio.Cancelled:
            self.note("cancelled")
            raise


def tree(*children: Any) -> SupervisorSpec:
    return SupervisorSpec(name="root", children=children)


async def test_the_next_child_starts_when_a_task_has_said_that_it_is_up(
    autojump_clock: MockClock, stage: Any
) -> None:
    server = Server()
    async with stage.play(tree(TaskSpec(name="web", run=server.serve), stage.actor("a"))):
        assert stage.times("started", "a") == [1]


async def test_a_task_with_a_way_to_stop_may_drain(autojump_clock: MockClock, stage: Any) -> None:
    server = Server(drain=3)
    spec = TaskSpec(name="web", run=server.serve, stop=server.stop, stop_deadline=5)
    async with stage.play(tree(spec)):
        await trio.sleep(1)
    assert server.notes == [(1, "up"), (5, "drained")]


async def test_a_task_that_drains_for_too_long_is_cancelled(
    autojump_clock: MockClock, stage: Any
) -> None:
    server = Server(drain=60)
    spec = TaskSpec(name="web", run=server.serve, stop=server.stop, stop_deadline=5)
    async with stage.play(tree(spec)):
        await trio.sleep(1)
    assert server.notes == [(1, "up"), (7, "cancelled")]


async def test_a_task_without_a_way_to_stop_is_cancelled_at_once(
    autojump_clock: MockClock, stage: Any
) -> None:
    server = Server()
    async with stage.play(tree(TaskSpec(name="web", run=server.serve))):
        pass
    assert server.notes == [(1, "up"), (1, "cancelled")]


async def test_a_task_that_fails_is_restarted_and_then_parked(
    autojump_clock: MockClock, stage: Any
) -> None:
    server = Server(dies_after=2)
    spec = TaskSpec(name="web", run=server.serve, intensity=Intensity(2, 60))
    async with stage.play(tree(spec)):
        await trio.sleep(30)
        node = stage.control.node("web")
        assert node.state is ActorState.PARKED
        assert node.restarts == 2
        assert node.last_error_reason == "OSError"


async def test_a_task_that_fails_before_it_is_up_is_a_failed_start(
    autojump_clock: MockClock, stage: Any
) -> None:
    async def broken(*, task_status: trio.TaskStatus[None]) -> None:
        raise OSError("the port is taken")

    async with stage.play(tree(TaskSpec(name="web", run=broken), stage.actor("a"))):
        await trio.sleep(10)
        assert stage.control.node("web").state is ActorState.PARKED
        assert await stage.answer("a", stage.Which()) == 1


@pytest.mark.parametrize(
    ("policy", "restarts"), [(RestartPolicy.PERMANENT, 1), (RestartPolicy.TRANSIENT, 0)]
)
async def test_a_task_that_returns_is_restarted_when_it_is_permanent(
    autojump_clock: MockClock, stage: Any, policy: RestartPolicy, restarts: int
) -> None:
    async def once(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        await trio.sleep(5 if stage.control.node("web").restarts == 0 else 1000)

    async with stage.play(tree(TaskSpec(name="web", run=once, restart=policy))):
        await trio.sleep(10)
        assert stage.control.node("web").restarts == restarts


async def test_a_task_can_be_crashed_and_restarted_by_a_person(
    autojump_clock: MockClock, stage: Any
) -> None:
    server = Server()
    async with stage.play(tree(TaskSpec(name="web", run=server.serve))):
        stage.control.crash("web")
        await trio.sleep(5)
        node = stage.control.node("web")
        assert (node.state, node.restarts) == (ActorState.RUNNING, 1)
        assert node.last_error_reason == InducedCrash.__name__
        assert (await stage.control.restart("web", "a new certificate")).restarts == 2


async def test_what_is_cut_off_at_its_stop_deadline_is_told_why(
    autojump_clock: MockClock, stage: Any
) -> None:
    reasons: list[str | None] = []

    async def cling(*, task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        try:
            await trio.sleep_forever()
        except trio.Cancelled as cut:
            reasons.append(cut.reason)
            raise

    web = TaskSpec(name="web", run=cling, stop=lambda: None, stop_deadline=4)
    async with stage.play(tree(web)):
        await trio.sleep(1)
    assert reasons == ["web: shutdown"]
