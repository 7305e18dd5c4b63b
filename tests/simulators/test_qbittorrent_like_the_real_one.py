"""The same questions to the simulator and to a real qbittorrent-nox 4.5.2: the answers must be the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from reeld.domain.torrent import encode
from reeld.simulators import QbittorrentSimulator, Torrent, serve
from reeld.simulators.torrents import blocks

pytestmark = [pytest.mark.services, pytest.mark.slow]

T = "torrents/"
NOBODY = "0" * 40
VERSION = "4.5.2"


def place(torrent: Torrent, folder: Path) -> None:
    """Put the torrent's files where they belong: nobody has to seed them."""
    for file in torrent.files:
        path = folder / torrent.name / Path(*file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(blocks(file.content)))


class Interview:
    """Asks, and writes down what was answered."""

    def __init__(self, client: httpx.AsyncClient, torrent: Torrent) -> None:
        self.client = client
        self.torrent = torrent
        self.heard: list[str] = []

    async def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        answer = await self.client.request(method, path, **how)
        kind = answer.headers.get("content-type", "")
        body = sorted(answer.json()) if "json" in kind and path.startswith("app/b") else answer.text
        self.heard.append(f"{method} {path} {how.get('params') or how.get('data')}")
        self.heard.append(f"  {answer.status_code} {kind} {body}")
        return answer

    async def get(self, path: str, **params: str) -> httpx.Response:
        return await self.ask("GET", path, params=params)

    async def post(self, path: str, **data: str) -> httpx.Response:
        return await self.ask("POST", path, data=data)

    async def upload(self, name: str, content: bytes, **data: str) -> httpx.Response:
        return await self.ask(
            "POST", T + "add", data={"x": "1", **data}, files={"torrents": (name, content)}
        )

    async def settle(self, **expected: object) -> dict[str, Any]:
        with trio.fail_after(20):
            while True:
                params = {"hashes": self.torrent.infohash}
                rows = (await self.client.get(T + "info", params=params)).json()
                if rows and all(rows[0][name] == value for name, value in expected.items()):
                    row: dict[str, Any] = rows[0]
                    return row
                await trio.sleep(0.1)


async def about_the_application(interview: Interview) -> None:
    for path in ("app/version", "app/webapiVersion", "app/defaultSavePath"):
        await interview.get(path)
    for path in ("app/nothing", "no/thing", "nothing", "torrents/count", "torrents/pause"):
        await interview.get(path)
    for method in ("PUT", "DELETE", "OPTIONS"):
        await interview.ask(method, "app/version")
    await interview.post("app/setPreferences")
    await interview.post("app/setPreferences", json="{}")
    await interview.ask("GET", "app/version", headers={"origin": "http://evil"})
    await interview.ask("GET", "app/version", headers={"host": "127.0.0.1:9"})
    await interview.ask("POST", "torrents/pause?hashes=x")


async def about_adding(interview: Interview) -> None:
    torrent = interview.torrent
    await interview.get(T + "info")
    await interview.post(T + "add")
    await interview.upload("a.torrent", torrent.data, category="reeld", tags="a,b", paused="true")
    await interview.settle(state="pausedDL")
    await interview.upload("a.torrent", torrent.data, category="other")
    await interview.upload("page.torrent", b"<html></html>")
    await interview.upload("empty.torrent", b"")
    await interview.upload("bomb.torrent", b"l" * 3000 + b"e" * 3000)
    await interview.upload("half.torrent", encode({b"announce": b"http://127.0.0.1:9"}))
    await interview.post(T + "resume", hashes=torrent.infohash)
    row = await interview.settle(state="stalledUP", progress=1)
    timed = {"added_on", "completion_on", "last_activity", "seeding_time", "time_active"}
    # The simulator's magnet link has no trackers.
    interview.heard.append(str({k: v for k, v in row.items() if k not in {*timed, "magnet_uri"}}))


async def about_magnet_links(interview: Interview) -> None:
    nobodys = "1" * 40

    async def until(holds: Callable[[list[dict[str, Any]]], bool]) -> None:
        with trio.fail_after(30):
            while not holds(
                (await interview.client.get(T + "info", params={"hashes": nobodys})).json()
            ):
                await trio.sleep(0.05)

    await interview.post(T + "add", urls=f"magnet:?xt=urn:btih:{nobodys}&dn=A+Film", category="m")
    await until(bool)
    # Its queue is looked at seldom: a torrent that has just come may wait half a minute for its turn.
    await interview.post(T + "setForceStart", hashes=nobodys, value="true")
    await until(lambda rows: rows[0]["state"] == "forcedMetaDL")
    await interview.post(T + "add", urls=f"magnet:?xt=urn:btih:{nobodys}")
    await interview.post(T + "add", urls="magnet:?xt=urn:btih:zz")
    rows = (await interview.client.get(T + "info", params={"hashes": nobodys})).json()
    timed = {"added_on", "last_activity", "magnet_uri", "priority", "time_active"}
    interview.heard.append(str([{k: v for k, v in row.items() if k not in timed} for row in rows]))
    await interview.get(T + "files", hash=nobodys)
    await interview.get(T + "export", hash=nobodys)
    properties = (await interview.client.get(T + "properties", params={"hash": nobodys})).json()
    known = ("piece_size", "pieces_have", "pieces_num", "total_size", "name")
    interview.heard.append(str([properties[key] for key in known]))
    await interview.post(T + "delete", hashes=nobodys, deleteFiles="false")
    await until(lambda rows: not rows)


async def about_reading(interview: Interview) -> None:
    infohash = interview.torrent.infohash
    await interview.get(T + "files")
    await interview.get(T + "files", hash=NOBODY)
    await interview.get(T + "files", hash=infohash.upper())
    await interview.get(T + "files", hash=infohash, indexes="7")
    await interview.get(T + "files", hash=infohash, indexes="x")
    await interview.get(T + "properties", hash=NOBODY)
    properties = await interview.client.get(T + "properties", params={"hash": infohash})
    interview.heard.append(str(sorted(properties.json())))
    await interview.get(T + "info", sort="nothing")
    for name in ("nothing", "paused", "stopped", "completed", "downloading", "errored", "resumed"):
        rows = await interview.client.get(T + "info", params={"filter": name})
        interview.heard.append(f"filter {name}: {len(rows.json())}")
    for name, value in (
        *(("category", text) for text in ("", "reeld", "zz")),
        *(("tag", text) for text in ("", "a", "zz")),
        *(("hashes", text) for text in ("", "all", NOBODY, infohash.upper())),
        *(("offset", text) for text in ("1", "-1", "9")),
        *(("limit", text) for text in ("1", "-1", "x")),
    ):
        rows = await interview.client.get(T + "info", params={name: value})
        interview.heard.append(f"{name}={value}: {rows.status_code} {len(rows.json())}")


async def about_labels(interview: Interview) -> None:
    infohash = interview.torrent.infohash
    await interview.post(T + "setCategory", hashes=infohash, category="nope")
    await interview.post(T + "setCategory", hashes=NOBODY, category="nope")
    for name in ("x y", "x y", "", "/bad", "a/b", "a\\b", "a//b"):
        await interview.post(T + "createCategory", category=name)
    await interview.post(T + "createCategory")
    await interview.post(T + "editCategory", category="qq", savePath="/tmp")
    await interview.post(T + "removeCategories", categories="a/b")
    await interview.post(T + "setCategory", hashes=infohash, category="x y")
    await interview.post(T + "addTags", hashes=infohash, tags="c, d")
    await interview.post(T + "removeTags", hashes=infohash, tags="a")
    await interview.post(T + "setTags", hashes=infohash, tags="z")
    await interview.get(T + "categories")
    interview.heard.append(str(sorted((await interview.client.get(T + "tags")).json())))
    row = await interview.settle(category="x y")
    interview.heard.append(row["tags"])


async def about_acting(interview: Interview) -> None:
    infohash = interview.torrent.infohash
    await interview.post(T + "stop", hashes=infohash)
    await interview.post(T + "start", hashes=infohash)
    await interview.post(T + "pause")
    await interview.post(T + "setShareLimits", hashes=infohash, ratioLimit="1.5")
    limits = {"ratioLimit": "1.5", "seedingTimeLimit": "60"}
    await interview.post(T + "setShareLimits", hashes=infohash, **limits)
    for data in (
        {"hash": infohash, "id": "0", "priority": "3"},
        {"hash": infohash, "id": "9", "priority": "1"},
        {"hash": NOBODY, "id": "0", "priority": "1"},
    ):
        await interview.post(T + "filePrio", **data)
    await interview.post(T + "setLocation", hashes=infohash, location="")
    await interview.post(T + "setLocation", hashes=infohash, location="/proc/nope")
    await interview.post(T + "rename", hash=infohash, name="")
    await interview.post(T + "topPrio", hashes=infohash)
    row = await interview.settle(ratio_limit=1.5)
    interview.heard.append(f"{row['max_ratio']} {row['max_seeding_time']}")
    await interview.post(T + "pause", hashes=infohash)
    await interview.settle(state="pausedUP")
    await interview.post(T + "delete", hashes=infohash)
    await interview.post(T + "delete", hashes=NOBODY, deleteFiles="false")
    await interview.post(T + "delete", hashes=infohash, deleteFiles="false")
    await trio.sleep(0.5)
    await interview.get(T + "info")


async def about_logging_in(interview: Interview, url: str, good: dict[str, str]) -> None:
    guarded = {"json": '{"bypass_local_auth":false}'}
    await interview.client.post("app/setPreferences", data=guarded)
    bad = {**good, "password": "wrong"}
    async with httpx.AsyncClient(base_url=f"{url}/api/v2/") as stranger:
        logins = Interview(stranger, interview.torrent)
        for path in ("app/version", "no/thing", "auth/login", "auth/nothing"):
            await logins.get(path)
        await logins.post("auth/logout")
        await logins.post("auth/login", **bad)
        await logins.post("auth/login", **good)
        await logins.get("app/version")
        await logins.post("auth/login", **bad)
        await logins.post("auth/logout")
        await logins.get("app/version")
        for _ in range(6):
            await logins.post("auth/login", **bad)
        await logins.post("auth/login", **good)
    interview.heard += logins.heard


async def transcript(url: str, torrent: Torrent, credentials: dict[str, str]) -> list[str]:
    plain = {"accept-encoding": "identity"}
    async with httpx.AsyncClient(base_url=f"{url}/api/v2/", headers=plain, timeout=20) as client:
        interview = Interview(client, torrent)
        await about_the_application(interview)
        await about_adding(interview)
        await about_magnet_links(interview)
        await about_reading(interview)
        await about_labels(interview)
        await about_acting(interview)
        await about_logging_in(interview, url, credentials)
    return interview.heard


async def test_the_simulator_answers_as_the_real_one_does(
    movie_torrent: Torrent, start_qbittorrent: Callable[..., Any]
) -> None:
    real = await trio.to_thread.run_sync(
        lambda: start_qbittorrent(settings=(r"WebUI\LocalHostAuth=false",))
    )
    place(movie_torrent, real.downloads)
    credentials = {"username": real.username, "password": real.password}
    true = await transcript(real.url, movie_torrent, credentials)
    await trio.to_thread.run_sync(real.stop)
    if VERSION not in true[1]:
        pytest.skip(f"compares with qbittorrent-nox {VERSION}, this is {true[1].split()[-1]}")
    simulator = QbittorrentSimulator(real.downloads, {}, version=VERSION, **credentials)
    simulator.core.preferences["bypass_local_auth"] = True
    async with serve(simulator) as url:
        answered = await transcript(url, movie_torrent, credentials)
    differences = [pair for pair in zip(answered, true, strict=True) if pair[0] != pair[1]]
    assert not differences, "\n".join(
        f"simulated {one}\nreal      {two}" for one, two in differences
    )
