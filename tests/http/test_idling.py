from __future__ import annotations

from typing import Any

import pytest
import trio

from reeld.http.idling import IdleWatch


class Group:
    """Starts tasks as hypercorn's group does: they begin later."""

    def __init__(self, nursery: Any) -> None:
        self._nursery = nursery

    def spawn(self, work: Any, *args: Any) -> None:
        self._nursery.start_soon(work, *args)


@pytest.fixture
def ended() -> list[float]:
    return []


async def test_a_request_that_comes_before_the_watch_begins_does_not_end_the_connection(
    autojump_clock: trio.testing.MockClock, ended: list[float]
) -> None:
    async def end() -> None:
        ended.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        watch, group = IdleWatch(5.0, trio.Event()), Group(nursery)
        begun = trio.current_time()
        for _ in range(3):
            await watch.restart(group, end)
            await watch.stop()
            watch.hurry(1.0)  # the next one's first bytes are here already
            await trio.sleep(20)  # a busy request outlasts the deadline
        assert ended == []
        await watch.restart(group, end)
    assert ended == [begun + 65]


async def test_a_connection_that_is_over_is_watched_no_more(
    autojump_clock: trio.testing.MockClock, ended: list[float]
) -> None:
    async def end() -> None:
        ended.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        watch, group = IdleWatch(5.0, trio.Event()), Group(nursery)
        await watch.restart(group, end)
        watch.end()
        await watch.restart(group, end)
        await trio.sleep(20)
        await watch.restart(group, end)
    assert ended == []


async def test_a_request_that_has_begun_has_less_time_whatever_comes_of_it_meanwhile(
    autojump_clock: trio.testing.MockClock, ended: list[float]
) -> None:
    async def end() -> None:
        ended.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        watch, group = IdleWatch(75.0, trio.Event()), Group(nursery)
        begun = trio.current_time()
        await watch.restart(group, end)
        await trio.sleep(30)
        for _ in range(4):
            watch.hurry(10.0)
            await trio.sleep(3)
    assert ended == [begun + 30 + 10]


async def test_a_request_that_came_in_time_leaves_the_next_one_all_there_is(
    autojump_clock: trio.testing.MockClock, ended: list[float]
) -> None:
    async def end() -> None:
        ended.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        watch, group = IdleWatch(75.0, trio.Event()), Group(nursery)
        begun = trio.current_time()
        await watch.restart(group, end)
        await trio.sleep(30)
        for _ in range(8):
            watch.hurry(10.0)
            await trio.sleep(1)
        # It ended in time: the next one begins with all there is.
        await watch.stop()
        watch.hurry(10.0)
        await trio.sleep(17)  # a busy request outlasts what its head had
        await watch.restart(group, end)
        await trio.sleep(70)
        watch.hurry(10.0)
    assert ended == [begun + 30 + 8 + 17 + 75]
