"""A simulator of a tracker's RSS feed and of its .torrent downloads."""

from reeld.simulators.rss._feed import FeedItem
from reeld.simulators.rss._knobs import RssKnobs
from reeld.simulators.rss._simulator import RssSimulator

__all__ = ["FeedItem", "RssKnobs", "RssSimulator"]
