"""A request to send and the whole answer to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

_IDEMPOTENT_METHODS = frozenset({"GET", "HEAD"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """One request.

    At most one of `json`, `form` may be set; `files` goes together with `form` as multipart.
    """

    method: str
    url: str
    params: Mapping[str, str | int] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    form: Mapping[str, str] | None = None
    files: Mapping[str, tuple[str, bytes, str]] | None = None
    """Field -> (file name, content, media type)."""
    idempotent: bool | None = None
    """Whether it may be sent twice; None means: when the method is GET or HEAD."""
    follow_redirects: bool = False
    """Follow redirects of a GET to the same host."""
    body_cap: int | None = None
    """The most bytes the answer may have, after inflating; None leaves it to the wire's profile."""
    template: str | None = None
    """The path with names in place of what differs from call to call, such as `/3/movie/{movie_id}`; None where nobody
    knows it."""

    @property
    def repeatable(self) -> bool:
        """Whether sending it a second time does no harm."""
        return self.method in _IDEMPOTENT_METHODS if self.idempotent is None else self.idempotent

    def __repr__(self) -> str:
        # The path and the query may hold a passkey.
        return f"<Call {self.method} {origin_of(self.url)}>"


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A complete answer, inflated and within its cap."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: str
    """What was asked, secrets included: never show it. `origin` is for people."""

    @property
    def origin(self) -> str:
        """Scheme, host and port of what was asked."""
        return origin_of(self.url)

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def is_redirect(self) -> bool:
        """Whether the status sends us elsewhere."""
        return self.status in _REDIRECTS

    @property
    def is_html(self) -> bool:
        """Whether the body is a page for people."""
        start = self.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith((b"<!doctype html", b"<html")) or (
            self.media_type == "text/html" and not start.startswith((b"{", b"[", b"<?xml"))
        )

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as UTF-8, for short plain-text answers; what cannot be read is replaced."""
        return self.body.decode("utf-8", errors="replace")

    def __repr__(self) -> str:
        return f"<Answer {self.status} from {self.origin}, {len(self.body)} bytes>"


def origin_of(url: str | httpx.URL) -> str:
    """Return scheme, host and port of a URL: what may be shown of it."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "an invalid address"
    host = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
    port = f":{parsed.port}" if parsed.port is not None else ""
    return f"{parsed.scheme}://{host}{port}"
