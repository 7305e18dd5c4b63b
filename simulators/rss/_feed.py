"""RSS 2.0, written."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

import trio

from reeld.simulators.rss._knobs import RssKnobs
from reeld.simulators.torrents import Torrent

_CHUNK = 64 * 1024

DOCTYPE_BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE rss [
<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">
]>
<rss version="2.0"><channel><title>&e;</title><item><title>&e;</title></item></channel></rss>
"""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One item of a feed."""

    id: int
    title: str
    torrent: Torrent
    published: float
    """Epoch seconds."""
    seeders: int = 10
    imdb_id: str = ""


def feed_document(
    title: str, items: Sequence[FeedItem], base_url: str, passkey: str, knobs: RssKnobs
) -> bytes:
    """The feed with these items, in this order."""
    ttl = f"<ttl>{knobs.ttl}</ttl>" if knobs.ttl else ""
    listed = "".join(_item(item, base_url, passkey, knobs) for item in items)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:torrent="http://xmlns.ezrss.it/0.1/" '
        'xmlns:torznab="http://torznab.com/schemas/2015/feed">'
        f"<channel><title>{escape(title)}</title><link>{base_url}/</link>"
        f"<description>New torrents</description>{ttl}{listed}</channel></rss>\n"
    ).encode()


def _item(item: FeedItem, base_url: str, passkey: str, knobs: RssKnobs) -> str:
    link = f"{base_url}/download/{item.id}.torrent?passkey={passkey}"
    guid = f'<guid isPermaLink="false">{item.id}</guid>' if knobs.guids else ""
    infohash = item.torrent.infohash
    hashed = f"<torrent:infoHash>{infohash}</torrent:infoHash>" if knobs.infohashes else ""
    imdb = f'<torznab:attr name="imdb" value="{item.imdb_id}"/>' if item.imdb_id else ""
    size = item.torrent.size
    return (
        f"<item><title>{escape(item.title)}</title>{guid}<link>{escape(link)}</link>"
        f"<pubDate>{format_datetime(datetime.fromtimestamp(item.published, UTC))}</pubDate>"
        f"<description>Size: {size} bytes</description>"
        f'<enclosure url={quoteattr(link)} length="{len(item.torrent.data)}" '
        f'type="application/x-bittorrent"/>{hashed}'
        f'<torznab:attr name="seeders" value="{item.seeders}"/>'
        f'<torznab:attr name="size" value="{size}"/>{imdb}</item>'
    )


async def huge_feed(length: int) -> AsyncGenerator[bytes, None]:
    """A feed of any length, in chunks: well-formed as far as anybody reads."""
    yield b'<?xml version="1.0"?><rss version="2.0"><channel><title>huge</title><description>'
    sent = 0
    while sent < length:
        yield b"x" * min(_CHUNK, length - sent)
        sent += _CHUNK
    yield b"</description></channel></rss>"


async def endless_feed() -> AsyncGenerator[bytes, None]:
    """A feed that begins and then says nothing more."""
    yield b'<?xml version="1.0"?><rss version="2.0"><channel>'
    await trio.sleep_forever()
