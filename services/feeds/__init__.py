"""RSS and Atom feeds of torrents, and the .torrent files that they point to. Nothing in a feed is trusted."""

from reeld.services.feeds._client import FeedClient, FeedNotModified, FeedPage
from reeld.services.feeds._items import FeedItem

__all__ = ["FeedClient", "FeedItem", "FeedNotModified", "FeedPage"]
