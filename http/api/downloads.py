"""`/api/downloads`: what is being fetched, and what people order about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Router, delete, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from reeld.domain.acquisition import Acquisition, AcquisitionState
from reeld.domain.errors import Refused
from reeld.domain.messages import RemoveDownload
from reeld.domain.parting import Parting
from reeld.http.api.download_orders import ASK_SECONDS, DownloadOrder, retried, told
from reeld.http.api.handing_in import handing_in_handler
from reeld.http.ops.audit import AnyRequest
from reeld.http.required import required
from reeld.http.surface import Surface
from reeld.storage.repositories import acquisitions, downloads
from reeld.storage.repositories.downloads import Download
from reeld.storage.work import submit


@dataclass(frozen=True, slots=True)
class Ordered:
    """What came of an order.

    Attributes:
        id: The download's number: of a new one when a release is fetched once more.
        done: False where the client has no queue to order.
    """

    id: int
    done: bool = True


def download_routes(surface: Surface) -> Sequence[Any]:
    """Return the routes of downloads."""
    database, audit, directory = surface.database, surface.audit, surface.directory

    @get("/", operation_id="listDownloads")
    async def list_downloads() -> list[Download]:
        """List what is being fetched with its progress, oldest first."""
        return await downloads.active(database)

    @get("/{download_id:int}", operation_id="getDownload")
    async def get_download(download_id: FromPath[int]) -> Download:
        """Show one download, also when it is over."""
        return required(await downloads.get(database, download_id), f"download {download_id}")

    @post("/{download_id:int}/{order:str}", operation_id="orderDownload", status_code=200)
    async def order_download(
        download_id: FromPath[int], order: FromPath[DownloadOrder], request: AnyRequest
    ) -> Ordered:
        """Put a download first or last, pause or resume it, or retry what was given up."""
        with audit.change(request, "order_download", str(download_id), order=order):
            acquisition = await known(download_id)
            if order is DownloadOrder.RETRY:
                return Ordered(await retried(surface, acquisition))
            return Ordered(download_id, await told(directory, order, download_id))

    @delete("/{download_id:int}", operation_id="deleteDownload", status_code=200)
    async def delete_download(
        download_id: FromPath[int],
        request: AnyRequest,
        block: Annotated[bool, QueryParameter(name="blocklist")] = True,
        delete_files: FromQuery[bool] = True,
    ) -> Ordered:
        """Remove a download. With `blocklist` the release is not taken again, and another one is looked for."""
        with audit.change(request, "remove_download", str(download_id), blocklist=block):
            acquisition = await known(download_id)
            if acquisition.state.is_final:
                raise Refused(f"Download {download_id} is over.", reason="download_over")
            if acquisition.infohash is None or acquisition.state is AcquisitionState.FETCHED:
                # The client does not have it yet: nobody else is asked, and the order outlives a restart.
                async with database.transaction() as conn:
                    await submit(conn, Parting(blocklist=block).work(download_id))
            else:
                removal = RemoveDownload(download_id, delete_files=delete_files, blocklist=block)
                await directory["qbit"].ask(removal, deadline=ASK_SECONDS)
            return Ordered(download_id)

    async def known(download_id: int) -> Acquisition:
        return required(await acquisitions.get(database, download_id), f"download {download_id}")

    handlers = [
        list_downloads,
        get_download,
        handing_in_handler(surface),
        order_download,
        delete_download,
    ]
    return [Router("/api/downloads", route_handlers=handlers, guards=[surface.access.requires_key])]
