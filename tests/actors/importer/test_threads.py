from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trio
import trio.testing

from reeld.actors.importer import _threads
from reeld.actors.importer._copying import Tick
from reeld.actors.importer._threads import FileWork, StillStuck
from reeld.domain.errors import DeadlineExceeded


async def test_the_result_comes_back_and_progress_is_told() -> None:
    told: list[int] = []

    def work(tick: Tick) -> str:
        tick(5)
        return "done"

    assert await FileWork().run("a", work, on_progress=told.append) == "done"
    assert told == [0]  # reports are throttled


async def test_an_error_comes_back_as_it_is() -> None:
    def fail(tick: Tick) -> None:
        raise FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError):
        await FileWork().run("a", fail)


async def test_cancelled_work_clears_up_before_its_task_goes_on() -> None:
    cleared = threading.Event()

    def work(tick: Tick) -> None:
        try:
            while True:
                tick(1)
                cleared.wait(0.001)
        finally:
            cleared.set()

    with trio.move_on_after(0.05) as scope:
        await FileWork().run("a", work)

    assert scope.cancelled_caught
    assert cleared.is_set()


@contextmanager
def hanging_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    monkeypatch.setattr(_threads, "_GRACE", 0.01)
    back = threading.Event()
    try:
        yield back
    finally:
        back.set()


async def test_a_disk_that_hangs_is_left_behind_and_its_key_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work = FileWork()
    with hanging_disk(monkeypatch) as back:
        with pytest.raises(DeadlineExceeded) as hung:
            await work.run("a", lambda _: back.wait(20), stall=0.05)
        assert hung.value.reason == "disk_hangs"
        with pytest.raises(StillStuck):
            await work.run("a", lambda _: None)
        assert await work.run("b", lambda _: "another disk") == "another disk"

        back.set()
        with trio.fail_after(5):
            while True:
                try:
                    assert await work.run("a", lambda _: "again") == "again"
                    break
                except StillStuck:
                    await trio.sleep(0.01)


async def test_work_on_the_same_thing_waits_for_its_turn() -> None:
    work, free, order = FileWork(), threading.Event(), []

    def first(tick: Tick) -> None:
        free.wait(20)
        order.append("first")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(work.run, "a", first)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(work.run, "a", lambda _: order.append("second"))
        await trio.testing.wait_all_tasks_blocked()
        free.set()

    assert order == ["first", "second"]


async def test_work_that_makes_progress_may_take_longer_than_the_stall() -> None:
    pause = threading.Event()

    def slow(tick: Tick) -> str:
        for step in range(6):
            pause.wait(0.15)
            tick(step)
        return "done"

    assert await FileWork().run("a", slow, stall=0.6) == "done"


async def test_work_that_is_cancelled_while_it_waits_for_a_thread_frees_its_key() -> None:
    work = FileWork(threads=1)
    free = threading.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work.run, "a", lambda _: free.wait(20))
        await trio.testing.wait_all_tasks_blocked()
        with trio.move_on_after(0.01):
            await work.run("b", lambda _: pytest.fail("nobody waits for this any more"))
        free.set()
    assert await work.run("b", lambda _: "later") == "later"
