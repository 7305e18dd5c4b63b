"""What every message has in common."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Generic, TypeVar

ReplyT_co = TypeVar("ReplyT_co", covariant=True)


class Overflow(Enum):
    """What happens to a message that finds its kind already waiting, or the mailbox full."""

    REJECT = "reject"
    """The sender gets `MailboxFull`."""
    COALESCE = "coalesce"
    """One waiting message with the same `coalesce_key` is enough: the newer one is dropped."""
    DROP = "drop"
    """The message goes to the dead letters."""


@dataclass(frozen=True, slots=True)
class Message(Generic[ReplyT_co]):
    """A request to an actor. Subclass it as `class Find(Message[FoundMovie])`, frozen, with slots."""

    overflow: ClassVar[Overflow] = Overflow.REJECT
    control: ClassVar[bool] = False
    """Control messages travel in a lane of their own: they overtake, and find room in a full mailbox."""
    deadline_seconds: ClassVar[float | None] = None
    """The longest the handler may run, in place of the actor class's limit; None leaves it to that."""

    def coalesce_key(self) -> Hashable:
        """Return what makes two waiting messages the same work; by default, being equal."""
        return self
