"""Fetching what a person gave the address of."""

from __future__ import annotations

from reeld.actors.resources import Resources
from reeld.domain.messages import FetchLink
from reeld.services.torrents import LinkClient
from reeld.telemetry import ServiceObserver


async def fetch_link(resources: Resources, message: FetchLink) -> bytes:
    """Return the .torrent, or the magnet link in its place. Raises as `LinkClient.download` does."""
    client = LinkClient(observer=ServiceObserver(resources.metrics))
    try:
        return await client.download(message.url)
    finally:
        await client.aclose()
