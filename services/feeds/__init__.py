"""RSS and Atom feeds of torrents, and the .torrent files that they point to. Nothing in a feed is trusted.

Torznab answers in RSS as well: what is right for hostile XML and for the names in it serves its client too.
"""

from reeld.services.feeds._client import FeedClient, FeedNotModified, FeedPage
from reeld.services.feeds._document import Objection, plain_xml
from reeld.services.feeds._items import (
    FeedItem,
    absolute_link,
    imdb_id_in,
    key_of_offer,
    number_in,
    tidy_title,
)

__all__ = [
    "FeedClient",
    "FeedItem",
    "FeedNotModified",
    "FeedPage",
    "Objection",
    "absolute_link",
    "imdb_id_in",
    "key_of_offer",
    "number_in",
    "plain_xml",
    "tidy_title",
]
