"""`/api/downloadclients`: qBittorrent as the settings describe it, and how it does at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from litestar import Router, get, post
from litestar.params import FromPath

from reeld.domain.errors import ReeldError
from reeld.domain.messages import ClientFacts, LookAtClient
from reeld.domain.settings import QbittorrentSettings
from reeld.domain.work import Queue
from reeld.http.api.breaker_views import BreakerView
from reeld.http.disks import Room, room_of
from reeld.http.ops.audit import AnyRequest
from reeld.http.origins import address_of
from reeld.http.required import required
from reeld.http.surface import Surface

QBITTORRENT: Final = "qbittorrent"
"""The one client that there is, by the name of its settings."""
LOOK_SECONDS: Final = 8.0
"""Somebody looks at a page: a client that takes longer is shown as one that does not answer."""
TEST_SECONDS: Final = 40.0


@dataclass(frozen=True, slots=True)
class ClientView:
    """A download client. It is in the settings, and is changed there.

    Attributes:
        address: Without name, password and key.
        category: Its downloads for reeld are in it.
        answers: Whether it answered now; the fields below are null when it did not.
        reason: Why it did not, machine-readable; empty when it did.
        sentence: As before, for a person, with what to do.
        version: Such as `v5.0.3`.
        connection: `connected`, `firewalled` or `disconnected`: whether it reaches peers.
        download_speed: Bytes a second of all its torrents, those that are none of reeld's too.
        upload_speed: As before.
        folder: Where its downloads are saved, as this machine sees it.
        free_bytes: Of that folder's disk; null when this machine cannot look at it.
        total_bytes: As before.
        breaker: Null before its actor has started.
    """

    name: str
    implementation: str
    address: str
    category: str
    answers: bool
    reason: str
    sentence: str
    version: str | None
    connection: str | None
    download_speed: int | None
    upload_speed: int | None
    folder: str | None
    free_bytes: int | None
    total_bytes: int | None
    breaker: BreakerView | None


@dataclass(frozen=True, slots=True)
class ClientTested:
    """What came of trying a download client.

    Attributes:
        reason: What is wrong, machine-readable; empty when all is well.
        sentence: What is wrong and what to do, for people.
        version: Null when it did not say.
    """

    ok: bool
    reason: str
    sentence: str
    version: str | None


def client_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of download clients."""

    @get("/", operation_id="listDownloadClients")
    async def list_clients() -> list[ClientView]:
        """List the download clients, each asked now how it does; none while none is configured."""
        client = surface.settings().qbittorrent
        return [] if client is None else [await _looked_at(surface, client)]

    @get("/{name:str}", operation_id="getDownloadClient")
    async def get_client(name: FromPath[str]) -> ClientView:
        """Show one download client, asked now how it does."""
        return await _looked_at(surface, known(name))

    @post("/{name:str}/test", operation_id="testDownloadClient", status_code=200)
    async def test_client(name: FromPath[str], request: AnyRequest) -> ClientTested:
        """Log in to a download client as the settings in force say, whatever its breaker does.

        What is wrong is in the answer. Nothing is sent anywhere but to the address of the settings.
        """
        with surface.audit.change(request, "test_client", name):
            known(name)
            found = await _asked(surface, LookAtClient(trial=True), TEST_SECONDS)
        if isinstance(found, ReeldError):
            return ClientTested(False, found.reason, found.sentence, None)
        return ClientTested(True, "", "", found.version)

    def known(name: str) -> QbittorrentSettings:
        client = surface.settings().qbittorrent
        return required(client if name == QBITTORRENT else None, f"download client {name}")

    handlers = [list_clients, get_client, test_client]
    return [
        Router(
            "/api/downloadclients", route_handlers=handlers, guards=[surface.access.requires_key]
        )
    ]


async def _asked(
    surface: Surface, question: LookAtClient, seconds: float
) -> ClientFacts | ReeldError:
    """Ask; that there is no answer is an answer as well."""
    try:
        return await surface.directory[Queue.QBIT].ask(question, deadline=seconds)
    except ReeldError as error:
        return error


async def _room_for(folder: Path) -> Room | None:
    """Look at a folder's disk. Before the first download only the folder above may be there, but never just the root."""
    room = await room_of(folder)
    if room is None and folder.parent != Path(folder.anchor):
        room = await room_of(folder.parent)
    return room


async def _looked_at(surface: Surface, client: QbittorrentSettings) -> ClientView:
    found = await _asked(surface, LookAtClient(), LOOK_SECONDS)
    facts = None if isinstance(found, ReeldError) else found
    folder = facts.folder or None if facts else None
    room = None if folder is None else await _room_for(Path(folder))
    return ClientView(
        name=QBITTORRENT,
        implementation="qBittorrent",
        address=address_of(client.url),
        category=client.category,
        answers=facts is not None,
        reason=found.reason if isinstance(found, ReeldError) else "",
        sentence=found.sentence if isinstance(found, ReeldError) else "",
        version=facts.version if facts else None,
        connection=facts.connection if facts else None,
        download_speed=facts.download_speed if facts else None,
        upload_speed=facts.upload_speed if facts else None,
        folder=folder,
        free_bytes=room.free if room else None,
        total_bytes=room.total if room else None,
        breaker=BreakerView.of(surface, Queue.QBIT, Queue.QBIT),
    )
