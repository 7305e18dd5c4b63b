"""Telling a sample by its length: Radarr's `DetectSample`."""

from __future__ import annotations

from typing import Final

_RULES: Final = ((3, 15.0), (10, 90.0), (30, 300.0))
"""(a movie of at most so many minutes, is at least so many seconds long)."""

_ELSE: Final = 600.0


def is_sample(runtime_seconds: float, movie_minutes: int | None) -> bool:
    """Whether a video is too short to be the movie.

    Args:
        runtime_seconds: What the probe saw.
        movie_minutes: What TMDB says; None and 0 for unknown, which is judged like a very short film.
    """
    for minutes, least in _RULES:
        if (movie_minutes or 0) <= minutes:
            return runtime_seconds < least
    return runtime_seconds < _ELSE
