"""Items of a feed, made comparable."""

from __future__ import annotations

import calendar
import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from reeld.domain.secret import Secret

_HASH: Final = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_MAGNET_HASH: Final = re.compile(r"xt=urn:btih:([0-9a-fA-F]{40})(?![0-9a-zA-Z])")
_SIZE_IN_TEXT: Final = re.compile(
    r"\bsize\W{1,10}(\d{1,9}(?:[.,]\d{1,3})?)\s?([KMGT])i?B\b", re.IGNORECASE
)
_NO_SHOWING: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_KEYS_IN_QUERIES: Final = re.compile(
    r"pass_?key|api_?key|auth(key|token)?|token|torrent_pass|rss_?key|key|pk|jackett_apikey|uid|user",
    re.IGNORECASE,
)
_LONGEST_TITLE: Final = 512
_LONGEST_LINK: Final = 4096
_TORRENT_TYPE: Final = "application/x-bittorrent"
_POWERS: Final = {"k": 1, "m": 2, "g": 3, "t": 4}


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One offer of a feed.

    Attributes:
        key: What makes it the same offer in the next fetch: by infohash, else by its guid, else by its link without
            keys. Holds no secret.
        title: The release name; empty when the item has none.
        torrent: Where the .torrent lies; secret, since feeds put keys there. None when the item only has a magnet
            link, which reeld does not use.
        infohash: 40 or 64 lower-case hex digits.
        imdb_id: `tt` and at least seven digits.
        published_at: By the feed's own clock, never to be trusted for order.
    """

    key: str
    title: str
    torrent: Secret | None
    infohash: str | None = None
    size: int | None = None
    seeders: int | None = None
    leechers: int | None = None
    imdb_id: str | None = None
    freeleech: bool = False
    published_at: datetime | None = None


def normalise(entry: Mapping[str, Any], attributes: Mapping[str, str], feed_url: str) -> FeedItem:
    """Return what an entry of feedparser's offers.

    Args:
        entry: As feedparser gives it.
        attributes: The entry's torznab attributes.
        feed_url: Relative links count from here.
    """
    links = _links(entry)
    torrent = _torrent_link(links, feed_url)
    infohash = _infohash(entry, attributes, [href for href, _, _ in links])
    seeders = number_in(attributes.get("seeders"))
    peers = number_in(attributes.get("peers"))
    return FeedItem(
        key=key_of_offer(infohash, _text(entry.get("id")), torrent),
        title=tidy_title(_text(entry.get("title"))),
        torrent=None if torrent is None else Secret(torrent),
        infohash=infohash,
        size=_size(entry, attributes, links),
        seeders=seeders,
        leechers=None if peers is None or seeders is None else max(peers - seeders, 0),
        imdb_id=imdb_id_in(attributes.get("imdbid") or attributes.get("imdb")),
        freeleech=attributes.get("downloadvolumefactor", "").strip() in {"0", "0.0"},
        published_at=_moment(_date_of(entry)),
    )


def tidy_title(text: str) -> str:
    """Return a release's name without what cannot be shown, and no longer than one is."""
    # Many feeds escape twice.
    return _NO_SHOWING.sub(" ", html.unescape(text[: _LONGEST_TITLE * 8])).strip()[:_LONGEST_TITLE]


_Link = tuple[str, str, int | None]


def _links(entry: Mapping[str, Any]) -> list[_Link]:
    """Return address, type and length of the enclosures, then of the links."""
    found = [link for link in entry.get("links", []) if isinstance(link, Mapping)][:20]
    found.sort(key=lambda link: link.get("rel") != "enclosure")
    return [
        (_text(link.get("href")), _text(link.get("type")).lower(), number_in(link.get("length")))
        for link in found
        if 0 < len(_text(link.get("href"))) <= _LONGEST_LINK
    ]


def _torrent_link(links: list[_Link], feed_url: str) -> str | None:
    """Prefer what says that it is a torrent, then any enclosure, then any link."""
    ordered = sorted(links, key=lambda link: link[1] != _TORRENT_TYPE)
    return next((url for href, _, _ in ordered if (url := absolute_link(href, feed_url))), None)


def absolute_link(href: str, feed_url: str) -> str | None:
    """Return an address of HTTP as it counts from the feed's; None when it is none."""
    try:
        url = httpx.URL(feed_url).join(href.strip())
    except (httpx.InvalidURL, ValueError):
        return None
    return str(url) if url.scheme in {"http", "https"} and url.host and not url.userinfo else None


def _infohash(
    entry: Mapping[str, Any], attributes: Mapping[str, str], hrefs: list[str]
) -> str | None:
    named = (attributes.get("infohash"), entry.get("torrent_infohash"), entry.get("infohash"))
    for candidate in named:
        text = _text(candidate).strip()
        if _HASH.fullmatch(text):
            return text.lower()
    magnets = (_MAGNET_HASH.search(href) for href in hrefs if href.startswith("magnet:"))
    return next((found[1].lower() for found in magnets if found), None)


def _size(
    entry: Mapping[str, Any], attributes: Mapping[str, str], links: list[_Link]
) -> int | None:
    lengths = [length for _, kind, length in links if kind == _TORRENT_TYPE]
    stated = (attributes.get("size"), entry.get("size"), entry.get("torrent_contentlength"))
    for number in (*map(number_in, stated), *lengths):
        # Some feeds give the .torrent file's own length: no movie is that small.
        if number is not None and number >= 2**20:
            return number
    found = _SIZE_IN_TEXT.search(_text(entry.get("summary"))[:5000])
    if not found:
        return None
    return int(float(found[1].replace(",", ".")) * 1024 ** _POWERS[found[2].lower()])


def key_of_offer(infohash: str | None, guid: str, torrent: str | None) -> str:
    """Return what makes an offer the same one in the next answer, without any secret; see `FeedItem.key`."""
    if infohash is not None:
        return f"hash:{infohash}"
    # A guid that is an address may hold a key; hashed, it gives nothing away.
    identity = _without_keys(guid) if guid else _without_keys(torrent or "")
    kind = "guid" if guid else "link"
    return f"{kind}:{hashlib.sha256(identity.encode()).hexdigest()[:40]}"


def _without_keys(address: str) -> str:
    """Return an address that stays the same when the keys in it are renewed; other texts as they are."""
    try:
        url = httpx.URL(address.strip())
    except (httpx.InvalidURL, ValueError):
        return address.strip()
    if url.scheme not in {"http", "https"}:
        return address.strip()
    kept = sorted((k, v) for k, v in url.params.multi_items() if not _KEYS_IN_QUERIES.fullmatch(k))
    return f"{url.host}{url.path}?{urlencode(kept)}"


def imdb_id_in(value: str | None) -> str | None:
    """Return an IMDb number as `tt` and at least seven digits; None when it is none."""
    digits = (value or "").strip().lower().removeprefix("tt")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 10 or int(digits) == 0:
        return None
    return f"tt{int(digits):07d}"


def number_in(value: object) -> int | None:
    """Return a whole number that is not negative; None for anything else."""
    text = _text(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _date_of(entry: Mapping[str, Any]) -> Any:
    """Return the publication's date, else the update's; asking for one that is not there makes feedparser warn."""
    present = (name for name in ("published_parsed", "updated_parsed") if name in entry)
    return next((entry[name] for name in present if entry[name]), None)


def _moment(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
