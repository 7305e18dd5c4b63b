"""A Torznab indexer and its .torrent downloads as an ASGI app."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import trio

from reeld.simulators.faults import Knobs
from reeld.simulators.rss import DOCTYPE_BOMB, endless_feed, huge_feed
from reeld.simulators.simulator import PROXY_PAGE, Answer, Request, Simulator
from reeld.simulators.torznab._answers import (
    TorznabItem,
    caps_document,
    error_document,
    page_document,
)
from reeld.simulators.torznab._knobs import TorznabKnobs

_XML = "application/rss+xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class TorznabCall:
    """One call of the API: when, by trio's clock, and what it asked."""

    at: float
    query: dict[str, str]


class TorznabSimulator(Simulator):
    """An indexer at `/api?t=...&apikey=...`, the newest offer first.

    Args:
        items: What it has at the start.
        api_key: Without it the API answers error 100, and downloads 401.
        title: How it calls itself.
    """

    name: ClassVar[str] = "torznab"
    knobs_type: ClassVar[type[Knobs]] = TorznabKnobs
    knobs: TorznabKnobs

    def __init__(
        self,
        items: Iterable[TorznabItem] = (),
        *,
        api_key: str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        title: str = "Open Indexer",
    ) -> None:
        super().__init__()
        self.api_key = api_key
        self.items: list[TorznabItem] = list(items)
        self.calls: list[TorznabCall] = []
        self.title = title

    def publish(self, item: TorznabItem) -> None:
        """Add an offer."""
        self.items.append(item)

    def asked(self, function: str) -> list[dict[str, str]]:
        """The queries of one function, in order."""
        return [call.query for call in self.calls if call.query.get("t") == function]

    def state(self) -> dict[str, Any]:
        """What `GET /_knobs` shows."""
        return {"items": len(self.items), "calls": len(self.calls)}

    def arrived(self, request: Request) -> None:
        """Note the call, whatever becomes of it."""
        if request.path == "/api":
            self.calls.append(TorznabCall(trio.current_time(), request.query))

    async def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if request.method not in {"GET", "HEAD"}:
            return Answer(405)
        if request.path == "/api":
            return self._api(request)
        if request.path == "/download":
            return self._download(request)
        return Answer(404, b"Not Found", "text/plain")

    def _api(self, request: Request) -> Answer:
        knobs, function = self.knobs, request.query.get("t", "")
        if knobs.take("error_next"):
            document = error_document(knobs.error_code, knobs.error_text)
            return Answer(knobs.error_status, document, _XML)
        if function == "caps" and knobs.caps_as != "page":
            return Answer(200, caps_document(knobs, self.title), _XML)
        if request.query.get("apikey") != self.api_key:
            return Answer(200, error_document(100, "Invalid API Key"), _XML)
        if function not in {"search", "movie", "caps"}:
            return Answer(200, error_document(202, "No such function"), _XML)
        return self._page(request)

    def _page(self, request: Request) -> Answer:
        match self.knobs.answer_as:
            case "page":
                return Answer(200, self._found(request), _XML)
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

    def _found(self, request: Request) -> bytes:
        query = request.query
        chosen = [item for item in self.items if _is_wanted(item, query)]
        chosen.sort(key=lambda item: (item.published, item.id), reverse=True)
        offset = int(query.get("offset") or 0)
        limit = min(int(query.get("limit") or self.knobs.page_limit), self.knobs.page_limit)
        return page_document(
            self.title,
            chosen[offset : offset + limit],
            offset=offset,
            total=len(chosen),
            base_url=request.base_url,
            api_key=self.api_key,
            knobs=self.knobs,
        )

    def _download(self, request: Request) -> Answer:
        if request.query.get("apikey") != self.api_key:
            return Answer(401, b"Unauthorized", "text/plain")
        found = next(
            (each for each in self.items if str(each.id) == request.query.get("link")), None
        )
        if found is None:
            return Answer(404, b"Not Found", "text/plain")
        if self.knobs.take("magnet_redirect_next"):
            magnet = f"magnet:?xt=urn:btih:{found.torrent.infohash}"
            return Answer(301, headers=(("location", magnet),))
        if self.knobs.take("wrong_torrent_next"):
            return Answer(200, PROXY_PAGE, "text/html")
        return Answer(200, found.torrent.data, "application/x-bittorrent")


def _is_wanted(item: TorznabItem, query: dict[str, str]) -> bool:
    categories = {each for each in query.get("cat", "").split(",") if each}
    of_movies = {str(item.category), str(item.category // 1000 * 1000)}
    if categories and not categories & of_movies:
        return False
    if imdb := query.get("imdbid"):
        return item.imdb_id.removeprefix("tt").lstrip("0") == imdb.removeprefix("tt").lstrip("0")
    if tmdb := query.get("tmdbid"):
        return str(item.tmdb_id) == tmdb
    words = re.split(r"\W+", query.get("q", "").casefold())
    return all(word in item.title.casefold() for word in words if word)
