"""The stable name under which an actor is reached, whichever incarnation stands behind it."""

from __future__ import annotations

from math import inf, isnan
from typing import TYPE_CHECKING, Any, TypeVar, final

from reeld.actors.kernel._envelope import Envelope, handling
from reeld.actors.kernel._future import TrioFuture
from reeld.actors.kernel._state import ActorSnapshot, ActorState
from reeld.actors.kernel._tracing import sender_span
from reeld.domain.errors import AskCircle, DeadlineExceeded
from reeld.domain.messages import Message

if TYPE_CHECKING:
    from reeld.actors.kernel._cell import Cell
    from reeld.actors.kernel.breaker import Breaker

R = TypeVar("R")

ASK_SECONDS = 30.0
"""How long an asker waits that does not say."""


@final
class Address:
    """Where to send an actor's messages. It stays the same over restarts; hand it around freely."""

    __slots__ = ("_cell", "name")

    def __init__(self, name: str, cell: Cell) -> None:
        self.name = name
        self._cell = cell

    def __repr__(self) -> str:
        return f"<Address {self.name}>"

    def tell(self, message: Message[Any]) -> None:
        """Send a message and wait for nothing. Callable on any thread.

        Raises:
            MailboxFull: There is no room, and the message's overflow policy is to reject.
            ActorParked: The actor used up its restart budget and rests.
            ActorStopped: The actor has stopped for good.
        """
        cell = self._cell
        cell.mailbox.put(
            Envelope(message, to=self.name, span=sender_span(), enqueued_at=cell.now())
        )

    async def ask(self, message: Message[R], *, deadline: float | None = None) -> R:
        """Send a message and wait for its answer, on the loop that the actor runs on.

        Asked inside a handler, the wait is also bounded by that handler's own deadline. Cancelling
        an ask drops the answer; the handler runs on, bounded by the deadline.

        A circle is seen along the chain of asks that led here. One that two chains close together (a handler of one actor
        asks a second actor while a handler of that one asks the first) is not: both asks end at their deadline. So let
        asks run one way between two actors, and tell the other way.

        Args:
            message: The question.
            deadline: Seconds to wait at most, queueing included; 30 by default.

        Raises:
            ReeldError: What the handler raised, as it is.
            DeadlineExceeded: No answer came in time.
            ActorCrashed: The handler met a fault.
            AskCircle: The actor asked waits, over others perhaps, for this very handler.
            MailboxFull: There is no room.
            ActorParked: The actor used up its restart budget and rests.
            ActorStopped: The actor has stopped.
        """
        cell = self._cell
        deadlines = cell.deadlines_here()
        now = cell.now()
        envelope, future = self._question(message, now, deadline)
        alarm = deadlines.arm(envelope.deadline, lambda: self._give_up(future, message))
        try:
            cell.mailbox.put(envelope)
            answer: R = await future
        finally:
            deadlines.disarm(alarm)
        return answer

    def request(self, message: Message[R], *, deadline: float | None = None) -> TrioFuture[R]:
        """Ask without waiting here: for worker threads, which `get` the answer.

        Callable on any thread. The deadline bounds the handler and lets a message that waits for too
        long expire; how long the caller itself waits is what it says to `get`.

        Raises:
            AskCircle: As for `ask`.
        """
        envelope, future = self._question(message, self._cell.now(), deadline)
        self._cell.mailbox.put(envelope)
        return future

    @property
    def state(self) -> ActorState:
        """Where the actor is in its life."""
        return self._cell.state

    @property
    def breakers(self) -> dict[str, Breaker]:
        """The actor's circuit breakers by name; they outlive its incarnations."""
        return self._cell.breakers

    def understands(self, message: object) -> bool:
        """Whether the actor has a handler for a message; True between two incarnations."""
        return self._cell.understands(message)

    def snapshot(self) -> ActorSnapshot:
        """Return a picture of the actor as it is now."""
        return self._cell.snapshot()

    def _question(
        self, message: Message[R], now: float, seconds: float | None
    ) -> tuple[Envelope, TrioFuture[R]]:
        # Before any loop ran there is no time to count from: then only the actor's own limit counts.
        until = inf if isnan(now) else now + (ASK_SECONDS if seconds is None else seconds)
        chain: tuple[str, ...] = ()
        handled = handling.get()
        if handled is not None:
            chain = (*handled.chain, handled.to)
            until = min(until, handled.deadline)
            if self.name in chain:
                self._cell.observer.ask_circle(self.name)
                raise AskCircle((*chain[chain.index(self.name) :], self.name))
        future: TrioFuture[R] = TrioFuture()
        envelope = Envelope(
            message,
            future,
            to=self.name,
            deadline=until,
            chain=chain,
            span=sender_span(),
            enqueued_at=now,
        )
        return envelope, future

    def _give_up(self, future: TrioFuture[Any], message: Message[Any]) -> None:
        error = DeadlineExceeded(
            f"{self.name} did not answer {type(message).__name__} in time. Ask again later."
        )
        future.settle(None, (DeadlineExceeded, error, None))
