"""Messages that every actor of the pipeline understands. They only say "look now"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from reeld.domain.messages._base import Message, Overflow


@dataclass(frozen=True, slots=True)
class Sweep(Message[None]):
    """Rows may be waiting: look for them now. One waiting sweep is enough.

    Attributes:
        hinted: False for the actor's own timer, so that rows which no hint announced are counted.
            Plays no part in coalescing.
    """

    overflow: ClassVar[Overflow] = Overflow.COALESCE
    hinted: bool = True

    def coalesce_key(self) -> str:
        """Return one key for all sweeps."""
        return "sweep"


@dataclass(frozen=True, slots=True)
class SettingsChanged(Message[None]):
    """The settings were changed: read them again; rejected credentials may be tried again."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE
    control: ClassVar[bool] = True
