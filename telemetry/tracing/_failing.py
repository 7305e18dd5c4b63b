"""How a span says that what it tells of failed: by a short word, never by an error's text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import trio
from opentelemetry.trace import Span, Status, StatusCode

ERROR_TYPE: Final = "error.type"
CANCELLED: Final = "cancelled"
DEADLINE_EXCEEDED: Final = "deadline_exceeded"

_REASON: Final = re.compile(r"[a-z][a-z0-9_]{1,63}")
"""What reeld's own errors carry as their reason; the standard library's `reason` attributes look otherwise."""


def error_type(error: BaseException) -> str:
    """Return what `error.type` says of an error.

    The reason of one of reeld's own errors, `deadline_exceeded` or `cancelled` for trio's, the class of any other. Of
    a group, the first that is not a cancellation counts: the cancellations came of it.
    """
    leaves = list(_leaves(error))
    told = next((each for each in leaves if not isinstance(each, trio.Cancelled)), leaves[0])
    if isinstance(told, trio.Cancelled):
        return DEADLINE_EXCEEDED if told.source == "deadline" else CANCELLED
    if isinstance(told, trio.TooSlowError):
        return DEADLINE_EXCEEDED
    reason = getattr(told, "reason", None)
    if isinstance(reason, str) and _REASON.fullmatch(reason):
        return str(reason)
    return type(told).__name__


def fail(span: Span, why: BaseException | str) -> None:
    """Mark a span as failed.

    Args:
        span: The span.
        why: The error, or the word for `error.type`.
    """
    if span.is_recording():
        span.set_attribute(ERROR_TYPE, why if isinstance(why, str) else error_type(why))
        span.set_status(Status(StatusCode.ERROR))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error
