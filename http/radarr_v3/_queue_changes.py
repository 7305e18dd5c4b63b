"""What is taken out of the queue, the history and the blocklist."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Final

import trio
from litestar import Response, delete, post
from litestar.params import FromPath

from reeld.domain.acquisition import FailureReason
from reeld.domain.parting import InClient, Parting
from reeld.domain.work import Queue, WorkKind, WorkRequest
from reeld.http.radarr_v3._answers import answered
from reeld.http.radarr_v3._asked import AnyRequest, Query, read_body
from reeld.http.radarr_v3._errors import Missing, invalid
from reeld.http.radarr_v3._frame import Frame
from reeld.http.radarr_v3._waiting import end_wait, is_waiting
from reeld.storage.repositories import blocklist, downloads, history, releases
from reeld.storage.repositories.history import HistoryRecord
from reeld.storage.work import submit

REMOVE_SECONDS: Final = 20.0
_LOOK_SECONDS: Final = 0.05
MOST_AT_ONCE: Final = 500
_FAILED_BY_HAND: Final = "Somebody marked it as failed."


def removing_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that take downloads out of the queue."""
    audit, remover = frame.surface.audit, _Remover(frame)

    @delete("/queue/{download_id:int}", status_code=200)
    async def remove(download_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "remove_download", str(download_id)):
            await remover.remove(download_id, parting_of(Query.of(request)))
        return answered({})

    @delete("/queue/bulk", status_code=200)
    async def remove_many(request: AnyRequest) -> Response[bytes]:
        numbers = (await read_body(request)).integers("ids")
        if not 0 < len(numbers) <= MOST_AT_ONCE:
            raise invalid("Ids", f"There must be 1 to {MOST_AT_ONCE} downloads.")
        parting = parting_of(Query.of(request))
        with audit.change(request, "remove_download", f"{len(numbers)} downloads"):
            for number in dict.fromkeys(numbers):
                # One that has left the queue since it was read is where it was to be.
                with suppress(Missing):
                    await remover.remove(number, parting)
        return answered({})

    return [remove, remove_many]


class _Remover:
    """Takes downloads out of the queue."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    async def remove(self, number: int, parting: Parting) -> None:
        """Go on without a download: the order is durable before it is answered.

        Raises:
            Missing: There is none of that number.
        """
        if is_waiting(number):
            await end_wait(self._frame, number, block=parting.blocklist)
            return
        if all(one.id != number for one in await downloads.active(self._frame.database)):
            raise Missing
        async with self._frame.database.transaction() as conn:
            await submit(conn, parting.work(number))
        with trio.move_on_after(REMOVE_SECONDS):
            await self._until_gone(number)

    async def _until_gone(self, number: int) -> None:
        for _ in count():
            if all(one.id != number for one in await downloads.active(self._frame.database)):
                return
            await trio.sleep(_LOOK_SECONDS)


def parting_of(query: Query) -> Parting:
    """Read what is to become of a download; as in Radarr, a torrent that is removed needs no other category."""
    if query.flag("removeFromClient", True):
        in_client = InClient.REMOVED
    elif query.flag("changeCategory"):
        in_client = InClient.MARKED
    else:
        in_client = InClient.LEFT
    again = not query.flag("skipRedownload")
    return Parting(in_client, blocklist=query.flag("blocklist"), again=again)


def failing_routes(frame: Frame) -> Sequence[Any]:
    """Return the route that calls a grabbed release bad."""
    audit, remover = frame.surface.audit, _Remover(frame)

    @post("/history/failed/{history_id:int}", status_code=200)
    async def mark_failed(history_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "remove_download", f"history {history_id}"):
            record = await history.get(frame.database, history_id)
            if record is None or record.infohash is None:
                raise Missing
            for download in await downloads.active(frame.database):
                if download.infohash == record.infohash:
                    await remover.remove(download.id, Parting(blocklist=True))
                    break
            else:
                await block(record)
        return answered({})

    async def block(record: HistoryRecord) -> None:
        """Block a release that is in the library, or failed already, and look for another one."""
        entry = record.entry
        found = await releases.by_movie(frame.database, entry.movie_id)
        known = next((one for one in found if one.infohash == record.infohash), None)
        request = WorkRequest(
            Queue.DECISION,
            WorkKind.DECIDE_MOVIE,
            {"movie_id": entry.movie_id},
            f"movie:{entry.movie_id}",
        )
        async with frame.database.transaction() as conn:
            await blocklist.add(
                conn,
                entry.movie_id,
                indexer=known.indexer if known else "",
                guid=known.guid if known else str(record.infohash),
                infohash=record.infohash,
                title=entry.release_title or "",
                reason=str(FailureReason.REMOVED_BY_USER),
                sentence=_FAILED_BY_HAND,
            )
            await submit(conn, request)

    return [mark_failed]


def unblocking_routes(frame: Frame) -> Sequence[Any]:
    """Return the routes that let releases be fetched again."""
    audit = frame.surface.audit

    @delete("/blocklist/{blocked_id:int}", status_code=200)
    async def unblock(blocked_id: FromPath[int], request: AnyRequest) -> Response[bytes]:
        with audit.change(request, "unblock_release", str(blocked_id)):
            async with frame.database.transaction() as conn:
                if not await blocklist.remove(conn, blocked_id):
                    raise Missing
        return answered({})

    @delete("/blocklist/bulk", status_code=200)
    async def unblock_many(request: AnyRequest) -> Response[bytes]:
        numbers = (await read_body(request)).integers("ids")
        with audit.change(request, "unblock_release", f"{len(numbers)} releases"):
            async with frame.database.transaction() as conn:
                for number in numbers:
                    await blocklist.remove(conn, number)
        return answered({})

    return [unblock, unblock_many]
