from __future__ import annotations

from typing import Any

import pytest
import trio

from reeld.domain.history import EventKind
from reeld.storage import Database
from reeld.storage.events import append


async def tell(
    database: Database, movie_id: int, kind: EventKind = EventKind.MOVIE_REFRESHED
) -> None:
    async with database.transaction() as conn:
        await append(conn, kind, movie_id, {"movie_id": movie_id})


def movies(frames: list[dict[str, Any]]) -> list[int]:
    return [each["data"]["movie_id"] for each in frames if each["topic"] == "movie"]


async def test_what_is_committed_is_told_in_order_with_its_place(
    running_daemon: Any, database: Database, connect: Any
) -> None:
    async with connect(running_daemon.started.url) as socket:
        frames = await socket.until("current")
        print(frames)
        for number in (11, 12, 13):
            await tell(database, number)
        seen = [await socket.receive() for _ in range(3)]
    assert movies(seen) == [11, 12, 13]
    assert [each["kind"] for each in seen] == ["movie.refreshed"] * 3
    places = [each["seq"] for each in seen]
    assert places == sorted(set(places))
