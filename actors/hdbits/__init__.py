"""HdbitsActor: searches HDBits, follows its recent uploads and fetches .torrent files, politely."""

from reeld.actors.hdbits._actor import HdbitsActor

__all__ = ["HdbitsActor"]
