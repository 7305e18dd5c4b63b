"""TorznabActor: searches one Torznab or Newznab indexer, follows what is new there, and fetches .torrent files."""

from reeld.actors.torznab._actor import TorznabActor, client_of

__all__ = ["TorznabActor", "client_of"]
