"""What reeld asks of outside systems: the pairs of service and operation that the metrics know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "tmdb": (
        "check",
        "search",
        "discover",
        "movie",
        "find",
        "collection",
        "configuration",
        "image",
    ),
    "hdbits": ("check", "search", "recent", "download"),
    "feed": ("fetch", "download"),
    "torrents": ("download",),
    "torznab": ("caps", "search", "recent", "download"),
    "qbittorrent": (
        "version",
        "preferences",
        "torrents",
        "files",
        "properties",
        "trackers",
        "categories",
        "add",
        "ensure_category",
        "set_category",
        "add_tags",
        "set_share_limits",
        "set_file_priority",
        "move",
        "stop",
        "start",
        "recheck",
        "delete",
    ),
}
"""By the service's name in errors and metrics."""
