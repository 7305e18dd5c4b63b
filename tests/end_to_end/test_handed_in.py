"""A torrent that a person hands in reaches the library once, wherever on its way the daemon is killed."""

from __future__ import annotations

import base64
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reeld.domain.torrent import InfoHash, Magnet
from reeld.simulators import catalogue
from reeld.simulators.offers import OFFERS
from reeld.simulators.world import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FILM = catalogue.SINTEL
OFFER = next(each for each in OFFERS if each.film is FILM and each.flaw is None)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    offer = replace(OFFER, megabytes=1)
    async with World.open(tmp_path / "world", download_seconds=0.5, offers=[offer]) as opened:
        yield opened


@pytest.fixture
def house(make_house: Callable[..., Any], builder: Any, world: World) -> Any:
    return make_house(builder.settings_of(world))


def order_of(world: World, kind: str) -> dict[str, str]:
    """The world's one torrent, as a person hands it in."""
    (release,) = world.releases.values()
    if kind == "torrent":
        return {"torrent": base64.b64encode(release.torrent.data).decode()}
    infohash = InfoHash(release.torrent.infohash, None)
    return {"magnet": Magnet(infohash, release.offer.name, ("http://127.0.0.1:9/a",)).uri}


async def not_searched_for(life: Any) -> int:
    """The movie in the library, monitored by nobody: what HDBits has of it is left there."""
    movie_id = int(await life.add(FILM.tmdb_id, monitored=False))
    await life.until(f"/api/movies/{movie_id}", lambda movie: movie["stage"] == "searched")
    return movie_id


KILLS = {
    "magnet": ("grab.intent.committed", "grab.client.adding", "grab.client.answered"),
    "torrent": ("grab.torrent.fetched", "grab.complete.committed"),
}


@pytest.mark.parametrize("kind", KILLS)
async def test_what_is_handed_in_arrives_once_although_the_daemon_is_killed_again_and_again(
    world: World, house: Any, kind: str
) -> None:
    first, *others = KILLS[kind]
    life = house.start(kill_at=first)
    await life.ready()
    movie_id = await not_searched_for(life)
    handed = await life.post("/api/downloads", **order_of(world, kind))
    assert handed["movie_id"] == movie_id
    assert await life.ended() == -signal.SIGKILL
    for point in others:
        assert await house.start(kill_at=point).ended() == -signal.SIGKILL
    async with house.life() as last:
        movie = await last.in_library(movie_id)
        await last.until("/api/queue/status", lambda status: not status["downloads"])
        assert await last.until("/api/work?state=dead", lambda _: True) == []
    (placed,) = house.files()
    assert [each["path"] for each in movie["files"]] == [str(placed)]
    (torrent,) = world.qbittorrent.torrents.values()
    assert torrent.tags == [f"reeld-{handed['id']}"]
    assert "download" not in {call.kind for call in world.hdbits.calls}
    kinds = Counter(house.values("SELECT kind FROM history"))
    assert kinds["grabbed"] == kinds["downloaded"] == kinds["imported"] == 1


async def test_the_answer_that_got_lost_with_the_daemon_is_given_by_the_next_one(
    world: World, house: Any
) -> None:
    """Whoever hands it in again after a kill is told that it is on its way; nothing is doubled."""
    order = order_of(world, "magnet")
    first = house.start(kill_at="grab.intent.uncommitted")
    await first.ready()
    movie_id = await not_searched_for(first)
    with pytest.raises(first.Killed):
        await first.post("/api/downloads", **order)
    assert await first.ended() == -signal.SIGKILL
    assert house.values("SELECT count(*) FROM acquisition") == [0]
    async with house.life() as second:
        handed = await second.post("/api/downloads", **order)
        await second.in_library(movie_id)
    assert house.values("SELECT id FROM acquisition") == [handed["id"]]
    assert house.values("SELECT count(*) FROM release WHERE source = 'pushed'") == [1]
