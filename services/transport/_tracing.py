"""The span of one request on its way out, by the conventions for HTTP clients.

No `traceparent` goes along: trackers and film databases have no business with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import httpx
from opentelemetry.trace import Span, SpanKind

from reeld.services.transport._answers import Answer, Call
from reeld.telemetry import tracing

if TYPE_CHECKING:
    from reeld.services.transport._wire import Profile

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Told:
    """Where the sender leaves the answer for the span."""

    __slots__ = ("_span",)

    def __init__(self, span: Span | None) -> None:
        self._span = span

    def answer(self, answer: Answer) -> Answer:
        """Tell of an answer, and return it. A status of 400 and above is an error, whatever it means to the caller."""
        if self._span is not None:
            self._span.set_attribute("http.response.status_code", answer.status)
            if answer.status >= 400:
                tracing.fail(self._span, str(answer.status))
        return answer


_UNTOLD: Final = Told(None)


@contextmanager
def request_span(profile: Profile, call: Call, resends: int) -> Iterator[Told]:
    """Record the block, which sends one request, as a span.

    Args:
        profile: How the system is spoken to.
        call: The request.
        resends: How often it was sent before: again over a fresh connection, or after a redirect.
    """
    if not tracing.is_recording():
        yield _UNTOLD
        return
    name = call.method if call.method in _METHODS else "HTTP"
    if call.template is not None:
        name = f"{name} {call.template}"
    with tracing.record_child(name, SpanKind.CLIENT, _attributes(profile, call, resends)) as span:
        yield Told(span)


def _attributes(profile: Profile, call: Call, resends: int) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {
        "http.request.method": call.method if call.method in _METHODS else "_OTHER",
        "reeld.service": profile.service,
    }
    if call.template is not None:
        attributes["url.template"] = call.template
    if resends:
        attributes["http.request.resend_count"] = resends
    try:
        url = httpx.URL(call.url, params=call.params) if call.params else httpx.URL(call.url)
    except (httpx.InvalidURL, ValueError):
        return attributes
    return attributes | {
        "url.full": tracing.safe_url(str(url), path_is_secret=profile.secret_address),
        "server.address": url.host,
        "server.port": url.port or (443 if url.scheme == "https" else 80),
    }
