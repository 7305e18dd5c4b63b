"""The actor of all indexers together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from reeld.actors.indexers._links import fetch_link
from reeld.actors.indexers._testing import try_indexer
from reeld.actors.kernel import Actor, handles
from reeld.actors.resources import Resources
from reeld.actors.torznab import TorznabActor
from reeld.actors.worker import Effect, WorkerActor, works
from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.messages import FetchLink, IndexerTested, Sweep, TestIndexer
from reeld.domain.torznab import Indexer
from reeld.domain.work import Priority, Queue, WorkKind, WorkRequest
from reeld.storage import TrioConnection
from reeld.storage.errors import LeadershipLost
from reeld.storage.repositories import indexers, searches
from reeld.storage.work import Job, abandon_queues, enqueue, submit

log = structlog.get_logger("reeld.actors.indexers")

SEARCH_SECONDS: Final = 30.0
"""So long a decision waits for the answers of those that are asked at once."""

KeepActors = Callable[[Mapping[str, tuple[str, Callable[[], Actor]]]], None]
"""Has the actors of these names be there, and no others; one whose version changed is restarted."""


class IndexersActor(WorkerActor):
    """Works on queue `indexers`: asks every indexer that is enabled for a movie, under one deadline.

    What rows there are is looked at with each sweep, and so right after one changed.

    Args:
        resources: What actors share.
        keep: Has the actors of the indexers be there.
    """

    name = "indexers"
    queue = Queue.INDEXERS
    slots = 2

    def __init__(self, resources: Resources, keep: KeepActors) -> None:
        super().__init__(resources)
        self._keep = keep
        self._known: frozenset[str] = frozenset()

    @handles(TestIndexer)
    async def test(self, message: TestIndexer) -> IndexerTested:
        """Try an indexer."""
        return await try_indexer(self.resources, message)

    @handles(FetchLink)
    async def fetch(self, message: FetchLink) -> bytes:
        """Fetch a torrent from where a person says that it is."""
        return await fetch_link(self.resources, message)

    @handles(Sweep)
    async def sweep(self, message: Sweep) -> None:
        """Keep an actor for each row, then look for work."""
        try:
            await self._follow_rows(look_for_leftovers=not message.hinted)
        except (DatabaseUnavailable, LeadershipLost) as error:
            log.debug("rows_not_followed", reason=error.reason)
        await super().sweep(message)

    @works(WorkKind.SEARCH_MOVIE)
    async def search_movie(self, job: Job) -> Effect | None:
        """Have all indexers asked for a movie at once; a person who will choose asks those for that."""
        movie_id, look = int(job.args["movie_id"]), bool(job.args.get("look"))
        there = await indexers.every(self.resources.database)
        parts = [each.part for each in there if _is_asked(each, look=look)]
        if not parts:
            return None
        key = f"movie:{movie_id}:look" if look else f"movie:{movie_id}"
        asked = [_search(part, job, key) for part in parts]

        async def effect(conn: TrioConnection) -> None:
            if not await searches.lock_movie(conn, movie_id):
                return
            if not look:
                await _begin(conn, movie_id, parts, key)
            await submit(conn, *asked)
            await searches.prune(conn)

        return effect

    @works(WorkKind.END_SEARCH)
    async def end_search(self, job: Job) -> Effect | None:
        """Wait no longer for those that have not answered."""
        search_id = int(job.args["search_id"])

        async def effect(conn: TrioConnection) -> None:
            await searches.end(conn, search_id)

        return effect

    async def _follow_rows(self, *, look_for_leftovers: bool) -> None:
        there = await indexers.every(self.resources.database)
        self._keep({each.part: (each.version, self._maker(each)) for each in there})
        parts = frozenset(each.part for each in there)
        if parts != self._known or look_for_leftovers:
            async with self.resources.database.transaction() as conn:
                await abandon_queues(conn, prefix=f"{Queue.TORZNAB}:", kept=sorted(parts))
        for part in self._known - parts:
            self.resources.limits.forget(part)
        self._known = parts

    def _maker(self, indexer: Indexer) -> Callable[[], Actor]:
        def make() -> Actor:
            return TorznabActor(self.resources.of("torznab"), indexer)

        return make


def _is_asked(indexer: Indexer, *, look: bool) -> bool:
    return indexer.enable_interactive_search if look else indexer.enable_automatic_search


async def _begin(conn: TrioConnection, movie_id: int, parts: Sequence[str], key: str) -> None:
    """Note who is asked, HDBits among them if it is being asked, and until when the decision waits."""
    others = [str(Queue.HDBITS)] if await searches.is_asked(conn, Queue.HDBITS, key) else []
    begun = await searches.begin(conn, movie_id, [*parts, *others], seconds=SEARCH_SECONDS)
    if begun is not None:
        args = {"search_id": begun, "movie_id": movie_id}
        await enqueue(
            conn,
            Queue.INDEXERS,
            WorkKind.END_SEARCH,
            args,
            unique_key=f"search:{begun}",
            delay=SEARCH_SECONDS,
        )


def _search(part: str, job: Job, key: str) -> WorkRequest:
    return WorkRequest(part, WorkKind.SEARCH_MOVIE, job.args, key, Priority(job.priority))
