"""A simulator of a tracker's RSS feed and of its .torrent downloads."""

from reeld.simulators.rss._feed import DOCTYPE_BOMB, FeedItem, endless_feed, huge_feed
from reeld.simulators.rss._knobs import RssKnobs
from reeld.simulators.rss._simulator import RssSimulator

__all__ = [
    "DOCTYPE_BOMB",
    "FeedItem",
    "RssKnobs",
    "RssSimulator",
    "endless_feed",
    "huge_feed",
]
