"""By which indexer of reeld's a release that was announced can be fetched."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qs, urlsplit

from reeld.domain.release import NewRelease, Source
from reeld.domain.secret import Secret
from reeld.http.radarr_v3._indexers_known import HDBITS, KnownIndexers
from reeld.storage.repositories.releases import place_of_link
from reeld.storage.vault import Vault

if TYPE_CHECKING:
    from reeld.http.radarr_v3._push import Pushed

_ID: Final = re.compile(r"\d{1,12}", re.ASCII)
_FROM_PROWLARR: Final = "(prowlarr)"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """An indexer, and what it needs to fetch the .torrent.

    Attributes:
        part: To what the sealed link is bound; empty where no link is needed.
        ref: What the release's row says for the indexer.
    """

    source: Source
    indexer: str
    guid: str
    part: str
    ref: str
    link: Secret | None

    @classmethod
    def of(cls, known: KnownIndexers, pushed: Pushed) -> Self | None:
        """Find the indexer that the announcer names, as it calls it or as Prowlarr does; None when there is none."""
        wanted = _plain(pushed.indexer)
        named = next(((n, each) for n, each in known.names.items() if _plain(each) == wanted), None)
        if named is None:
            return None
        number, name = named
        if name == HDBITS:
            torrent = _torrent_id(pushed.link) or _torrent_id(pushed.info_link)
            return cls(Source.HDBITS, name, torrent, "", torrent, None) if torrent else None
        if urlsplit(pushed.link).scheme.lower() not in {"http", "https"}:
            return None
        guid = f"push-{hashlib.sha256(pushed.link.encode()).hexdigest()[:32]}"
        stored = known.stored.get(number)
        link = Secret(pushed.link)
        if stored is None:
            return cls(Source.RSS, name, guid, name, "", link)
        return cls(Source.TORZNAB, name, guid, stored.part, str(stored.id), link)

    def release(self, pushed: Pushed) -> NewRelease:
        """Return the release as the indexer would have listed it."""
        return NewRelease(
            source=self.source,
            indexer=self.indexer,
            guid=self.guid,
            title=pushed.title,
            size=pushed.size,
            published_at=pushed.published_at,
            indexer_ref=self.ref,
        )

    def sealed(self, vault: Vault) -> dict[str, bytes]:
        """Return the link as it is stored, by the release's guid."""
        if self.link is None:
            return {}
        return {self.guid: vault.seal(self.link, **place_of_link(self.part, self.guid))}


def _plain(name: str) -> str:
    return name.lower().removesuffix(_FROM_PROWLARR).strip()


def _torrent_id(link: str) -> str | None:
    """Return the torrent's number that a link to HDBits names: `…/details.php?id=1`, `…/download.php/x.torrent?id=1`."""
    try:
        found = parse_qs(urlsplit(link).query).get("id", [""])[0]
    except ValueError:
        return None
    return found if _ID.fullmatch(found) else None
