"""The Movie Database, version 3: search, details, images."""

from reeld.services.tmdb._client import Fetched, NotModified, TmdbClient
from reeld.services.tmdb._details import parse_movie
from reeld.services.tmdb._lists import FoundPage, ImageConfiguration, MovieCollection

__all__ = [
    "Fetched",
    "FoundPage",
    "ImageConfiguration",
    "MovieCollection",
    "NotModified",
    "TmdbClient",
    "parse_movie",
]
