"""The .torrent files and magnet links in the database: sealed, since their announce addresses hold passkeys."""

from __future__ import annotations

from functools import partial
from typing import Final

import trio

from reeld.domain.torrent import SCHEME, InvalidTorrent, Magnet, parse_magnet, parse_metainfo
from reeld.storage.vault import Vault

_SEALERS: Final = trio.CapacityLimiter(1)


async def seal_torrent(vault: Vault, acquisition_id: int, torrent: bytes) -> bytes:
    """Return a .torrent in the form in which it is stored."""
    seal = partial(vault.seal_bytes, torrent, **_place(acquisition_id))
    return await trio.to_thread.run_sync(seal, limiter=_SEALERS)


async def unseal_torrent(vault: Vault, acquisition_id: int, sealed: bytes) -> bytes:
    """Return the .torrent that was stored for an acquisition.

    Raises:
        VaultError: The key file is not the one that it was sealed with.
    """
    unseal = partial(vault.unseal_bytes, sealed, **_place(acquisition_id))
    return await trio.to_thread.run_sync(unseal, limiter=_SEALERS)


def as_client_takes_it(stored: bytes) -> bytes | Magnet:
    """Return a .torrent's bytes as they are, and a magnet link read.

    Raises:
        InvalidMagnet: It begins as a magnet link, and is none.
    """
    if not stored.startswith(SCHEME.encode()):
        return stored
    return parse_magnet(stored.decode("utf-8", errors="replace"))


async def names_of(torrent: bytes | Magnet) -> tuple[str, ...]:
    """Return every id that a client may list a torrent under, likeliest first; none when it cannot be read."""
    if isinstance(torrent, Magnet):
        return torrent.infohash.client_ids
    try:
        read = await trio.to_thread.run_sync(parse_metainfo, torrent, limiter=_SEALERS)
    except InvalidTorrent:
        return ()
    return read.infohash.client_ids


def _place(acquisition_id: int) -> dict[str, str]:
    return {"table": "acquisition", "column": "torrent", "row": str(acquisition_id)}
