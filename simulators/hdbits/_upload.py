"""One torrent on HDBits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from reeld.simulators.catalogue import Film
from reeld.simulators.hdbits._knobs import HdbitsKnobs
from reeld.simulators.torrents import Torrent


class Category(IntEnum):
    """HDBits' categories."""

    MOVIE = 1
    TV = 2
    DOCUMENTARY = 3


class Codec(IntEnum):
    """HDBits' codecs."""

    H264 = 1
    MPEG2 = 2
    VC1 = 3
    XVID = 4
    HEVC = 5


class Medium(IntEnum):
    """HDBits' media."""

    BLU_RAY = 1
    ENCODE = 3
    CAPTURE = 4
    REMUX = 5
    WEB_DL = 6


@dataclass(frozen=True, slots=True)
class Upload:
    """A torrent as HDBits lists it."""

    id: int
    torrent: Torrent
    filename: str
    """The .torrent's name, which holds the release's real one."""
    name: str
    """The display name, with spaces."""
    film: Film | None
    added: float
    """Epoch seconds."""
    seeders: int = 25
    leechers: int = 1
    category: Category = Category.MOVIE
    codec: Codec = Codec.H264
    medium: Medium = Medium.ENCODE
    internal: bool = False
    freeleech: bool = False
    listed_hash: str = ""
    """The infohash to announce, when it is not the torrent's own."""

    def listed(self, knobs: HdbitsKnobs) -> dict[str, Any]:
        """The torrent in the API's shape."""
        infohash = self.listed_hash or self.torrent.infohash
        document: dict[str, Any] = {
            "id": str(self.id) if knobs.ids_as_text else self.id,
            "hash": infohash.lower() if knobs.lower_case_hashes else infohash.upper(),
            "leechers": self.leechers,
            "seeders": self.seeders,
            "name": self.name,
            "descr": f"[b]{self.name}[/b]",
            "times_completed": self.seeders * 3,
            "size": self.torrent.size,
            "utadded": int(self.added),
            "added": datetime.fromtimestamp(self.added, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "comments": 0,
            "numfiles": len(self.torrent.files),
            "filename": self.filename,
            "freeleech": "yes" if self.freeleech else "no",
            "type_category": int(self.category),
            "type_codec": int(self.codec),
            "type_medium": int(self.medium),
            "type_origin": int(self.internal),
            "type_exclusive": 0,
            "torrent_status": "",
            "bookmarked": 0,
            "wishlisted": 0,
            "tags": [],
            "username": "uploader",
            "owner": 1,
        }
        if self.film is not None and not knobs.no_imdb:
            document["imdb"] = _imdb(self.film)
        return document


def _imdb(film: Film) -> dict[str, Any]:
    return {
        "id": film.imdb_number,
        "englishtitle": film.title,
        "originaltitle": film.original_title or film.title,
        "year": film.year,
        "genres": [genre.name for genre in film.genres],
        "rating": 7.5,
    }
