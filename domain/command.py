"""Commands: when one has ended, and what is said of the work of it that nobody waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reeld.domain.work import WorkKind

ASKING: Final = frozenset({WorkKind.SEARCH_MOVIE, WorkKind.POLL_RECENT, WorkKind.POLL_FEED})
"""Work that asks one source among several: what the others say is an answer without it, as in Radarr."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """A piece of a command's work that waits for somebody else's recovery: it is done when that is over.

    Attributes:
        name: Of the indexer or the feed, else of the queue.
        kind: What is to be done.
        sentence: Why it waits; empty while it is tried again.
    """

    name: str
    kind: str
    sentence: str

    @property
    def is_failure(self) -> bool:
        """Whether the command has failed without it, as far as whoever asked can tell now."""
        return self.kind not in ASKING

    def __str__(self) -> str:
        said = f"{self.name} cannot be asked now, and is asked again by itself"
        return f"{said}: {self.sentence}" if self.sentence else f"{said}."


def told(put_off: Sequence[PutOff]) -> str | None:
    """Return what a command says of the work that it does not wait for; None when there is none."""
    return " ".join(map(str, put_off)) or None
