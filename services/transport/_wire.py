"""One outside system's connections: the only place that sends."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
import trio

from reeld import __version__
from reeld.domain.errors import ProtocolViolation, ReeldError, Refused
from reeld.domain.network_address import AddressPolicy
from reeld.services.transport._addresses import GuardedTransport
from reeld.services.transport._answers import Answer, Call, origin_of
from reeld.services.transport._bodies import BodyTooLarge, BrokenEncoding, WholeBody, read_body
from reeld.services.transport._faults import DownReason, down, translate
from reeld.services.transport._observing import NullObserver, Observer, Outcome, outcome_of
from reeld.services.transport._redirects import MAX_HOPS, next_hop
from reeld.services.transport._rehearsal import outages
from reeld.services.transport._tracing import request_span

# httpx logs every address with its query, httpcore every header: both hold keys.
for _chatty in ("httpx", "httpcore"):
    logging.getLogger(_chatty).disabled = True

_TIMEOUTS = httpx.Timeout(connect=5.0, read=20.0, write=20.0, pool=5.0)
_KEEPALIVE_EXPIRY = 5.0
"""Seconds; qBittorrent drops idle connections after seven."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How one system is spoken to."""

    service: str
    """Its name in errors and metrics, such as `qbittorrent`."""
    label: str
    """Its name for people, such as `qBittorrent`."""
    deadline: float = 30.0
    """Seconds for a whole operation: our own limiter, connecting, logging in and every retry included."""
    body_cap: int = 16 * 1024 * 1024
    """The most bytes of an answer, after inflating."""
    connections: int = 4
    """At most this many requests at once."""
    policy: AddressPolicy = AddressPolicy.CONFIGURED
    cookies: bool = False
    """Whether cookies are kept and sent back."""
    secret_address: bool = False
    """Whether any part of an address but its host may be a key, so that spans tell no more than that."""


class Wire:
    """Sends requests to one system.

    Args:
        profile: How the system is spoken to.
        observer: Is told about every operation.
        transport: Takes the network's place in tests.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        observer: Observer | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.profile = profile
        self._observer = observer or NullObserver()
        self._slots = trio.CapacityLimiter(profile.connections)
        self._client = httpx.AsyncClient(
            transport=transport or _guarded(profile),
            timeout=_TIMEOUTS,
            headers={"User-Agent": f"reeld/{__version__}", "Accept-Encoding": "gzip"},
            cookies=_cookie_jar(keep=profile.cookies),
            follow_redirects=False,
            trust_env=False,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    def forget_cookies(self) -> None:
        """Drop the session that the cookies stand for."""
        self._client.cookies.clear()

    @contextmanager
    def operation(self, name: str) -> Iterator[None]:
        """Bound everything inside by the profile's deadline, and tell the observer how it ended.

        Raises:
            ServiceDown: The deadline passed (reason `timeout`).
        """
        started = trio.current_time()
        outcome = Outcome.CRASHED
        try:
            with trio.move_on_after(self.profile.deadline) as scope:
                yield
            if scope.cancelled_caught:
                raise self._too_slow()
            outcome = Outcome.OK
        except ReeldError as error:
            outcome = outcome_of(error)
            raise
        except trio.Cancelled:
            outcome = Outcome.CANCELLED
            raise
        finally:
            elapsed = trio.current_time() - started
            self._observer.call_finished(self.profile.service, name, outcome, elapsed)

    def _too_slow(self) -> ReeldError:
        what = f"it took longer than {self.profile.deadline:g} s. reeld tries again by itself."
        return down(self.profile.service, self.profile.label, DownReason.TIMEOUT, what)

    async def send(self, call: Call) -> Answer:
        """Send a request and return the whole answer, whatever its status.

        A request that may be sent twice is sent once more when a connection that had been used before turns out to
        be closed. Cancelling closes the connection.

        Raises:
            ServiceDown: No connection, no answer in time, or half an answer.
            ProtocolViolation: The answer is too large, wrongly encoded, no HTTP, or a redirect not to be followed.
            Refused: The address is malformed or may not be reached.
        """
        async with self._slots:
            await outages.strike(self.profile.service, self.profile.label)
            answer = await self._send_once_or_twice(call)
            for hop in range(1, MAX_HOPS + 1):
                if not (call.follow_redirects and call.repeatable and answer.is_redirect):
                    return answer
                url = next_hop(answer, service=self.profile.service, label=self.profile.label)
                call = replace(call, url=url, params=None, template=None)
                answer = await self._send_once_or_twice(call, resends=hop)
            return answer

    async def _send_once_or_twice(self, call: Call, *, resends: int = 0) -> Answer:
        journey = _Journey()
        try:
            return await self._send_told(call, journey, resends)
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            if not (call.repeatable and journey.reused and not journey.answered):
                raise self._translate(error, call) from None
        except httpx.TransportError as error:
            raise self._translate(error, call) from None
        self._observer.retried(self.profile.service)
        try:
            return await self._send_told(call, _Journey(), resends + 1)
        except httpx.TransportError as error:
            raise self._translate(error, call) from None

    async def _send_told(self, call: Call, journey: _Journey, resends: int) -> Answer:
        with request_span(self.profile, call, resends) as told:
            return told.answer(await self._send_once(call, journey))

    async def _send_once(self, call: Call, journey: _Journey) -> Answer:
        request = self._request(call, journey)
        request.stream = WholeBody(await request.aread())
        response = await self._client.send(request, stream=True)
        try:
            body = await read_body(response, call.body_cap or self.profile.body_cap)
        except BodyTooLarge:
            raise self._too_large(call) from None
        except BrokenEncoding:
            raise self._violation(
                call, "the answer is packed in a way that does not unpack"
            ) from None
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, body, str(response.request.url))

    def _request(self, call: Call, journey: _Journey) -> httpx.Request:
        try:
            return self._client.build_request(
                call.method,
                call.url,
                params=call.params,
                headers=dict(call.headers),
                json=call.json,
                data=call.form,
                files=call.files,
                extensions={"trace": journey.note},
            )
        except (httpx.InvalidURL, ValueError):
            # The error's own text repeats the address.
            raise Refused(
                f"{self.profile.label}: its address or credentials are malformed. Correct the setting.",
                reason="bad_address",
            ) from None

    def _translate(self, error: httpx.TransportError, call: Call) -> ReeldError:
        profile = self.profile
        return translate(error, service=profile.service, label=profile.label, url=call.url)

    def _too_large(self, call: Call) -> ProtocolViolation:
        cap = (call.body_cap or self.profile.body_cap) / 2**20
        return ProtocolViolation(
            f"{self.profile.label}: the answer of {origin_of(call.url)} has more than {cap:g} MiB and"
            " was not read. Check the address.",
            service=self.profile.service,
            reason="body_too_large",
        )

    def _violation(self, call: Call, what: str) -> ProtocolViolation:
        return ProtocolViolation(
            f"{self.profile.label}: {what} ({origin_of(call.url)}). reeld tries again by itself.",
            service=self.profile.service,
            reason="broken_encoding",
        )


class _Journey:
    """What httpcore tells about one request on its way."""

    def __init__(self) -> None:
        self._connected = False
        self._sent = False
        self.answered = False

    @property
    def reused(self) -> bool:
        """Whether the request went out over a connection that had served another one before."""
        return self._sent and not self._connected

    async def note(self, event: str, _info: dict[str, Any]) -> None:
        self._connected = self._connected or event == "connection.connect_tcp.started"
        self._sent = self._sent or event == "http11.send_request_headers.started"
        self.answered = self.answered or event == "http11.receive_response_headers.complete"


def _cookie_jar(*, keep: bool) -> CookieJar:
    return CookieJar(policy=None if keep else DefaultCookiePolicy(allowed_domains=[]))


def _guarded(profile: Profile) -> GuardedTransport:
    return GuardedTransport(
        profile.policy,
        tls=_tls_context(),
        connections=profile.connections,
        keepalive_expiry=_KEEPALIVE_EXPIRY,
    )


@cache
def _tls_context() -> ssl.SSLContext:
    """Return the system's own trust store: authorities that the owner installed count."""
    return ssl.create_default_context()
