from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.cli.notify import Notifier, tell_failure


def fill(notifier: Notifier) -> None:
    """Say more than anybody reads."""
    with suppress(BlockingIOError):
        for _ in range(100_000):
            notifier.try_to_tell("STATUS=again")
        pytest.fail("the queue has no end")


async def test_all_fields_of_a_call_arrive_in_one_datagram(manager: Any) -> None:
    notifier = Notifier.from_environ({"NOTIFY_SOCKET": manager.address})
    assert await notifier.tell("READY=1", "STATUS=ready: Amélie")
    manager.wait_for(lambda: bool(manager.datagrams))
    assert manager.datagrams == [["READY=1", "STATUS=ready: Amélie"]]


@pytest.mark.parametrize("address", [None, "", "vsock:2:1234", "relative/path"])
async def test_without_a_socket_that_can_be_spoken_to_nothing_is_said(address: str | None) -> None:
    environ = {} if address is None else {"NOTIFY_SOCKET": address}
    notifier = Notifier.from_environ(environ)
    assert not notifier.is_active
    assert not await notifier.tell("READY=1")


async def test_a_manager_that_is_gone_is_logged_once_and_harms_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notifier = Notifier(str(tmp_path / "gone"))
    assert not await notifier.tell("READY=1")
    assert not await notifier.tell("WATCHDOG=1")
    assert capsys.readouterr().out.count("service_manager_not_told") == 1


async def test_a_manager_whose_queue_is_full_holds_nobody_up(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    path = str(tmp_path / "deaf")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(path)
        notifier = Notifier(path)
        fill(notifier)
        before = trio.current_time()
        assert not await notifier.tell("READY=1")
        assert trio.current_time() - before == 2
        tell_failure({"NOTIFY_SOCKET": path}, "the disk is full")
        deaf.recv(100)
        assert await notifier.tell("READY=1")


async def test_a_datagram_waits_for_room(tmp_path: Path) -> None:
    path = str(tmp_path / "slow")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as slow:
        slow.bind(path)
        notifier = Notifier(path)
        fill(notifier)
        async with trio.open_nursery() as nursery:

            async def make_room() -> None:
                await trio.sleep(0.1)
                slow.recv(100)

            nursery.start_soon(make_room)
            assert await notifier.tell("READY=1")


def test_a_failure_is_left_for_people_as_one_line(quiet_manager: Any) -> None:
    environ = {"NOTIFY_SOCKET": quiet_manager.address}
    tell_failure(environ, "Another reeld works here.\nREADY=1\tStop that one first.")
    quiet_manager.wait_for(lambda: bool(quiet_manager.datagrams))
    assert quiet_manager.datagrams == [
        ["STATUS=failed: Another reeld works here. READY=1 Stop that one first."]
    ]
