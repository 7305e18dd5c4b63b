"""`downloadclient` and `remotepathmapping`: qBittorrent as the settings describe it, to be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Response, get
from litestar.params import FromPath

from reeld.domain.settings import QbittorrentSettings, Settings
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._errors import Missing
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._provider import form_field, provider
from reeld.http.radarr_v3._queue import CLIENT
from reeld.http.radarr_v3._values import Json

CLIENT_ID: Final = 1


def client_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes of download clients and path mappings."""

    @get("/downloadclient")
    async def list_clients() -> Response[bytes]:
        return answered(clients_in(frame.surface.settings()))

    @get("/downloadclient/schema")
    async def schema() -> Response[bytes]:
        return answered([_written(0, QbittorrentSettings())])

    @get("/downloadclient/{client_id:int}")
    async def get_client(client_id: FromPath[int]) -> Response[bytes]:
        return answered(_one(clients_in(frame.surface.settings()), client_id))

    @get("/remotepathmapping")
    async def list_mappings() -> Response[bytes]:
        return answered(_mappings(frame.surface.settings()))

    @get("/remotepathmapping/{mapping_id:int}")
    async def get_mapping(mapping_id: FromPath[int]) -> Response[bytes]:
        return answered(_one(_mappings(frame.surface.settings()), mapping_id))

    return [list_clients, schema, get_client, list_mappings, get_mapping]


def _one(found: list[Json], number: int) -> Json:
    for each in found:
        if each["id"] == number:
            return each
    raise Missing


def clients_in(settings: Settings) -> list[Json]:
    """Write the download clients that the settings describe."""
    client = settings.qbittorrent
    return [] if client is None else [_written(CLIENT_ID, client)]


def _mappings(settings: Settings) -> list[Json]:
    client = settings.qbittorrent
    if client is None:
        return []
    host = urlsplit(client.url).hostname or ""
    return [
        {"id": number, "host": host, "remotePath": each.remote, "localPath": str(each.local)}
        for number, each in enumerate(client.path_mappings, 1)
    ]


def _written(number: int, client: QbittorrentSettings) -> Json:
    address = urlsplit(client.url)
    is_safe = address.scheme == "https"
    return provider(
        number,
        CLIENT if number else "",
        "QBittorrent",
        [
            form_field(0, "host", "Host", address.hostname or ""),
            form_field(1, "port", "Port", address.port or (443 if is_safe else 80)),
            form_field(2, "useSsl", "Use SSL", is_safe, "checkbox"),
            form_field(3, "urlBase", "URL Base", address.path.strip("/"), advanced=True),
            form_field(4, "username", "Username", client.username, privacy="userName"),
            form_field(5, "password", "Password", client.password, privacy="password"),
            form_field(6, "movieCategory", "Category", client.category),
        ],
        enable=True,
        protocol="torrent",
        priority=1,
        removeCompletedDownloads=False,
        removeFailedDownloads=True,
    )
