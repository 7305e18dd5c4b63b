"""The client of one Torznab or Newznab indexer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email.message import Message
from typing import Final
from urllib.parse import parse_qsl

import httpx

from reeld.domain.errors import (
    CredentialsRejected,
    NotFound,
    ProtocolViolation,
    RateLimited,
    ReeldError,
    ServiceDown,
)
from reeld.domain.secret import Secret
from reeld.domain.torznab import NewIndexer
from reeld.services.feeds import Objection
from reeld.services.limiter import Limiter
from reeld.services.torrents import TORRENT_CAP, DeliveredTorrent, elsewhere, read_torrent
from reeld.services.torznab._caps import Capabilities, read_caps
from reeld.services.torznab._document import Document, read_document
from reeld.services.torznab._errors import SERVICE, UNSAID_WAIT, error_for_code
from reeld.services.torznab._offers import TorznabPage, read_page
from reeld.services.torznab._questions import Question
from reeld.services.transport import (
    AddressPolicy,
    Answer,
    Call,
    Observer,
    Profile,
    Wire,
    next_hop,
    refuse_common,
    seconds_to_wait,
)

ANSWER_CAP: Final = 8 * 1024 * 1024
"""Bytes, after inflating. A page of a hundred offers has two hundred kilobytes."""
_MOST_HOPS: Final = 4
_RECENT: Final = Question("search", {})
_FORBIDDEN_HERE: Final = frozenset({"t", "apikey", "offset", "limit"})


class TorznabClient:
    """Asks one indexer, never faster than its limiter allows.

    The indexer's own host and port are the owner's choice: they may lie in the local network or on this machine, where
    Prowlarr mostly runs. Every other address comes from the indexer, so only addresses of the open internet are
    reached, redirects included. Link-local and metadata addresses are never reached.

    Every method raises, beside what it names: `ServiceDown`, `RateLimited` (with the seconds to stay away; the limiter
    knows them already), `CredentialsRejected`, `ProtocolViolation`, `LimiterWait`, and `Refused` for an address that may
    not be reached or a question that is not understood. Each ends within 30 seconds. No error holds the key, or any
    part of an address but its host.

    Args:
        indexer: Name, address and key.
        limiter: Keeps calls apart.
        loopback: Whether this machine's own addresses may be reached.
        observer: Is told about every operation.
        transport: Takes the network's place in tests.
    """

    def __init__(
        self,
        indexer: NewIndexer,
        limiter: Limiter,
        *,
        loopback: bool = True,
        observer: Observer | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._indexer = indexer
        self._label = indexer.name
        self._limiter = limiter
        profile = Profile(
            SERVICE,
            self._label,
            deadline=30.0,
            body_cap=ANSWER_CAP,
            connections=3,
            policy=AddressPolicy.CONFIGURED if loopback else AddressPolicy.NOT_HERE,
            secret_address=True,
        )
        self._own = Wire(profile, observer=observer, transport=transport)
        abroad = replace(profile, policy=AddressPolicy.GLOBAL_ONLY)
        self._abroad = Wire(abroad, observer=observer, transport=transport)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._own.aclose()
        await self._abroad.aclose()

    async def caps(self) -> Capabilities:
        """Return what the indexer can do. Most answer it without a key: it shows nothing of the key's worth."""
        with self._own.operation("caps"):
            document = await self._ask(Question("caps", {}))
            if document.root != "caps":
                raise self._violation("not_capabilities", "says nothing of what it can do")
            return read_caps(document)

    async def recent(self, *, offset: int = 0, limit: int = 100) -> TorznabPage:
        """Return a page of the latest offers in the indexer's categories, newest first.

        Args:
            offset: So many are passed over.
            limit: How many a page holds at most; `Capabilities.limit`.
        """
        with self._own.operation("recent"):
            return await self._page(_RECENT, offset, limit)

    async def search(self, question: Question, *, offset: int = 0, limit: int = 100) -> TorznabPage:
        """Return a page of what the indexer has.

        Args:
            question: What to look for; see `questions_for`.
            offset: So many are passed over; ask for the next page while one is full.
            limit: How many a page holds at most; `Capabilities.limit`.
        """
        with self._own.operation("search"):
            return await self._page(question, offset, limit)

    async def download(self, link: Secret, *, announced: str | None = None) -> DeliveredTorrent:
        """Fetch the .torrent of an offer. May count as a download there: never fetch twice.

        Args:
            link: `TorznabOffer.torrent`.
            announced: `TorznabOffer.infohash`.

        Raises:
            LinkFailed: The link leads to somebody else, who does not deliver.
            NotFound: It is not there any more (and the indexer still is), or only a magnet link is.
            InfohashMismatch: Another torrent than the announced one came.
            InvalidTorrent: The torrent breaks a rule or is hostile.
        """
        hops = [link.reveal()]
        with (
            self._own.operation("download"),
            elsewhere(self._label, lambda: hops[-1], is_own=self._is_own),
        ):
            answer = await self._fetch(hops)
            if answer.status in {404, 410}:
                if self._is_own(hops[-1]):
                    # Where the indexer is gone too, its address is at fault, and not this offer.
                    await self._ask(Question("caps", {}))
                what = f"{self._label} does not have this .torrent any more. Another one is tried."
                raise NotFound(what, reason="torrent_unavailable")
            await self._refuse_error(answer)
            self._require_success(answer)
            return await read_torrent(
                answer, service=SERVICE, label=self._label, announced=announced
            )

    async def _page(self, question: Question, offset: int, limit: int) -> TorznabPage:
        categories = {"cat": ",".join(map(str, self._indexer.categories))}
        paging = {"offset": str(offset), "limit": str(limit), "extended": "1"}
        named = categories if self._indexer.categories else {}
        asked = Question(question.function, {**question.parameters, **named, **paging})
        document = await self._ask(asked)
        if document.root != "rss":
            raise self._violation("not_a_feed", "delivers XML that is no list of offers")
        return read_page(document, self._indexer.api_url, offset=offset, limit=limit)

    async def _ask(self, question: Question) -> Document:
        answer = await self._send(self._indexer.api_url, self._parameters(question))
        if answer.status in {404, 410} and not _may_be_xml(answer):
            raise self._violation("api_missing", f"is not there (HTTP {answer.status})")
        if _may_be_xml(answer):
            document = await self._document(answer)
            if document.error is not None:
                raise await self._heeded(self._error(document.error, answer))
            self._require_success(answer)
            return document
        self._require_success(answer)
        raise self._violation(*_what_it_is(answer))

    def _parameters(self, question: Question) -> dict[str, str]:
        more = dict(parse_qsl(self._indexer.additional_parameters.lstrip("?&")))
        extra = {name: value for name, value in more.items() if name not in _FORBIDDEN_HERE}
        key = {"apikey": self._indexer.api_key.reveal()} if self._indexer.api_key else {}
        return {"t": question.function, **extra, **question.parameters, **key}

    async def _fetch(self, hops: list[str]) -> Answer:
        """Follow a link; the addresses that it leads to are added to `hops`."""
        for _ in range(_MOST_HOPS):
            # A second request may be a second download: reeld asks again only when it knows why.
            answer = await self._send(hops[-1], None, cap=TORRENT_CAP, idempotent=False)
            if not answer.is_redirect:
                return answer
            if answer.headers.get("location", "").lower().startswith("magnet:"):
                what = f"{self._label} has only a magnet link of this, which reeld does not use. Another one is tried."
                raise NotFound(what, reason="magnet_only")
            hops.append(next_hop(answer, service=SERVICE, label=self._label, across_hosts=True))
        raise self._violation("redirect_refused", "redirects in circles")

    async def _send(
        self,
        url: str,
        parameters: Mapping[str, str] | None,
        *,
        cap: int = ANSWER_CAP,
        idempotent: bool = True,
    ) -> Answer:
        await self._limiter.turn()
        wire = self._own if self._is_own(url) else self._abroad
        headers = {"Accept": "application/rss+xml, application/xml, */*;q=0.1"}
        call = Call(
            "GET", url, params=parameters, headers=headers, body_cap=cap, idempotent=idempotent
        )
        answer = await wire.send(call)
        if answer.status == 429:
            error = RateLimited(
                f"{self._label} asked us to slow down. reeld waits and goes on by itself.",
                service=SERVICE,
                retry_after=seconds_to_wait(answer.headers) or UNSAID_WAIT,
            )
            # Somebody else who is asked too often is no reason to spare the indexer.
            raise (await self._heeded(error) if wire is self._own else error)
        return answer

    async def _heeded(self, error: ReeldError) -> ReeldError:
        if isinstance(error, RateLimited):
            await self._limiter.hold_off(error.retry_after or UNSAID_WAIT)
        return error

    def _is_own(self, url: str) -> bool:
        try:
            mine, other = httpx.URL(self._indexer.base_url), httpx.URL(url)
        except httpx.InvalidURL:
            return False  # whichever wire it goes over refuses it
        return (mine.host, _port(mine)) == (other.host, _port(other))

    async def _document(self, answer: Answer) -> Document:
        charset = Message()
        charset["content-type"] = answer.headers.get("content-type", "")
        try:
            return await read_document(answer.body, charset.get_content_charset())
        except Objection as objection:
            self._require_success(answer)
            raise self._violation(objection.reason, f"delivers {objection.what}") from None

    async def _refuse_error(self, answer: Answer) -> None:
        """Raise what an error in a download's place says; a .torrent is no XML."""
        if not answer.body.startswith(b"d") and _may_be_xml(answer):
            document = await self._document(answer)
            if document.error is not None:
                raise await self._heeded(self._error(document.error, answer))

    def _error(self, error: Mapping[str, str], answer: Answer) -> ReeldError:
        return error_for_code(
            error,
            label=self._label,
            api_key=self._indexer.api_key,
            retry_after=seconds_to_wait(answer.headers),
        )

    def _require_success(self, answer: Answer) -> None:
        refuse_common(answer, service=SERVICE, label=self._label)
        if answer.status == 401:
            what = f"{self._label} rejects its API key. Copy it anew into the indexer's settings."
            raise CredentialsRejected(what, service=SERVICE)
        if answer.status == 403:
            raise ServiceDown(
                f"{self._label} refuses without a reason (HTTP 403). reeld tries again by itself; if it goes on, test"
                " the indexer.",
                service=SERVICE,
                reason="forbidden",
            )
        if not answer.is_success:
            raise self._violation("unexpected_status", f"answers with HTTP {answer.status}")

    def _violation(self, reason: str, what: str) -> ProtocolViolation:
        return ProtocolViolation(
            f"{self._label} {what}. Check its address: it must lead to a Torznab or Newznab API.",
            service=SERVICE,
            reason=reason,
        )


def _may_be_xml(answer: Answer) -> bool:
    start = answer.body[:512].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    return start.startswith(b"<") and not answer.is_html


def _what_it_is(answer: Answer) -> tuple[str, str]:
    if answer.is_html:
        return "html_instead_of_feed", "delivers an HTML page"
    return "not_a_feed", "delivers something that is no XML" if answer.body else "delivers nothing"


def _port(url: httpx.URL) -> int | None:
    return url.port if url.port is not None else {"http": 80, "https": 443}.get(url.scheme)
