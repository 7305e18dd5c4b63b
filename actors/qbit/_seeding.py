"""How long a torrent is seeded: what the indexer that it comes from asks for."""

from __future__ import annotations

from reeld.domain.errors import NotFound
from reeld.domain.release import Release, Source
from reeld.domain.torznab import NewIndexer
from reeld.services.qbittorrent import ShareLimits
from reeld.storage import Database
from reeld.storage.repositories import indexers


async def limits_for(database: Database, release: Release) -> ShareLimits:
    """Return the limits for a release; qBittorrent's own where nothing is asked for, or the indexer is gone."""
    if release.source is not Source.TORZNAB:
        return ShareLimits()
    try:
        return limits_of(await indexers.get(database, int(release.indexer_ref)))
    except NotFound:
        return ShareLimits()


def limits_of(indexer: NewIndexer) -> ShareLimits:
    """Return what an indexer asks for, in qBittorrent's words."""
    its_own = ShareLimits()
    ratio, minutes = indexer.seed_ratio, indexer.seed_minutes
    return ShareLimits(
        ratio=its_own.ratio if ratio is None else ratio,
        seeding_minutes=its_own.seeding_minutes if minutes is None else minutes,
    )
