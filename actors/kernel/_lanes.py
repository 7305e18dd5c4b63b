"""The mailbox of a supervised actor: bounded, with a control lane and overflow policies."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from enum import Enum, auto
from typing import Any, cast

from pykka._envelope import Envelope as PykkaEnvelope

from reeld.actors.kernel._envelope import Envelope, Reject
from reeld.actors.kernel._mailbox import BREATH, Mailbox
from reeld.domain.messages import Message, Overflow

CONTROL_CAPACITY = 1000
"""Bound of the control lane: more than people and supervisors can ever have under way."""


class Admission(Enum):
    """What a mailbox did with a message."""

    QUEUED = auto()
    COALESCED = auto()
    """The same work was waiting: its answer is the answer to this one."""
    FULL = auto()


TurnedAway = Callable[[Envelope, Admission], None]
"""Told of every message that was not queued; answers it."""


class BoundedMailbox(Mailbox):
    """A mailbox of two lanes that belongs to an address and outlives its incarnations.

    Control messages overtake ordinary ones and pass while the ordinary lane is held, by a pause or
    by handlers that are all busy. What becomes of a message that finds no room is its own class's
    policy.

    Args:
        capacity: Ordinary messages that may wait; may be changed while it is in use.
        turned_away: Called outside the lock, on the sender's thread; raises what a tell should raise.
    """

    def __init__(self, capacity: int, turned_away: TurnedAway) -> None:
        super().__init__()
        self.capacity = capacity
        self._turned_away = turned_away
        self._control: deque[Envelope] = deque()
        self._coalescing: dict[Hashable, Envelope] = {}
        self._paused = False
        self._busy = False
        self._dismissed = False

    @property
    def depth(self) -> int:
        """Messages waiting in both lanes."""
        return len(self._queue) + len(self._control)

    def oldest(self) -> Envelope | None:
        """Return the ordinary message that has waited longest."""
        with self._lock:
            return self._queue[0] if self._queue else None

    def put(self, envelope: PykkaEnvelope[Any], /) -> None:
        """Queue a message, or turn it away. Never waits. Callable on any thread."""
        if not isinstance(envelope, Envelope):  # sent through a bare pykka reference
            envelope = Envelope(envelope.message, envelope.reply_to)
        with self._lock:
            reject = self._reject
            admission = Admission.QUEUED if reject is not None else self._admit(envelope)
            sleeper, self._asleep = self._asleep, None
        if sleeper is not None:
            sleeper.wake()
        if reject is not None:
            reject(envelope)
        elif admission is not Admission.QUEUED:
            self._turned_away(envelope, admission)

    def get(self) -> Envelope:
        """Take the next message without waiting, a control message first.

        Raises:
            IndexError: There is none.
        """
        with self._lock:
            envelope: Envelope = (self._control or self._queue).popleft()
            if self._coalescing:
                self._forget(envelope)
        return envelope

    def empty(self) -> bool:
        """Say whether no message waits in either lane."""
        return not (self._queue or self._control)

    async def receive_next(self) -> Envelope | None:
        """Wait for the next message that may be handled now, and take it.

        Returns:
            The message; None once `dismiss` was called.
        """
        while not self._dismissed:
            if not self._deliverable():
                await self._doze()
            elif self._taken < BREATH:
                self._taken += 1
                return self.get()
            else:
                await self._breathe()
        return None

    def pause(self) -> None:
        """Hold ordinary messages back until `resume`, whoever receives."""
        self._paused = True

    def resume(self) -> None:
        """Undo `pause`. Loop thread only."""
        self._paused = False
        self._rouse()

    @property
    def paused(self) -> bool:
        """Whether `pause` holds ordinary messages back."""
        return self._paused

    def set_busy(self, busy: bool) -> None:
        """Hold ordinary messages back while the receiver can handle no more. Loop thread only."""
        self._busy = busy
        if not busy:
            self._rouse()

    def dismiss(self) -> None:
        """Send the receiver away, leaving what waits for the next one. Loop thread only."""
        self._dismissed = True
        self._rouse()

    def welcome(self) -> None:
        """Let a new receiver in, which is not busy yet."""
        self._dismissed = False
        self._busy = False

    def close(self, reject: Reject) -> list[PykkaEnvelope[Any]]:
        """Turn every later message away, and hand over what waits, control messages first."""
        with self._lock:
            self._reject = reject
            waiting = [*self._control, *self._queue]
            self._control.clear()
            self._queue.clear()
            self._coalescing.clear()
        return waiting

    def reopen(self) -> None:
        """Undo `close`."""
        with self._lock:
            self._reject = None

    def _admit(self, envelope: Envelope) -> Admission:
        message = envelope.message
        if getattr(message, "control", False):
            return self._append(self._control, envelope, CONTROL_CAPACITY)
        if getattr(message, "overflow", None) is Overflow.COALESCE:
            return self._coalesce(envelope, message)
        return self._append(self._queue, envelope, self.capacity)

    def _coalesce(self, envelope: Envelope, message: Message[Any]) -> Admission:
        key = (type(message), message.coalesce_key())
        waiting = self._coalescing.get(key)
        if waiting is not None:
            waiting.join(envelope)
            return Admission.COALESCED
        admission = self._append(self._queue, envelope, self.capacity)
        if admission is Admission.QUEUED:
            self._coalescing[key] = envelope
        return admission

    def _append(self, lane: deque[Any], envelope: Envelope, capacity: int) -> Admission:
        if len(lane) >= capacity:
            return Admission.FULL
        lane.append(envelope)
        return Admission.QUEUED

    def _forget(self, envelope: Envelope) -> None:
        """Once it is being handled, the same work is new work again."""
        message = envelope.message
        if getattr(message, "overflow", None) is Overflow.COALESCE:
            self._coalescing.pop(
                (type(message), cast("Message[Any]", message).coalesce_key()), None
            )

    def _receivable(self) -> bool:
        return self._dismissed or self._deliverable()

    def _deliverable(self) -> bool:
        return bool(self._control) or bool(self._queue and not (self._paused or self._busy))

    def _rouse(self) -> None:
        with self._lock:
            sleeper, self._asleep = self._asleep, None
        if sleeper is not None:
            sleeper.wake()
