"""IndexersActor: keeps one actor for each indexer's row, and has them all search at once."""

from reeld.actors.indexers._actor import IndexersActor, KeepActors

__all__ = ["IndexersActor", "KeepActors"]
