"""`POST /api/downloads`: a release that was found, or a torrent that a person hands in."""

from __future__ import annotations

import base64
import binascii
from functools import partial
from typing import Annotated, Any, Final

import msgspec
import trio
from litestar import post
from litestar.params import JSONBody

from reeld.domain.errors import InvalidField, NotFound, ProtocolViolation, Refused
from reeld.domain.messages import FetchLink, GrabRelease
from reeld.domain.secret import Secret
from reeld.domain.torrent import LONGEST_MAGNET, InvalidMagnet, InvalidTorrent
from reeld.http.api.download_orders import ASK_SECONDS
from reeld.http.handed_in import HandedIn, keep, read_handed_in, require_free
from reeld.http.ops.audit import AnyRequest
from reeld.http.surface import Surface
from reeld.storage.repositories import downloads
from reeld.storage.repositories.downloads import Download

LARGEST_BODY: Final = 4 * 1024 * 1024
"""Bytes: a .torrent of three megabytes in base64. One of a film has some hundred kilobytes."""
LONGEST_URL: Final = 2000
FETCH_SECONDS: Final = 25.0
_SOURCES: Final = ("release_id", "magnet", "url", "torrent")
_READERS: Final = trio.CapacityLimiter(1)

Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class DownloadBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be downloaded: exactly one of `release_id`, `magnet`, `url` and `torrent`.

    Attributes:
        release_id: A release that was found.
        magnet: A magnet link.
        url: The web address of a .torrent, in the open internet.
        torrent: A .torrent file in base64.
        movie_id: For which movie; when left out, the one that the release was matched to, or the one of the library that
            the torrent's name belongs to.
        force: Whether it is taken although rules reject it.
    """

    release_id: Number | None = None
    magnet: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_MAGNET)] | None = None
    url: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_URL)] | None = None
    torrent: Annotated[str, msgspec.Meta(min_length=1, max_length=LARGEST_BODY)] | None = None
    movie_id: Number | None = None
    force: bool = False


def handing_in_handler(surface: Surface) -> Any:
    """Return the route by which downloads are added."""
    database, audit, directory = surface.database, surface.audit, surface.directory

    @post("/", operation_id="addDownload", request_max_body_size=LARGEST_BODY)
    async def add_download(data: JSONBody[DownloadBody], request: AnyRequest) -> Download:
        """Fetch a release that was found, or a torrent that is handed in: a magnet link, a web address or a .torrent file."""
        _require_one(data)
        if data.release_id is not None:
            with audit.change(request, "grab_release", str(data.release_id), force=data.force):
                return await grabbed(data.release_id, data)
        handed = await handed_in(data)
        with audit.change(request, "grab_release", handed.title[:100], force=data.force):
            await require_free(database, handed.infohash)
            return await grabbed(await keep(database, surface.vault, handed), data)

    async def handed_in(data: DownloadBody) -> HandedIn:
        if data.magnet is not None:
            return await _read("magnet", data.magnet.encode())
        if data.torrent is not None:
            decode = partial(_decoded, data.torrent)
            return await _read("torrent", await trio.to_thread.run_sync(decode, limiter=_READERS))
        return await _read("url", await fetched(data.url or ""))

    async def fetched(url: str) -> bytes:
        try:
            return await directory["indexers"].ask(FetchLink(Secret(url)), deadline=FETCH_SECONDS)
        except (Refused, NotFound, ProtocolViolation) as error:
            raise _unreadable("url", error.sentence) from error

    async def grabbed(release_id: int, data: DownloadBody) -> Download:
        order = GrabRelease(release_id, data.movie_id, data.force)
        number = await directory["decision"].ask(order, deadline=ASK_SECONDS)
        download = await downloads.get(database, number)
        if download is None:
            raise NotFound(f"Download {number} is gone: its movie was removed meanwhile.")
        return download

    return add_download


def _require_one(data: DownloadBody) -> None:
    given = [name for name in _SOURCES if getattr(data, name) is not None]
    if len(given) != 1:
        said = f"{' and '.join(given)} are given" if given else "none is given"
        raise InvalidField("body", f"Give exactly one of {', '.join(_SOURCES)}: {said}.")


async def _read(field: str, content: bytes) -> HandedIn:
    try:
        return await read_handed_in(content)
    except InvalidMagnet as error:
        raise InvalidField(field, error.sentence, reason="magnet_invalid") from error
    except InvalidTorrent as error:
        raise _unreadable(field, f"The .torrent file is refused: {error.detail}.") from error


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _unreadable("torrent", "It is no base64: send the file's bytes so.") from error


def _unreadable(field: str, complaint: str) -> InvalidField:
    return InvalidField(field, complaint, reason="torrent_unreadable")
