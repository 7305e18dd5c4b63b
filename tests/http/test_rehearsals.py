"""Rehearsed outages of services that are called by themselves: each kind is met as the real one would be, is named in every view, and ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import trio

from reeld.actors import health
from reeld.actors.hdbits import HdbitsActor
from reeld.actors.kernel.breaker import BreakerConfig
from reeld.actors.qbit import QbitActor
from reeld.domain.rehearsal import Outage
from reeld.domain.settings import Settings
from reeld.services import hdbits, qbittorrent
from reeld.services.transport import _rehearsal
from reeld.simulators import Source
from reeld.simulators.world import World

SECONDS = 60.0
LATE = 0.3
HASTY = BreakerConfig(window=1, min_calls=1, slow_seconds=LATE / 2, open_seconds=0.2)
"""One call is enough, so that each kind needs no more than one."""
ACTORS = {"hdbits": "hdbits", "qbittorrent": "qbit"}
EXPECTED = {
    Outage.DOWN: ("open", "unreachable"),
    Outage.SLOW: ("open", "slow_call"),
    Outage.RATE_LIMITED: ("open", "rate_limited"),
    Outage.CREDENTIALS: ("forced_open", "credentials_rejected"),
}


@pytest.fixture
def settings(daemon_settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(health, "LOOK_SECONDS", 0.3)
    monkeypatch.setattr(_rehearsal, "SLOW_SECONDS", LATE)
    for actor in (HdbitsActor, QbitActor):
        monkeypatch.setattr(actor, "breaker_config", HASTY)
    world.qbittorrent.turn(download_seconds=600.0)
    return replace(
        daemon_settings,
        tmdb=world.tmdb_settings(),
        hdbits=world.hdbits_settings(poll_seconds=60, spacing_seconds=0.0),
        qbittorrent=world.qbittorrent_settings(poll_seconds=0.1),
        server=replace(daemon_settings.server, rehearsals=True),
    )


@pytest.fixture(autouse=True)
def _nothing_fails_afterwards() -> Iterator[None]:
    yield
    for service in ACTORS:
        _rehearsal.outages.end(service)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    with trio.fail_after(SECONDS):
        while not await holds():
            await trio.sleep(0.05)


async def breaker_of(daemon: Any, actor: str) -> dict[str, Any]:
    node = (await daemon.http.get(f"/control/actors/{actor}")).json()
    (breaker,) = [each for each in node["breakers"] if each["name"] == actor]
    return dict(breaker)


async def let_download(daemon: Any, world: World) -> None:
    """Want a movie, so that there is a download to look at."""
    film = world.films_from(Source.HDBITS)[0]
    added = await daemon.http.post("/api/movies", json={"tmdb_id": film.tmdb_id})
    assert added.status_code == 201, added.text

    async def is_under_way() -> bool:
        movies = (await daemon.http.get("/api/movies")).json()["movies"]
        return bool(movies and movies[0]["stage"] == "downloading")

    await until(is_under_way)


async def poll_until(daemon: Any, actor: str, holds: Callable[[dict[str, Any]], bool]) -> None:
    """Have the service called again and again until its breaker is as it should be."""

    async def is_so() -> bool:
        await daemon.http.post(f"/control/actors/{actor}/poll")
        return holds(await breaker_of(daemon, actor))

    await until(is_so)


async def injected(daemon: Any, service: str) -> float:
    for line in (await daemon.http.get("/metrics")).text.splitlines():
        if line.startswith(f'reeld_faults_injected{{service="{service}"}}'):
            return float(line.split()[-1])
    raise AssertionError("no series")


async def meet(daemon: Any, service: str, outage: Outage) -> None:
    """Rehearse one kind from its beginning to its end."""
    actor, path = ACTORS[service], f"/api/test/circuit-breaker/{service}"
    await poll_until(daemon, actor, lambda seen: seen["state"] == "closed")
    begun = (await daemon.http.post(path, json={"seconds": 600, "outage": outage})).json()
    assert [(each["service"], each["outage"]) for each in begun] == [(service, outage)]
    await poll_until(
        daemon, actor, lambda seen: (seen["state"], seen["reason"]) == EXPECTED[outage]
    )
    listed = (await daemon.http.get("/api/test/circuit-breaker")).json()
    assert [each["outage"] for each in listed] == [outage]
    assert await injected(daemon, service) == 1

    async def is_told() -> bool:
        checks = (await daemon.http.get("/health/detailed")).json()["checks"]
        return bool(checks[f"breaker:{actor}"][0]["status"] != "pass")

    await until(is_told)
    assert (await daemon.http.post(f"{path}/end")).json() == []
    assert await injected(daemon, service) == 0
    await daemon.http.post(f"/control/actors/{actor}/breakers/reset", json={"breaker": actor})
    await poll_until(daemon, actor, lambda seen: seen["state"] == "closed")


@pytest.mark.parametrize("service", ACTORS)
async def test_each_kind_of_outage_opens_the_breaker_is_named_in_every_view_and_ends(
    run_daemon: Any, settings: Settings, world: World, service: str
) -> None:
    async with run_daemon(settings) as daemon:
        await let_download(daemon, world)
        for outage in Outage:
            await meet(daemon, service, outage)
        tree = daemon.started.control.tree()
        assert (tree.restarts, tree.parked) == (0, ())


async def test_an_outage_that_nobody_ends_is_over_after_its_seconds(
    run_daemon: Any, settings: Settings
) -> None:
    async with run_daemon(settings) as daemon:
        await daemon.http.post("/api/test/circuit-breaker/qbittorrent", json={"seconds": 1.0})

        async def is_over() -> bool:
            return (await daemon.http.get("/api/test/circuit-breaker")).json() == []

        await until(is_over)
        assert await injected(daemon, "qbittorrent") == 0
        await poll_until(daemon, "qbit", lambda seen: seen["state"] == "closed")


def test_a_slow_service_is_slow_for_a_breaker_and_not_yet_late_for_a_deadline() -> None:
    profiles = (hdbits._client._PROFILE, qbittorrent._client._PROFILE)
    assert BreakerConfig().slow_seconds < _rehearsal.SLOW_SECONDS
    assert min(each.deadline for each in profiles) > _rehearsal.SLOW_SECONDS
