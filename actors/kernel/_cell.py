"""The part of an actor that outlives its incarnations."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from math import nan
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import structlog
import trio
from pykka._envelope import Envelope as PykkaEnvelope
from pykka.messages import _ActorStop

from reeld.actors.kernel._actor import Actor
from reeld.actors.kernel._address import Address
from reeld.actors.kernel._dead_letters import DeadLetters, DeadReason
from reeld.actors.kernel._deadlines import Deadlines
from reeld.actors.kernel._envelope import Envelope
from reeld.actors.kernel._errors import ActorStopped
from reeld.actors.kernel._faults import describe
from reeld.actors.kernel._incarnation import Incarnation
from reeld.actors.kernel._lanes import Admission, BoundedMailbox
from reeld.actors.kernel._observer import NullObserver, Observer
from reeld.actors.kernel._ref import TrioRef
from reeld.actors.kernel._state import ActorSnapshot, ActorState
from reeld.actors.kernel._trio_actor import TrioActor, adopting
from reeld.domain.errors import ActorParked, MailboxFull, ReeldError, Unavailable
from reeld.domain.messages import Overflow

if TYPE_CHECKING:
    from reeld.actors.kernel.breaker import Breaker

log = structlog.get_logger("reeld.actors")


class Cell:
    """The stable part of an actor: address, mailbox, breakers, history.

    A supervisor makes one for each child and runs incarnations of it with `run_incarnation`, one at a
    time. Between two of them it says where the actor is: `enter(ActorState.BACKOFF)`, `park`,
    `unpark`, and at the end `close`. The number of restarts is kept, and told to the observer, here.

    Args:
        name: The address's name.
        factory: Makes the next incarnation; called on the loop, must not wait.
        observer: Told of what happens.
        dead_letters: Where undeliverable messages go; shared by all actors of a system.
    """

    def __init__(
        self,
        name: str,
        factory: Callable[[], Actor],
        *,
        observer: Observer | None = None,
        dead_letters: DeadLetters | None = None,
    ) -> None:
        self.name = name
        self.factory = factory
        self.observer: Observer = observer or NullObserver()
        self.dead_letters = dead_letters or DeadLetters(self.observer)
        self.address = Address(name, self)
        self.mailbox = BoundedMailbox(Actor.mailbox_capacity, self._turned_away)
        self.breakers: dict[str, Breaker] = {}
        self.state = ActorState.STARTING
        self.since = datetime.now(UTC)
        self.incarnation_number = 0
        self.restarts = 0
        self.last_error: str | None = None
        self.last_error_at: datetime | None = None
        self.urn = uuid4().urn
        self.stopped = threading.Event()
        self.now: Callable[[], float] = lambda: nan
        self._current: Incarnation | None = None
        self._ended_by = "exit"
        self._ref: TrioRef[Any] | None = None
        self._deadlines: Deadlines | None = None
        self._loop: trio.lowlevel.TrioToken | None = None
        if trio.lowlevel.in_trio_run():
            self.deadlines_here()

    # For supervisors

    def enter(self, state: ActorState) -> None:
        """Move the actor's life on."""
        if state is not self.state:
            self.state = state
            self.since = datetime.now(UTC)
            self.observer.state_changed(self.name, state)

    def park(self, reason: str, *, retry_after: float | None = None) -> None:
        """Refuse messages with `ActorParked` until `unpark`; what waits is answered so too.

        Args:
            reason: What to tell people, as the second half of a sentence.
            retry_after: Seconds until the supervisor tries again.
        """
        sentence = f"{self.name} rests: {reason}. Restart it, or wait until it is tried again."
        self._refuse(lambda: ActorParked(sentence, retry_after=retry_after), DeadReason.PARKED)
        self.enter(ActorState.PARKED)

    def unpark(self) -> None:
        """Take messages again, also after `close`; the caller goes on to run an incarnation."""
        self.stopped.clear()
        self.mailbox.reopen()
        self.enter(ActorState.STARTING)

    def close(self, reason: str = "it has stopped") -> None:
        """Refuse messages for good, and answer everything that waits."""
        sentence = f"{self.name} takes no more messages: {reason}."
        self._refuse(lambda: ActorStopped(sentence), DeadReason.STOPPED)
        self.stopped.set()
        self.enter(ActorState.STOPPED)

    def request_stop(self, reason: str) -> None:
        """Have the running incarnation finish what it handles, clean up and return.

        Waiting messages stay in the mailbox. Without a running incarnation this does nothing.
        """
        if self._current is not None:
            log.info("actor_stop_requested", actor=self.name, reason=reason)
            self._ended_by = reason
            self.enter(ActorState.STOPPING)
            self.mailbox.dismiss()

    def crash(self, fault: Exception) -> None:
        """End the running incarnation by a fault, as if a task of its own had raised it.

        Without a running incarnation this does nothing.
        """
        if self._current is not None:
            self._current.crash(fault)

    def understands(self, message: object) -> bool:
        """Whether the running incarnation has a handler for a message; True while there is none to ask."""
        return self._current is None or type(message) in self._current.routes

    def pause(self) -> None:
        """Hold ordinary messages back, over restarts too; control messages pass."""
        self.mailbox.pause()

    def resume(self) -> None:
        """Let ordinary messages through again."""
        self.mailbox.resume()

    @property
    def incarnation(self) -> UUID | None:
        """The running incarnation's id; None between two."""
        return None if self._current is None else self._current.actor.incarnation

    def snapshot(self) -> ActorSnapshot:
        """Return a picture of the actor as it is now."""
        oldest = self.mailbox.oldest()
        waited = 0.0 if oldest is None else self.now() - oldest.enqueued_at
        return ActorSnapshot(
            name=self.name,
            state=self.state,
            since=self.since,
            paused=self.mailbox.paused,
            incarnation=self.incarnation,
            incarnation_number=self.incarnation_number,
            restarts=self.restarts,
            last_error=self.last_error,
            last_error_at=self.last_error_at,
            mailbox_depth=self.mailbox.depth,
            mailbox_capacity=self.mailbox.capacity,
            oldest_wait=waited if waited > 0 else 0.0,
            in_flight=0 if self._current is None else self._current.in_flight,
            working=0 if self._current is None else self._current.actor.working,
        )

    # For the kernel

    def deadlines_here(self) -> Deadlines:
        """Return the watchdog of the actor's loop, binding the cell to the loop on first use.

        Raises:
            RuntimeError: This is not the loop that the actor runs on.
        """
        if self._deadlines is None:
            self._deadlines = Deadlines.of_this_run()
            self.now = trio.lowlevel.current_clock().current_time
            self._loop = trio.lowlevel.current_trio_token()
        elif self._loop is not trio.lowlevel.current_trio_token():
            raise RuntimeError(f"{self.name} runs on another loop: use request() here")
        return self._deadlines

    def lend_ref(self, actor: TrioActor) -> TrioRef[Any]:
        """Return pykka's reference, which is the same for all incarnations.

        It carries messages; pykka's proxies are for actors without a supervisor.
        """
        if self._ref is None:
            self._ref = TrioRef(actor)
        return self._ref

    def construct(self) -> Actor:
        """Make the next incarnation's actor, which takes over the address while it is constructed."""
        token = adopting.set(self)
        try:
            actor = self.factory()
        finally:
            adopting.reset(token)
        self.mailbox.capacity = actor.mailbox_capacity
        return actor

    def begin(self) -> None:
        """Count a further incarnation."""
        self.incarnation_number += 1
        if self.incarnation_number > 1:
            self.restarts += 1
            self.observer.restarted(self.name, self._ended_by)
        self._ended_by = "exit"
        self.enter(ActorState.STARTING)
        self.mailbox.welcome()

    def remember(self, fault: BaseException) -> None:
        """Keep what ended an incarnation."""
        self._ended_by = type(fault).__name__
        self.last_error = describe(fault)
        self.last_error_at = datetime.now(UTC)

    def occupy(self, incarnation: Incarnation | None) -> None:
        """Say which incarnation runs; None when it has ended."""
        self._current = incarnation

    def _turned_away(self, envelope: Envelope, admission: Admission) -> None:
        label = type(envelope.message).__name__
        if admission is Admission.COALESCED:
            self.observer.message_coalesced(self.name)
            return
        error = MailboxFull(f"{self.name} has too much to do to take {label}. Try again later.")
        dropped = getattr(envelope.message, "overflow", None) is Overflow.DROP
        if dropped:
            self.dead_letters.add(self.address, envelope.message, DeadReason.OVERFLOW)
        _refuse(envelope, error, quiet=dropped)

    def _refuse(self, make_error: Callable[[], Unavailable], reason: DeadReason) -> None:
        def reject(envelope: PykkaEnvelope[Any]) -> None:
            _refuse(envelope, make_error(), quiet=False)

        for envelope in self.mailbox.close(reject):
            if isinstance(envelope.message, _ActorStop):
                _grant(envelope)
            else:
                self.dead_letters.add(self.address, envelope.message, reason)
                _refuse(envelope, make_error(), quiet=True)


def _grant(envelope: PykkaEnvelope[Any]) -> None:
    """Answer pykka's request to stop."""
    if isinstance(envelope, Envelope):
        envelope.answer(None)


def _refuse(envelope: PykkaEnvelope[Any], error: ReeldError, *, quiet: bool) -> None:
    """Give the asker the error; who only tells gets it raised, unless `quiet`."""
    if isinstance(envelope, Envelope) and envelope.reply_to is not None:
        envelope.fail(error)
    elif not quiet:
        raise error
