"""HDBits: its JSON API and its .torrent files. Honest about who asks, and never faster than allowed."""

from reeld.services.hdbits._client import HdbitsClient
from reeld.services.hdbits._torrents import Category, HdbitsPage, HdbitsTorrent, Medium

__all__ = ["Category", "HdbitsClient", "HdbitsPage", "HdbitsTorrent", "Medium"]
