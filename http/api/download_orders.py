"""What people order of a download."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, assert_never

from reeld.actors.kernel import Directory
from reeld.domain.acquisition import Acquisition, AcquisitionState
from reeld.domain.errors import Refused
from reeld.domain.messages import GrabRelease, PauseDownload, PrioritiseDownload, ResumeDownload
from reeld.http.surface import Surface
from reeld.storage.work import WorkState

ASK_SECONDS: Final = 30.0


class DownloadOrder(StrEnum):
    """What can be ordered of a download."""

    FIRST = "first"
    """Put it at the head of the client's queue."""
    LAST = "last"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    """Try again what was given up: the work on it, or the whole release."""


async def told(directory: Directory, order: DownloadOrder, download_id: int) -> bool:
    """Tell the client; False where it has no queue to order."""
    qbit = directory["qbit"]
    match order:
        case DownloadOrder.FIRST | DownloadOrder.LAST:
            place = PrioritiseDownload(download_id, first=order is DownloadOrder.FIRST)
            return bool(await qbit.ask(place, deadline=ASK_SECONDS))
        case DownloadOrder.PAUSE:
            await qbit.ask(PauseDownload(download_id), deadline=ASK_SECONDS)
        case DownloadOrder.RESUME:
            await qbit.ask(ResumeDownload(download_id), deadline=ASK_SECONDS)
        case DownloadOrder.RETRY:
            raise AssertionError("it is no matter of the client's")
        case _:
            assert_never(order)
    return True


async def retried(surface: Surface, acquisition: Acquisition) -> int:
    """Try a download again; return its number, or that of the new one.

    Raises:
        Refused: Nothing of it was given up.
    """
    if acquisition.state is AcquisitionState.FAILED:
        order = GrabRelease(acquisition.release_id, acquisition.movie_id, force=True)
        return int(await surface.directory["decision"].ask(order, deadline=ASK_SECONDS))
    dead = await surface.work.list(state=WorkState.DEAD, limit=1000)
    own = [each.id for each in dead if each.args.get("acquisition_id") == acquisition.id]
    tried = [number for number in own if await surface.work.retry_dead(number)]
    if not tried:
        raise Refused(
            f"Nothing of download {acquisition.id} was given up: it is {acquisition.state}.",
            reason="not_dead",
        )
    return acquisition.id
