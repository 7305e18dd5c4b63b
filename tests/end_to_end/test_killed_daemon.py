"""What a daemon that was killed must not forget, and what the next one makes good."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.simulators.offers import OFFERS, Offer
from reeld.simulators.world import World

FILMS = 4
SPACING = 3.0


def offers(films: int = 1) -> list[Offer]:
    """Small good releases of some movies."""
    good = [replace(offer, megabytes=1) for offer in OFFERS if offer.flaw is None]
    titles = list(dict.fromkeys(offer.film.title for offer in good))[:films]
    return [offer for offer in good if offer.film.title in titles]


@pytest.fixture
def build(make_house: Callable[..., Any], builder: Any) -> Callable[..., Any]:
    """Builds a house whose daemon sees a world: `build(world, REELD_X="y")`."""

    def build(world: World, **more: str) -> Any:
        return make_house(builder.settings_of(world) | more)

    return build


def breaker_of(actor: Any) -> Any:
    (breaker,) = actor["breakers"]
    return breaker


async def test_four_movies_arrive_once_although_the_daemon_is_killed_again_and_again(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    async with World.open(tmp_path / "world", download_seconds=1.0, offers=offers(FILMS)) as world:
        house = build(world)
        films = world.films_from(OFFERS[0].source)[:FILMS]
        for seconds in (0.3, 0.8, 1.4):
            life = house.start()
            await life.ready()
            for film in films:
                await life.add(film.tmdb_id)
            await trio.sleep(seconds)
            life.kill()
        async with house.life() as life:
            await _retry_all_dead(life)
            for movie_id in house.values("SELECT id FROM movie"):
                await life.in_library(movie_id)
            await life.until("/api/queue/status", lambda status: not status["downloads"])
        kinds = Counter(house.values("SELECT kind FROM history"))
        assert kinds["imported"] == kinds["grabbed"] == FILMS
        assert len(house.files()) == len(world.qbittorrent.torrents) == FILMS
        assert house.values("SELECT count(*) FROM library_file") == [FILMS]


async def _retry_all_dead(life: Any) -> None:
    """Work that ran beside three kills counts as their cause; a person takes it up again."""
    for dead in await life.until("/api/work?state=dead", lambda _: True):
        assert dead["reason"] == "crashed_worker"
        await life.post(f"/api/work/{dead['id']}/retry")


async def test_four_movies_arrive_once_although_postgresql_crashes_and_hangs_under_them(
    make_house: Callable[..., Any], builder: Any, tmp_path: Path
) -> None:
    async with World.open(tmp_path / "world", download_seconds=4.0, offers=offers(FILMS)) as world:
        house = make_house(builder.settings_of(world), embedded=True)
        films = world.films_from(OFFERS[0].source)[:FILMS]
        async with house.life() as life:
            ids = [await life.add(film.tmdb_id) for film in films]
            await _some_are(life, "downloading")
            await _signal_postmaster(house, signal.SIGQUIT)
            await _ready_again(life)
            postmaster = await _signal_postmaster(house, signal.SIGSTOP)
            await trio.sleep(3)
            os.kill(postmaster, signal.SIGCONT)
            await _some_are(life, "importing", "in_library")
            await _signal_postmaster(house, signal.SIGQUIT)
            await _ready_again(life)
            for movie_id in ids:
                await _patiently(
                    life, f"/api/movies/{movie_id}", lambda movie: movie["stage"] == "in_library"
                )
            await _patiently(life, "/api/queue/status", lambda status: not status["downloads"])
            told = await _patiently(life, "/api/history?limit=200", lambda page: page["entries"])
            restarts = (await life.until("/control/actors", bool))["restarts"]
        kinds = Counter(entry["kind"] for entry in told["entries"])
        assert kinds["imported"] == kinds["grabbed"] == FILMS
        assert len(house.files()) == len(world.qbittorrent.torrents) == FILMS
        assert restarts == 0  # a database that is away is state, no crash


async def _signal_postmaster(house: Any, number: int) -> int:
    """Send the running server a signal; one that is being started again is waited for."""
    pid_file = house.folder / "data" / "postgres" / "data" / "postmaster.pid"
    with trio.fail_after(60):
        while True:
            try:
                pid = int(pid_file.read_text().split()[0])
                os.kill(pid, number)
            except (OSError, IndexError, ValueError):
                await trio.sleep(0.05)
            else:
                return pid


async def _some_are(life: Any, *stages: str) -> None:
    await _patiently(
        life, "/api/movies", lambda page: any(each["stage"] in stages for each in page["movies"])
    )


async def _ready_again(life: Any) -> None:
    await _patiently(life, "/api/work", lambda _: True)


async def _patiently(life: Any, path: str, holds: Callable[[Any], Any]) -> Any:
    """Ask until the answer is fresh and pleases; while the database is away it is neither."""
    async with life.client() as client:
        with trio.fail_after(120):
            while True:
                answer = await client.get(path)
                if answer.status_code == 200 and "x-reeld-stale" not in answer.headers:
                    found = answer.json()
                    if holds(found):
                        return found
                await trio.sleep(0.05)


async def test_an_open_breaker_is_open_in_the_next_daemon(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    async with World.open(tmp_path / "world", download_seconds=0.2, offers=offers()) as world:
        house = build(world)
        world.hdbits.turn(down_for=600.0)
        first = house.start()
        await first.ready()
        movie_id = await first.add(offers()[0].film.tmdb_id)
        await first.until(
            "/control/actors/hdbits", lambda actor: breaker_of(actor)["state"] == "open"
        )
        await _stored(house, "hdbits", "open")
        first.kill()
        calls = len(world.hdbits.calls)
        async with house.life() as second:
            breaker = breaker_of(await second.until("/control/actors/hdbits", bool))
            assert breaker["state"] == "open"
            assert len(world.hdbits.calls) == calls
            world.hdbits.turn(down_for=0.0)
            await second.post("/control/actors/hdbits/breakers/reset", breaker="hdbits")
            await second.post(f"/api/movies/{movie_id}/search")
            await second.in_library(movie_id)


async def test_rejected_credentials_are_not_tried_again_until_they_are_corrected(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    async with World.open(tmp_path / "world", download_seconds=0.2, offers=offers()) as world:
        house = build(world, REELD_QBITTORRENT_PASSWORD="an old password")
        first = house.start()
        await first.ready()
        movie_id = await first.add(offers()[0].film.tmdb_id)
        await first.until(
            "/control/actors/qbit", lambda actor: breaker_of(actor)["state"] == "forced_open"
        )
        await _stored(house, "qbit", "forced_open")
        first.kill()
        tried = world.qbittorrent.requests["/api/v2/auth/login"]
        second = house.start()
        await second.ready()
        breaker = breaker_of(await second.until("/control/actors/qbit", bool))
        assert breaker["state"] == "forced_open"
        second.kill()
        assert world.qbittorrent.requests["/api/v2/auth/login"] == tried
        house.variables["REELD_QBITTORRENT_PASSWORD"] = world.qbittorrent.credentials[1]
        async with house.life() as third:
            await _retry_all_dead(third)
            await third.in_library(movie_id)


async def _stored(house: Any, name: str, state: str) -> None:
    """Wait until the breaker's row says so: it is written behind the calls, within a second."""
    with trio.fail_after(10):
        while house.values("SELECT state FROM breaker WHERE name = %s", [name]) != [state]:
            await trio.sleep(0.02)


async def test_calls_to_hdbits_keep_their_distance_over_kills(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    async with World.open(tmp_path / "world", offers=offers()) as world:
        house = build(
            world, REELD_HDBITS_SPACING_SECONDS=str(SPACING), REELD_HDBITS_POLL_SECONDS="0.2"
        )
        for calls in (1, 2, 3):
            life = house.start()
            await life.ready()
            with trio.fail_after(30):
                while len(world.hdbits.calls) < calls:
                    await trio.sleep(0.02)
            life.kill()
        assert world.hdbits.shortest_gap > SPACING * 0.8


async def test_the_quarter_of_an_hour_that_hdbits_asks_for_is_kept_over_a_kill(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    async with World.open(tmp_path / "world", offers=offers()) as world:
        house = build(world)
        world.hdbits.turn(api_calls_allowed=0)
        first = house.start()
        await first.ready()
        await first.until(
            "/control/actors/hdbits", lambda actor: breaker_of(actor)["state"] == "open"
        )
        await _stored(house, "hdbits", "open")
        first.kill()
        calls = len(world.hdbits.calls)
        async with house.life() as second:
            await second.add(offers()[0].film.tmdb_id)
            waiting = await second.until(
                "/api/work?queue=hdbits&state=available",
                lambda rows: any(row["kind"] == "search-movie" and row["snoozes"] for row in rows),
            )
            assert len(world.hdbits.calls) == calls
            assert all(row["sentence"] for row in waiting)
        (wait,) = house.values(
            "SELECT extract(epoch FROM to_timestamp(next_allowed_at) - now())::float8 FROM limiter"
            " WHERE name = 'hdbits'"
        )
        assert 700 < wait <= 900


async def test_what_a_killed_daemon_left_in_the_library_is_cleared(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    async with World.open(tmp_path / "world", offers=offers()) as world:
        house = build(world)
        movie = house.library / "Movie (2000)"
        movie.mkdir(parents=True)
        part, probe, film = (
            movie / name for name in (".reeld-999.part", f".reeld-probe-{'a' * 16}", "Movie.mkv")
        )
        for path in (part, probe, film):
            path.write_bytes(b"half")
        async with house.life():
            with trio.fail_after(10):
                while part.exists() or probe.exists():
                    await trio.sleep(0.02)
        assert film.exists()


@pytest.mark.parametrize("shared", ["data directory", "database"])
async def test_a_second_daemon_on_the_same_data_ends_and_says_why(
    build: Callable[..., Any], tmp_path: Path, shared: str
) -> None:
    async with World.open(tmp_path / "world", offers=offers()) as world:
        house = build(world)
        async with house.life() as first:
            if shared == "database":
                house.variables["REELD_DATA_DIR"] = str(tmp_path / "other data")
            second = house.start_beside()
            assert await second.ended() == 1
            said = second.log.read_text().splitlines()[-1]
            assert said.startswith("reeld: Another ")
            assert str(first.process.pid) in said
            first.require_alive()
