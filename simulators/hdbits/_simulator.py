"""HDBits' JSON API and its downloads as an ASGI app."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Literal

import trio

from reeld.domain.torrent import Bencodable, encode
from reeld.simulators.faults import Knobs
from reeld.simulators.hdbits._knobs import HdbitsKnobs
from reeld.simulators.hdbits._upload import Upload
from reeld.simulators.simulator import PROXY_PAGE, Answer, Request, Simulator, json_answer

_DEFAULT_LIMIT = 30
_MAX_LIMIT = 100
_RATE_LIMITED = b"<h1>Error</h1><p>Rate-limit exceeded. Please try again in 15 minutes.</p>"
_MESSAGES = {
    1: "Failure (something bad happened)",
    2: "SSL Required: You should be on HTTPS",
    3: "JSON malformed",
    4: "Auth data missing",
    5: "Invalid authentication credentials",
    6: "Missing required parameters (e.g. name, category)",
    7: "Invalid parameter",
    8: "IMDb import fail",
    9: "IMDb TV not allowed",
}


@dataclass(frozen=True, slots=True)
class HdbitsCall:
    """One call that reached the service, at a time on trio's clock."""

    at: float
    kind: Literal["api", "download"]
    user_agent: str


class HdbitsSimulator(Simulator):
    """HDBits, with the torrents that were uploaded to it.

    Args:
        username: The one member.
        passkey: That member's passkey.
        uploads: The torrents it starts with.
    """

    name: ClassVar[str] = "hdbits"
    knobs_type: ClassVar[type[Knobs]] = HdbitsKnobs
    knobs: HdbitsKnobs

    def __init__(
        self,
        uploads: Iterable[Upload] = (),
        *,
        username: str = "reeld",
        passkey: str = "0123456789abcdef0123456789abcdef",
    ) -> None:
        super().__init__()
        self.username = username
        self.passkey = passkey
        self.uploads: list[Upload] = list(uploads)
        self.calls: list[HdbitsCall] = []
        """Every call, also those that a fault spoiled."""
        self._limited_until: dict[str, float] = {}

    def upload(self, upload: Upload) -> None:
        """Add a torrent."""
        self.uploads.append(upload)

    @property
    def shortest_gap(self) -> float:
        """Seconds between the two calls that were closest to each other; infinite for fewer than two."""
        gaps = (later.at - earlier.at for earlier, later in pairwise(self.calls))
        return min(gaps, default=float("inf"))

    def state(self) -> dict[str, Any]:
        """What `GET /_knobs` shows."""
        gap = self.shortest_gap
        return {
            "uploads": len(self.uploads),
            "calls": len(self.calls),
            "shortest_gap": None if gap == float("inf") else gap,
        }

    def arrived(self, request: Request) -> None:
        """Note the call, whatever becomes of it."""
        kind: Literal["api", "download"] = (
            "download" if request.path.startswith("/download.php") else "api"
        )
        agent = request.headers.get("user-agent", "")
        self.calls.append(HdbitsCall(trio.current_time(), kind, agent))

    async def answer(self, request: Request) -> Answer:
        """Answer one request."""
        if request.path == "/api/torrents" and request.method == "POST":
            return self._limited("api") or self._search(request)
        if request.path.startswith("/download.php"):
            return self._limited("download") or self._download(request)
        return Answer(404, b"<h1>Not Found</h1>", "text/html")

    def _limited(self, kind: Literal["api", "download"]) -> Answer | None:
        knobs, now = self.knobs, trio.current_time()
        if now < self._limited_until.get(kind, 0.0):
            return Answer(403, _RATE_LIMITED, "text/html")
        name = "api_calls_allowed" if kind == "api" else "downloads_allowed"
        left: int = getattr(knobs, name)
        if left == 0:
            # The limit passes with its window: afterwards calls are allowed again.
            self._limited_until[kind] = now + knobs.limit_seconds
            setattr(knobs, name, -1)
            return Answer(403, _RATE_LIMITED, "text/html")
        if left > 0:
            setattr(knobs, name, left - 1)
        return None

    def _search(self, request: Request) -> Answer:
        try:
            wanted = json.loads(request.body)
        except ValueError:
            return _failed(3)
        if not isinstance(wanted, dict):
            return _failed(3)
        if self.knobs.take("status_next"):
            return _failed(self.knobs.status)
        if not wanted.get("username") or not wanted.get("passkey"):
            return _failed(4)
        if (wanted["username"], wanted["passkey"]) != (self.username, self.passkey):
            return _failed(5)
        return self._found(wanted)

    def _found(self, wanted: dict[str, Any]) -> Answer:
        try:
            limit = min(int(wanted.get("limit") or _DEFAULT_LIMIT), _MAX_LIMIT)
            start = int(wanted.get("page") or 0) * limit
            imdb = wanted.get("imdb") or {}
            number = int(imdb["id"]) if imdb else None
        except (TypeError, ValueError, KeyError):
            return _failed(7)
        chosen = [one for one in self.uploads if _is_wanted(one, wanted, number)]
        chosen.sort(key=lambda one: (one.added, one.id), reverse=True)
        listed = [one.listed(self.knobs) for one in chosen[start : start + limit]]
        return json_answer({"status": 0, **self._data(listed)})

    def _data(self, listed: list[dict[str, Any]]) -> dict[str, Any]:
        match self.knobs.data_as:
            case "list":
                return {"data": listed}
            case "object":
                return {"data": {}}
            case "null":
                return {"data": None}
            case "missing":
                return {}

    def _download(self, request: Request) -> Answer:
        if request.query.get("passkey") != self.passkey:
            return Answer(200, b"<html><body><h1>Login</h1></body></html>", "text/html")
        found = next((one for one in self.uploads if str(one.id) == request.query.get("id")), None)
        if found is None:
            return Answer(404, b"<h1>Error</h1><p>Invalid ID</p>", "text/html")
        if self.knobs.take("html_download_next"):
            return Answer(200, PROXY_PAGE, "text/html")
        data = found.torrent.data
        if self.knobs.take("wrong_torrent_next"):
            data = _other_torrent(found)
        named = (("content-disposition", f'attachment; filename="{_quotable(found.filename)}"'),)
        return Answer(200, data, "application/x-bittorrent", named)


def _failed(status: int) -> Answer:
    return json_answer({"status": status, "message": _MESSAGES.get(status, "Failure")})


def _is_wanted(upload: Upload, wanted: dict[str, Any], imdb_number: int | None) -> bool:
    film = upload.film
    if imdb_number is not None and (film is None or film.imdb_number != imdb_number):
        return False
    infohash = wanted.get("hash")
    if infohash and str(infohash).lower() != upload.torrent.infohash:
        return False
    for name, value in (
        ("category", upload.category),
        ("codec", upload.codec),
        ("medium", upload.medium),
    ):
        if wanted.get(name) and int(value) not in wanted[name]:
            return False
    words = re.split(r"\W+", str(wanted.get("search") or "").casefold())
    return all(word in upload.name.casefold() for word in words if word)


def _other_torrent(upload: Upload) -> bytes:
    info: dict[bytes, Bencodable] = {
        b"length": 1,
        b"name": upload.torrent.name.encode(),
        b"piece length": 16384,
        b"pieces": bytes(20),
    }
    return encode({b"info": info})


def _quotable(filename: str) -> str:
    return filename.encode("ascii", "replace").decode().replace('"', "'").replace("\0", "")
