"""From a feed's bytes to its items, in a worker thread."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import trio

from reeld.services.feeds._document import Objection, examine
from reeld.services.feeds._items import FeedItem, normalise

PARSE_DEADLINE: Final = 15.0
"""Seconds for a document within the size cap; a real feed takes a tenth of one."""
_MOST_ITEMS: Final = 5000
_PARSERS: Final = trio.CapacityLimiter(2)
_HEADERS: Final = {"content-type": "application/xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A feed's content."""

    items: tuple[FeedItem, ...]
    ttl_seconds: float | None
    well_formed: bool


async def parse_feed(body: bytes, charset: str | None, feed_url: str) -> Parsed:
    """Parse a feed off the loop thread.

    A thread cannot be stopped: past the deadline it is left behind, and keeps its place among the few that may run
    until it ends.

    Raises:
        Objection: It is no feed, or takes longer than `PARSE_DEADLINE`.
    """
    with trio.move_on_after(PARSE_DEADLINE):
        return await trio.to_thread.run_sync(
            _parse, body, charset, feed_url, abandon_on_cancel=True, limiter=_PARSERS
        )
    raise Objection("too_slow_to_parse", "a document that takes too long to read")


def _parse(body: bytes, charset: str | None, feed_url: str) -> Parsed:
    document = examine(body, charset)
    result = _run_feedparser(document.data)
    entries = result.get("entries", [])
    if not result.get("version") and not entries:
        raise Objection("not_a_feed", "XML that is neither RSS nor Atom")
    attributes = document.attributes
    if len(attributes) != len(entries):  # a document that only feedparser's lenient parser can read
        attributes = [{} for _ in entries]
    items = (
        normalise(entry, found, feed_url)
        for entry, found in zip(entries[:_MOST_ITEMS], attributes, strict=False)
    )
    return Parsed(_unique(items), _ttl(result), document.well_formed)


def _run_feedparser(data: bytes) -> Mapping[str, Any]:
    import feedparser  # takes 50 ms to import

    try:
        # Given a text, feedparser would take it for an address or a file name and open it.
        result: Mapping[str, Any] = feedparser.parse(
            io.BytesIO(data),
            response_headers=_HEADERS,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # noqa: BLE001 (a lenient parser and hostile bytes: its bugs are the feed's fault)
        raise Objection(
            "unreadable", f"a document that breaks the parser ({type(error).__name__})"
        ) from None
    return result


def _unique(items: Any) -> tuple[FeedItem, ...]:
    """Return each item once, the first of those with the same key; items without a title are no offers."""
    by_key: dict[str, FeedItem] = {}
    for item in items:
        if item.title:
            by_key.setdefault(item.key, item)
    return tuple(by_key.values())


def _ttl(result: Mapping[str, Any]) -> float | None:
    text = str(result.get("feed", {}).get("ttl", "")).strip()
    return float(text) * 60.0 if text.isascii() and text.isdigit() and len(text) < 7 else None
