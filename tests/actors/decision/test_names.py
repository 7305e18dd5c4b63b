"""What would be decided about a release of a name: for a person, and as its offer would be judged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reeld.actors.decision import DecisionActor
from reeld.actors.resources import Resources
from reeld.domain.decision import Cause, ExplainedRelease
from reeld.domain.delay import DelayProfile
from reeld.domain.messages import DecideName
from reeld.domain.release import NewRelease, Source
from reeld.simulators import catalogue as films
from reeld.storage.repositories import blocklist, delays, movies, releases

NAME = "Night.of.the.Living.Dead.1968.1080p.BluRay.x264-GRP"
HASH = "a" * 40


class Asking:
    """Asks about one name, for one movie."""

    def __init__(self, resources: Resources, movie_id: int) -> None:
        self.database = resources.database
        self.movie_id = movie_id
        self._decision = resources.directory["decision"]

    async def judged(self, **said: Any) -> ExplainedRelease:
        """What would be decided."""
        question = DecideName(NAME, self.movie_id, size=4_000_000_000, **said)
        explanation = await self._decision.ask(question, deadline=30.0)
        assert explanation.cause is question.cause
        (release,) = explanation.releases
        return release

    async def reasons(self, **said: Any) -> list[str]:
        """What speaks against it."""
        judged = await self.judged(**said)
        return [str(each.reason) for each in judged.rulings if each.is_rejected]

    async def block(self, guid: str, infohash: str | None = None) -> None:
        async with self.database.transaction() as conn:
            await blocklist.add(
                conn,
                self.movie_id,
                indexer="hdbits",
                guid=guid,
                infohash=infohash,
                title=NAME,
                reason="sample_only",
            )

    async def delay(self, minutes: int) -> None:
        profile = DelayProfile(torrent_delay_minutes=minutes, bypass_if_highest_quality=False)
        async with self.database.transaction() as conn:
            await delays.save(conn, profile)

    async def offer(self, guid: str, **more: Any) -> None:
        """Store what the indexer listed."""
        offer = NewRelease(Source.HDBITS, "hdbits", guid, NAME, **more)
        async with self.database.transaction() as conn:
            await releases.upsert(conn, [offer])


@pytest.fixture
async def asking(resources: Resources, run_actor: Any, rows: Any) -> AsyncIterator[Asking]:
    """Asks about one name."""
    movie_id = await rows.add_movie(films.NIGHT_OF_THE_LIVING_DEAD)
    async with run_actor(lambda: DecisionActor(resources)):
        yield Asking(resources, movie_id)


async def test_a_person_is_told_what_would_be_taken_by_hand(asking: Asking) -> None:
    await asking.delay(60)
    async with asking.database.transaction() as conn:
        await movies.set_monitored(conn, asking.movie_id, monitored=False)
    assert await asking.reasons() == []


async def test_an_offer_that_came_by_itself_is_judged_as_one(asking: Asking) -> None:
    await asking.delay(60)
    async with asking.database.transaction() as conn:
        await movies.set_monitored(conn, asking.movie_id, monitored=False)
    judged = await asking.judged(cause=Cause.RSS)
    assert judged.temporary
    assert await asking.reasons(cause=Cause.RSS) == ["not_monitored", "delayed"]


async def test_a_delay_is_counted_from_when_the_offer_was_published(asking: Asking) -> None:
    await asking.delay(60)
    now = datetime.now(UTC)
    fresh, old = now - timedelta(minutes=1), now - timedelta(minutes=61)
    assert await asking.reasons(cause=Cause.RSS, published_at=fresh) == ["delayed"]
    assert await asking.reasons(cause=Cause.RSS, published_at=old) == []


async def test_what_is_blocklisted_is_known_by_its_guid_and_by_its_torrent(asking: Asking) -> None:
    await asking.block("1", HASH)
    assert await asking.reasons() == []
    assert await asking.reasons(guid="2", infohash="b" * 40) == []
    assert await asking.reasons(guid="1") == ["blocklisted"]
    assert await asking.reasons(guid="1", indexer="another") == []
    assert await asking.reasons(infohash=HASH, indexer="another") == ["blocklisted"]


async def test_what_the_indexer_told_of_the_offer_before_counts_too(asking: Asking) -> None:
    await asking.block("1", HASH)
    await asking.offer("2", infohash=HASH, seeders=9)
    await asking.offer("3", infohash="b" * 40, seeders=0)
    assert await asking.reasons(guid="2") == ["blocklisted"]
    assert await asking.reasons(guid="3") == ["too_few_seeders"]
    assert await asking.reasons(guid="3", seeders=9) == []
