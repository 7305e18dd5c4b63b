"""Recognisable secrets in every setting, a whole way of movies with everything failing once, and none of them anywhere.

Secrets go nowhere: not into a log, a metric, a span, an API answer, an error text, nor in plain text into the database.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import trio

from reeld.domain import settings as settings_package
from reeld.simulators.offers import OFFERS, Offer, Source
from reeld.simulators.world import World

CANARIES = {
    name: f"canary{number:02d}{name}{'0123456789abcdef' * 2}"[:40].ljust(40, "7")
    for number, name in enumerate(
        (
            "tmdb",
            "hdbits",
            "feed",
            "announce",
            "qbittorrent",
            "database",
            "apikey",
            "metrics",
            "traces",
        )
    )
}
MARKS = tuple(secret[:16] for secret in CANARIES.values())


def offers() -> list[Offer]:
    """Two movies by HDBits and one by RSS, small ones."""
    good = [replace(offer, megabytes=1) for offer in OFFERS if offer.flaw is None]
    hdbits = [offer for offer in good if offer.source is Source.HDBITS]
    titles = list(dict.fromkeys(offer.film.title for offer in hdbits))[:2]
    feed = [offer for offer in good if offer.source is Source.RSS][:1]
    return [offer for offer in hdbits if offer.film.title in titles] + feed


def found_in(text: str) -> set[str]:
    """Which secrets a text holds, plain or encoded as bytes, in base 64 or for a URL."""
    return {
        name
        for name, secret in CANARIES.items()
        for form in _forms(secret)
        if form.lower() in text.lower()
    }


def _forms(secret: str) -> Iterator[str]:
    # Half of a secret is as bad; and base 64 of a part depends on where it begins.
    yield secret[:16]
    yield secret[:16].encode().hex()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + secret.encode()).decode()
        yield encoded[4:24]
    yield quote(secret[:16], safe="")


def arm(world: World) -> None:
    """Give the simulators the secrets that the daemon is told."""
    world.tmdb.token = CANARIES["tmdb"]
    world.hdbits.passkey = CANARIES["hdbits"]
    world.rss.passkey = CANARIES["feed"]
    name, _ = world.qbittorrent.credentials
    world.qbittorrent.credentials = name, CANARIES["qbittorrent"]
    world.qbittorrent.doorkeeper.password = CANARIES["qbittorrent"]


def settings(world: World, house: Any, builder: Any, endpoint: str) -> dict[str, str]:
    feed = {
        "name": "open-movies",
        "url": world.rss.feed_url,
        "interval_seconds": 0.3,
        "spacing_seconds": 0,
    }
    return {
        **builder.settings_of(world),
        "REELD_FEEDS": json.dumps([feed]),
        "REELD_METRICS_EXPORTARR": "true",
        "REELD_API_KEY": CANARIES["apikey"],
        "REELD_METRICS_TOKEN": CANARIES["metrics"],
        "REELD_TRACING_ENDPOINT": endpoint,
        "REELD_TRACING_HEADERS": f"x-access={CANARIES['traces']}",
        "REELD_DATABASE_URL": house.database_url.replace("@/", f":{CANARIES['database']}@/"),
    }


async def fail_everything(world: World, life: Any) -> None:
    """Let every outside system fail in ways whose errors could repeat what was sent, and an actor crash."""
    for simulator in world.simulators:
        simulator.turn(fail_next=1, html_next=1)
    await life.post("/control/actors/hdbits/crash")


async def close_breakers(life: Any) -> None:
    """Do not wait out the pauses of breakers: this is no test of them."""
    while True:
        await trio.sleep(0.5)
        for name in ("tmdb", "hdbits", "rss", "qbit"):
            for breaker in (await life.until(f"/control/actors/{name}", bool))["breakers"]:
                if breaker["state"] == "open":
                    await life.post(
                        f"/control/actors/{name}/breakers/reset", breaker=breaker["name"]
                    )


async def answers_of(life: Any) -> dict[str, str]:
    """Everything that the API says, and what it says to those who ask wrongly."""
    said: dict[str, str] = {}
    async with life.client() as client:
        client.headers["X-Api-Key"] = CANARIES["apikey"]
        document = (await client.get("/api/schema/openapi.json")).json()
        said["openapi"] = json.dumps(document)
        for path, operations in document["paths"].items():
            for method in operations:
                said |= await _asked(client, method, path)
        for accept in ("text/plain", "application/openmetrics-text"):
            for path in ("/metrics", "/metrics/exportarr"):
                metrics = await client.get(
                    path,
                    headers={
                        "Accept": accept,
                        "X-Api-Key": "",
                        "Authorization": f"Bearer {CANARIES['metrics']}",
                    },
                )
                assert metrics.status_code == 200
                said[f"{path} {accept}"] = metrics.text
    return said


async def _asked(client: httpx.AsyncClient, method: str, path: str) -> dict[str, str]:
    said = {}
    for value in ("1", "qbit", "none"):
        url = path
        while "{" in url:
            url = url[: url.index("{")] + value + url[url.index("}") + 1 :]
        if method == "get":
            answer = await client.get(url)
            said[f"{method} {url}"] = f"{answer.headers} {answer.text}"
    # A body that cannot be right, with a secret in it: nothing may repeat it.
    if method == "post":
        answer = await client.post(path, json={CANARIES["hdbits"]: [CANARIES["tmdb"]]})
        said[f"{method} {path}"] = f"{answer.headers} {answer.text}"
    return said


def commands_of(house: Any, life: Any) -> dict[str, str]:
    """What commands print."""
    environ = house._environment() | {"REELD_URL": life.url}
    said = {}
    for command in (
        ["status"],
        ["status", "--json"],
        ["doctor", "--json"],
        ["work", "list"],
        ["history"],
        ["top", "--json"],
        ["dump"],
    ):
        run = subprocess.run(
            [sys.executable, "-m", "reeld", *command],
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        said[" ".join(command)] = run.stdout + run.stderr
    return said


def rows_of(house: Any) -> dict[str, str]:
    """Every row of every table, bytes in hexadecimal as in a dump."""
    tables = house.values("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {
        table: "\n".join(str(row) for row in house.values(f'SELECT t::text FROM "{table}" t'))
        for table in tables
    }


@pytest.mark.slow
async def test_no_secret_of_any_setting_appears_anywhere(
    make_house: Callable[..., Any], builder: Any, collector: Any, tmp_path: Path
) -> None:
    announce = f"http://127.0.0.1:9/{CANARIES['announce']}/announce?passkey={CANARIES['announce']}"
    async with World.open(
        tmp_path / "world", download_seconds=1.0, offers=offers(), announce=announce
    ) as world:
        arm(world)
        house = make_house()
        house.variables |= settings(world, house, builder, collector.endpoint)
        life = house.start()
        await life.ready()
        async with life.client() as client:
            client.headers["X-Api-Key"] = CANARIES["apikey"]
            life.client = lambda: _with_key(life)
            movies = [
                await life.add(offer.film.tmdb_id)
                for offer in {o.film.tmdb_id: o for o in offers()}.values()
            ]
            await fail_everything(world, life)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(close_breakers, life)
                for movie_id in movies:
                    await life.in_library(movie_id)
                nursery.cancel_scope.cancel()
        said = await answers_of(life)
        said |= await trio.to_thread.run_sync(commands_of, house, life)
        said |= await trio.to_thread.run_sync(rows_of, house)
        assert await life.stop() == 0
        said["log"] = life.log.read_text()
        for span in collector.spans:
            said[span.name] = said.get(span.name, "") + span.raw
    # The other way round: everything was asked, and the search finds what is there.
    assert {"log", "movie", "acquisition", "get /control/actors", "doctor --json"} <= said.keys()
    assert {"run fetch-torrent", "run poll-feed", "GET", "POST"} <= said.keys()
    assert collector.headers[0]["x-access"] == CANARIES["traces"]
    assert found_in(world.rss.feed_url) == {"feed"}
    assert {where: secrets for where, text in said.items() if (secrets := found_in(text))} == {}


def _with_key(life: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=life.url, headers={"X-Api-Key": CANARIES["apikey"]}, timeout=20
    )


def test_there_is_a_canary_for_every_secret_that_a_setting_can_be() -> None:
    known = {
        "TmdbSettings.token",
        "HdbitsSettings.passkey",
        "FeedSettings.url",
        "QbittorrentSettings.password",
        "ServerSettings.api_key",
        "ServerSettings.metrics_token",
        # Only its hash is kept: the tests of the first administrator hold that.
        "ServerSettings.admin_password",
        "Settings.database_url",
        "TracingSettings.headers",
        # It seals all others, and is nowhere but in memory: the tests of the keys hold that.
        "VaultSettings.key",
        # In the place of name and password: its own tests hold that it is masked.
        "QbittorrentSettings.api_key",
    }
    kinds = [each for each in vars(settings_package).values() if is_dataclass(each)]
    found = {
        f"{kind.__name__}.{field.name}"
        for kind in kinds
        for field in fields(kind)
        if "Secret" in str(field.type)
    }
    assert found == known
