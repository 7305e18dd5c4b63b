"""Asking TMDB again where it fails for a moment: one bad answer of a large site need not reach a person."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
import trio

from reeld.domain.errors import ServiceDown
from reeld.services.transport import DownReason

log = structlog.get_logger("reeld.actors.tmdb")

T = TypeVar("T")

RETRY_SECONDS: Final = (0.2, 0.6)
"""Before the second and the third try, give or take a half."""
_PASSING: Final = frozenset(
    {
        DownReason.SERVER_ERROR,
        DownReason.CONNECTION_LOST,
        DownReason.TRUNCATED,
        DownReason.UNREACHABLE,
    }
)
"""What may be over in a moment. What did not answer in time has used up the time already."""


async def ask(question: Callable[[], Awaitable[T]]) -> T:
    """Ask up to three times, all inside one call of the breaker, which hears of the last one alone.

    Args:
        question: Asks TMDB; it changes nothing there, so that it may be repeated.

    Raises:
        ReeldError: What the last try raised; a TMDB that says when to come back is not asked before.
    """
    for pause in RETRY_SECONDS:
        try:
            return await question()
        except ServiceDown as error:
            if error.reason not in _PASSING or error.retry_after is not None:
                raise
            log.info("tmdb_asked_again", reason=error.reason)
            await trio.sleep(pause * random.uniform(0.5, 1.5))
    return await question()
