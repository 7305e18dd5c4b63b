"""From what httpx and status codes say to the errors that reeld's parts exchange."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from enum import StrEnum, unique

import httpx

from reeld.domain.errors import ProtocolViolation, RateLimited, ReeldError, Refused, ServiceDown
from reeld.services.transport._addresses import ForbiddenAddress, UnknownHost
from reeld.services.transport._answers import Answer, origin_of
from reeld.services.transport._retry_after import seconds_to_wait


@unique
class DownReason(StrEnum):
    """Why a system counts as down."""

    UNKNOWN_HOST = "unknown_host"
    UNREACHABLE = "unreachable"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS_FAILED = "tls_failed"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    TRUNCATED = "truncated"
    SERVER_ERROR = "server_error"

    @property
    def may_have_acted(self) -> bool:
        """Whether the system may have received the request and acted on it."""
        return self not in _NEVER_SENT


_NEVER_SENT = frozenset(
    {
        DownReason.UNKNOWN_HOST,
        DownReason.UNREACHABLE,
        DownReason.CONNECT_TIMEOUT,
        DownReason.TLS_FAILED,
    }
)


def down(service: str, label: str, reason: DownReason, what: str) -> ServiceDown:
    """Build the error for a system that is down."""
    return ServiceDown(f"{label}: {what}", service=service, reason=reason.value)


def translate(error: httpx.TransportError, *, service: str, label: str, url: str) -> ReeldError:
    """Return the error that stands for one of httpx's; its text holds no part of the request but its origin."""
    origin = origin_of(url)
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, ForbiddenAddress):
            return Refused(
                f"{label}: {origin} is {cause}, which may not be reached from here. Use another address.",
                reason="address_forbidden",
            )
        if isinstance(cause, ssl.SSLError):
            return down(service, label, DownReason.TLS_FAILED, _tls_sentence(cause, origin))
    if any(isinstance(cause, UnknownHost) for cause in causes):
        what = f"the host of {origin} is not known. Check its spelling and the name server."
        return down(service, label, DownReason.UNKNOWN_HOST, what)
    return _by_kind(error, service, label, origin)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _tls_sentence(error: ssl.SSLError, origin: str) -> str:
    why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.reason
    return (
        f"no trusted TLS connection to {origin} ({why or 'handshake failed'})."
        " Check the address, the machine's clock and that the certificate's authority is installed."
    )


_KINDS: tuple[tuple[type[httpx.TransportError], DownReason, str], ...] = (
    (
        httpx.ConnectTimeout,
        DownReason.CONNECT_TIMEOUT,
        "{origin} did not take the connection in time. Check the address, or that nothing blocks it.",
    ),
    (
        httpx.ConnectError,
        DownReason.UNREACHABLE,
        "nothing answers at {origin}. Check that it runs and that the address is right.",
    ),
    (
        httpx.TimeoutException,
        DownReason.TIMEOUT,
        "{origin} did not answer in time. It may be overloaded; reeld tries again by itself.",
    ),
    (
        httpx.NetworkError,
        DownReason.CONNECTION_LOST,
        "{origin} closed the connection. reeld tries again by itself.",
    ),
)


def _by_kind(error: httpx.TransportError, service: str, label: str, origin: str) -> ReeldError:
    for kind, reason, sentence in _KINDS:
        if isinstance(error, kind):
            return down(service, label, reason, sentence.format(origin=origin))
    if isinstance(error, httpx.RemoteProtocolError):
        return _broken_http(error, service, label, origin)
    return Refused(
        f"{label}: the request to {origin} cannot be sent. Check its address and credentials for"
        " characters that do not belong there.",
        reason="bad_request",
    )


def _broken_http(
    error: httpx.RemoteProtocolError, service: str, label: str, origin: str
) -> ReeldError:
    text = str(error)
    if "without sending a response" in text:
        what = f"{origin} closed the connection without an answer. reeld tries again by itself."
        return down(service, label, DownReason.CONNECTION_LOST, what)
    if "peer closed connection" in text:
        what = f"the answer of {origin} was cut short. reeld tries again by itself."
        return down(service, label, DownReason.TRUNCATED, what)
    return ProtocolViolation(
        f"{label}: {origin} does not speak HTTP. Check the address, the port, and http against https.",
        service=service,
        reason="not_http",
    )


def refuse_common(answer: Answer, *, service: str, label: str) -> None:
    """Raise for the statuses that mean the same everywhere: 3xx, 429 and 5xx; return for all others.

    Raises:
        RateLimited: 429, with the seconds to wait when the answer says so.
        ServiceDown: 5xx, with the seconds to wait when the answer says so.
        ProtocolViolation: 3xx: redirects are followed before this is asked, or not at all.
    """
    if answer.status == 429:
        raise RateLimited(
            f"{label} asked us to slow down. reeld waits and goes on by itself.",
            service=service,
            retry_after=seconds_to_wait(answer.headers),
        )
    if answer.status >= 500:
        raise ServiceDown(
            f"{label} has a problem of its own (HTTP {answer.status}). reeld tries again by itself.",
            service=service,
            reason=DownReason.SERVER_ERROR.value,
            retry_after=seconds_to_wait(answer.headers),
        )
    if 300 <= answer.status < 400 and answer.status != 304:
        raise ProtocolViolation(
            f"{label}: {answer.origin} sends us elsewhere (HTTP {answer.status}). Set its address to"
            " the final one, with https and without a login page in between.",
            service=service,
            reason="redirected",
        )


def refuse_html(answer: Answer, *, service: str, label: str, due: str) -> None:
    """Raise when the body is a page for people: a login page, a captcha, the wrong address.

    Args:
        answer: What came.
        service: The system's name.
        label: The system's name for people.
        due: What should have come, such as `JSON`.

    Raises:
        ProtocolViolation: It is a page.
    """
    if answer.is_html:
        raise ProtocolViolation(
            f"{label}: {answer.origin} answered with an HTML page where {due} was due. Check the"
            " address; a login page or a captcha may stand in between.",
            service=service,
            reason=f"html_instead_of_{due.lower().lstrip('.').replace(' ', '_')}",
        )
