"""The limiter that callers wait at."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Protocol

import trio

from reeld.domain.errors import Unavailable
from reeld.services.limiter._bucket import Bucket, Pace

_LONGEST_HOLD = 24 * 3600.0
"""Seconds: a stored time further ahead than this comes from a wrong clock."""


@dataclass(frozen=True, slots=True)
class LimiterState:
    """What must survive a crash. Times are seconds since the epoch."""

    tokens: float
    counted_at: float
    next_allowed_at: float


class LimiterStore(Protocol):
    """Keeps limiter states. Errors of both methods reach the caller of `Limiter.turn`, and no call is made."""

    async def load(self, name: str) -> LimiterState | None:
        """Return the stored state, or None when there is none."""
        ...

    async def save(self, name: str, state: LimiterState) -> None:
        """Store the state before the call that it accounts for is made."""
        ...


class LimiterWait(Unavailable):
    """Our own limiter would make this call wait longer than the caller wants to."""

    default_reason = "limiter_wait"


class Limiter:
    """Lets calls through at a pace, first come, first served.

    The state is saved *before* a call is let through, so that no crash loop makes more calls than allowed, and looked
    at before each, because another process may share it. Waiting is done in trio's time; the wall clock only dates what
    is stored.

    Args:
        name: What is limited, such as `hdbits`.
        pace: How often.
        store: Where the state survives; None when it need not.
        max_wait: Seconds that a caller waits at most, queueing behind others included.
        on_wait: Told the name, and how many seconds a call waited that was then let through.
        wall_clock: Seconds since the epoch.
    """

    def __init__(
        self,
        name: str,
        pace: Pace,
        *,
        store: LimiterStore | None = None,
        max_wait: float = 10.0,
        on_wait: Callable[[str, float], None] | None = None,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._pace = pace
        self._next = inf, pace
        self._store = store
        self._max_wait = max_wait
        self._on_wait = on_wait
        self._wall_clock = wall_clock
        self._lock = trio.Lock()
        self._bucket: Bucket | None = None
        self._known: LimiterState | None = None

    async def turn(self) -> None:
        """Wait until one call may be made, and account for it. A cancelled wait uses nothing up.

        Raises:
            LimiterWait: It would take longer than `max_wait`; `retry_after` says how long.
        """
        started = trio.current_time()
        with trio.move_on_after(self._max_wait):
            async with self._lock:
                bucket = await self._opened()
                self._turn_over()
                await self._wait(bucket)
                begun = trio.current_time()
                bucket.take(begun)
                await self._save(bucket)
                # The call is made now, not when saving began: the gap to the next one counts from here.
                bucket.space(trio.current_time())
                if self._on_wait is not None:
                    self._on_wait(self.name, begun - started)
                return
        raise self._refusal()

    async def hold_off(self, seconds: float) -> None:
        """Let nothing through for so many seconds: the system asked for it."""
        until = trio.current_time() + min(seconds, _LONGEST_HOLD)
        if self._bucket is not None:
            self._bucket.hold_off(
                until
            )  # at once, so that whoever sleeps inside `turn` sees it too
        async with self._lock:
            bucket = await self._opened()
            bucket.hold_off(until)
            await self._save(bucket)

    @property
    def pace(self) -> Pace:
        """The pace in force."""
        self._turn_over()
        return self._pace

    def keep(self, pace: Pace, *, until: float = inf, then: Pace | None = None) -> None:
        """Go on at another pace, for a time perhaps.

        Args:
            pace: The pace from now on.
            until: trio's time at which it ends by itself.
            then: The pace from that time on.
        """
        self._next = until, then or pace
        self._set(pace)

    def _set(self, pace: Pace) -> None:
        if pace == self._pace:
            return
        self._pace = pace
        if self._bucket is not None:
            # What had grown back at the old pace is kept; what grows from now on grows at the new one.
            self._bucket.settle(trio.current_time(), pace)

    def _turn_over(self) -> None:
        until, then = self._next
        if until <= trio.current_time():
            self._next = inf, then
            self._set(then)

    @property
    def wait(self) -> float:
        """Seconds until the next call may be made; 0 when it may be made now, or nobody has asked yet."""
        return self._bucket.wait(trio.current_time()) if self._bucket else 0.0

    async def _wait(self, bucket: Bucket) -> None:
        while (wait := bucket.wait(trio.current_time())) > 0:
            if wait > self._max_wait:
                raise self._refusal()
            await trio.sleep(wait)

    def _refusal(self) -> LimiterWait:
        wait = self._bucket.wait(trio.current_time()) if self._bucket else self._max_wait
        return LimiterWait(
            f"{self.name}: reeld keeps its own calls apart, and the next one is allowed in"
            f" {max(wait, 1.0):.0f} s. It goes on by itself.",
            retry_after=max(wait, 1.0),
        )

    async def _opened(self) -> Bucket:
        stored = await self._store.load(self.name) if self._store else None
        if self._bucket is None:
            self._bucket = self._from_stored(stored) if stored else self._full()
        elif stored is not None and stored != self._known:
            # Another process has called meanwhile, or was told to stay away.
            self._bucket.heed(self._from_stored(stored), trio.current_time())
        self._known = stored
        return self._bucket

    def _full(self) -> Bucket:
        return Bucket.full(self._pace, trio.current_time())

    def _from_stored(self, state: LimiterState) -> Bucket:
        now, wall = trio.current_time(), self._wall_clock()
        ahead = min(max(state.next_allowed_at - wall, 0.0), _LONGEST_HOLD)
        ago = max(wall - state.counted_at, 0.0)
        tokens = min(max(state.tokens, 0.0), self._pace.burst)
        # Why it was to be silent is not stored: it is kept, whatever the pace.
        return Bucket(self._pace, tokens, now - ago, now + ahead, asked_until=now + ahead)

    async def _save(self, bucket: Bucket) -> None:
        if self._store is None:
            return
        offset = self._wall_clock() - trio.current_time()
        state = LimiterState(
            bucket.tokens, bucket.counted_at + offset, bucket.next_allowed_at + offset
        )
        self._known = state
        await self._store.save(self.name, state)
