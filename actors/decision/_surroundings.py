"""What surrounds a decision, read from rows, settings, breakers and disks before anything is judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from reeld.actors.decision._away import indexers_away, is_client_away
from reeld.actors.decision._room import Room
from reeld.actors.resources import Resources
from reeld.domain.custom_format import CustomFormat
from reeld.domain.decision import Cause
from reeld.domain.delay import DelayProfile, delay_for
from reeld.domain.indexer import IndexerRules
from reeld.domain.library import MovieFile
from reeld.domain.movie import Movie
from reeld.domain.profile import QualityProfile
from reeld.domain.quality import Quality
from reeld.domain.quality_limits import QualityLimits
from reeld.domain.release import Release
from reeld.domain.release_profile import ReleaseProfile
from reeld.domain.settings import Settings
from reeld.storage.repositories import (
    blocklist,
    definitions,
    delays,
    facts,
    grabs,
    groups,
    indexers,
    library,
    movies,
    pending,
    profiles,
    restrictions,
)
from reeld.storage.repositories.blocklist import Blocked
from reeld.storage.repositories.facts import Facts
from reeld.storage.repositories.formats import KnownFormats
from reeld.storage.repositories.grabs import Grab
from reeld.storage.repositories.pending import Pending

LATELY_HOURS: Final = 12
"""Radarr's `HistorySpecification`: how long a grab speaks against others."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was true when a decision began.

    Attributes:
        asked_for: A person asked for the movie.
        owned: The movie's file.
        grabs: What is on its way, and what was taken lately, newest first.
        waiting: Releases of the movie that wait.
        free_bytes: None when nobody knows.
        torrents_of_others: Of the torrents on offer, those that were fetched for another movie: its title, by infohash.
    """

    movie: Movie
    facts: Facts
    profile: QualityProfile
    settings: Settings
    cause: Cause
    asked_for: bool
    now: datetime
    owned: MovieFile | None
    grabs: tuple[Grab, ...]
    blocked: tuple[Blocked, ...]
    waiting: tuple[Pending, ...]
    formats: tuple[CustomFormat, ...]
    limits: Mapping[Quality, QualityLimits]
    delay: DelayProfile
    restrictions: tuple[ReleaseProfile, ...]
    free_bytes: int | None
    indexers: Mapping[str, IndexerRules]
    indexers_away: frozenset[str]
    client_away: bool
    torrents_of_others: Mapping[str, str]
    group_rules: Mapping[str, str]

    @property
    def acquiring(self) -> Grab | None:
        """What is on its way into the library."""
        return next((each for each in self.grabs if not each.state.is_final), None)


class Survey:
    """Looks around before a decision.

    Args:
        resources: What actors share.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._formats = KnownFormats()
        self._room = Room()

    async def formats(self) -> tuple[CustomFormat, ...]:
        """Return every custom format."""
        return await self._formats.current(self._resources.database)

    async def of(
        self,
        movie: Movie,
        cause: Cause,
        offered: Iterable[Release],
        *,
        profile: QualityProfile | None = None,
    ) -> Surroundings:
        """Return what surrounds a decision about a movie.

        Args:
            movie: The movie.
            cause: Why there is a decision.
            offered: What it is about.
            profile: The profile to decide by; the movie's own when left out.

        Raises:
            Refused: The movie's profile does not exist.
        """
        database, settings = self._resources.database, self._resources.settings.current
        # In this order: a file that is imported in between is seen, so that it is not acquired a second time.
        there = await indexers.every(database)
        taken = await grabs.of_movie(database, movie.id, hours=LATELY_HOURS)
        files = await library.by_movie(database, movie.id)
        known = await facts.of_movie(database, movie.id)
        asked_for = await movies.is_asked_for(database, movie.id)
        return Surroundings(
            movie=movie,
            facts=known,
            profile=profile or await self.profile(movie.profile),
            settings=settings,
            cause=Cause.PERSON if asked_for else cause,
            asked_for=asked_for,
            now=known.now,
            owned=files[0] if files else None,
            grabs=tuple(taken),
            blocked=tuple(await blocklist.by_movie(database, movie.id)),
            waiting=tuple(await pending.of_movie(database, movie.id)),
            formats=await self.formats(),
            limits=await definitions.overrides(database),
            delay=delay_for(await delays.every(database), known.tags),
            restrictions=tuple(await restrictions.every(database)),
            free_bytes=await self._room.free(
                Path(movie.root_folder or settings.library.root_folder)
            ),
            indexers={each.name: each.rules for each in there} | dict(settings.indexers),
            indexers_away=indexers_away(self._resources.directory, there),
            client_away=is_client_away(self._resources.directory),
            group_rules={key: str(rule) for key, rule in (await groups.rules(database)).items()},
            torrents_of_others=await grabs.torrents_of_others(
                database, movie.id, {each.infohash for each in offered if each.infohash}
            ),
        )

    async def profile(self, name: str) -> QualityProfile:
        """Return a quality profile.

        Raises:
            Refused: There is none of that name.
        """
        default = self._resources.settings.current.decision.upgrades_allowed
        return await profiles.by_name(self._resources.database, name, upgrades_default=default)
