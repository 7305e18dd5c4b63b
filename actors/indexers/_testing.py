"""Trying an indexer before it is stored, or to see what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from reeld.actors.resources import Resources
from reeld.actors.torznab import client_of
from reeld.domain.errors import ReeldError
from reeld.domain.messages import IndexerTested, TestIndexer
from reeld.domain.torznab import NewIndexer
from reeld.services.limiter import Limiter, Pace
from reeld.services.torznab import Capabilities, TorznabPage
from reeld.telemetry import ServiceObserver, redaction

_PACE: Final = Pace(per_second=1.0, burst=3)


async def try_indexer(resources: Resources, message: TestIndexer) -> IndexerTested:
    """Ask an indexer what it can do and for its latest offers; what goes wrong is the outcome, not an error."""
    redaction.register([message.indexer.api_key.reveal()])
    observer = ServiceObserver(resources.metrics)
    client = client_of(message.indexer, Limiter("test", _PACE), resources, observer)
    try:
        caps = await client.caps()
        page = await client.recent(limit=caps.limit)
    except ReeldError as error:
        return IndexerTested(ok=False, reason=error.reason, sentence=error.sentence)
    finally:
        await client.aclose()
    tested = IndexerTested(
        ok=True,
        server=caps.server,
        limit=caps.limit,
        searches_by=tuple(sorted(caps.by_movie)),
        categories=tuple((each.id, each.name) for each in caps.categories),
        offers=len(page.offers),
    )
    return replace(tested, warnings=tuple(_warnings(message.indexer, caps, page)))


def _warnings(indexer: NewIndexer, caps: Capabilities, page: TorznabPage) -> Sequence[str]:
    said: list[str] = []
    if not page.offers:
        said.append("It has no offers in these categories; check them.")
    elif all(each.is_usenet for each in page.offers):
        said.append(
            "It offers Usenet only. reeld has no Usenet client: nothing can be taken of it."
        )
    elif all(each.torrent is None for each in page.offers):
        said.append("It offers magnet links only, which reeld does not use.")
    if not caps.by_movie & {"imdbid", "tmdbid"}:
        said.append("It cannot be searched by IMDb or TMDB number; movies are searched by title.")
    known = {each.id for each in caps.categories}
    missing = [number for number in indexer.categories if number not in known]
    if known and len(missing) == len(indexer.categories) and missing:
        said.append("It knows none of the chosen categories.")
    return said
