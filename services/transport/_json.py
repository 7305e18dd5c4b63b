"""JSON answers, checked against the shape that the protocol promises."""

from __future__ import annotations

from typing import TypeVar

import msgspec
import trio

from reeld.domain.errors import ProtocolViolation
from reeld.services.transport._answers import Answer
from reeld.services.transport._faults import refuse_html

T = TypeVar("T")

_INLINE_BYTES = 256 * 1024
"""Decoding takes about 5 ns a byte: up to here it is too quick to be worth a thread."""
_DECODERS = trio.CapacityLimiter(2)


async def read_json(answer: Answer, kind: type[T], *, service: str, label: str) -> T:
    """Decode a JSON body into `kind`; large ones in a worker thread.

    Raises:
        ProtocolViolation: It is an HTML page, no JSON at all, or of another shape.
    """
    refuse_html(answer, service=service, label=label, due="JSON")
    try:
        if len(answer.body) <= _INLINE_BYTES:
            return decode_json(answer.body, kind)
        return await trio.to_thread.run_sync(decode_json, answer.body, kind, limiter=_DECODERS)
    except msgspec.ValidationError as error:
        # The text names types and a path such as `$.results[0].id`, never a value.
        what, reason = f"JSON of another shape ({error})", "unexpected_shape"
    except msgspec.DecodeError:
        what = "an empty answer" if not answer.body.strip() else "something that is no JSON"
        reason = "not_json"
    raise ProtocolViolation(
        f"{label}: {answer.origin} answered with {what}. Check the address; if it is right, the"
        " service changed or is disturbed.",
        service=service,
        reason=reason,
    )


def decode_json(body: bytes, kind: type[T]) -> T:
    """Decode JSON, with or without a byte-order mark.

    Raises:
        msgspec.MsgspecError: It is no JSON, is nested absurdly deep, or has another shape.
    """
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"), type=kind)
    except (RecursionError, UnicodeDecodeError):
        raise msgspec.DecodeError("nested too deep or no UTF-8") from None
