"""Delay profiles: how long a release waits for a better one before it is grabbed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from reeld.domain.errors import InvalidField


class Protocol(StrEnum):
    """How releases are fetched. reeld fetches torrents; usenet is there because Radarr's profiles name it."""

    USENET = "usenet"
    TORRENT = "torrent"


class InvalidDelay(InvalidField):
    """A delay profile cannot work.

    Args:
        field: Which part of it.
        complaint: What is wrong and what to do.
    """

    default_reason = "invalid_delay_profile"


LONGEST_DELAY_MINUTES: Final = 365 * 24 * 60
LAST_PLACE: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class DelayProfile:
    """Which protocols are wanted, and how long a release of each waits for a better one.

    Attributes:
        torrent_delay_minutes: Counted from when the release was published.
        bypass_if_highest_quality: A release of the best quality that the profile allows does not wait.
        bypass_from_format_score: From this score on a release does not wait; None: no score cuts the delay short.
        place: The first profile whose tags fit the movie counts; Radarr calls it order.
        tags: The numbers of tags; a profile without tags fits every movie.

    Raises:
        InvalidDelay: Minutes are negative or more than a year.
    """

    id: int = 1
    enable_usenet: bool = True
    enable_torrent: bool = True
    preferred_protocol: Protocol = Protocol.TORRENT
    usenet_delay_minutes: int = 0
    torrent_delay_minutes: int = 0
    bypass_if_highest_quality: bool = True
    bypass_from_format_score: int | None = None
    place: int = LAST_PLACE
    tags: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        """Check the minutes."""
        for field in ("usenet_delay_minutes", "torrent_delay_minutes"):
            if not 0 <= getattr(self, field) <= LONGEST_DELAY_MINUTES:
                raise InvalidDelay(field, "must be 0 to a year of minutes (525600).")

    def enables(self, protocol: Protocol) -> bool:
        """Whether releases of a protocol are wanted."""
        return self.enable_torrent if protocol is Protocol.TORRENT else self.enable_usenet

    def delay(self, protocol: Protocol) -> timedelta:
        """Return how long a release of a protocol waits."""
        is_torrent = protocol is Protocol.TORRENT
        return timedelta(
            minutes=self.torrent_delay_minutes if is_torrent else self.usenet_delay_minutes
        )

    def due_at(self, offered_at: datetime) -> datetime:
        """Return when a torrent that is offered since then may be grabbed."""
        return offered_at + self.delay(Protocol.TORRENT)


NO_DELAY: Final = DelayProfile()


def delay_for(profiles: Iterable[DelayProfile], tags: Collection[int]) -> DelayProfile:
    """Return the profile that counts for a movie with these tags: the first that fits, by place."""
    fitting = (each for each in profiles if not each.tags or not each.tags.isdisjoint(tags))
    return min(fitting, key=lambda each: (each.place, each.id), default=NO_DELAY)
