"""What could not be delivered or handled, kept for a person to read and to replay."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count
from typing import TYPE_CHECKING, Any

import structlog

from reeld.actors.kernel._faults import describe
from reeld.actors.kernel._observer import NullObserver, Observer
from reeld.domain.errors import NotFound, Refused

if TYPE_CHECKING:
    from reeld.actors.kernel._address import Address

log = structlog.get_logger("reeld.actors")


class DeadReason(StrEnum):
    """Why a message died."""

    CRASHED = "crashed"
    """Its handler met a fault. It is never handed to the next incarnation."""
    EXPIRED = "expired"
    """The asker's deadline passed while it waited."""
    INTERRUPTED = "interrupted"
    """The incarnation ended while it was being handled."""
    OVERFLOW = "overflow"
    """The mailbox was full, and the message says that it may be dropped."""
    PARKED = "parked"
    """It waited for an actor that was parked."""
    STOPPED = "stopped"
    """It waited for an actor that stopped."""
    UNHANDLED = "unhandled"
    """The actor has no handler for it."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that died.

    Attributes:
        id: Its number, by which it can be replayed.
        at: When it died (UTC).
        actor: The name of the actor it was for.
        message: The message itself.
        reason: Why it died.
        fault: The fault that killed it, in words that may be shown; None when there was none.
    """

    id: int
    at: datetime
    actor: str
    message: Any
    reason: DeadReason
    fault: str | None


class DeadLetters:
    """The last dead letters of all actors, and how many there have been by reason. Thread-safe.

    Args:
        observer: Told of every one.
        capacity: How many are kept; the oldest go first.
    """

    def __init__(self, observer: Observer | None = None, *, capacity: int = 1000) -> None:
        self._observer: Observer = observer or NullObserver()
        self._capacity = capacity
        self._kept: OrderedDict[int, tuple[DeadLetter, Address]] = OrderedDict()
        self._counts: Counter[tuple[str, DeadReason]] = Counter()
        self._ids = count(1)
        self._lock = threading.Lock()

    def add(
        self,
        address: Address,
        message: Any,
        reason: DeadReason,
        fault: BaseException | None = None,
    ) -> None:
        """Keep a dead letter, count it, and log it."""
        said = None if fault is None else describe(fault)
        with self._lock:
            letter = DeadLetter(
                next(self._ids), datetime.now(UTC), address.name, message, reason, said
            )
            self._kept[letter.id] = (letter, address)
            self._counts[address.name, reason] += 1
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        self._observer.dead_letter(address.name, reason)
        log.warning(
            "dead_letter", actor=address.name, message=type(message).__name__, reason=reason.value
        )

    def list(self) -> tuple[DeadLetter, ...]:
        """Return the kept ones, oldest first."""
        with self._lock:
            return tuple(letter for letter, _ in self._kept.values())

    def counts(self) -> Mapping[tuple[str, DeadReason], int]:
        """Return how many there have been by actor and reason, since the start."""
        with self._lock:
            return dict(self._counts)

    def discard(self, letter_id: int) -> DeadLetter:
        """Forget a dead letter.

        Raises:
            NotFound: No such letter is kept.
        """
        with self._lock:
            found = self._kept.pop(letter_id, None)
        if found is None:
            raise NotFound(f"No dead letter {letter_id} is kept: it was replayed or is too old.")
        return found[0]

    def replay(self, letter_id: int) -> DeadLetter:
        """Send a dead letter's message to its actor again, as a tell, and forget the letter.

        Raises:
            NotFound: No such letter is kept.
            ReeldError: The actor refuses it, or has no handler for it; the letter is kept.
        """
        with self._lock:
            found = self._kept.get(letter_id)
        if found is None:
            raise NotFound(f"No dead letter {letter_id} is kept: it was replayed or is too old.")
        letter, address = found
        if not address.understands(letter.message):
            raise Refused(
                f"{address.name} does not handle {type(letter.message).__name__}: it would die again. Discard it.",
                reason="unhandled_message",
            )
        address.tell(letter.message)
        with self._lock:
            self._kept.pop(letter_id, None)
        return letter
