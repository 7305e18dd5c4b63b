"""An indexer with a row and an actor, beside a world that has no films of it otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from reeld.actors.resources import Resources
from reeld.domain.secret import Secret
from reeld.domain.torznab import Indexer, NewIndexer
from reeld.simulators import Source, TorznabItem, TorznabSimulator, World, serve
from reeld.storage.repositories import indexers


@dataclass
class Place:
    """An indexer that runs, and how it is stored."""

    simulator: TorznabSimulator
    resources: Resources
    name: str

    def new(self, **more: Any) -> NewIndexer:
        given = {"base_url": self.simulator.url, "api_key": Secret(self.simulator.api_key)}
        return NewIndexer(name=self.name, **(given | more))

    async def stored(self, **more: Any) -> Indexer:
        async with self.resources.database.transaction() as conn:
            number = await indexers.save(conn, self.resources.vault, self.new(**more))
        return await indexers.get(self.resources.database, number)

    async def change(self, indexer: Indexer, **changes: Any) -> None:
        kept = {n: getattr(indexer, n) for n in NewIndexer.__dataclass_fields__}
        changed = NewIndexer(**(kept | {"api_key": Secret(self.simulator.api_key)} | changes))
        async with self.resources.database.transaction() as conn:
            await indexers.save(conn, self.resources.vault, changed, indexer.id)


def items_of(world: World) -> list[TorznabItem]:
    """What HDBits has, as an indexer offers it."""
    return [
        TorznabItem(
            one.id,
            one.offer.name,
            one.torrent,
            1_700_000_000.0 + one.id,
            seeders=one.offer.seeders,
            imdb_id=one.offer.film.imdb_id,
            tmdb_id=one.offer.film.tmdb_id,
        )
        for one in world.releases.values()
        if one.offer.source is Source.HDBITS
    ]


@pytest.fixture
async def place(world: World, resources: Resources) -> AsyncIterator[Place]:
    simulator = TorznabSimulator(items_of(world))
    async with serve(simulator):
        yield Place(simulator, resources, "Open")


@pytest.fixture
async def open_places(world: World, resources: Resources, nursery: Any) -> Callable[[int], Any]:
    """Serve so many indexers that have the same."""
    from reeld.simulators.serving import serve_app

    async def start(count: int) -> list[Place]:
        found = []
        for n in range(count):
            simulator = TorznabSimulator(items_of(world), title=f"Indexer {n}")
            await nursery.start(serve_app, simulator)
            found.append(Place(simulator, resources, f"Indexer {n}"))
        return found

    return start


__all__ = ["Place", "replace"]
