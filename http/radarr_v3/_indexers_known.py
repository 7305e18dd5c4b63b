"""The numbers of indexers: HDBits is 1, the feeds of the settings follow in their order, stored ones begin at 1001."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reeld.domain.release import Source
from reeld.domain.settings import Settings
from reeld.domain.torznab import Indexer
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.storage.repositories import indexers

HDBITS: Final = str(Source.HDBITS)
FIRST_STORED: Final = 1000
"""What is added to the number of a stored one, so that those of the settings have room before it."""


@dataclass(frozen=True, slots=True)
class KnownIndexers:
    """The indexers that there are now.

    Attributes:
        settings: Names of those that the settings describe, by number.
        stored: The others, by number.
    """

    settings: dict[int, str]
    stored: dict[int, Indexer]

    @classmethod
    async def of(cls, frame: Frame) -> KnownIndexers:
        """Look which there are."""
        rows = await indexers.every(frame.database)
        stored = {FIRST_STORED + each.id: each for each in rows}
        return cls(names_in(frame.surface.settings()), stored)

    @property
    def names(self) -> dict[int, str]:
        """The names under which releases are stored, by number."""
        return self.settings | {number: each.name for number, each in self.stored.items()}

    def number_of(self, name: str | None) -> int:
        """Return the number of an indexer; 0 for none, or for one that is there no more."""
        return next((number for number, each in self.names.items() if each == name), 0)

    def named(self, number: int) -> str:
        """Return the name of an indexer.

        Raises:
            Invalid: There is none of that number.
        """
        try:
            return self.names[number]
        except KeyError:
            raise invalid("IndexerId", f"There is no indexer {number}.", number) from None


def names_in(settings: Settings) -> dict[int, str]:
    """Return the names of the indexers that the settings describe, by number."""
    first = [HDBITS] if settings.hdbits is not None else []
    return dict(enumerate([*first, *(each.name for each in settings.feeds)], 1 if first else 2))
