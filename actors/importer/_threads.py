"""Running blocking file work in threads that can be stopped, and left behind when a disk hangs."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import trio

from reeld.actors.importer._copying import Tick
from reeld.domain.errors import DeadlineExceeded, Unavailable

T = TypeVar("T")

STALL: Final = 120.0
"""Seconds without progress after which file work counts as hung (a dead network mount)."""

_GRACE: Final = 5.0
"""Seconds that a stopped thread gets to clear up before it is left behind."""


_TELL_EVERY: Final = 0.1
"""Seconds between two reports of progress to the loop."""


# Threads belong to the process, and so does what they hang on to: an actor's next incarnation must not
# work beside a thread that the former one had to leave behind.
_left_behind: Final[set[str]] = set()


class StillStuck(Unavailable):
    """An earlier attempt at this work hangs in the kernel: a second one must not run beside it."""

    default_reason = "still_stuck"


class _Stopped(Exception):
    """Raised inside the thread, between pieces, when nobody waits for it any more."""


class FileWork:
    """Threads for file work: few, so that disks are not thrashed and pools not exhausted.

    Args:
        threads: How many may work at once; those left behind in a hung disk count.
    """

    def __init__(self, threads: int = 4) -> None:
        self._limiter = trio.CapacityLimiter(threads)
        self._busy: dict[str, trio.Event] = {}

    async def run(
        self,
        key: str,
        work: Callable[[Tick], T],
        *,
        stall: float = STALL,
        on_progress: Callable[[int], None] | None = None,
    ) -> T:
        """Run blocking work in a thread.

        Cancelled, it stops the work at its next piece, waits up to five seconds for it to clear up
        and then leaves the thread behind; the same `key` is refused until that thread is back.

        Args:
            key: What the work touches. No two threads work on one key: the second waits for the first.
            work: Given a function to call between pieces with the amount done so far.
            stall: Seconds from one such call to the next after which the work counts as hung.
            on_progress: Called on the loop's thread with the amount done so far.

        Raises:
            StillStuck: A thread that was left behind works on the key.
            DeadlineExceeded: The work made no progress for `stall` seconds.
            Exception: Whatever the work raises.
        """
        while key in self._busy:
            await self._busy[key].wait()
        if key in _left_behind:
            raise StillStuck(
                f"Earlier file work on {key} still hangs in its disk: check the mount.",
                retry_after=stall,
            )
        self._busy[key] = trio.Event()
        try:
            return await _Job(key, work, stall, on_progress).run(self._limiter)
        finally:
            self._busy.pop(key).set()


class _Job(Generic[T]):
    """One piece of work, seen from its task and from its thread."""

    def __init__(
        self,
        key: str,
        work: Callable[[Tick], T],
        stall: float,
        on_progress: Callable[[int], None] | None,
    ) -> None:
        self._key = key
        self._work = work
        self._stall = stall
        self._on_progress = on_progress
        self._token = trio.lowlevel.current_trio_token()
        self._scope = trio.CancelScope()
        self._ended = trio.Event()
        # The thread may begin, or end, in the very moment in which its task gives up.
        self._lock = threading.Lock()
        self._begun = self._over = False
        self._stop = threading.Event()
        self._told_at = 0.0

    async def run(self, limiter: trio.CapacityLimiter) -> T:
        try:
            with self._scope:
                return await trio.to_thread.run_sync(
                    self._in_thread, abandon_on_cancel=True, limiter=limiter
                )
        finally:
            await self._leave()
        raise DeadlineExceeded(
            f"File work made no progress for {self._stall:.0f} seconds: check the disk.",
            reason="disk_hangs",
        )

    async def _leave(self) -> None:
        with self._lock:
            self._stop.set()
            if not self._begun:
                return
        with trio.move_on_after(_GRACE) as grace:
            grace.shield = True
            await self._ended.wait()
        with self._lock:
            if not self._over:
                _left_behind.add(self._key)

    # ---- in the thread ----

    def _in_thread(self) -> T:
        with self._lock:
            if self._stop.is_set():
                raise _Stopped
            self._begun = True
        try:
            self._tick(0)
            return self._work(self._tick)
        finally:
            with self._lock:
                self._over = True
                _left_behind.discard(self._key)
            self._tell(self._ended.set)

    def _tick(self, done: int) -> None:
        if self._stop.is_set():
            raise _Stopped
        now = time.monotonic()
        if now - self._told_at >= _TELL_EVERY:
            self._told_at = now
            self._tell(lambda: self._progressed(done))

    def _tell(self, what: Callable[[], None]) -> None:
        # A thread that was left behind may outlive the loop.
        with contextlib.suppress(trio.RunFinishedError):
            self._token.run_sync_soon(what)

    # ---- back on the loop's thread ----

    def _progressed(self, done: int) -> None:
        self._scope.deadline = trio.current_time() + self._stall
        if self._on_progress is not None:
            self._on_progress(done)
