"""Feeds through the API of a daemon that reads one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import trio

from reeld.http.origins import address_of, origin_of


@pytest.mark.parametrize(
    ("url", "origin", "address"),
    [
        ("https://me:secret@tracker.example/rss?passkey=x", "https://tracker.example", "/rss"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", ""),
        ("http://[::1]:8080/qb/", "http://[::1]:8080", "/qb"),
        ("http://host.example:x/qb#key", "http://host.example", "/qb"),
    ],
)
def test_of_an_address_no_secret_is_shown(url: str, origin: str, address: str) -> None:
    assert origin_of(url) == origin
    assert address_of(url) == origin + address


async def feed_when(daemon: Any, holds: Any) -> dict[str, Any]:
    """The daemon's one feed, once something holds of it."""
    with trio.fail_after(30):
        while True:
            (feed,) = (await daemon.http.get("/api/feeds")).json()
            if holds(feed):
                found: dict[str, Any] = feed
                return found
            await trio.sleep(0.05)


async def test_a_feed_is_shown_with_what_its_last_reading_brought_and_when_the_next_one_is(
    daemon: Any, world: Any, world_settings: Any
) -> None:
    feed = await feed_when(daemon, lambda each: each["last_read_at"] is not None)
    assert (feed["name"], feed["breaker"]["state"], feed["failures"]) == (
        "open-movies",
        "closed",
        0,
    )
    assert (feed["reason"], feed["sentence"], feed["gaps"]) == (None, None, 0)
    assert feed["items"] == len(world.rss.items) > 0
    read, following = (datetime.fromisoformat(feed[x]) for x in ("last_read_at", "next_read_at"))
    assert 0 < (following - read).total_seconds() <= 2 * feed["interval_seconds"]
    secret = world_settings.feeds[0].url.reveal()
    assert secret.startswith(feed["origin"])
    text = (await daemon.http.get("/api/feeds")).text
    assert secret.removeprefix(feed["origin"]) not in text
    alone = (await daemon.http.get("/api/feeds/open-movies")).json()
    assert (alone["name"], alone["items"]) == ("open-movies", feed["items"])
    missing = await daemon.http.get("/api/feeds/another")
    assert (missing.status_code, missing.json()["reason"]) == (404, "not_found")


@pytest.fixture
async def eager(run_daemon: Any, world: Any, world_settings: Any) -> AsyncIterator[Any]:
    """A daemon that reads its feed several times a second."""
    often = (world.feed_settings(interval_seconds=0.3),)
    async with run_daemon(replace(world_settings, feeds=often)) as running:
        yield running


async def test_a_feed_that_cannot_be_read_says_why_and_when_it_is_tried_again(
    eager: Any, world: Any
) -> None:
    await feed_when(eager, lambda each: each["last_read_at"] is not None)
    world.rss.turn(down_for=600.0)
    feed = await feed_when(eager, lambda each: each["breaker"]["state"] == "open")
    assert feed["failures"] > 0
    assert feed["last_tried_at"] > feed["last_read_at"]
    assert feed["reason"]
    assert feed["sentence"]
    assert feed["breaker"]["sentence"]
    assert feed["breaker"]["retry_in"] > 0


async def test_a_daemon_without_feeds_lists_none(running_daemon: Any) -> None:
    assert (await running_daemon.http.get("/api/feeds")).json() == []
