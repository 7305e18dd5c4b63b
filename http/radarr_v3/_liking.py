"""Which custom formats a record has, and what they are worth: as it was grabbed with, else by its name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import trio

from reeld.domain.custom_format import CustomFormat, FormatMatch, Subject, judge_formats
from reeld.domain.language import Language
from reeld.domain.parsing import ParsedRelease
from reeld.domain.profile import QualityProfile
from reeld.domain.release import NO_FLAGS, IndexerFlag
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._names import READERS
from reeld.http.radarr_v3._release import formats_of
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import downloads, formats
from reeld.storage.repositories.downloads import Offer

_REMEMBERED: Final = 2048


@dataclass(frozen=True, slots=True)
class Named:
    """A record that tells of a release.

    Attributes:
        movie: The movie's document; None when it was deleted, or is none of the library.
        infohash: Of the torrent that was grabbed; None when nobody knows it.
        size: Bytes; None when nobody says.
    """

    title: str
    parsed: ParsedRelease | None
    movie: Json | None
    infohash: str | None = None
    size: int | None = None
    flags: IndexerFlag = NO_FLAGS

    @property
    def subject(self) -> Subject | None:
        """What formats look at; None when the name could not be read."""
        if self.parsed is None:
            return None
        original, year = None, None
        if self.movie is not None:
            original = Language.by_number(self.movie["originalLanguage"]["id"])
            year = self.movie.get("year") or None
        return Subject(self.title, self.parsed, self.size, self.flags, original, year)


class Liking:
    """Says which formats records have; what was worked out lately is remembered.

    Args:
        frame: Knows the formats and the profiles.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._formats = formats.KnownFormats()
        self._judge = _Judge()

    async def of(self, records: Sequence[Named]) -> list[Json]:
        """Return `customFormats` and `customFormatScore` of each record, in their order."""
        database = self._frame.database
        hashes = sorted({each.infohash for each in records if each.infohash})
        grabbed = await downloads.offers_of_torrents(database, hashes) if hashes else {}
        offers = [_offer_of(each, grabbed) for each in records]
        found = await self._found(
            [None if offer else each.subject for each, offer in zip(records, offers, strict=True)]
        )
        profiles = await self._frame.profiles()
        return [
            _judged(matches, each.movie, profiles) if offer is None else _grabbed(offer)
            for each, offer, matches in zip(records, offers, found, strict=True)
        ]

    async def _found(self, subjects: Sequence[Subject | None]) -> list[tuple[FormatMatch, ...]]:
        if not any(subjects):
            return [()] * len(subjects)
        known = await self._formats.current(self._frame.database)
        return await trio.to_thread.run_sync(self._judge.all, subjects, known, limiter=READERS)


class _Judge:
    """Remembers which formats names have. For one thread at a time."""

    def __init__(self) -> None:
        self._formats: tuple[CustomFormat, ...] = ()
        self._known: OrderedDict[Subject, tuple[FormatMatch, ...]] = OrderedDict()

    def all(
        self, subjects: Sequence[Subject | None], known: tuple[CustomFormat, ...]
    ) -> list[tuple[FormatMatch, ...]]:
        if known != self._formats:
            self._formats = known
            self._known.clear()
        return [() if each is None else self._one(each) for each in subjects]

    def _one(self, subject: Subject) -> tuple[FormatMatch, ...]:
        if subject in self._known:
            self._known.move_to_end(subject)
            return self._known[subject]
        found = self._known[subject] = judge_formats(subject, self._formats).matches
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found


def _offer_of(record: Named, grabbed: Mapping[tuple[int, str], Offer]) -> Offer | None:
    if record.movie is None or record.infohash is None:
        return None
    return grabbed.get((record.movie["id"], record.infohash))


def _grabbed(offer: Offer) -> Json:
    return {"customFormats": formats_of(offer.formats), "customFormatScore": offer.format_score}


def _judged(
    matches: Sequence[FormatMatch], movie: Json | None, profiles: Mapping[int, QualityProfile]
) -> Json:
    profile = None if movie is None else profiles.get(movie["qualityProfileId"])
    return {
        "customFormats": [each.to_json() for each in matches],
        "customFormatScore": 0 if profile is None else profile.score(matches),
    }
