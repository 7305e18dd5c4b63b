"""The index of the wanted movies' titles, kept as the rows are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import trio

from reeld.actors.decision._matching import READERS, Memory
from reeld.actors.resources import Resources
from reeld.domain.matching import TitleIndex
from reeld.domain.profile import QualityProfile, profile_named
from reeld.domain.searching import is_good_enough
from reeld.storage.repositories import titles
from reeld.storage.repositories.titles import TitleFacts, TitlesState

PAGE: Final = 500
ProfileOf = Callable[[str], QualityProfile]


class WantedTitles:
    """Knows the titles of the movies that are looked for: monitored or asked for, and without a file that is good enough.

    At the first look every movie is read, later only those that changed. Rows are taken apart in a worker thread.

    Attributes:
        memory: What names have no movie among these; emptied when a title comes.
    """

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._known: tuple[TitlesState, bool] | None = None
        self._index = TitleIndex()
        self._ids: set[int] = set()
        self.memory = Memory()

    async def current(self) -> TitleIndex:
        """Return the index as the rows are now."""
        upgrades_allowed = self._resources.settings.current.decision.upgrades_allowed
        now = await titles.state(self._resources.database)
        if self._known is None or (now.profiles, upgrades_allowed) != (
            self._known[0].profiles,
            self._known[1],
        ):
            self._forget()
            await self._read(None, upgrades_allowed)
        else:
            await self._read(self._known[0].since, upgrades_allowed)
        if len(self._ids) != now.movies:
            await self._drop_deleted()
        self._known = now, upgrades_allowed
        return self._index

    def _forget(self) -> None:
        self._known, self._index, self._ids = None, TitleIndex(), set()
        self.memory.clear()

    async def _read(self, since: str | None, upgrades_allowed: bool) -> None:
        profile_of = partial(profile_named, upgrades_allowed=upgrades_allowed)
        after: int | None = 0
        while after is not None:
            text = await titles.page(self._resources.database, since=since, after=after, limit=PAGE)
            if text == "[]":
                return
            after = await trio.to_thread.run_sync(self._take, text, profile_of, limiter=READERS)

    def _take(self, text: str, profile_of: ProfileOf) -> int | None:
        """Take a page of rows over; return the number that ends it if there may be more."""
        rows = titles.decode(text)
        self._ids.update(row.id for row in rows)
        self._apply(rows, profile_of)
        return rows[-1].id if len(rows) == PAGE else None

    def _apply(self, rows: Sequence[TitleFacts], profile_of: ProfileOf) -> None:
        for row in rows:
            if not _is_wanted(row, profile_of):
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


def _is_wanted(row: TitleFacts, profile_of: ProfileOf) -> bool:
    if not row.is_looked_for:
        return False
    return (
        row.quality is None
        or row.is_new
        or not is_good_enough(
            row.profile, row.quality, row.format_score, row.cutoff_format_score, profile_of
        )
    )
