"""TmdbActor: finds movies, keeps their facts fresh, and fetches their pictures."""

from reeld.actors.tmdb._actor import TmdbActor

__all__ = ["TmdbActor"]
