"""A simulator of TMDB's API v3 and its image server."""

from reeld.simulators.tmdb._knobs import TmdbKnobs
from reeld.simulators.tmdb._simulator import TmdbSimulator

__all__ = ["TmdbKnobs", "TmdbSimulator"]
