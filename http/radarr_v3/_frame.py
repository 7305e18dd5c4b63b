"""What every group of routes of Radarr's API shares: the surface, the movies' documents, the profiles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from reeld.domain.profile import QualityProfile
from reeld.http.radarr_v3._errors import Missing
from reeld.http.radarr_v3._movie import Shelf
from reeld.http.radarr_v3._movies_cache import MovieList
from reeld.http.radarr_v3._values import Json
from reeld.http.surface import Surface
from reeld.storage import Database
from reeld.storage.repositories import profiles, shelf
from reeld.storage.repositories.shelf import ShelvedMovie


@dataclass(frozen=True, slots=True)
class Frame:
    """Handed to every group of routes.

    Attributes:
        movies: The list of all movies, kept written.
    """

    surface: Surface
    movies: MovieList

    @classmethod
    def of(cls, surface: Surface) -> Frame:
        """Return the frame of one daemon."""
        return cls(surface, MovieList(surface.database))

    @property
    def database(self) -> Database:
        """Where the rows are."""
        return self.surface.database

    async def profiles(self) -> dict[int, QualityProfile]:
        """Return the quality profiles by number."""
        default = self.surface.settings().decision.upgrades_allowed
        found = await profiles.every(self.database, upgrades_default=default)
        return {profile.id: profile for profile in found}

    async def profile(self, profile_id: int) -> QualityProfile:
        """Return a quality profile.

        Raises:
            Missing: There is none of that number.
        """
        found = (await self.profiles()).get(profile_id)
        if found is None:
            raise Missing
        return found

    async def shelf(self) -> Shelf:
        """Return what documents of movies need now."""
        return Shelf.of(self.surface.settings(), await self.profiles(), datetime.now(UTC))

    async def movie(self, movie_id: int) -> ShelvedMovie:
        """Return a movie.

        Raises:
            Missing: There is none of that number.
        """
        found = await shelf.get(self.database, movie_id)
        if found is None:
            raise Missing
        return found

    async def movie_texts(self, ids: Collection[int]) -> dict[int, msgspec.Raw]:
        """Return the documents of movies by number, as the text that they are; missing ones are left out."""
        return await self.movies.some(ids, await self.shelf())

    async def movie_documents(self, ids: list[int]) -> dict[int, Json]:
        """Return the documents of movies by number; missing ones are left out."""
        texts = await self.movie_texts(set(ids))
        return {number: msgspec.json.decode(texts[number]) for number in sorted(texts)}
