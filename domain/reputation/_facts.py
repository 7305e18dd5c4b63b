"""What indexers say of a group's releases. Shown beside the reputation, and no part of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeedersOfMonth:
    """The offers of a group that were first seen in one month.

    Attributes:
        month: `2026-09`.
        seeders: The median of what their indexers said last; None when none said anything.
    """

    month: str
    offers: int
    seeders: float | None


@dataclass(frozen=True, slots=True)
class IndexerFacts:
    """The offers of a group that are known now.

    Attributes:
        internal: How many of them are the indexer's own.
        months: The last ones with offers, oldest first.
    """

    offers: int
    internal: int
    scene: int
    freeleech: int
    months: tuple[SeedersOfMonth, ...] = ()
