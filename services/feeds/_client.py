"""The client of one feed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from email.message import Message
from typing import Final

import httpx

from reeld.domain.errors import (
    CredentialsRejected,
    NotFound,
    ProtocolViolation,
    ReeldError,
    ServiceDown,
)
from reeld.domain.secret import Secret
from reeld.domain.settings import FeedSettings
from reeld.services.feeds._document import Objection
from reeld.services.feeds._items import FeedItem
from reeld.services.feeds._parsing import parse_feed
from reeld.services.limiter import Limiter
from reeld.services.torrents import TORRENT_CAP, DeliveredTorrent, elsewhere, read_torrent
from reeld.services.transport import (
    AddressPolicy,
    Answer,
    Call,
    Observer,
    Profile,
    Wire,
    next_hop,
    refuse_common,
)

SERVICE: Final = "feed"
FEED_CAP: Final = 16 * 1024 * 1024
"""Bytes, after inflating. Real feeds have less than one hundredth of that."""
_MOST_HOPS: Final = 4


@dataclass(frozen=True, slots=True)
class FeedPage:
    """What a feed holds now.

    Attributes:
        items: Each offer once, in the feed's order, which means nothing.
        etag, last_modified: Give them back at the next fetch.
        ttl_seconds: How long the feed wants to be left alone; None when it does not say.
        well_formed: False when only a lenient parser could read it.
    """

    items: tuple[FeedItem, ...]
    etag: str | None
    last_modified: str | None
    ttl_seconds: float | None
    well_formed: bool


@dataclass(frozen=True, slots=True)
class FeedNotModified:
    """Nothing changed since the answer with the same tag or date."""


class FeedClient:
    """Fetches one feed and what it points to.

    The feed's own host and port are the owner's choice and may lie in the local network. Every other address comes
    from the feed, so only addresses of the open internet are reached, redirects included.

    Every method raises, beside what it names: `ServiceDown`, `RateLimited`, `CredentialsRejected`,
    `ProtocolViolation`, `LimiterWait`, and `Refused` for an address that may not be reached. Each ends within
    45 seconds. No error holds any part of an address but its host.

    Args:
        feed: Name and address.
        limiter: Keeps calls apart; None when the caller does.
        observer: Is told about every operation.
        transport: Takes the network's place in tests.
    """

    def __init__(
        self,
        feed: FeedSettings,
        *,
        limiter: Limiter | None = None,
        observer: Observer | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._feed = feed
        self._label = f"Feed {feed.name}"
        self._limiter = limiter
        profile = Profile(
            SERVICE,
            self._label,
            deadline=45.0,
            body_cap=FEED_CAP,
            connections=1,
            secret_address=True,
        )
        self._own = Wire(profile, observer=observer, transport=transport)
        abroad = replace(profile, policy=AddressPolicy.GLOBAL_ONLY)
        self._abroad = Wire(abroad, observer=observer, transport=transport)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._own.aclose()
        await self._abroad.aclose()

    async def fetch(
        self, *, etag: str | None = None, last_modified: str | None = None
    ) -> FeedPage | FeedNotModified:
        """Return the feed's items, or that nothing changed.

        Args:
            etag: Of the last answer.
            last_modified: Of the last answer.
        """
        with self._own.operation("fetch"):
            headers = {
                "Accept": "application/rss+xml, application/atom+xml, application/xml, */*;q=0.1"
            }
            if etag is not None:
                headers["If-None-Match"] = etag
            if last_modified is not None:
                headers["If-Modified-Since"] = last_modified
            return await self._read(headers)

    async def download(self, link: Secret, *, announced: str | None = None) -> DeliveredTorrent:
        """Fetch the .torrent of an item. May count as a download there: never fetch twice.

        Args:
            link: `FeedItem.torrent`.
            announced: `FeedItem.infohash`.

        Raises:
            LinkFailed: The link leads to somebody else, who does not deliver.
            NotFound: It is not there any more, and the feed still is.
            InfohashMismatch: Another torrent than the announced one came.
            InvalidTorrent: The torrent breaks a rule or is hostile.
        """
        hops = [link.reveal()]
        with (
            self._own.operation("download"),
            elsewhere(self._label, lambda: hops[-1], is_own=self._is_own),
        ):
            # A second request may be a second download: reeld asks again only when it knows why.
            answer = await self._get(hops, {}, TORRENT_CAP, idempotent=False)
            if answer.status in {404, 410}:
                if self._is_own(hops[-1]):
                    # Where the feed is gone too, the site or its address is at fault, and not this item.
                    await self._read({})
                what = f"{self._label} does not have this .torrent any more. Another one is tried."
                raise NotFound(what, reason="torrent_unavailable")
            self._require_success(answer)
            return await read_torrent(
                answer, service=SERVICE, label=self._label, announced=announced
            )

    async def _read(self, headers: dict[str, str]) -> FeedPage | FeedNotModified:
        answer = await self._get([self._feed.url.reveal()], headers, FEED_CAP)
        if answer.status == 304:
            return FeedNotModified()
        self._require_feed(answer)
        return await self._page(answer)

    async def _get(
        self, hops: list[str], headers: dict[str, str], cap: int, *, idempotent: bool = True
    ) -> Answer:
        """Follow an address; those that it leads to are added to `hops`."""
        if self._limiter is not None:
            await self._limiter.turn()
        for _ in range(_MOST_HOPS):
            wire = self._own if self._is_own(hops[-1]) else self._abroad
            call = Call("GET", hops[-1], headers=headers, body_cap=cap, idempotent=idempotent)
            answer = await wire.send(call)
            if not answer.is_redirect:
                return answer
            hops.append(next_hop(answer, service=SERVICE, label=self._label, across_hosts=True))
        raise self._violation("redirect_refused", "redirects in circles")

    def _is_own(self, url: str) -> bool:
        try:
            mine, other = httpx.URL(self._feed.url.reveal()), httpx.URL(url)
        except httpx.InvalidURL:
            return False  # whichever wire it goes over refuses it
        return (mine.host, _port(mine)) == (other.host, _port(other))

    async def _page(self, answer: Answer) -> FeedPage:
        charset = Message()
        charset["content-type"] = answer.headers.get("content-type", "")
        try:
            parsed = await parse_feed(
                answer.body, charset.get_content_charset(), self._feed.url.reveal()
            )
        except Objection as objection:
            what = f"delivers {objection.what}"
            raise self._violation(objection.reason, what) from None
        return FeedPage(
            parsed.items,
            answer.headers.get("etag"),
            answer.headers.get("last-modified"),
            parsed.ttl_seconds,
            parsed.well_formed,
        )

    def _require_feed(self, answer: Answer) -> None:
        if answer.status in {404, 410}:
            raise self._violation("feed_missing", f"is not there (HTTP {answer.status})")
        self._require_success(answer)

    def _require_success(self, answer: Answer) -> None:
        refuse_common(answer, service=SERVICE, label=self._label)
        if not answer.is_success:
            raise self._by_status(answer.status)

    def _by_status(self, status: int) -> ReeldError:
        if status == 401:
            return CredentialsRejected(
                f"{self._label} rejects the key in its address. Copy the address anew from the site.",
                service=SERVICE,
            )
        if status == 403:
            return ServiceDown(
                f"{self._label} refuses without a reason (HTTP 403). reeld tries again by itself; if it"
                " goes on, copy the address anew from the site.",
                service=SERVICE,
                reason="forbidden",
            )
        return self._violation("unexpected_status", f"answers with HTTP {status}")

    def _violation(self, reason: str, what: str) -> ProtocolViolation:
        return ProtocolViolation(
            f"{self._label} {what}. Check its address: open it in a browser, it must show a feed.",
            service=SERVICE,
            reason=reason,
        )


def _port(url: httpx.URL) -> int | None:
    return url.port if url.port is not None else {"http": 80, "https": 443}.get(url.scheme)
