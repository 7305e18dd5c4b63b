"""What is logged of an outage of PostgreSQL: that it began and that it is over, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs

from reeld.domain.errors import DatabaseUnavailable
from reeld.storage import Database, Listener, leader, listener
from reeld.storage.leader import Leader

ATTEMPTS = 5


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (leader, listener):
        monkeypatch.setattr(module, "RECONNECT_MIN_SECONDS", 0.01)
        monkeypatch.setattr(module, "RECONNECT_MAX_SECONDS", 0.02)


def away_for(attempts: int, connect: Any) -> Any:
    """Return what opens connections like `connect`, but fails so often before."""
    left = iter(range(attempts))

    async def open_connection(**options: Any) -> Any:
        if next(left, None) is not None:
            raise DatabaseUnavailable("PostgreSQL is away.")
        return await connect(**options)

    return open_connection


def told(logs: list[Any], name: str) -> Counter[str]:
    return Counter(entry["log_level"] for entry in logs if entry["event"] == name)


def levels(logs: list[Any], lost: str, back: str) -> Iterator[Counter[str]]:
    yield told(logs, lost)
    yield told(logs, back)


async def test_a_listener_tells_an_outage_once_and_that_it_is_over(database: Database) -> None:
    heard = Listener(away_for(ATTEMPTS, database.open_connection), ("shout",))
    with capture_logs() as logs, trio.fail_after(30):
        for _ in range(2):
            await anext(heard)
            assert heard._connection is not None
            await heard._connection.close()
            heard._connect = away_for(ATTEMPTS, database.open_connection)
        await anext(heard)
        await heard.close()
    lost, back = levels(logs, "listener_disconnected", "listener_connected")
    assert (lost["warning"], lost["debug"]) == (3, 3 * (ATTEMPTS - 1))
    assert back["info"] == 3


async def test_a_leader_tells_an_outage_once_and_that_it_is_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    leading = Leader(database, lease=0.06)
    await leading.acquire()
    assert leading._session is not None
    with capture_logs() as logs, trio.fail_after(30):
        monkeypatch.setattr(
            database, "open_connection", away_for(ATTEMPTS, database.open_connection)
        )
        await leading._session.close()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(leading.keep)
            while not told(logs, "leader_session_back"):
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()
    await leading.release()
    lost, back = levels(logs, "leader_session_lost", "leader_session_back")
    assert lost["warning"] == 1
    assert lost["debug"] == ATTEMPTS - 1
    assert back["info"] == 1
