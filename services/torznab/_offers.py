"""What an indexer offers, made comparable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from reeld.domain.release import NO_FLAGS, IndexerFlag
from reeld.domain.secret import Secret
from reeld.services.feeds import absolute_link, imdb_id_in, key_of_offer, number_in, tidy_title
from reeld.services.torznab._document import Document, Item

_HASH: Final = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_MAGNET_HASH: Final = re.compile(r"xt=urn:btih:([0-9a-fA-F]{40})(?![0-9a-zA-Z])")
_USENET_TYPE: Final = "application/x-nzb"
_TORRENT_TYPE: Final = "application/x-bittorrent"
_SMALLEST_MOVIE: Final = 2**20
"""Bytes. Some indexers give the .torrent file's own length: no movie is that small."""
_LONGEST_LINK: Final = 4096
_LARGEST: Final = 2**31 - 1
_TAGS: Final = {
    "internal": IndexerFlag.INTERNAL,
    "scene": IndexerFlag.SCENE,
    "freeleech": IndexerFlag.FREELEECH,
    "halfleech": IndexerFlag.HALFLEECH,
    "golden": IndexerFlag.PTP_GOLDEN,
    "approved": IndexerFlag.PTP_APPROVED,
    "nuked": IndexerFlag.NUKED,
}
_DOWNLOAD_FACTORS: Final = {
    0.0: IndexerFlag.FREELEECH,
    0.25: IndexerFlag.FREELEECH_75,
    0.5: IndexerFlag.HALFLEECH,
    0.75: IndexerFlag.FREELEECH_25,
}


@dataclass(frozen=True, slots=True)
class TorznabOffer:
    """One offer.

    Attributes:
        key: What makes it the same offer in the next answer; holds no secret.
        torrent: Where the .torrent lies; secret, since the address holds a key. None when the offer only has a magnet
            link, or is Usenet's.
        is_usenet: Whether it is an NZB, which no torrent client can fetch.
        infohash: 40 or 64 lower-case hex digits.
        tmdb_id: TMDB's number.
        published_at: By the indexer's own clock.
        minimum_ratio, minimum_seed_seconds: What the tracker asks of those who download it.
    """

    key: str
    title: str
    torrent: Secret | None
    is_usenet: bool = False
    infohash: str | None = None
    size: int | None = None
    seeders: int | None = None
    leechers: int | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    flags: IndexerFlag = NO_FLAGS
    categories: tuple[int, ...] = ()
    published_at: datetime | None = None
    minimum_ratio: float | None = None
    minimum_seed_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class TorznabPage:
    """One page of an answer.

    Attributes:
        offers: Each offer once, in the answer's order.
        read: How many items the page had, those left out included.
        full: Whether it holds as many as were asked for, so that another may follow.
    """

    offers: tuple[TorznabOffer, ...]
    read: int
    full: bool


def read_page(document: Document, api_url: str, *, offset: int, limit: int) -> TorznabPage:
    """Read a page; items without a name are no offers."""
    by_key: dict[str, TorznabOffer] = {}
    for item in document.items:
        offer = _offer(item, api_url)
        if offer.title:
            by_key.setdefault(offer.key, offer)
    read = len(document.items)
    reached = offset + read
    more = read >= limit if document.total is None else reached < document.total
    return TorznabPage(tuple(by_key.values()), read, bool(read) and more)


def _offer(item: Item, api_url: str) -> TorznabOffer:
    is_usenet = any(each.get("type", "").lower() == _USENET_TYPE for each in item.enclosures)
    links = [link for link in _links(item) if 0 < len(link) <= _LONGEST_LINK]
    torrent = None
    if not is_usenet:
        torrent = next((url for link in links if (url := absolute_link(link, api_url))), None)
    infohash = _infohash(item, links)
    seeders = _count(item.value("seeders"))
    peers = _count(item.value("peers"))
    guid = item.texts.get("guid", "")
    return TorznabOffer(
        key=key_of_offer(infohash, guid, torrent),
        title=tidy_title(item.texts.get("title", "")),
        torrent=None if torrent is None else Secret(torrent),
        is_usenet=is_usenet,
        infohash=infohash,
        size=_size(item),
        seeders=seeders,
        leechers=None if peers is None or seeders is None else max(peers - seeders, 0),
        imdb_id=imdb_id_in(item.value("imdbid") or item.value("imdb")),
        tmdb_id=_tmdb_id(item.value("tmdbid") or item.value("tmdb")),
        flags=_flags(item),
        categories=tuple(_categories(item)),
        published_at=_moment(item.texts.get("pubDate", "")),
        minimum_ratio=_factor(item.value("minimumratio")),
        minimum_seed_seconds=_count(item.value("minimumseedtime")),
    )


def _links(item: Item) -> list[str]:
    """Return what says that it is a torrent, then other enclosures, then the link, then the magnet link."""
    ordered = sorted(
        item.enclosures, key=lambda each: each.get("type", "").lower() != _TORRENT_TYPE
    )
    found = [each.get("url", "") for each in ordered]
    return [*found, item.texts.get("link", ""), item.value("magneturl") or ""]


def _infohash(item: Item, links: list[str]) -> str | None:
    said = (item.value("infohash") or "").strip()
    if _HASH.fullmatch(said):
        return said.lower()
    magnets = (_MAGNET_HASH.search(link) for link in links if link.startswith("magnet:"))
    return next((found[1].lower() for found in magnets if found), None)


def _size(item: Item) -> int | None:
    lengths = (each.get("length") for each in item.enclosures)
    said = (item.value("size"), item.texts.get("size"), *lengths)
    return next((n for n in map(number_in, said) if n is not None and n >= _SMALLEST_MOVIE), None)


def _flags(item: Item) -> IndexerFlag:
    factor = _factor(item.value("downloadvolumefactor"))
    flags = NO_FLAGS if factor is None else _DOWNLOAD_FACTORS.get(factor, NO_FLAGS)
    if _factor(item.value("uploadvolumefactor")) == 2.0:
        flags |= IndexerFlag.DOUBLE_UPLOAD
    for tag in item.values.get("tag", ()):
        flags |= _TAGS.get(tag.strip().lower(), NO_FLAGS)
    return flags


def _categories(item: Item) -> Iterator[int]:
    numbers = (number_in(each) for each in item.values.get("category", ()))
    yield from dict.fromkeys(n for n in numbers if n is not None and n <= _LARGEST)


def _count(text: str | None) -> int | None:
    number = number_in(text)
    return None if number is None else min(number, _LARGEST)


def _tmdb_id(text: str | None) -> int | None:
    return _count(text) or None


def _factor(text: str | None) -> float | None:
    try:
        number = float((text or "")[:16])
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
