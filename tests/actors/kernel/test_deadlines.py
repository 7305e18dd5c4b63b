"""The one watchdog of a run."""

from __future__ import annotations

import trio
import trio.testing

from reeld.actors.kernel._deadlines import Deadlines


async def test_alarms_fire_at_their_time_in_order(autojump_clock: trio.testing.MockClock) -> None:
    deadlines, begun = Deadlines.of_this_run(), trio.current_time()
    fired: list[tuple[str, float]] = []
    for name, seconds in (("late", 9.0), ("soon", 1.0), ("middle", 5.0)):
        deadlines.arm(
            begun + seconds, lambda name=name: fired.append((name, trio.current_time() - begun))
        )
    await trio.sleep(20)
    assert fired == [("soon", 1.0), ("middle", 5.0), ("late", 9.0)]


async def test_an_alarm_that_is_called_off_stays_silent(
    autojump_clock: trio.testing.MockClock,
) -> None:
    deadlines = Deadlines.of_this_run()
    fired: list[int] = []
    alarms = [deadlines.arm(trio.current_time() + 1, lambda: fired.append(1)) for _ in range(3)]
    deadlines.disarm(alarms[1])
    deadlines.disarm(alarms[1])
    await trio.sleep(2)
    deadlines.disarm(alarms[0])
    assert fired == [1, 1]


async def test_an_earlier_alarm_wakes_the_watchdog_sooner(
    autojump_clock: trio.testing.MockClock,
) -> None:
    deadlines, fired = Deadlines.of_this_run(), trio.Event()
    deadlines.arm(trio.current_time() + 100, lambda: None)
    await trio.testing.wait_all_tasks_blocked()
    deadlines.arm(trio.current_time() + 1, fired.set)
    with trio.fail_after(1.5):
        await fired.wait()


async def test_an_alarm_whose_time_has_passed_fires_at_once() -> None:
    fired = trio.Event()
    Deadlines.of_this_run().arm(trio.current_time() - 1, fired.set)
    with trio.fail_after(5):
        await fired.wait()


async def test_what_is_called_off_is_forgotten() -> None:
    deadlines = Deadlines.of_this_run()
    for _ in range(10_000):
        deadlines.disarm(deadlines.arm(trio.current_time() + 1000, lambda: None))
    assert len(deadlines._heap) < 200


async def test_a_run_has_one_watchdog() -> None:
    assert Deadlines.of_this_run() is Deadlines.of_this_run()
