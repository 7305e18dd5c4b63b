"""The download client through the API of a daemon."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import trio

from reeld.domain.secret import Secret

PATH = "/api/downloadclients"


@pytest.fixture
async def locked_out(run_daemon: Any, world_settings: Any) -> AsyncIterator[Any]:
    """A daemon with a wrong password."""
    assert world_settings.qbittorrent is not None
    wrong = replace(world_settings.qbittorrent, password=Secret("wrong-hunter2"))
    async with run_daemon(replace(world_settings, qbittorrent=wrong)) as running:
        yield running


async def test_the_client_is_shown_with_what_it_says_of_itself_now(
    daemon: Any, world: Any, world_settings: Any
) -> None:
    listed = await daemon.http.get(PATH)
    (client,) = listed.json()
    assert (client["name"], client["answers"], client["reason"]) == ("qbittorrent", True, "")
    assert client["address"] == world.qbittorrent.url
    assert client["version"] == world.qbittorrent.profile.version
    assert (client["connection"], client["category"]) == ("connected", "reeld")
    assert client["download_speed"] == client["upload_speed"] == 0
    assert client["breaker"]["state"] == "closed"
    assert 0 < client["free_bytes"] <= client["total_bytes"]
    assert world_settings.qbittorrent.password.reveal() not in listed.text
    alone = (await daemon.http.get(f"{PATH}/qbittorrent")).json()
    assert alone["folder"] == client["folder"]
    tested = await daemon.http.post(f"{PATH}/qbittorrent/test")
    assert tested.json() == {"ok": True, "reason": "", "sentence": "", "version": client["version"]}


async def test_speeds_are_those_of_the_moment(daemon: Any, world: Any) -> None:
    world.qbittorrent.turn(download_seconds=60)
    await daemon.http.post("/api/movies", json={"tmdb_id": world.films[0].tmdb_id})
    with trio.fail_after(60):
        while not (await daemon.http.get(PATH)).json()[0]["download_speed"]:
            await trio.sleep(0.05)


async def test_a_client_that_is_away_is_shown_as_such_and_does_not_fail_the_list(
    daemon: Any, world: Any
) -> None:
    world.qbittorrent.turn(down_for=600.0)
    with trio.fail_after(60):
        while True:
            answer = await daemon.http.get(PATH)
            assert answer.status_code == 200
            (client,) = answer.json()
            if client["breaker"]["state"] == "open":
                break
    assert (client["answers"], client["version"], client["free_bytes"]) == (False, None, None)
    assert client["reason"]
    assert client["sentence"]
    tested = (await daemon.http.post(f"{PATH}/qbittorrent/test")).json()
    assert (tested["ok"], tested["version"]) == (False, None)
    assert tested["reason"] != "breaker_open"
    world.qbittorrent.turn(down_for=0.0)
    # A person's trial asks although the breaker still refuses.
    assert (await daemon.http.post(f"{PATH}/qbittorrent/test")).json()["ok"] is True


async def test_a_rejected_password_is_told_and_never_repeated(locked_out: Any) -> None:
    answer = await locked_out.http.post(f"{PATH}/qbittorrent/test")
    assert (answer.status_code, answer.json()["ok"]) == (200, False)
    assert answer.json()["reason"] == "credentials_rejected"
    assert "hunter2" not in answer.text


async def test_what_is_not_configured_is_not_there(running_daemon: Any) -> None:
    http = running_daemon.http
    assert (await http.get(PATH)).json() == []
    for answer in (
        await http.get(f"{PATH}/qbittorrent"),
        await http.post(f"{PATH}/qbittorrent/test"),
        await http.get(f"{PATH}/transmission"),
    ):
        assert (answer.status_code, answer.json()["reason"]) == (404, "not_found")
