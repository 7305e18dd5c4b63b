"""Torrents that people and programs hand in: read, kept as releases, and then taken like any other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Final

import trio

from reeld.domain.release import NewRelease, Source
from reeld.domain.torrent import (
    LONGEST_NAME,
    InfoHash,
    is_magnet,
    parse_magnet,
    parse_metainfo,
)
from reeld.storage import Database
from reeld.storage.repositories import acquisitions, releases
from reeld.storage.repositories.acquisitions import TorrentTaken
from reeld.storage.vault import Vault

INDEXER: Final = str(Source.PUSHED)
"""What stands where other releases have the name of their indexer."""
_READERS: Final = trio.CapacityLimiter(1)
"""A large .torrent takes seconds under the interpreter's lock."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A torrent that somebody handed in, checked.

    Attributes:
        title: What it calls itself, or what it was announced as; its infohash when neither says.
        content: The .torrent, or the magnet link anew. Its trackers' addresses may hold passkeys.
        size: Bytes of all its files; None of a magnet link.
    """

    title: str
    infohash: InfoHash
    content: bytes = field(repr=False)
    size: int | None = None

    @property
    def guid(self) -> str:
        """Its identity: the same torrent under another name is judged anew."""
        return f"{self.infohash.client_id}:{self.title}"

    def release(self) -> NewRelease:
        """Return it as an indexer would have listed it."""
        return NewRelease(
            source=Source.PUSHED,
            indexer=INDEXER,
            guid=self.guid,
            title=self.title,
            size=self.size,
            infohash=self.infohash.client_id,
        )


async def read_handed_in(content: bytes, title: str = "") -> HandedIn:
    """Read a .torrent or a magnet link, in a worker thread.

    Args:
        content: The .torrent, or the link's text.
        title: What it was announced as.

    Raises:
        InvalidTorrent: The .torrent breaks a rule or is hostile.
        InvalidMagnet: The link names no torrent.
    """
    return await trio.to_thread.run_sync(_read, content, title, limiter=_READERS)


async def require_free(database: Database, infohash: InfoHash) -> None:
    """Raise `TorrentTaken` when a torrent is on its way already, under any of its hashes."""
    taken = await acquisitions.active_with(database, infohash.every)
    if taken is not None:
        raise TorrentTaken(
            f"This torrent is on its way already, as download {taken.id} of movie {taken.movie_id}."
            " Wait for it, or remove that download first."
        )


async def keep(database: Database, vault: Vault, handed: HandedIn) -> int:
    """Store what was handed in as a release, sealed; return the release's number."""
    links = await sealed(vault, handed)
    async with database.transaction() as conn:
        (seen,) = await releases.upsert(conn, [handed.release()], sealed_links=links)
        return seen.id


async def sealed(vault: Vault, handed: HandedIn) -> dict[str, bytes]:
    """Return what was handed in as it is stored, by the release's guid."""
    place = releases.place_of_link(INDEXER, handed.guid)
    seal = partial(vault.seal_bytes, handed.content, **place)
    return {handed.guid: await trio.to_thread.run_sync(seal, limiter=_READERS)}


def _read(content: bytes, title: str) -> HandedIn:
    text = content[: len("magnet:")].decode("utf-8", errors="replace")
    if is_magnet(text):
        magnet = parse_magnet(content.decode("utf-8", errors="replace"))
        name = title or magnet.name or magnet.infohash.client_id
        return HandedIn(name, magnet.infohash, magnet.uri.encode())
    metainfo = parse_metainfo(content)
    name = title or _plain(metainfo.name) or metainfo.infohash.client_id
    return HandedIn(name, metainfo.infohash, content, metainfo.total_size)


def _plain(name: str) -> str:
    return "".join(each for each in name if each.isprintable())[:LONGEST_NAME].strip()
