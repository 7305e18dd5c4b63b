"""What Torznab answers, written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from reeld.simulators.torrents import Torrent
from reeld.simulators.torznab._knobs import TorznabKnobs

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class TorznabItem:
    """One offer of the indexer."""

    id: int
    title: str
    torrent: Torrent
    published: float
    """Epoch seconds."""
    seeders: int = 10
    leechers: int = 2
    imdb_id: str = ""
    tmdb_id: int = 0
    category: int = 2040
    download_factor: float = 1.0
    upload_factor: float = 1.0
    tags: tuple[str, ...] = ()


def error_document(code: int, text: str) -> bytes:
    """An error."""
    return f'{_HEAD}<error code="{code}" description={quoteattr(text)}/>'.encode()


def caps_document(knobs: TorznabKnobs, title: str) -> bytes:
    """What the indexer can do."""
    if knobs.caps_as == "bare":
        return f"{_HEAD}<caps/>".encode()
    by_movie = "q" if knobs.caps_as == "text_only" else "q,imdbid,tmdbid,year"
    return (
        f"{_HEAD}<caps><server title={quoteattr(title)}/>"
        f'<limits default="{knobs.page_limit}" max="{knobs.page_limit}"/><searching>'
        '<search available="yes" supportedParams="q"/>'
        '<tv-search available="no" supportedParams="q"/>'
        f'<movie-search available="yes" supportedParams="{by_movie}"/></searching>'
        '<categories><category id="2000" name="Movies"><subcat id="2040" name="Movies/HD"/>'
        '<subcat id="2045" name="Movies/UHD"/></category><category id="5000" name="TV"/></categories></caps>'
    ).encode()


def page_document(
    title: str,
    items: Sequence[TorznabItem],
    *,
    offset: int,
    total: int,
    base_url: str,
    api_key: str,
    knobs: TorznabKnobs,
) -> bytes:
    """A page of offers, in this order."""
    listed = "".join(_item(item, base_url, api_key, knobs) for item in items)
    return (
        f'{_HEAD}<rss version="2.0" xmlns:torznab="http://torznab.com/schemas/2015/feed" '
        'xmlns:newznab="http://www.newznab.com/DTD/2010/feeds/attributes/">'
        f"<channel><title>{escape(title)}</title><link>{base_url}/</link>"
        f'<newznab:response offset="{offset}" total="{total}"/>{listed}</channel></rss>\n'
    ).encode()


def _item(item: TorznabItem, base_url: str, api_key: str, knobs: TorznabKnobs) -> str:
    link = f"{base_url}/download?apikey={api_key}&link={item.id}&file={item.id}.torrent"
    if knobs.magnets:
        link = f"magnet:?xt=urn:btih:{item.torrent.infohash}&dn={item.id}"
    kind = "application/x-nzb" if knobs.usenet else "application/x-bittorrent"
    guid = f"<guid>{base_url}/details/{item.id}?apikey={api_key}</guid>" if knobs.guids else ""
    published = format_datetime(datetime.fromtimestamp(item.published, UTC))
    attributes = [
        ("category", str(item.category)),
        ("seeders", str(item.seeders)),
        ("peers", str(item.seeders + item.leechers)),
        ("downloadvolumefactor", f"{item.download_factor:g}"),
        ("uploadvolumefactor", f"{item.upload_factor:g}"),
        ("minimumratio", "1"),
        ("minimumseedtime", "172800"),
        *(("tag", tag) for tag in item.tags),
    ]
    if knobs.infohashes:
        attributes.append(("infohash", item.torrent.infohash.upper()))
    if knobs.ids and item.imdb_id:
        attributes.append(("imdb", item.imdb_id.removeprefix("tt")))
    if knobs.ids and item.tmdb_id:
        attributes.append(("tmdbid", str(item.tmdb_id)))
    said = "".join(f'<torznab:attr name="{n}" value={quoteattr(v)}/>' for n, v in attributes)
    return (
        f"<item><title>{escape(item.title)}</title>{guid}<link>{escape(link)}</link>"
        f"<comments>{base_url}/details/{item.id}</comments><pubDate>{published}</pubDate>"
        f"<size>{item.torrent.size}</size><category>2000</category>"
        f'<enclosure url={quoteattr(link)} length="{item.torrent.size}" type="{kind}"/>{said}</item>'
    )
