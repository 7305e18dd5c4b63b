"""What HDBits announces, from JSON that is not the same in every answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final

import msgspec

from reeld.services.transport import decode_json

_HASH: Final = re.compile(r"[0-9a-fA-F]{40}")
_NO_SHOWING: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONGEST_TITLE: Final = 512


class Category(IntEnum):
    """`type_category`."""

    MOVIE = 1
    TV = 2
    DOCUMENTARY = 3
    MUSIC = 4
    SPORT = 5
    AUDIO = 6
    XXX = 7
    MISC = 8


class Medium(IntEnum):
    """`type_medium`."""

    DISC = 1
    ENCODE = 3
    CAPTURE = 4
    REMUX = 5
    WEB_DL = 6


@dataclass(frozen=True, slots=True)
class HdbitsTorrent:
    """One torrent on HDBits.

    Attributes:
        id: The number that a download asks for.
        title: The release name: the .torrent's file name, or the display name for full discs.
        infohash: 40 lower-case hex digits.
        imdb_id: `tt` and at least seven digits; None when HDBits does not know it.
        freeleech: The download does not count.
        half_leech: The download counts half.
        internal: Made by the site's own people.
    """

    id: int
    title: str
    infohash: str
    size: int
    seeders: int
    leechers: int
    files: int
    category: int
    medium: int
    imdb_id: str | None
    added_at: datetime | None
    freeleech: bool
    half_leech: bool
    internal: bool


@dataclass(frozen=True, slots=True)
class HdbitsPage:
    """One page of an answer, newest first.

    Attributes:
        skipped: Entries that could not be read and are left out.
        full: Whether the page holds as many as were asked for, so that another may follow.
    """

    torrents: tuple[HdbitsTorrent, ...]
    skipped: int
    full: bool


class _Imdb(msgspec.Struct):
    id: int | str | None = None


class _Entry(msgspec.Struct):
    id: int | str
    hash: str
    name: str = ""
    filename: str | None = None
    size: int | str = 0
    seeders: int | str = 0
    leechers: int | str = 0
    numfiles: int | str = 0
    type_category: int | str = 0
    type_medium: int | str = 0
    type_origin: int | str = 0
    utadded: int | str | None = None
    freeleech: str = "no"
    # PHP writes an empty object as an empty list.
    imdb: _Imdb | list[msgspec.Raw] | None = None


class _Unreadable(Exception):
    """One entry lacks what must be there."""


def read_page(entries: Sequence[msgspec.Raw], limit: int) -> HdbitsPage:
    """Read the entries of one page; a broken one costs only itself."""
    torrents: list[HdbitsTorrent] = []
    for entry in entries:
        try:
            torrents.append(_read(decode_json(bytes(entry), _Entry)))
        except (_Unreadable, msgspec.MsgspecError, ValueError, OverflowError, OSError):
            continue
    return HdbitsPage(tuple(torrents), len(entries) - len(torrents), len(entries) >= limit)


def _read(entry: _Entry) -> HdbitsTorrent:
    if not _HASH.fullmatch(entry.hash):
        raise _Unreadable
    title = _title(entry)
    if not title or int(entry.id) <= 0:
        raise _Unreadable
    return HdbitsTorrent(
        id=int(entry.id),
        title=title,
        infohash=entry.hash.lower(),
        size=max(int(entry.size), 0),
        seeders=max(int(entry.seeders), 0),
        leechers=max(int(entry.leechers), 0),
        files=max(int(entry.numfiles), 0),
        category=int(entry.type_category),
        medium=int(entry.type_medium),
        imdb_id=_imdb_id(entry.imdb),
        added_at=None if entry.utadded is None else datetime.fromtimestamp(int(entry.utadded), UTC),
        freeleech=entry.freeleech == "yes",
        half_leech=_counts_half(entry),
        internal=int(entry.type_origin) == 1,
    )


def _title(entry: _Entry) -> str:
    """Prefer the file name, which is the real release name; discs and category 7 only have a good display name."""
    prefers_name = int(entry.type_medium) == Medium.DISC or int(entry.type_category) == Category.XXX
    from_file = (entry.filename or "").removesuffix(".torrent")
    title = entry.name if prefers_name and entry.name else from_file or entry.name
    return _NO_SHOWING.sub(" ", title).strip()[:_LONGEST_TITLE]


def _counts_half(entry: _Entry) -> bool:
    """The site's own rule: discs, captures, remuxes, internals, TV and documentaries count half."""
    return (
        int(entry.type_medium) in {Medium.DISC, Medium.CAPTURE, Medium.REMUX}
        or int(entry.type_origin) == 1
        or int(entry.type_category) in {Category.TV, Category.DOCUMENTARY}
    )


def _imdb_id(imdb: _Imdb | list[msgspec.Raw] | None) -> str | None:
    if not isinstance(imdb, _Imdb) or imdb.id is None:
        return None
    digits = str(imdb.id).removeprefix("tt")
    if not (digits.isascii() and digits.isdigit()) or not 0 < int(digits) < 10**10:
        return None
    return f"tt{int(digits):07d}"
