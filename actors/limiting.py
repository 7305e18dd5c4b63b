"""Limiters whose state is a row, and whose pace a person may slow down while the daemon runs.

A daemon that starts again and again calls no more often than one that runs.
"""

from __future__ import annotations

from math import inf

import trio

from reeld.domain.errors import NotFound
from reeld.domain.limits import LimitView
from reeld.services.limiter import Limiter, LimiterState, Pace
from reeld.storage import Database
from reeld.storage.repositories import Limiters


class StoredLimits:
    """Keeps the states of limiters in the database."""

    def __init__(self, database: Database) -> None:
        self._rows = Limiters(database)

    async def load(self, name: str) -> LimiterState | None:
        """Return the stored state, or None when there is none."""
        row = await self._rows.load(name)
        return None if row is None else LimiterState(*row)

    async def save(self, name: str, state: LimiterState) -> None:
        """Store the state, committed when this returns."""
        await self._rows.save(name, state.tokens, state.counted_at, state.next_allowed_at)


class Limits:
    """The limiters of a daemon. They can be slowed down, never made faster than the settings allow."""

    def __init__(self) -> None:
        self._limiters: dict[str, tuple[Limiter, Pace]] = {}
        self._slowed: dict[str, tuple[float, float]] = {}

    def adopt(self, limiter: Limiter) -> Limiter:
        """Take a limiter in, in place of an earlier one of that name; what slowed that one slows this one."""
        self._limiters[limiter.name] = limiter, limiter.pace
        self._apply(limiter.name)
        return limiter

    def forget(self, name: str) -> None:
        """Let a limiter go whose service is not there any more."""
        self._limiters.pop(name, None)
        self._slowed.pop(name, None)

    def slow_down(self, name: str, factor: float, seconds: float | None = None) -> LimitView:
        """Allow only a part of the configured pace.

        Args:
            name: The limiter's.
            factor: Above 0; 1 is the whole pace again.
            seconds: For how long; until the daemon stops when left out.

        Raises:
            NotFound: No limiter has that name.
        """
        self._known(name)
        until = inf if seconds is None else trio.current_time() + seconds
        self._slowed[name] = min(factor, 1.0), until
        self._apply(name)
        return self.view(name)

    def view(self, name: str) -> LimitView:
        """Return a picture of one limiter.

        Raises:
            NotFound: No limiter has that name.
        """
        limiter, _ = self._known(name)
        self._apply(name)
        factor, until = self._slowed.get(name, (1.0, inf))
        left = None if until == inf else until - trio.current_time()
        pace = limiter.pace
        return LimitView(name, pace.per_second, pace.gap, pace.burst, factor, left, limiter.wait)

    def every(self) -> tuple[LimitView, ...]:
        """Return a picture of all of them, by name."""
        return tuple(self.view(name) for name in sorted(self._limiters))

    def _known(self, name: str) -> tuple[Limiter, Pace]:
        try:
            return self._limiters[name]
        except KeyError:
            known = ", ".join(sorted(self._limiters)) or "none: no limited service was called yet"
            raise NotFound(
                f"There is no limiter {name!r}. There are: {known}.", reason="no_such_limiter"
            ) from None

    def _apply(self, name: str) -> None:
        limiter, pace = self._limiters[name]
        factor, until = self._slowed.get(name, (1.0, inf))
        if until <= trio.current_time():
            del self._slowed[name]
            factor, until = 1.0, inf
        limiter.keep(pace if factor == 1.0 else pace.slowed(factor), until=until, then=pace)
