"""Commands: when one has ended, and what is said of the work of it that nobody waits for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reeld.domain.work import WorkKind

ASKING: Final = frozenset({WorkKind.SEARCH_MOVIE, WorkKind.POLL_RECENT, WorkKind.POLL_FEED})
"""Work that asks one source among several: what the others say is an answer without it, as in Radarr."""

MOST_NAMED: Final = 10
"""Of those that cannot be asked."""


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
    """Return what a command says of the work that it does not wait for: each name once, and not all of many.

    None when there is no such work.
    """
    by_name: dict[str, PutOff] = {}
    for each in put_off:
        # One that is tried again just now says nothing of why.
        if not (each.name in by_name and by_name[each.name].sentence):
            by_name[each.name] = each
    names = sorted(by_name, key=str.casefold)
    said = [str(by_name[name]) for name in names[:MOST_NAMED]]
    if len(by_name) > MOST_NAMED:
        said.append(f"So it is with {len(by_name) - MOST_NAMED} more.")
    return " ".join(said) or None
