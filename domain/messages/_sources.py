"""What the actors of indexers and feeds are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from reeld.domain.messages._base import Message, Overflow


@dataclass(frozen=True, slots=True)
class PollRecent(Message[None]):
    """Read HDBits' recent uploads now."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


@dataclass(frozen=True, slots=True)
class PollFeed(Message[None]):
    """Read one feed now."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE
    feed: str
