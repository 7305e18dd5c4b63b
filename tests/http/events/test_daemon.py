"""Live events of the whole daemon: its states, its end, and what a client sees of a killed one."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
import trustme

from reeld.domain.history import EventKind
from reeld.http.events import clients
from reeld.storage import Database
from reeld.storage.events import append

PATIENCE_SECONDS = 60
KEY = "the-key-of-the-tests"


async def tell(database: Database, number: int) -> None:
    async with database.transaction() as conn:
        await append(conn, EventKind.MOVIE_SEARCHED, number, {"movie_id": number})


async def until_named(opened: Any, kind: str, name: str) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = await opened.receive()
        if frame["kind"] == kind and frame["data"]["name"] == name:
            return frame["data"]


async def test_a_client_sees_states_and_the_end_and_resumes_with_the_next_daemon(
    run_daemon: Any, daemon_settings: Any, database: Database, connect: Any
) -> None:
    async with run_daemon(daemon_settings) as running:
        opened = connect(running.started.url)
        async with opened as client:
            frames = await client.until("current")
            told = {(each["kind"], each["data"].get("name")) for each in frames}
            assert {
                ("actor.state", "decision"),
                ("breaker.state", "postgresql"),
                ("health.check", "database:answers"),
            } <= told
            answer = await running.http.post("/control/actors/decision/pause")
            assert answer.is_success
            assert (await until_named(client, "actor.state", "decision"))["paused"] is True
            answer = await running.http.post(
                "/control/actors/tmdb/breakers/open", json={"breaker": "tmdb"}
            )
            assert answer.is_success
            found = await until_named(client, "breaker.state", "tmdb")
            assert found["state"] == "forced_open"
            await tell(database, 1)
            (*_, last) = await client.until("movie.searched")
            running.daemon.stop()
            assert await client.code() == 1001
    await tell(database, 2)
    async with (
        run_daemon(daemon_settings) as running,
        connect(running.started.url, f"?since={last['seq']}&topics=movie") as client,
    ):
        frames = await client.until("current")
        assert [each["kind"] for each in frames] == ["hello", "movie.searched", "current"]
        assert frames[1]["data"]["movie_id"] == 2


async def test_a_person_follows_with_a_session_and_no_other_page_does(
    running_daemon: Any, connect: Any, rejected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "KNOWN_SECONDS", 0.1)
    url = running_daemon.started.url
    body = {"username": "ann", "password": "correct horse battery", "role": "viewer"}
    assert (await running_daemon.http.post("/api/users", json=body)).status_code == 201
    del body["role"]
    async with httpx.AsyncClient(base_url=url) as browser:
        answer = await browser.post("/api/login", json=body)
        cookie = {"Cookie": f"reeld-session={browser.cookies['reeld-session']}"}
        for foreign in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
            refusal = await rejected(url, headers=cookie | foreign)
            assert (refusal.status, refusal.body["reason"]) == (403, "foreign_origin"), foreign
        refusal = await rejected(url, headers={"X-Api-Key": KEY, "Origin": "https://evil.example"})
        assert refusal.status == 403
        async with connect(url, headers=cookie | {"Origin": url}) as client:
            await client.until("current")
            token = {"X-CSRF-Token": answer.json()["csrf_token"]}
            assert (await browser.post("/api/logout", headers=token)).status_code == 204
            assert await client.code() == 1008


async def test_events_come_over_tls_and_go_on_when_the_certificate_is_renewed(
    run_daemon: Any, daemon_settings: Any, connect: Any, database: Database, tmp_path: Path
) -> None:
    def write(authority: trustme.CA) -> ssl.SSLContext:
        issued = authority.issue_cert("127.0.0.1")
        chain = b"".join(each.bytes() for each in issued.cert_chain_pems)
        (tmp_path / "cert.pem").write_bytes(chain)
        (tmp_path / "key.pem").write_bytes(issued.private_key_pem.bytes())
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    first = write(trustme.CA())
    files = {"tls_certificate": tmp_path / "cert.pem", "tls_key": tmp_path / "key.pem"}
    server = replace(daemon_settings.server, **files)
    async with run_daemon(replace(daemon_settings, server=server)) as daemon:
        url, key = daemon.daemon.url, {"X-Api-Key": KEY}
        async with connect(url, headers=key, tls=first) as before:
            await before.until("current")
            second = write(trustme.CA())
            await daemon.daemon._certificate.look()
            async with connect(url, headers=key, tls=second) as after:
                await after.until("current")
                await tell(database, 7)
                # The socket that was open goes on with the certificate that it began with.
                for each in (before, after):
                    assert (await each.until("movie.searched"))[-1]["data"]["movie_id"] == 7
            with pytest.raises((trio.BrokenResourceError, ssl.SSLError)):
                async with connect(url, headers=key, tls=first):
                    pass


@contextmanager
def process(settings: Any, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("REELD_")}
    environ |= {
        "REELD_DATABASE_URL": settings.database_url.reveal(),
        "REELD_DATA_DIR": str(settings.data_dir),
        "REELD_LIBRARY_ROOT_FOLDER": str(settings.library.root_folder),
        "REELD_BIND": f"127.0.0.1:{port}",
        "REELD_API_KEY": KEY,
        "XDG_CONFIG_HOME": str(settings.data_dir),
    }
    with log.open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, "-m", "reeld", "run"], env=environ, stdout=out, stderr=out
        )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


async def until_ready(url: str) -> None:
    async with httpx.AsyncClient() as http:
        with trio.fail_after(PATIENCE_SECONDS):
            while True:
                try:
                    if (await http.get(f"{url}/ready")).is_success:
                        return
                except httpx.TransportError:
                    pass
                await trio.sleep(0.05)


async def test_nothing_is_missed_across_a_daemon_that_is_killed(
    daemon_settings: Any, database: Database, connect: Any, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url, seen, last, total = f"http://127.0.0.1:{port}", [], 0, 120

    async def write() -> None:
        for number in range(total):
            await tell(database, number)

    async def follow(until: int) -> None:
        nonlocal last
        async with connect(url, f"?since={last}&topics=movie") as client:
            while len(seen) < until:
                frame = await client.receive()
                if frame["topic"] == "movie":
                    seen.append(frame["data"]["movie_id"])
                    last = frame["seq"]

    async with trio.open_nursery() as nursery:
        with process(daemon_settings, port, tmp_path / "first.log"):
            await until_ready(url)
            nursery.start_soon(write)
            await follow(total // 3)
        with process(daemon_settings, port, tmp_path / "second.log"):
            await until_ready(url)
            await follow(total)
    assert seen == list(range(total))
