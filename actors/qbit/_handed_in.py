"""Torrents that were handed in: they lie, sealed, in the row of their release."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Final

import trio

from reeld.actors.resources import Resources
from reeld.actors.torrents import as_client_takes_it
from reeld.domain.errors import NotFound
from reeld.domain.release import Release
from reeld.domain.torrent import InfoHash, Magnet, parse_metainfo
from reeld.storage.repositories import releases
from reeld.storage.repositories.releases import place_of_link

_READERS: Final = trio.CapacityLimiter(1)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A torrent as it was handed in, checked once more."""

    data: bytes = field(repr=False)
    infohash: InfoHash


async def handed_in(resources: Resources, release: Release) -> HandedIn:
    """Return the torrent of a release that was handed in.

    Raises:
        NotFound: Its row holds none.
        InvalidTorrent: It is a .torrent that breaks a rule or is hostile.
        InvalidMagnet: It is a magnet link that names no torrent.
        VaultError: The key file is not the one that it was sealed with.
    """
    sealed = await releases.sealed_link(resources.database, release.id)
    if sealed is None:
        raise NotFound(f"Nobody handed in a torrent of {release.title}.")
    place = place_of_link(release.indexer, release.guid)
    unseal = partial(resources.vault.unseal_bytes, sealed, **place)
    return await trio.to_thread.run_sync(lambda: _read(unseal()), limiter=_READERS)


def _read(data: bytes) -> HandedIn:
    torrent = as_client_takes_it(data)
    if isinstance(torrent, Magnet):
        return HandedIn(data, torrent.infohash)
    return HandedIn(data, parse_metainfo(torrent).infohash)
