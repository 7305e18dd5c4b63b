"""What one reading of an indexer's latest offers brings, against what the one before had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from reeld.services.torznab import TorznabOffer, TorznabPage

REMEMBERED_KEYS: Final = 500
LONGEST_LAG_SECONDS: Final = 30 * 86400.0


@dataclass(slots=True)
class Reading:
    """Pages of the latest offers, newest first, until one that was seen before comes.

    Attributes:
        known: The keys of the last reading; none at the first, which reads one page and finds what is old.
        mark: Of the address that is read: another one begins anew.
    """

    known: frozenset[str]
    mark: str
    offers: dict[str, TorznabOffer] = field(default_factory=dict)
    reached: bool = False
    read: int = 0

    @classmethod
    def after(cls, watermark: Mapping[str, object], mark: str) -> Reading:
        """Return a reading that follows the one that wrote a watermark."""
        keys = watermark.get("keys") if watermark.get("mark") == mark else None
        return cls(frozenset(keys if isinstance(keys, list) else ()), mark)

    def take(self, page: TorznabPage) -> None:
        """Take a page; nothing more is to be read once `reached`."""
        self.read += page.read
        for offer in page.offers:
            self.offers.setdefault(offer.key, offer)
        seen = any(offer.key in self.known for offer in page.offers)
        self.reached = seen or not page.full or not self.known

    @property
    def fresh(self) -> Sequence[TorznabOffer]:
        """What the last reading did not have."""
        return [each for each in self.offers.values() if each.key not in self.known]

    @property
    def gap(self) -> bool:
        """Whether the reading did not reach back to the one before: what came in between was not seen."""
        return bool(self.known) and bool(self.offers) and not self.known & self.offers.keys()

    @property
    def watermark(self) -> Mapping[str, object]:
        """What the next reading has to know."""
        return {"keys": list(self.offers)[:REMEMBERED_KEYS], "mark": self.mark}

    def lags(self, now: float) -> list[float]:
        """Return the seconds from publication to first sight of what is new; see the feeds' reading for its bounds."""
        if not self.known:
            return []
        times = [each.published_at for each in self.fresh if each.published_at is not None]
        return [min(max(now - each.timestamp(), 0.0), LONGEST_LAG_SECONDS) for each in times]
