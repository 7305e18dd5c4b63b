"""Which records of a list a client wants, and in which order, where the rows alone do not say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reeld.domain.quality import Quality
from reeld.http.radarr_v3._asked import Query
from reeld.http.radarr_v3._errors import invalid
from reeld.http.radarr_v3._values import Json

TORRENT: Final = "torrent"
"""The protocol of all that is fetched."""
_PROTOCOLS: Final = {0: "unknown", 1: "usenet", 2: TORRENT}
_STATUSES: Final = {
    0: "unknown",
    1: "queued",
    2: "paused",
    3: "downloading",
    4: "completed",
    5: "failed",
    6: "warning",
    7: "delay",
    8: "downloadclientunavailable",
    9: "fallback",
}
"""By their numbers in Radarr's `QueueStatus`."""


@dataclass(frozen=True, slots=True)
class ReleaseChoice:
    """The qualities and languages that a client wants to see, by Radarr's ids; all where it names none."""

    qualities: frozenset[int]
    languages: frozenset[int]

    @classmethod
    def of(cls, query: Query) -> ReleaseChoice:
        """Read `quality` and `languages`."""
        return cls(frozenset(query.integers("quality")), frozenset(query.integers("languages")))

    def __bool__(self) -> bool:
        return bool(self.qualities or self.languages)

    def covers(self, record: Json) -> bool:
        """Tell whether a record is of one of the qualities and, in part, in one of the languages."""
        spoken = {each["id"] for each in record["languages"]}
        return (not self.qualities or record["quality"]["quality"]["id"] in self.qualities) and (
            not self.languages or bool(spoken & self.languages)
        )


@dataclass(frozen=True, slots=True)
class QueueChoice:
    """What a client wants to see of the queue, by what its rows say; all of what it does not name."""

    movies: frozenset[int]
    statuses: frozenset[str]
    protocols: frozenset[str]

    @classmethod
    def of(cls, query: Query) -> QueueChoice:
        """Read `movieIds`, `status` and `protocol`."""
        return cls(
            frozenset(query.integers("movieIds")),
            words_of(query, "status", _STATUSES),
            wanted_protocols(query, "protocol"),
        )

    def covers(self, movie_id: int, status: str) -> bool:
        """Tell whether a download of a movie is wanted."""
        return (
            (not self.movies or movie_id in self.movies)
            and (not self.statuses or status.lower() in self.statuses)
            and (not self.protocols or TORRENT in self.protocols)
        )


RELEASE_ORDERS: Final[Mapping[str, Callable[[Json], Any]]] = {
    "quality": lambda record: _rank(record["quality"]),
    "languages": lambda record: [each["id"] for each in record["languages"]],
}
"""What records are sorted by that tell of a release, under the sort keys in lower case."""


def chosen(
    records: Sequence[Json],
    releases: ReleaseChoice,
    order: Callable[[Json], Any] | None,
    descending: bool,
) -> list[Json]:
    """Return the records that are wanted; sorted anew where there is an order."""
    found = [each for each in records if releases.covers(each)]
    return found if order is None else sorted(found, key=order, reverse=descending)


def wanted_protocols(query: Query, name: str) -> frozenset[str]:
    """Return the protocols that a client wants; none where it names none."""
    return words_of(query, name, _PROTOCOLS)


def words_of(query: Query, name: str, numbered: Mapping[int, str]) -> frozenset[str]:
    """Read words of an enumeration, in small letters; they may be sent by their numbers as well.

    Raises:
        Invalid: One of them is no word of it.
    """
    told = {str(number): word for number, word in numbered.items()}
    texts = [part for value in query.values.get(name.lower(), ()) for part in value.split(",")]
    found = [told.get(each, each) for text in texts if (each := text.strip().lower())]
    for each in found:
        if each not in told.values():
            raise invalid(name, f"The value '{each[:40]}' is not valid.")
    return frozenset(found)


def _rank(model: Json) -> tuple[int, int, int]:
    revision = model["revision"]
    weight = Quality.by_number(model["quality"]["id"]).weight
    return weight, revision["real"], revision["version"]
