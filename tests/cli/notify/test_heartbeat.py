from __future__ import annotations

from typing import Any

import trio

from reeld.cli.notify import Heartbeat


async def test_it_says_how_long_ago_the_root_supervisor_came_round(
    autojump_clock: Any, nursery: trio.Nursery
) -> None:
    stuck = trio.Event()
    rounds = 0

    async def come_round() -> None:
        nonlocal rounds
        rounds += 1
        if rounds > 3:
            await stuck.wait()

    heartbeat = Heartbeat(come_round)
    assert heartbeat.age is None
    nursery.start_soon(heartbeat.run)
    await trio.sleep(12)
    assert heartbeat.age == 2
    await trio.sleep(100)
    assert heartbeat.age == 102
    stuck.set()
    await trio.sleep(1)
    assert heartbeat.age == 1


async def test_nobody_expects_a_beat_before_the_first_one_nor_after_the_end(
    autojump_clock: Any,
) -> None:
    async def never() -> None:
        await trio.sleep_forever()

    async def at_once() -> None:
        pass

    heartbeat = Heartbeat(never)
    with trio.move_on_after(100):
        await heartbeat.run()
    assert heartbeat.age is None
    heartbeat = Heartbeat(at_once)
    with trio.move_on_after(100):
        await heartbeat.run()
    assert heartbeat.age is None
