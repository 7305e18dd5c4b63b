"""Outages on purpose: which services can fail, and how."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outage(StrEnum):
    """How a service fails."""

    DOWN = "down"
    """No connection."""
    SLOW = "slow"
    """Each answer is 22 seconds late: slow for a breaker, in time for a deadline."""
    RATE_LIMITED = "rate_limited"
    """It asks for a minute of silence."""
    CREDENTIALS = "credentials"
    """It rejects what it is sent; the breaker then waits for a person."""


class RehearsedService(StrEnum):
    """What may fail on purpose."""

    TMDB = "tmdb"
    HDBITS = "hdbits"
    QBITTORRENT = "qbittorrent"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A service that fails on purpose, and for how much longer."""

    service: RehearsedService
    outage: Outage
    seconds_left: float
