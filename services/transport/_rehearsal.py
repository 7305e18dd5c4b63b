"""Rehearsed outages: an operator has a service fail for a while, to see what reeld and its alerts make of it.

Nothing is sent then. What the client raises is what the real failure raises, so that everything behind it is the real
thing: breakers, backoff, health, alerts.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final

import trio

from reeld.domain.errors import CredentialsRejected, RateLimited, ReeldError
from reeld.domain.rehearsal import Outage
from reeld.services.transport._faults import DownReason, down

SLOW_SECONDS: Final = 22.0
"""By so much each answer of a slow service is late: longer than a breaker takes for slow, shorter than a deadline."""


class Outages:
    """Which services fail on purpose, and until when. By name; each ends by itself."""

    def __init__(self) -> None:
        self._until: dict[str, tuple[Outage, float]] = {}

    def begin(self, service: str, outage: Outage, seconds: float) -> None:
        """Have a service fail for so many seconds."""
        self._until[service] = outage, trio.current_time() + seconds

    def end(self, service: str) -> bool:
        """Let a service work again; False when it did not fail on purpose."""
        return self._until.pop(service, None) is not None

    def left(self, service: str) -> tuple[Outage, float] | None:
        """Return how a service fails, and for how many seconds more; None when it does not."""
        outage, until = self._until.get(service, (Outage.DOWN, -inf))
        seconds = until - trio.current_time()
        if seconds > 0:
            return outage, seconds
        self._until.pop(service, None)
        return None

    async def strike(self, service: str, label: str) -> None:
        """Fail in the name of a service, if it is to fail.

        Raises:
            ReeldError: What the real failure would raise.
        """
        found = self.left(service) if self._until else None
        match found:
            case None:
                return
            case (Outage.SLOW, _):
                await trio.sleep(SLOW_SECONDS)
            case (outage, _):
                raise _FAILURES[outage](service, label)


def _down(service: str, label: str) -> ReeldError:
    what = "an operator rehearses an outage. It ends by itself."
    return down(service, label, DownReason.UNREACHABLE, what)


def _rate_limited(service: str, label: str) -> ReeldError:
    sentence = f"{label}: an operator rehearses a rate limit. It ends by itself."
    return RateLimited(sentence, service=service, retry_after=60.0)


def _rejected(service: str, label: str) -> ReeldError:
    sentence = f"{label}: an operator rehearses rejected credentials. Reset the breaker afterwards."
    return CredentialsRejected(sentence, service=service)


_FAILURES: Final[dict[Outage, Callable[[str, str], ReeldError]]] = {
    Outage.DOWN: _down,
    Outage.RATE_LIMITED: _rate_limited,
    Outage.CREDENTIALS: _rejected,
}

outages = Outages()
"""The process's outages."""
