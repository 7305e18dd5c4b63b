"""RssActor: reads any number of feeds and fetches the .torrent files that they point to."""

from reeld.actors.rss._actor import RssActor

__all__ = ["RssActor"]
