"""The inbox of an actor: filled from any thread, emptied by one trio task."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import Any

import trio
from pykka._envelope import Envelope as PykkaEnvelope

from reeld.actors.kernel._envelope import Reject
from reeld.actors.kernel._sleeper import Sleeper

BREATH = 64
"""Messages taken in a row before the task lets others run."""


class Mailbox:
    """pykka's inbox protocol for a trio task: unbounded, first in, first out.

    A message is appended by the thread that sends it, under a lock that is never held while anything
    waits, so that all senders see one order. Only the waking crosses threads: shipping the envelope
    itself over trio's own queue would let local messages overtake it.

    It may be filled before any loop runs; from the first `receive` on it belongs to that loop. Nothing is lost at a restart: it outlives its receivers.
    """

    def __init__(self) -> None:
        self._queue: deque[Any] = deque()
        self._lock = Lock()
        self._reject: Reject | None = None
        self._sleeper: Sleeper | None = None
        self._asleep: Sleeper | None = None
        self._taken = 0

    def put(self, envelope: PykkaEnvelope[Any], /) -> None:
        """Append a message; after `close`, reject it. Never waits. Callable on any thread."""
        with self._lock:
            reject = self._reject
            if reject is None:
                self._queue.append(envelope)
            sleeper, self._asleep = self._asleep, None
        if reject is not None:
            reject(envelope)
        if sleeper is not None:
            sleeper.wake()

    def get(self) -> PykkaEnvelope[Any]:
        """Take the oldest message without waiting.

        Raises:
            IndexError: There is none.
        """
        envelope: PykkaEnvelope[Any] = self._queue.popleft()
        return envelope

    def empty(self) -> bool:
        """Say whether no message waits."""
        return not self._queue

    async def receive(self) -> PykkaEnvelope[Any]:
        """Wait for the oldest message and take it. One task at a time may wait.

        Not a checkpoint while messages wait, but for every 64th. A cancelled `receive` takes nothing.
        """
        while True:
            if not self._queue:
                await self._doze()
            elif self._taken < BREATH:
                self._taken += 1
                return self.get()
            else:
                await self._breathe()

    def close(self, reject: Reject) -> list[PykkaEnvelope[Any]]:
        """Let `reject` answer every later message. Atomic with `put`: no message falls in between.

        Returns:
            The messages that waited, for the caller to answer.
        """
        with self._lock:
            self._reject = reject
            waiting = list(self._queue)
            self._queue.clear()
        return waiting

    async def _breathe(self) -> None:
        self._taken = 0
        await trio.lowlevel.checkpoint()

    async def _doze(self) -> None:
        """Sleep until something changes, unless it did already."""
        self._taken = 0
        sleeper = self._sleeper
        if sleeper is None:
            sleeper = self._sleeper = Sleeper()
        with self._lock:
            if self._receivable():
                return
            self._asleep = sleeper
        await sleeper.sleep()

    def _receivable(self) -> bool:
        return bool(self._queue)
