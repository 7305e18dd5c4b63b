"""What qBittorrent says of itself, for people who look at it or try it."""

from __future__ import annotations

from reeld.actors.qbit._preferences import folder_of
from reeld.domain.messages import ClientFacts
from reeld.domain.settings import QbittorrentSettings
from reeld.services.qbittorrent import QbittorrentClient


async def facts_of(client: QbittorrentClient, settings: QbittorrentSettings) -> ClientFacts:
    """Ask a client of qBittorrent; raises what that raises."""
    version = await client.version()
    transfer = await client.transfer()
    preferences = await client.preferences()
    return ClientFacts(
        version=version.app,
        connection=transfer.connection_status,
        download_speed=transfer.dl_info_speed,
        upload_speed=transfer.up_info_speed,
        folder=await folder_of(client, settings, preferences.save_path),
    )


async def try_client(client: QbittorrentClient, settings: QbittorrentSettings) -> ClientFacts:
    """Ask a client that is used for nothing else, and close it."""
    try:
        return await facts_of(client, settings)
    finally:
        await client.aclose()
