"""Filters of lists that name what is not there: an empty list would say that there is nothing of what was meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reeld.domain.errors import InvalidField
from reeld.domain.work import Queue
from reeld.storage import Database
from reeld.storage.repositories import indexers, movies, profiles, roots, tags
from reeld.storage.repositories.browsing import MovieFilter

_MOST_NAMED: Final = 20
"""A sentence lists so many of what there is."""


async def require_named(database: Database, which: MovieFilter, default_root: str) -> None:
    """Look whether what a filter of movies names is there. Called for a list that is empty.

    Raises:
        InvalidField: It is not; the sentence names what there is.
    """
    if which.profile is not None:
        _require("profile", which.profile, await profiles.names(database))
    if which.tag is not None:
        labels = {each.id: each.label for each in await tags.every(database)}
        if which.tag not in labels:
            known = [f"{number} ({label})" for number, label in labels.items()]
            raise _unknown("tag", which.tag, known)
    if which.root_folder is not None:
        listed = await roots.every(database, default_root)
        _require("root_folder", which.root_folder, [each.path for each in listed])


async def require_movie(database: Database, movie_id: int | None) -> None:
    """Look whether the movie is there whose list is empty.

    Raises:
        InvalidField: It is not.
    """
    if movie_id is not None and not await movies.by_ids(database, [movie_id]):
        raise InvalidField("movie_id", f"there is no movie {movie_id}.", reason="movie_unknown")


async def require_queue(database: Database, queue: str | None) -> None:
    """Look whether there is the queue whose list is empty.

    Raises:
        InvalidField: There is not; the sentence names those that there are.
    """
    if queue is not None:
        known = [str(each) for each in Queue] + [*await indexers.parts_read(database)]
        _require("queue", queue, list(dict.fromkeys(known)))


def _require(field: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise _unknown(field, repr(value), known)


def _unknown(field: str, value: object, known: Sequence[str]) -> InvalidField:
    if not known:
        return InvalidField(field, f"{value} is not there; there is none yet.")
    more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
    return InvalidField(
        field, f"{value} is not there; there are: {', '.join(known[:_MOST_NAMED])}{more}."
    )
