"""One movie's way, followed by the links of its spans over a restart of the daemon, as a real collector receives them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.simulators.offers import OFFERS, Source
from reeld.simulators.world import World

WAY = ("notify", "import", "download", "grab", "fetch", "decide", "match")
"""The stages between what was found and what people hear of it, the last first."""


def world_of(folder: Path) -> Any:
    offers = [replace(offer, megabytes=1) for offer in OFFERS if offer.flaw is None]
    return World.open(folder, download_seconds=0.3, offers=offers, rss_after=3600)


def feed_of(world: World) -> str:
    feed = world.feed_settings()
    return json.dumps([{"name": feed.name, "url": feed.url.reveal(), "interval_seconds": 0.3}])


def led_to(collector: Any, span: Any) -> Iterator[Any]:
    """The spans that a span came from: those it links to, and in their traces those they are part of."""
    spans, left, seen = collector.by_id(), [span], set()
    while left:
        current = left.pop()
        if current.span_id in seen:
            continue
        seen.add(current.span_id)
        yield current
        left += [spans[each] for each in (*current.links, current.parent_id) if each in spans]


def step_back(collector: Any, span: Any, stage: str) -> Any:
    """The span of an earlier stage that this one links to directly."""
    spans = collector.by_id()
    found = [spans[each] for each in span.links if each in spans and spans[each].stage == stage]
    assert found, f"{span.name} links to no {stage}: {span.links}"
    return found[0]


def notified(collector: Any, movie_id: int) -> list[Any]:
    return [
        span
        for span in collector.named("notify movie.imported")
        if span.attributes["reeld.workflow.id"] == f"movie-{movie_id}"
    ]


async def both_ways(world: World, house: Any, collector: Any) -> dict[Source, int]:
    """Two movies arrive, one from each kind of source; the daemon is restarted while both are downloaded."""
    films = {source: world.films_from(source) for source in (Source.HDBITS, Source.RSS)}
    searched = next(film for film in films[Source.HDBITS] if film not in films[Source.RSS])
    read = next(film for film in films[Source.RSS] if film not in films[Source.HDBITS])
    world.qbittorrent.turn(stall_all=True)
    async with house.life() as life:
        # Whoever looks at the recent uploads does so before the movie is wanted: the search is to find it.
        await life.until(
            "/api/work?queue=hdbits&state=done",
            lambda rows: any(row["kind"] == "poll-recent" for row in rows),
        )
        movies = {
            Source.HDBITS: await life.add(searched.tmdb_id),
            Source.RSS: await life.add(read.tmdb_id),
        }
        await life.until(
            f"/api/movies/{movies[Source.RSS]}", lambda movie: movie["stage"] == "searched"
        )
        world.publish_feed()
        await life.until(
            "/api/queue", lambda queue: [one["state"] for one in queue] == ["sent"] * 2
        )
    assert not [span for span in collector.spans if span.stage == "download"]
    async with house.life() as life:
        world.qbittorrent.turn(stall_all=False)
        for movie_id in movies.values():
            await life.in_library(movie_id)
        # The way ends when people were told.
        with trio.fail_after(60):
            while not all(notified(collector, movie_id) for movie_id in movies.values()):
                await trio.sleep(0.05)
    return movies


@pytest.mark.slow
async def test_a_movies_way_is_followed_from_the_wish_to_the_news_over_a_restart(
    make_house: Callable[..., Any], builder: Any, collector: Any, tmp_path: Path
) -> None:
    async with world_of(tmp_path / "world") as world:
        traced = {
            "REELD_TRACING_ENDPOINT": collector.endpoint,
            "REELD_FEEDS": feed_of(world),
            "REELD_HDBITS_POLL_SECONDS": "3600",
        }
        house = make_house(builder.settings_of(world) | traced)
        movies = await both_ways(world, house, collector)
        secrets = [
            *(world.hdbits.passkey, world.rss.passkey, world.tmdb.token),
            *(world.qbittorrent.credentials[1], "end-to-end-tests-key"),
        ]
    for source, movie_id in movies.items():
        (last,) = notified(collector, movie_id)
        walk_back(collector, last, source, f"movie-{movie_id}")
    for span in collector.spans:
        assert not [secret for secret in secrets if secret in span.raw], span.name


def walk_back(collector: Any, last: Any, source: Source, workflow: str) -> None:
    span = last
    for earlier in WAY[1:]:
        later, span = span, step_back(collector, span, earlier)
        # Each stage is a trace of its own: hours may lie between.
        assert span.trace_id != later.trace_id
        if earlier != "match":  # which looks at the releases of many movies at once
            assert span.attributes["reeld.workflow.id"] == workflow
    begun = step_back(collector, span, "read" if source is Source.RSS else "search")
    assert begun.name == ("run poll-feed" if source is Source.RSS else "run search-movie")
    everything = list(led_to(collector, last))
    assert "POST /api/movies" in {each.name for each in everything}
    lives = {each.resource["service.instance.id"] for each in everything}
    assert len(lives) == 2
    grab = next(each for each in everything if each.stage == "grab")
    done = next(each for each in everything if each.stage == "download")
    assert grab.resource != done.resource
    decide = next(each for each in everything if each.stage == "decide")
    if source is Source.RSS:
        assert step_back(collector, decide, "read").name == "run poll-feed"
