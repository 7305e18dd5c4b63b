"""One name for one movie's way."""

from __future__ import annotations

import pytest
import structlog
from structlog.contextvars import get_contextvars

from reeld.telemetry import tracing


def test_a_movies_way_has_one_name() -> None:
    assert tracing.workflow_id(7) == "movie-7"


def test_what_is_done_for_a_movie_says_so_in_the_log_and_only_inside() -> None:
    with tracing.following(7):
        assert tracing.followed_movie() == 7
        assert get_contextvars() == {"workflow": "movie-7"}
    assert tracing.followed_movie() is None
    assert get_contextvars() == {}


def test_following_none_changes_nothing() -> None:
    with tracing.following(7), tracing.following(None):
        assert tracing.followed_movie() == 7


def test_an_error_ends_it_as_well() -> None:
    with pytest.raises(ValueError, match="x"), tracing.following(7):
        raise ValueError("x")
    assert tracing.followed_movie() is None
    structlog.contextvars.clear_contextvars()
