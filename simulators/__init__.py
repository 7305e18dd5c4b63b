"""Stand-ins for TMDB, HDBits, feeds, Torznab indexers and qBittorrent that speak the documented protocols over HTTP.

`World.open` starts all of them with movies to be had; each can also be served alone with `serve`. Every simulator has
fault knobs: `simulator.turn(down_for=5)` in the same process, `POST /_knobs` with `{"down_for": 5}` from any other.
"""

from reeld.simulators.catalogue import FILMS, Film
from reeld.simulators.faultproxy import FaultProxy
from reeld.simulators.faults import Knobs, UnknownKnob
from reeld.simulators.hdbits import HdbitsSimulator, Upload
from reeld.simulators.offers import OFFERS, Flaw, Offer, Source
from reeld.simulators.qbittorrent import PROFILES, QbittorrentSimulator
from reeld.simulators.rss import FeedItem, RssSimulator
from reeld.simulators.serving import serve, serve_app
from reeld.simulators.simulator import Simulator
from reeld.simulators.tmdb import TmdbSimulator
from reeld.simulators.torrents import Torrent
from reeld.simulators.torznab import TorznabItem, TorznabSimulator
from reeld.simulators.world import Release, World

__all__ = [
    "FILMS",
    "OFFERS",
    "PROFILES",
    "FaultProxy",
    "FeedItem",
    "Film",
    "Flaw",
    "HdbitsSimulator",
    "Knobs",
    "Offer",
    "QbittorrentSimulator",
    "Release",
    "RssSimulator",
    "Simulator",
    "Source",
    "TmdbSimulator",
    "Torrent",
    "TorznabItem",
    "TorznabSimulator",
    "UnknownKnob",
    "Upload",
    "World",
    "serve",
    "serve_app",
]
