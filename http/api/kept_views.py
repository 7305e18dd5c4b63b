"""What lists show of movies, kept for as long as the rows behind it stay as they are.

A page of a hundred movies is read and written anew only where something changed: the rest costs a comparison each.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from reeld.http.api.movie_views import MovieView
from reeld.storage import Database
from reeld.storage.repositories import browsing, library
from reeld.storage.repositories.browsing import Listed

MOST: Final = 2000
"""Views of about three kilobytes each."""


class KeptViews:
    """Shows movies, and remembers how it showed them. Bounded: the one that was shown longest ago goes first.

    Args:
        database: Where the movies are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[int, tuple[str, MovieView]] = OrderedDict()
        self._default_root = ""

    async def show(self, listed: Sequence[Listed], default_root: str) -> list[MovieView]:
        """Return movies as they are shown, in this order; those that are gone meanwhile are left out.

        Args:
            listed: The movies, with their marks.
            default_root: The root folder that the settings name.
        """
        if default_root != self._default_root:
            self._kept.clear()
            self._default_root = default_root
        views = {each.id: view for each in listed if (view := self._known(each)) is not None}
        stale = [each for each in listed if each.id not in views]
        if stale:
            views |= await self._read(stale, default_root)
        return [views[each.id] for each in listed if each.id in views]

    def _known(self, listed: Listed) -> MovieView | None:
        mark, view = self._kept.get(listed.id, ("", None))
        if view is None or mark != listed.mark:
            return None
        self._kept.move_to_end(listed.id)
        return view

    async def _read(self, listed: Sequence[Listed], default_root: str) -> dict[int, MovieView]:
        numbers = [each.id for each in listed]
        movies = {movie.id: movie for movie in await browsing.by_ids(self._database, numbers)}
        files = await library.of_movies(self._database, numbers)
        views = {}
        for each in listed:
            if (movie := movies.get(each.id)) is None:
                continue
            views[each.id] = MovieView.of(movie, files.get(each.id, ()), default_root)
            self._keep(each, views[each.id], default_root)
        return views

    def _keep(self, listed: Listed, view: MovieView, default_root: str) -> None:
        if default_root != self._default_root:
            return  # the settings were read again meanwhile
        self._kept[listed.id] = (listed.mark, view)
        self._kept.move_to_end(listed.id)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
