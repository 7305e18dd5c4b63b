from __future__ import annotations

import os
import threading
from typing import Any

import pytest
import trio

from reeld.cli.notify import Notifier, Watchdog, watchdog_seconds
from reeld.supervisors import Supervisor, SupervisorSpec, TaskSpec
from reeld.supervisors._child import Child
from reeld.telemetry import Metrics


def beats_of(manager: Any) -> int:
    return len(manager.fields("WATCHDOG"))


async def idle(*, task_status: trio.TaskStatus[object]) -> None:
    task_status.started()
    await trio.sleep_forever()


def root() -> Supervisor:
    return Supervisor(SupervisorSpec(name="root", children=(TaskSpec(name="idle", run=idle),)))


class Recorder(Notifier):
    """Notes when it was told, and tells nobody."""

    def __init__(self) -> None:
        super().__init__("@nobody")
        self.told: list[tuple[float, str]] = []

    async def tell(self, *fields: str) -> bool:
        self.told.extend((trio.current_time(), each) for each in fields)
        return True


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "³"}, None),
    ],
)
def test_the_manager_watches_only_whom_it_says(
    environ: dict[str, str], seconds: float | None
) -> None:
    assert watchdog_seconds(environ) == seconds


async def test_a_tree_that_lives_feeds_it_twice_in_the_time_allowed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    notifier, metrics, tree = Recorder(), Metrics(), root()
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        began = trio.current_time()
        nursery.start_soon(Watchdog(notifier, 30.0, tree.come_round, metrics).run)
        await trio.sleep(76)
        nursery.cancel_scope.cancel()
    assert [(at - began, what) for at, what in notifier.told] == [
        (15.0 * n, "WATCHDOG=1") for n in range(6)
    ]
    assert metrics.value("reeld_watchdog_beats_total") == 6


@pytest.mark.parametrize("seconds", [None])
async def test_nobody_is_fed_where_nobody_watches(seconds: float | None) -> None:
    notifier = Recorder()
    with trio.fail_after(30):
        await Watchdog(notifier, seconds, trio.sleep_forever, Metrics()).run()
        await Watchdog(Notifier(), 30.0, trio.sleep_forever, Metrics()).run()
    assert not notifier.told


async def test_a_wedged_root_supervisor_loses_its_beats_and_gets_them_back(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifier, metrics, tree = Recorder(), Metrics(), root()
    wedged, freed = trio.Event(), trio.Event()
    look = Child.wait_for_end_or_wish

    async def get_stuck(child: Child) -> None:
        await look(child)
        wedged.set()
        await freed.wait()

    monkeypatch.setattr(Child, "wait_for_end_or_wish", get_stuck)
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        nursery.start_soon(Watchdog(notifier, 30.0, tree.come_round, metrics).run)
        await trio.sleep(40)
        before = len(notifier.told)
        assert before == 3
        # The loop and its timers go on: it is only the supervisor's own task that hangs.
        tree.find("idle").wish()
        await wedged.wait()
        await trio.sleep(300)
        assert len(notifier.told) == before
        freed.set()
        await trio.sleep(40)
        assert len(notifier.told) > before
        nursery.cancel_scope.cancel()
    assert metrics.value("reeld_watchdog_beats_total") == len(notifier.told)


async def test_a_loop_that_hangs_loses_its_beats_and_gets_them_back(quiet_manager: Any) -> None:
    tree = root()
    watchdog = Watchdog(Notifier(quiet_manager.address), 0.1, tree.come_round, Metrics())
    async with trio.open_nursery() as nursery:
        await nursery.start(tree.run)
        nursery.start_soon(watchdog.run)
        with trio.fail_after(30):
            while beats_of(quiet_manager) < 3:
                await trio.sleep(0.01)
        silence = threading.Event()

        def listen() -> None:
            # A beat may be on its way still. Then nothing comes for ten times as long as the watchdog allows: the
            # manager would have ended the process.
            with quiet_manager.news:
                if any(not quiet_manager.news.wait(1.0) for _ in range(3)):
                    silence.set()
            done.set()

        done = threading.Event()
        listener = threading.Thread(target=listen)
        listener.start()
        # The loop's own thread blocks, as code that does not give way would.
        assert done.wait(30)
        listener.join()
        assert silence.is_set()
        heard = beats_of(quiet_manager)
        with trio.fail_after(30):
            while beats_of(quiet_manager) < heard + 3:
                await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
