"""Values that many tests of rules start from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reeld.domain.movie import Movie, Stage
from reeld.domain.release import Release, Source

_MOVIE = Movie(
    id=1,
    tmdb_id=45745,
    title="Sintel",
    year=2010,
    imdb_id="tt1727587",
    original_title=None,
    secondary_year=None,
    runtime_minutes=15,
    alternative_titles=(),
    monitored=True,
    root_folder=None,
    profile="Any",
    stage=Stage.WANTED,
    progress=0.0,
    stage_note="",
    added_at=datetime(2024, 5, 1, tzinfo=UTC),
)
_RELEASE = Release(
    source=Source.RSS,
    indexer="feed",
    guid="guid-1",
    title="Sintel.2010.1080p.WEB-DL.AAC.H.264-OPEN",
    size=900 * 1024 * 1024,
    seeders=12,
    id=1,
)


@pytest.fixture
def make_movie() -> Callable[..., Movie]:
    """A movie that differs from Sintel in what is given."""
    return lambda **changes: replace(_MOVIE, **changes)


@pytest.fixture
def make_release() -> Callable[..., Release]:
    """A release of Sintel that differs in what is given."""
    return lambda **changes: replace(_RELEASE, **changes)
