"""The way of one movie, from the wish to the file, under one name in every trace and log line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from opentelemetry.trace import get_current_span
from structlog.contextvars import bind_contextvars, reset_contextvars

WORKFLOW_ID: Final = "reeld.workflow.id"

_followed: ContextVar[int | None] = ContextVar("reeld_followed_movie", default=None)


def workflow_id(movie_id: int) -> str:
    """Return the name of a movie's way: `movie-7`.

    It is the movie's, not the acquisition's: the searches and decisions before there is an acquisition belong to it,
    and so do those after one has failed. It needs no column, since every row of the way knows its movie.
    """
    return f"movie-{movie_id}"


@contextmanager
def following(movie_id: int | None) -> Iterator[None]:
    """Let the block be about one movie: work that is asked for inside is, too, and log lines say `workflow`.

    It works whether spans are recorded or not. None changes nothing.
    """
    if movie_id is None:
        yield
        return
    token, bound = _followed.set(movie_id), bind_contextvars(workflow=workflow_id(movie_id))
    try:
        yield
    finally:
        _followed.reset(token)
        reset_contextvars(**bound)


def followed_movie() -> int | None:
    """Return the movie that this is about, if it is about one."""
    return _followed.get()


def note_workflow(movie_id: int) -> None:
    """Say on the current span, which began before anybody knew, which movie it is about."""
    get_current_span().set_attribute(WORKFLOW_ID, workflow_id(movie_id))
