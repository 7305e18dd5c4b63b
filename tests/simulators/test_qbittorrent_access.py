"""Logins, sessions, bans, and what the web server refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from reeld.simulators import PROFILES, QbittorrentSimulator

GOOD = {"username": "admin", "password": "adminadmin"}
BAD = {**GOOD, "password": "wrong"}
LOGIN, VERSION = "/api/v2/auth/login", "/api/v2/app/version"
OLD = [name for name in PROFILES if name != "5.2.3"]


def simulator(tmp_path: Path, version: str) -> QbittorrentSimulator:
    return QbittorrentSimulator(tmp_path, {}, version=version)


@pytest.mark.parametrize("version", PROFILES)
async def test_nothing_answers_before_a_login(talk: Any, tmp_path: Path, version: str) -> None:
    async with talk(simulator(tmp_path, version)) as client:
        assert (await client.get(VERSION)).status_code == 403
        await client.post(LOGIN, data=GOOD)
        assert (await client.get(VERSION)).text == f"v{version}"
        api = (await client.get("/api/v2/app/webapiVersion")).text
        assert tuple(map(int, api.split("."))) == PROFILES[version].api[: len(api.split("."))]


@pytest.mark.parametrize("version", OLD)
async def test_until_5_1_a_login_is_200_with_a_word_and_a_cookie_named_sid(
    talk: Any, tmp_path: Path, version: str
) -> None:
    async with talk(simulator(tmp_path, version)) as client:
        bad = await client.post(LOGIN, data=BAD)
        good = await client.post(LOGIN, data=GOOD)
    assert (bad.status_code, bad.text, "set-cookie" in bad.headers) == (200, "Fails.", False)
    assert (good.status_code, good.text) == (200, "Ok.")
    assert good.headers["set-cookie"].startswith("SID=")
    assert "HttpOnly" in good.headers["set-cookie"]


async def test_from_5_2_it_is_204_or_401_and_the_cookie_names_the_port(
    talk: Any, tmp_path: Path
) -> None:
    async with talk(simulator(tmp_path, "5.2.3")) as client:
        bad = await client.post(LOGIN, data=BAD)
        good = await client.post(LOGIN, data=GOOD)
        port = client.base_url.port
    assert (bad.status_code, bad.text) == (401, "Unauthorized")
    assert (good.status_code, good.content) == (204, b"")
    assert good.headers["set-cookie"].startswith(f"QBT_SID_{port}=")


async def test_5_2_also_takes_an_api_key_and_a_basic_login(talk: Any, tmp_path: Path) -> None:
    new, old = simulator(tmp_path, "5.2.3"), simulator(tmp_path, "5.1.4")
    async with talk(new) as client:
        bearer = {"authorization": f"Bearer {new.doorkeeper.api_key}", "origin": "http://evil"}
        assert (await client.get(VERSION, headers=bearer)).status_code == 200
        assert (await client.get(VERSION, auth=("admin", "adminadmin"))).status_code == 200
    async with talk(old) as client:
        assert (await client.get(VERSION, auth=("admin", "adminadmin"))).status_code == 403


async def test_the_sixth_wrong_login_is_a_ban_also_for_the_right_password_but_not_for_sessions(
    talk: Any, tmp_path: Path
) -> None:
    qbittorrent = simulator(tmp_path, "4.5.2")
    async with talk(qbittorrent) as client:
        await client.post(LOGIN, data=GOOD)
        async with httpx.AsyncClient(base_url=client.base_url) as stranger:
            answers = [await stranger.post(LOGIN, data=BAD) for _ in range(6)]
            right = await stranger.post(LOGIN, data=GOOD)
        assert (await client.get(VERSION)).status_code == 200
    assert [answer.status_code for answer in answers] == [200] * 5 + [403]
    assert (right.status_code, "banned" in right.text) == (403, True)
    assert qbittorrent.doorkeeper.logins == 8


async def test_a_ban_ends_with_its_time_and_with_a_restart(talk: Any, tmp_path: Path) -> None:
    qbittorrent = simulator(tmp_path, "4.5.2")
    async with talk(qbittorrent) as client:
        qbittorrent.turn(ban=0.2)
        assert (await client.post(LOGIN, data=GOOD)).status_code == 403
        await trio.sleep(0.3)
        assert (await client.post(LOGIN, data=GOOD)).text == "Ok."
        qbittorrent.turn(ban=3600)
        qbittorrent.turn(restart=0)
        await trio.sleep(0.05)
        assert (await client.post(LOGIN, data=GOOD)).text == "Ok."


async def test_a_login_within_a_session_succeeds_whatever_the_password(
    talk: Any, tmp_path: Path
) -> None:
    async with talk(simulator(tmp_path, "4.5.2")) as client:
        await client.post(LOGIN, data=GOOD)
        assert (await client.post(LOGIN, data=BAD)).text == "Ok."
        await client.post("/api/v2/auth/logout")
        assert (await client.post(LOGIN, data=BAD)).text == "Fails."


@pytest.mark.parametrize("how", ["restart", "expire", "time", "logout"])
async def test_a_session_ends(talk: Any, tmp_path: Path, how: str) -> None:
    qbittorrent = simulator(tmp_path, "4.5.2")
    async with talk(qbittorrent) as client:
        await client.post(LOGIN, data=GOOD)
        match how:
            case "restart":
                qbittorrent.turn(restart=0.0)
            case "expire":
                qbittorrent.turn(expire_sessions=True)
            case "time":
                qbittorrent.core.preferences["web_ui_session_timeout"] = 0.05
            case _:
                await client.post("/api/v2/auth/logout")
        await trio.sleep(0.1)
        assert (await client.get(VERSION)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil"}, {"referer": "http://evil/page"}, {"host": "127.0.0.1:9"}],
)
async def test_a_foreign_origin_or_a_wrong_port_in_the_host_is_401_before_any_login(
    talk: Any, tmp_path: Path, headers: dict[str, str]
) -> None:
    qbittorrent = simulator(tmp_path, "4.5.2")
    async with talk(qbittorrent) as client:
        refused = await client.post(LOGIN, data=GOOD, headers=headers)
        qbittorrent.core.preferences["web_ui_csrf_protection_enabled"] = False
        qbittorrent.core.preferences["web_ui_host_header_validation_enabled"] = False
        assert (await client.post(LOGIN, data=GOOD, headers=headers)).text == "Ok."
    assert (refused.status_code, refused.text) == (401, "Unauthorized")


async def test_the_browser_s_own_origin_is_welcome(talk: Any, tmp_path: Path) -> None:
    async with talk(simulator(tmp_path, "4.5.2")) as client:
        own = {"origin": f"http://127.0.0.1:{client.base_url.port}"}
        assert (await client.post(LOGIN, data=GOOD, headers=own)).text == "Ok."


async def test_methods_and_missing_parameters_are_refused_as_each_version_does(
    talk: Any, tmp_path: Path
) -> None:
    async with talk(simulator(tmp_path, "4.5.2")) as old:
        await old.post(LOGIN, data=GOOD)
        assert (await old.get("/api/v2/torrents/pause")).status_code == 405
        assert (await old.put(VERSION)).status_code == 400
        missing = await old.post("/api/v2/torrents/delete?hashes=x&deleteFiles=true")
        assert (missing.status_code, missing.text) == (400, "Bad Request")
        assert (await old.get("/api/v2/no/thing")).text == "Not Found"
    async with talk(simulator(tmp_path, "5.2.3")) as new:
        await new.post(LOGIN, data=GOOD)
        assert (await new.put(VERSION)).status_code == 501
        missing = await new.post("/api/v2/torrents/delete")
        assert missing.text == "Missing required parameters: hashes, deleteFiles"
        assert (await new.get("/api/v2/app/nothing")).text == "Endpoint does not exist"


@pytest.mark.parametrize("version", PROFILES)
async def test_pause_and_resume_became_stop_and_start(
    talk: Any, tmp_path: Path, version: str
) -> None:
    async with talk(simulator(tmp_path, version)) as client:
        await client.post(LOGIN, data=GOOD)
        known = {
            name
            for name in ("pause", "resume", "stop", "start")
            if (await client.post(f"/api/v2/torrents/{name}", data={"hashes": "x"})).is_success
        }
    assert known == ({"stop", "start"} if version >= "5" else {"pause", "resume"})


@pytest.mark.parametrize(
    ("version", "needed"),
    [
        ("4.5.2", []),
        ("4.6.7", ["inactiveSeedingTimeLimit"]),
        ("5.1.4", ["inactiveSeedingTimeLimit"]),
        ("5.2.3", ["inactiveSeedingTimeLimit", "shareLimitAction"]),
    ],
)
async def test_share_limits_need_more_parameters_in_later_versions(
    talk: Any, tmp_path: Path, version: str, needed: list[str]
) -> None:
    base = {"hashes": "x", "ratioLimit": "1", "seedingTimeLimit": "60"}
    path = "/api/v2/torrents/setShareLimits"
    async with talk(simulator(tmp_path, version)) as client:
        await client.post(LOGIN, data=GOOD)
        short = await client.post(path, data=base)
        full = await client.post(path, data={**base, **dict.fromkeys(needed, "0")})
    assert short.status_code == (400 if needed else 200)
    assert full.is_success
