"""The faults of a feed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reeld.simulators.faults import Knobs

FeedAs = Literal["feed", "doctype", "huge", "not_xml", "html", "endless", "empty"]


@dataclass(slots=True)
class RssKnobs(Knobs):
    """Faults of the feed, beside those of a web server."""

    feed_as: FeedAs = "feed"
    """What is sent in place of the feed: an entity bomb, 200 MB, bytes that are no XML, a page, a body that never ends."""
    huge_bytes: int = 200 * 1024 * 1024
    """How long the huge body is; it is streamed."""
    items: int = 50
    """How many of the newest items are in the feed: with few, a slow reader misses some (a gap)."""
    validators: bool = True
    """Whether answers carry ETag and Last-Modified."""
    infohashes: bool = True
    """Whether items carry `torrent:infoHash`."""
    guids: bool = True
    """Whether items carry a guid."""
    ttl: int = 0
    """Minutes in the feed's `ttl`; 0 leaves it out."""
    wrong_torrent_next: int = 0
    """So many downloads deliver an HTML page."""
