"""The index of the wanted movies' titles, kept as the rows are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import trio

from reeld.actors.decision._matching import READERS, Memory
from reeld.actors.decision._turns import Turns
from reeld.actors.resources import Resources
from reeld.domain.matching import TitleIndex
from reeld.domain.profile import QualityProfile
from reeld.domain.searching import is_good_enough
from reeld.storage.repositories import profiles, titles
from reeld.storage.repositories.titles import TitleFacts, TitlesState

PAGE: Final = 500


class WantedTitles:
    """Knows the titles of the movies that are looked for: monitored or asked for, and without a file that is good enough.

    At the first look every movie is read, later only those that changed. Rows are taken apart in a worker thread.

    Attributes:
        memory: What names have no movie among these; emptied when a title comes.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._state: TitlesState | None = None
        self._profiles: Mapping[str, QualityProfile] = {}
        self._index = TitleIndex()
        self._ids: set[int] = set()
        self.memory = Memory()

    async def current(self) -> TitleIndex:
        """Return the index as the rows are now."""
        await self._follow_profiles()
        now = await titles.state(self._resources.database)
        await self._read(self._state.since if self._state else None)
        if len(self._ids) != now.movies:
            await self._drop_deleted()
        self._state = now
        return self._index

    async def _follow_profiles(self) -> None:
        """Begin anew when a profile changed: then other files may be good enough."""
        allowed = self._resources.settings.current.decision.upgrades_allowed
        listed = await profiles.every(self._resources.database, upgrades_default=allowed)
        by_name = {each.name: each for each in listed}
        if by_name != self._profiles:
            self._state, self._index, self._ids = None, TitleIndex(), set()
            self._profiles = by_name
            self.memory.clear()

    async def _read(self, since: str | None) -> None:
        after: int | None = 0
        while after is not None:
            text = await titles.page(self._resources.database, since=since, after=after, limit=PAGE)
            if text == "[]":
                return
            after = await trio.to_thread.run_sync(self._take, text, limiter=READERS)

    def _take(self, text: str) -> int | None:
        """Take a page of rows over; return the number that ends it if there may be more."""
        rows = titles.decode(text)
        self._ids.update(row.id for row in rows)
        self._apply(rows)
        return rows[-1].id if len(rows) == PAGE else None

    def _apply(self, rows: Sequence[TitleFacts]) -> None:
        turns = Turns()
        for row in rows:
            turns.pause()
            if not _is_wanted(row, self._profiles.get(row.profile)):
                self._index.remove(row.id)
                continue
            names = titles.names_of(row)
            if self._index.get(row.id) != names:
                self._index.add(names)
                self.memory.clear()

    async def _drop_deleted(self) -> None:
        there = set(await titles.ids(self._resources.database))
        for movie_id in self._ids - there:
            self._index.remove(movie_id)
        self._ids &= there


def _is_wanted(row: TitleFacts, profile: QualityProfile | None) -> bool:
    is_open = row.owned is None or row.is_new or not is_good_enough(row.owned, profile)
    return row.is_looked_for and is_open
