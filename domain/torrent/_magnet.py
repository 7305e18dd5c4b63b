"""The magnet link: what it names a torrent by, and nothing else of it (BEP 9, BEP 53's `xt`).

A magnet link is hostile text. Only its hashes, its name and its trackers are read; addresses of web seeds, of peers and
of .torrent files (`ws`, `x.pe`, `xs`, `as`) would have the client ask whoever wrote the link, and are left out.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from reeld.domain.errors import Refused
from reeld.domain.torrent._metainfo import InfoHash

SCHEME: Final = "magnet:"
LONGEST_MAGNET: Final = 16_384
"""Characters. A link with fifty trackers has some four thousand."""
LONGEST_NAME: Final = 255
MOST_TRACKERS: Final = 50
LONGEST_TRACKER: Final = 500

_MOST_FIELDS: Final = 200
_TOPIC: Final = re.compile(r"xt(?:\.[0-9]{1,2})?")
_V1_HEX: Final = re.compile(r"[0-9a-f]{40}")
_V1_BASE32: Final = re.compile(r"[a-z2-7]{32}")
_V2: Final = re.compile(r"1220([0-9a-f]{64})")
_TRACKER_SCHEMES: Final = frozenset({"udp", "http", "https", "ws", "wss"})


class InvalidMagnet(Refused):
    """A link that names no torrent: asking again with the same one cannot help."""

    default_reason = "magnet_invalid"

    def __init__(self, detail: str) -> None:
        super().__init__(f"The magnet link is refused: {detail}. Copy it anew from the site.")
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Magnet:
    """A torrent that is known by its hash alone.

    Attributes:
        name: What the link calls it; empty when it does not say.
        trackers: Where peers can be asked for. Their addresses may hold passkeys.
    """

    infohash: InfoHash
    name: str = ""
    trackers: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        """The link anew, from what was read of it: without a space or a line break, and holding the trackers' passkeys."""
        v1, v2 = self.infohash.v1, self.infohash.v2
        topics = [f"xt=urn:btih:{v1}"] if v1 else []
        topics += [f"xt=urn:btmh:1220{v2}"] if v2 else []
        named = [f"dn={quote(self.name, safe='')}"] if self.name else []
        trackers = [f"tr={quote(tracker, safe='')}" for tracker in self.trackers]
        return f"{SCHEME}?{'&'.join((*topics, *named, *trackers))}"


def is_magnet(text: str) -> bool:
    """Whether a text means to be a magnet link."""
    return text[: len(SCHEME)].lower() == SCHEME


def parse_magnet(text: str) -> Magnet:
    """Read a magnet link.

    Args:
        text: The whole link. The hash of version 1 may be written in hexadecimal digits or in base32.

    Raises:
        InvalidMagnet: It is none, names no torrent of BitTorrent, or more than one.
    """
    text = text.strip()
    if not is_magnet(text):
        raise InvalidMagnet("it does not begin with 'magnet:'")
    if len(text) > LONGEST_MAGNET:
        raise InvalidMagnet(f"it has more than {LONGEST_MAGNET} characters")
    fields = _fields(text[len(SCHEME) :].removeprefix("?"))
    topics = [value for key, value in fields if _TOPIC.fullmatch(key)]
    names = (value for key, value in fields if key == "dn")
    trackers = (value for key, value in fields if key == "tr" and _is_tracker(value))
    return Magnet(
        infohash=_infohash(topics),
        name=_plain(next(names, "")),
        trackers=tuple(dict.fromkeys(trackers))[:MOST_TRACKERS],
    )


def _fields(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise InvalidMagnet(f"it has more than {_MOST_FIELDS} fields") from None


def _infohash(topics: list[str]) -> InfoHash:
    v1 = {each for each in map(_v1_of, topics) if each}
    v2 = {each for each in map(_v2_of, topics) if each}
    if not v1 and not v2:
        raise InvalidMagnet("it has no 'xt' with a hash of BitTorrent's")
    if len(v1) > 1 or len(v2) > 1:
        raise InvalidMagnet("it names more than one torrent")
    return InfoHash(next(iter(v1), None), next(iter(v2), None))


def _v1_of(topic: str) -> str | None:
    kind, _, digest = topic.lower().rpartition(":")
    if kind != "urn:btih":
        return None
    if _V1_HEX.fullmatch(digest):
        return digest
    if not _V1_BASE32.fullmatch(digest):
        return None
    try:
        return base64.b32decode(digest.upper()).hex()
    except binascii.Error:  # pragma: no cover - 32 characters of the alphabet always decode
        return None


def _v2_of(topic: str) -> str | None:
    """Return the hash of a multihash of SHA-256 (code 0x12, 0x20 bytes): the only one that BEP 52 knows."""
    kind, _, digest = topic.lower().rpartition(":")
    found = _V2.fullmatch(digest) if kind == "urn:btmh" else None
    return found and found[1]


def _plain(name: str) -> str:
    return "".join(each if each.isprintable() else " " for each in name).strip()[:LONGEST_NAME]


def _is_tracker(address: str) -> bool:
    if len(address) > LONGEST_TRACKER or not address.isascii() or not address.isprintable():
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in _TRACKER_SCHEMES and bool(parts.hostname) and " " not in address
    except ValueError:
        return False
