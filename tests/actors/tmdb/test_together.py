from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from reeld.actors.tmdb._together import Together
from reeld.domain.errors import NotFound


class Work:
    """Something that takes until it is let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = trio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.begun += 1
        turn = self.begun
        await self.may_end.wait()
        if self.error is not None:
            raise self.error
        return turn


async def test_those_who_come_together_share_and_those_who_come_later_do_not() -> None:
    together: Together[int] = Together()
    work = Work()
    got: list[int] = []

    async def want() -> None:
        got.append(await together.of("key", work))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(want)
        await wait_all_tasks_blocked()
        work.may_end.set()
    assert got == [1] * 5
    assert await together.of("key", work) == 2
    assert together._turns == {}


async def test_different_keys_do_not_wait_for_each_other() -> None:
    together: Together[int] = Together()
    slow, quick = Work(), Work()
    quick.may_end.set()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(together.of, "slow", slow)
        await wait_all_tasks_blocked()
        assert await together.of("quick", quick) == 1
        slow.may_end.set()


async def test_when_the_first_goes_away_the_next_one_does_it() -> None:
    together: Together[int] = Together()
    work = Work()
    got: list[int] = []
    first = trio.CancelScope()

    async def leave() -> None:
        with first:
            await together.of("key", work)

    async def want() -> None:
        got.append(await together.of("key", work))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(leave)
        await wait_all_tasks_blocked()
        nursery.start_soon(want)
        nursery.start_soon(want)
        await wait_all_tasks_blocked()
        first.cancel()
        await wait_all_tasks_blocked()
        work.may_end.set()
    assert got == [2, 2]
    assert together._turns == {}


async def test_a_foreseen_error_is_for_all_who_wait_and_for_nobody_after_them() -> None:
    together: Together[int] = Together()
    work = Work()
    work.error = NotFound("There is none.")
    refused = 0

    async def want() -> None:
        nonlocal refused
        with pytest.raises(NotFound):
            await together.of("key", work)
        refused += 1

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(want)
        await wait_all_tasks_blocked()
        work.may_end.set()
    assert (refused, work.begun) == (5, 1)
    work.error = None
    assert await together.of("key", work) == 2
