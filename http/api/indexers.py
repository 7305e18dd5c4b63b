"""`/api/indexers`: where releases come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from reeld.domain.errors import InvalidField
from reeld.domain.messages import IndexerTested, TestIndexer
from reeld.domain.settings import FeedSettings, HdbitsSettings
from reeld.domain.torznab import Indexer, NewIndexer
from reeld.domain.work import Queue
from reeld.http.api.indexer_views import (
    IndexerBody,
    IndexerSchema,
    IndexerState,
    IndexerTrial,
    IndexerView,
    schema,
)
from reeld.http.ops.audit import AnyRequest
from reeld.http.origins import origin_of
from reeld.http.surface import Surface
from reeld.storage.repositories import feeds, indexers
from reeld.storage.repositories.feeds import FeedState

TEST_SECONDS: Final = 75.0


def indexer_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of indexers."""
    database, audit = surface.database, surface.audit

    @get("/", operation_id="listIndexers")
    async def list_indexers() -> list[IndexerView]:
        """List all indexers: those of the settings, which cannot be changed here, then the others by name."""
        read = {each.name: each for each in await feeds.every(database)}
        rows = [view(each, read.get(each.part)) for each in await indexers.every(database)]
        return [*_of_settings(surface, read), *rows]

    @get("/schema", operation_id="getIndexerSchema")
    async def get_schema() -> list[IndexerSchema]:
        """Show what can be said of an indexer of each kind."""
        return schema()

    @get("/{indexer_id:int}", operation_id="getIndexer")
    async def get_indexer(indexer_id: FromPath[int]) -> IndexerView:
        """Show one indexer. Its key is a mask."""
        return await shown(indexer_id)

    @post("/", operation_id="addIndexer")
    async def add_indexer(request: AnyRequest, data: JSONBody[IndexerBody]) -> IndexerView:
        """Enter an indexer; it is asked from now on."""
        with audit.change(request, "add_indexer", data.name):
            return await shown(await save(data.to_indexer()))

    @put("/{indexer_id:int}", operation_id="changeIndexer")
    async def change_indexer(
        indexer_id: FromPath[int], request: AnyRequest, data: JSONBody[IndexerBody]
    ) -> IndexerView:
        """Replace an indexer; the actor that asks it starts anew with what changed."""
        with audit.change(request, "change_indexer", data.name, id=indexer_id):
            changed = data.to_indexer(await with_key(indexer_id))
            return await shown(await save(changed, indexer_id))

    @delete("/{indexer_id:int}", operation_id="deleteIndexer")
    async def delete_indexer(indexer_id: FromPath[int], request: AnyRequest) -> None:
        """Remove an indexer: its actor stops, and what waited for it is given up."""
        with audit.change(request, "delete_indexer", str(indexer_id)):
            async with database.transaction() as conn:
                await indexers.delete(conn, indexer_id)

    @post("/test", operation_id="testIndexer", status_code=200)
    async def test_indexer(request: AnyRequest, data: JSONBody[IndexerTrial]) -> IndexerTested:
        """Try an indexer without storing it. What is wrong with it is in the answer.

        A stored key is used for a masked one only if scheme, host and port of the address stay.
        """
        with audit.change(request, "test_indexer", data.name, id=data.id):
            stored = None if data.id is None else await with_key(data.id)
            asked = TestIndexer(data.to_indexer(stored))
            return await surface.directory[Queue.INDEXERS].ask(asked, deadline=TEST_SECONDS)

    async def save(indexer: NewIndexer, indexer_id: int = 0) -> int:
        _require_free(surface, indexer.name)
        async with database.transaction() as conn:
            return await indexers.save(conn, surface.vault, indexer, indexer_id)

    async def with_key(indexer_id: int) -> Indexer:
        return indexers.unsealed(surface.vault, await indexers.get(database, indexer_id))

    async def shown(indexer_id: int) -> IndexerView:
        found = await indexers.get(database, indexer_id)
        return view(found, await feeds.get(database, found.part))

    def view(indexer: Indexer, read: FeedState | None) -> IndexerView:
        return IndexerView.of(indexer, _state(surface, indexer.part, indexer.part, read))

    handlers = [
        list_indexers,
        get_schema,
        get_indexer,
        add_indexer,
        change_indexer,
        delete_indexer,
        test_indexer,
    ]
    return [Router("/api/indexers", route_handlers=handlers, guards=[surface.access.requires_key])]


def _require_free(surface: Surface, name: str) -> None:
    if name in surface.settings().indexers:
        complaint = f"a feed of the settings is called {name!r} already; choose another."
        raise InvalidField("name", complaint, reason="name_taken")


def _of_settings(surface: Surface, read: dict[str, FeedState]) -> list[IndexerView]:
    settings = surface.settings()
    found: list[IndexerView] = []
    if settings.hdbits is not None:
        state = _state(surface, Queue.HDBITS, Queue.HDBITS, read.get(Queue.HDBITS))
        found.append(IndexerView.of_settings(settings.hdbits, _origin(settings.hdbits), state))
    for feed in settings.feeds:
        state = _state(surface, Queue.RSS, f"rss:{feed.name}", read.get(feed.name))
        found.append(IndexerView.of_settings(feed, _origin(feed), state))
    return found


def _state(surface: Surface, actor: str, breaker: str, read: FeedState | None) -> IndexerState:
    directory = surface.directory
    found = directory[actor].breakers.get(breaker) if actor in directory else None
    snapshot = None if found is None else found.snapshot()
    refused = "" if snapshot is None else snapshot.sentence
    return IndexerState(
        breaker="" if snapshot is None else str(snapshot.state),
        sentence=refused or (read.sentence if read is not None else None) or "",
        last_read_at=None if read is None else read.last_ok,
    )


def _origin(settings: HdbitsSettings | FeedSettings) -> str:
    return origin_of(settings.url if isinstance(settings.url, str) else settings.url.reveal())
