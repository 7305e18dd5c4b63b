"""reeld: a movie-automation daemon built from supervised actors."""

__version__ = "0.1.0"
