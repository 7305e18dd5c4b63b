"""How what was announced can be had: from an indexer of reeld's, or by its magnet link from anybody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from reeld.domain.history import EventKind
from reeld.domain.release import NewRelease
from reeld.domain.torrent import InfoHash, InvalidMagnet, InvalidTorrent
from reeld.http.handed_in import read_handed_in, require_free, sealed
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._indexers_known import KnownIndexers
from reeld.http.radarr_v3._whereabouts import Whereabouts
from reeld.storage.events import append
from reeld.storage.repositories import releases

if TYPE_CHECKING:
    from reeld.http.radarr_v3._push import Pushed


@dataclass(frozen=True, slots=True)
class Offering:
    """A release that can be stored.

    Attributes:
        release: As its indexer would have listed it.
        links: What its row holds, sealed, by its guid.
        infohash: Set of a magnet link.
    """

    release: NewRelease
    links: dict[str, bytes]
    infohash: InfoHash | None = None

    @classmethod
    async def of(cls, frame: Frame, known: KnownIndexers, pushed: Pushed) -> Self | None:
        """Find out how an announced release can be had; None when there is no way.

        Raises:
            Invalid: Its magnet link names no torrent.
        """
        vault = frame.surface.vault
        where = Whereabouts.of(known, pushed)
        if where is not None:
            return cls(where.release(pushed), where.sealed(vault))
        if not pushed.magnet:
            return None
        try:
            handed = await read_handed_in(pushed.magnet.encode(), pushed.title)
        except (InvalidMagnet, InvalidTorrent) as error:
            raise invalid("MagnetUrl", error.sentence) from error
        release = replace(handed.release(), size=pushed.size, published_at=pushed.published_at)
        return cls(release, await sealed(vault, handed), handed.infohash)

    async def store(self, frame: Frame) -> None:
        """Store it as if its indexer had just listed it: the decision follows as durable work.

        Raises:
            TorrentTaken: It is on its way already.
        """
        if self.infohash is not None:
            await require_free(frame.database, self.infohash)
        async with frame.database.transaction() as conn:
            seen = await releases.upsert(conn, [self.release], sealed_links=self.links)
            ids = [each.id for each in seen]
            payload = {"release_ids": ids, "source": str(self.release.source)}
            await append(conn, EventKind.RELEASES_FOUND, None, payload)
