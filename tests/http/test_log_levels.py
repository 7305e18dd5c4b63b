from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reeld.telemetry.logs import levels

PATH = "/control/log-levels"


@pytest.fixture(autouse=True)
def _levels_as_before() -> Iterator[None]:
    yield
    levels.reset()


async def test_a_level_is_changed_for_a_time_and_taken_back(running_daemon: Any) -> None:
    changed = await running_daemon.http.post(
        PATH, json={"logger": "reeld.actors.qbit", "level": "debug", "seconds": 600}
    )
    assert changed.status_code == 200, changed.text
    (override,) = (await running_daemon.http.get(PATH)).json()["overrides"]
    assert (override["logger"], override["level"]) == ("reeld.actors.qbit", "debug")
    assert 0 < override["seconds_left"] <= 600
    assert levels.writes("reeld.actors.qbit", 10)
    assert (await running_daemon.http.post(f"{PATH}/reset")).json()["overrides"] == []
    assert not levels.writes("reeld.actors.qbit", 10)


@pytest.mark.parametrize(
    ("order", "status", "word"),
    [
        ({"logger": "reeld", "level": "loud"}, 400, "level"),
        ({"logger": "httpx", "level": "debug"}, 404, "reeld.actors"),
        ({"logger": "reeld", "level": "debug", "seconds": -1}, 400, "seconds"),
        ({"logger": "reeld", "level": "debug", "colour": "red"}, 400, "colour"),
    ],
)
async def test_a_broken_order_is_answered_with_what_is_wrong_and_changes_nothing(
    running_daemon: Any, order: dict[str, Any], status: int, word: str
) -> None:
    answer = await running_daemon.http.post(PATH, json=order)
    assert answer.status_code == status, answer.text
    assert word in answer.text
    assert levels.overrides() == ()


async def test_levels_need_a_key(running_daemon: Any) -> None:
    answer = await running_daemon.http.post(
        PATH, json={"logger": "reeld", "level": "debug"}, headers={"X-Api-Key": "wrong"}
    )
    assert answer.status_code == 401
