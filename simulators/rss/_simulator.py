"""A tracker's RSS feed and its .torrent downloads as an ASGI app."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from email.utils import formatdate
from typing import Any, ClassVar

from reeld.simulators.faults import Knobs
from reeld.simulators.rss._feed import (
    DOCTYPE_BOMB,
    FeedItem,
    endless_feed,
    feed_document,
    huge_feed,
)
from reeld.simulators.rss._knobs import RssKnobs
from reeld.simulators.simulator import PROXY_PAGE, Answer, Request, Simulator

_XML = "application/rss+xml; charset=utf-8"


class RssSimulator(Simulator):
    """A feed at `/feed.xml?passkey=...`, the newest item first.

    Args:
        items: The items it starts with.
        passkey: Without it feed and downloads answer 403.
        title: The feed's title.
    """

    name: ClassVar[str] = "rss"
    knobs_type: ClassVar[type[Knobs]] = RssKnobs
    knobs: RssKnobs

    def __init__(
        self,
        items: Iterable[FeedItem] = (),
        *,
        passkey: str = "fedcba9876543210fedcba9876543210",
        title: str = "Open Movies",
    ) -> None:
        super().__init__()
        self.passkey = passkey
        self.items: list[FeedItem] = list(items)
        self.not_modified = 0
        """How many requests were answered 304."""
        self._title = title

    @property
    def feed_url(self) -> str:
        """The feed's URL, which holds the passkey."""
        return f"{self.url}/feed.xml?passkey={self.passkey}"

    def publish(self, item: FeedItem) -> None:
        """Add an item."""
        self.items.append(item)

    def state(self) -> dict[str, Any]:
        """What `GET /_knobs` shows."""
        return {"items": len(self.items), "not_modified": self.not_modified}

    async def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if request.method not in {"GET", "HEAD"}:
            return Answer(405)
        if request.query.get("passkey") != self.passkey:
            return Answer(403, b"Forbidden", "text/plain")
        if request.path == "/feed.xml":
            return self._feed(request)
        if request.path.startswith("/download/"):
            return self._download(request.path)
        return Answer(404, b"Not Found", "text/plain")

    def _feed(self, request: Request) -> Answer:
        match self.knobs.feed_as:
            case "feed":
                return self._if_changed(request)
            case "doctype":
                return Answer(200, DOCTYPE_BOMB, _XML)
            case "huge":
                return Answer(200, huge_feed(self.knobs.huge_bytes), _XML)
            case "not_xml":
                return Answer(200, b"\x00\x01 this is <no> XML & never was \xff", _XML)
            case "html":
                return Answer(200, PROXY_PAGE, "text/html")
            case "endless":
                return Answer(200, endless_feed(), _XML)
            case "empty":
                return Answer(200, b"", _XML)

    def _if_changed(self, request: Request) -> Answer:
        newest = sorted(self.items, key=lambda item: (item.published, item.id), reverse=True)
        shown = newest[: self.knobs.items]
        body = feed_document(self._title, shown, request.base_url, self.passkey, self.knobs)
        if not self.knobs.validators:
            return Answer(200, body, _XML)
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        modified = formatdate(shown[0].published if shown else 0, usegmt=True)
        headers = (("etag", tag), ("last-modified", modified))
        if _is_current(request, tag, modified):
            self.not_modified += 1
            return Answer(304, headers=headers)
        return Answer(200, body, _XML, headers)

    def _download(self, path: str) -> Answer:
        name = path.removeprefix("/download/").removesuffix(".torrent")
        found = next((item for item in self.items if str(item.id) == name), None)
        if found is None:
            return Answer(404, b"Not Found", "text/plain")
        if self.knobs.take("wrong_torrent_next"):
            return Answer(200, PROXY_PAGE, "text/html")
        return Answer(200, found.torrent.data, "application/x-bittorrent")


def _is_current(request: Request, tag: str, modified: str) -> bool:
    # As RFC 9110 wants it: the date counts only when no tag was sent.
    sent = request.headers.get("if-none-match")
    if sent is not None:
        return tag in sent
    return request.headers.get("if-modified-since") == modified
