from __future__ import annotations

import time

import pytest
import trio

from reeld.cli.notify import Notifier, ServiceReport
from reeld.domain.settings import InvalidSetting


class Manager(Notifier):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__("@nobody")
        self.told: list[tuple[str, ...]] = []

    async def tell(self, *fields: str) -> bool:
        self.told.append(fields)
        await trio.lowlevel.checkpoint()
        return True

    def take(self) -> list[tuple[str, ...]]:
        told, self.told = self.told, []
        return told


class Line:
    """A status line that a test sets."""

    def __init__(self) -> None:
        self.text, self.seconds = "as it is", 0.0

    async def __call__(self) -> str:
        await trio.sleep(self.seconds)
        return self.text


EXTENSION = "EXTEND_TIMEOUT_USEC=60000000"


async def test_a_long_start_asks_for_more_time_until_the_daemon_is_ready(
    autojump_clock: trio.testing.MockClock,
) -> None:
    manager, line = Manager(), Line()
    report = ServiceReport(manager, line)
    async with report.running():
        await trio.sleep(301)
        told = manager.take()
        assert told[0] == (EXTENSION, "STATUS=as it is")
        assert told[1:] == [(EXTENSION,)] * 150
        line.text = "ready: 0 downloads"
        await report.ready()
        assert manager.take() == [("READY=1", "STATUS=ready: 0 downloads")]
        await trio.sleep(301)
        assert not manager.take()


async def test_the_status_is_told_when_it_changes_and_only_then(
    autojump_clock: trio.testing.MockClock,
) -> None:
    manager, line = Manager(), Line()
    report = ServiceReport(manager, line)
    async with report.running():
        await report.ready()
        manager.take()
        for number in range(3):
            line.text = f"ready: {number} downloads"
            await trio.sleep(60)
        assert manager.take() == [(f"STATUS=ready: {number} downloads",) for number in range(3)]


async def test_a_reload_is_told_around_what_it_does_with_the_time_of_its_begin() -> None:
    manager, line = Manager(), Line()
    report = ServiceReport(manager, line)
    await report.ready()
    manager.take()
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    async with report.reloading():
        (told,) = manager.take()
        assert told[0] == "RELOADING=1"
        name, _, value = told[1].partition("=")
        assert name == "MONOTONIC_USEC"
        assert before <= int(value) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert manager.take() == [("READY=1", "STATUS=as it is")]


async def test_a_reload_that_fails_or_is_given_up_ends_too() -> None:
    manager = Manager()
    report = ServiceReport(manager, Line())
    await report.ready()
    manager.take()
    with pytest.raises(InvalidSetting):
        async with report.reloading():
            raise InvalidSetting("tmdb.token", "is empty.")
    assert [told[0] for told in manager.take()] == ["RELOADING=1", "READY=1"]
    assert not report.settings_are_good
    with trio.CancelScope() as scope:
        async with report.reloading():
            scope.cancel()
            await trio.sleep_forever()
    assert [told[0] for told in manager.take()] == ["RELOADING=1", "READY=1"]
    async with report.reloading():
        pass
    assert report.settings_are_good


async def test_reloads_that_overlap_are_over_when_the_last_one_is(
    autojump_clock: trio.testing.MockClock,
) -> None:
    manager = Manager()
    report = ServiceReport(manager, Line())
    await report.ready()
    manager.take()

    async def reload(seconds: float) -> None:
        async with report.reloading():
            await trio.sleep(seconds)

    async with report.running(), trio.open_nursery() as nursery:
        nursery.start_soon(reload, 10)
        nursery.start_soon(reload, 21)
    assert [told[0] for told in manager.take()] == ["RELOADING=1", "RELOADING=1", "READY=1"]


async def test_a_line_that_was_asked_for_before_a_reload_is_not_told_during_it(
    autojump_clock: trio.testing.MockClock,
) -> None:
    manager, line = Manager(), Line()
    report = ServiceReport(manager, line)
    await report.ready()
    manager.take()
    line.text, line.seconds = "ready: asked for before", 2.0
    async with report.running():
        await trio.sleep(1)
        async with report.reloading():
            await trio.sleep(3)
            assert [told[0] for told in manager.take()] == ["RELOADING=1"]


async def test_before_it_is_ready_a_daemon_does_not_say_that_it_reloads() -> None:
    # The READY at the end of a reload would be taken for that of the start.
    manager = Manager()
    report = ServiceReport(manager, Line())
    async with report.reloading():
        pass
    assert not manager.take()


async def test_once_it_stops_a_daemon_says_nothing_else(
    autojump_clock: trio.testing.MockClock,
) -> None:
    manager, line = Manager(), Line()
    report = ServiceReport(manager, line)
    async with report.running():
        await report.ready()
        await report.stopping()
        await report.stopping()
        assert [told[0] for told in manager.take()][-1] == "STOPPING=1"
        line.text = "something new"
        await report.ready()
        async with report.reloading():
            await trio.sleep(60)
        assert not manager.take()


async def test_a_stop_during_the_start_is_told_instead_of_ready() -> None:
    manager = Manager()
    report = ServiceReport(manager, Line())
    await report.stopping()
    await report.ready()
    assert [told[0] for told in manager.take()] == ["STOPPING=1"]
