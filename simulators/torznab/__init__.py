"""A simulator of a Torznab indexer, as Prowlarr and Jackett offer them, with its .torrent downloads."""

from reeld.simulators.torznab._answers import TorznabItem
from reeld.simulators.torznab._knobs import TorznabKnobs
from reeld.simulators.torznab._simulator import TorznabSimulator

__all__ = ["TorznabItem", "TorznabKnobs", "TorznabSimulator"]
