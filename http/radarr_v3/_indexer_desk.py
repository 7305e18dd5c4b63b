"""Reading, storing and trying indexers, for whichever route of Radarr's API wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reeld.domain.errors import InvalidField, NotFound
from reeld.domain.messages import TestIndexer
from reeld.domain.torznab import Indexer, NewIndexer
from reeld.domain.work import Queue
from reeld.http.radarr_v3._asked import Body
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._indexer_forms import (
    of_feed,
    of_hdbits,
    of_stored,
    read_indexer,
)
from reeld.http.radarr_v3._indexers_known import FIRST_STORED, HDBITS, KnownIndexers
from reeld.http.radarr_v3._values import Json
from reeld.storage.repositories import indexers, tags

TEST_SECONDS: Final = 75.0
_IN_SETTINGS: Final = "This indexer is set in reeld's settings file: change it there."


class IndexerDesk:
    """Reads and stores indexers for the routes."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._surface = frame.surface

    async def every(self) -> list[Json]:
        """Write all indexers: those of the settings first."""
        known = await KnownIndexers.of(self._frame)
        settings = self._surface.settings()
        feeds = {each.name: each for each in settings.feeds}
        found = [of_feed(n, feeds[name]) for n, name in known.settings.items() if name in feeds]
        if settings.hdbits is not None:
            found.insert(0, of_hdbits(known.number_of(HDBITS), settings.hdbits))
        numbers = {label: number for number, label in (await self.labels()).items()}
        return [*found, *(of_stored(n, each, numbers) for n, each in known.stored.items())]

    async def one(self, number: int) -> Json:
        """Write one indexer.

        Raises:
            Missing: There is none of that number.
        """
        for each in await self.every():
            if each["id"] == number:
                return each
        raise Missing

    async def labels(self) -> dict[int, str]:
        """Return the labels of the tags, by number."""
        return {each.id: each.label for each in await tags.every(self._frame.database)}

    async def stored(self, number: int) -> Indexer:
        """Return a stored indexer with its key.

        Raises:
            Missing: There is none of that number.
            Invalid: The settings name it.
        """
        if number < FIRST_STORED:
            await self.one(number)
            raise invalid("Id", _IN_SETTINGS, number)
        try:
            found = await indexers.get(self._frame.database, number - FIRST_STORED)
        except NotFound:
            raise Missing from None
        return indexers.unsealed(self._surface.vault, found)

    async def save(self, body: Body, stored: Indexer | None, force: bool) -> Json:
        """Store an indexer; without force, only one that answers."""
        wanted = read_indexer(body, stored, await self.labels())
        if wanted.name in self._surface.settings().indexers:
            raise InvalidField("name", "should be unique.", reason="name_taken")
        if not force and (wanted.enable_rss or wanted.enable_automatic_search):
            await self.try_out(wanted)
        number = 0 if stored is None else stored.id
        async with self._frame.database.transaction() as conn:
            number = await indexers.save(conn, self._surface.vault, wanted, number)
        return await self.one(FIRST_STORED + number)

    async def try_out(self, wanted: NewIndexer) -> None:
        """Ask an indexer for what it can.

        Raises:
            Invalid: It does not answer as one should; the failure says what is wrong.
        """
        directory = self._surface.directory
        tried = await directory[Queue.INDEXERS].ask(TestIndexer(wanted), deadline=TEST_SECONDS)
        if not tried.ok:
            raise invalid("BaseUrl", tried.sentence)

    async def remove(self, numbers: Sequence[int]) -> None:
        """Remove stored indexers, all of them or none.

        Raises:
            Missing: One of them is not there, or is no row.
        """
        unique = list(dict.fromkeys(numbers))
        for number in unique:
            await self.stored(number)
        async with self._frame.database.transaction() as conn:
            for number in unique:
                await indexers.delete(conn, number - FIRST_STORED)

    async def replace(self, number: int, wanted: NewIndexer) -> Json:
        """Store other values of a stored indexer, which is not asked whether it answers."""
        async with self._frame.database.transaction() as conn:
            await indexers.save(conn, self._surface.vault, wanted, number - FIRST_STORED)
        return await self.one(number)

    async def numbers(self) -> list[int]:
        """Return the numbers of the stored indexers."""
        return sorted((await KnownIndexers.of(self._frame)).stored)
