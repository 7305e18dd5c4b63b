"""Offers for movies, and decisions about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from reeld.actors.resources import Resources
from reeld.domain.custom_format import CustomFormat, from_radarr
from reeld.domain.decision import Explanation
from reeld.domain.release import NewRelease, Source
from reeld.storage.repositories import decisions, formats, grabs, profiles, releases
from reeld.storage.repositories.decisions import StoredDecision
from reeld.storage.repositories.grabs import Grab


def format_of(name: str, expression: str) -> CustomFormat:
    """A custom format that asks for a word in the name."""
    return from_radarr(
        {
            "name": name,
            "specifications": [
                {
                    "name": name,
                    "implementation": "ReleaseTitleSpecification",
                    "negate": False,
                    "required": True,
                    "fields": {"value": expression},
                }
            ],
        }
    )


@dataclass
class Offers:
    """Offers for a movie that the actor decides about."""

    resources: Resources
    rows: Any

    def of(self, title: str, **more: Any) -> NewRelease:
        """An offer with nothing wrong about it."""
        values: dict[str, Any] = {
            "source": Source.RSS,
            "indexer": "feed",
            "guid": title,
            "seeders": 20,
            "size": 4_000_000_000,
        }
        return NewRelease(title=title, **{**values, **more})

    async def match(self, *offered: NewRelease, **args: Any) -> list[int]:
        """Store offers and have them matched."""
        async with self.resources.database.transaction() as conn:
            seen = await releases.upsert(conn, offered)
        by_key = {(each.indexer, each.guid): each.id for each in seen}
        ids = [by_key[each.indexer, each.guid] for each in offered]
        work = await self.rows.ask("decision", "match-releases", {"release_ids": ids, **args})
        await self.rows.until(work, seconds=30)
        return ids

    async def settle(self) -> None:
        """Wait until every decision that is due has been made."""
        open_ones = [1]
        while open_ones:
            found = await self.resources.database.fetch_all(
                "SELECT id FROM work WHERE queue = 'decision' AND state IN ('available', 'running') AND run_at <= now()"
            )
            open_ones = [row[0] for row in found]
            for number in open_ones:
                await self.rows.until(number, seconds=30)

    async def bring(self, *offered: NewRelease, **args: Any) -> list[int]:
        """Have offers matched and decided about."""
        ids = await self.match(*offered, **args)
        await self.settle()
        return ids

    async def decide(self, movie_id: int, **args: Any) -> None:
        work = await self.rows.ask("decision", "decide-movie", {"movie_id": movie_id, **args})
        await self.rows.until(work, seconds=30)

    async def taken(self, movie_id: int) -> Grab | None:
        found = await grabs.of_movie(self.resources.database, movie_id, hours=0)
        return next((each for each in found if not each.state.is_final), None)

    async def stored(self, movie_id: int) -> StoredDecision:
        found = await decisions.newest(self.resources.database, movie_id)
        assert found is not None
        return found

    async def explained(self, movie_id: int) -> Explanation:
        return Explanation.from_json((await self.stored(movie_id)).explanation)

    async def reasons(self, release_id: int) -> list[str]:
        verdict = await releases.verdict(self.resources.database, release_id)
        assert verdict is not None
        return [each["reason"] for each in verdict["rejections"]]

    async def score(self, profile: str, **points: int) -> None:
        """Have a profile give points to formats, which are made of words, and allow upgrades."""
        database = self.resources.database
        known = {each.name: each.id for each in await formats.every(database)}
        async with database.transaction() as conn:
            for name in points:
                if name not in known:
                    known[name] = await formats.save(conn, format_of(name, name))
            wanted = await profiles.by_name(conn, profile)
            for name, worth in points.items():
                await conn.execute(
                    "INSERT INTO profile_format_score VALUES (%s, %s, %s)"
                    " ON CONFLICT (profile_id, format_id) DO UPDATE SET score = excluded.score",
                    (wanted.id, known[name], worth),
                )


@pytest.fixture
def offers(resources: Resources, rows: Any) -> Offers:
    """Offers for movies, and decisions about them."""
    return Offers(resources, rows)
