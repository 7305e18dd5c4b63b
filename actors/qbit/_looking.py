"""One look at all downloads that are under way, and what follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog
import trio

from reeld.actors.qbit._adding import is_ours
from reeld.actors.qbit._news import (
    note_complete,
    note_failed,
    note_id,
    note_listed,
    note_missing,
    note_progress,
)
from reeld.actors.qbit._watching import Finding, News, Wanted, Watch
from reeld.actors.resources import Resources
from reeld.actors.tracing import stage_span
from reeld.domain.acquisition import AcquisitionState, FailureReason
from reeld.domain.errors import NotFound, ProtocolViolation, ReeldError, Refused
from reeld.domain.release import Source
from reeld.services.qbittorrent import (
    PHASES,
    Phase,
    QbittorrentClient,
    QbittorrentFile,
    TorrentStatus,
)
from reeld.storage.crashpoints import crash_point
from reeld.storage.repositories import acquisitions, downloads
from reeld.storage.repositories.downloads import Download
from reeld.telemetry import tracing

log = structlog.get_logger("reeld.actors.qbit")

CLIENT: Final = "qbittorrent"
SETTLING_SECONDS: Final = 60.0
_WHOLE_LIST_SINCE: Final = (2, 8, 5)
"""qBittorrent 4.4.5: older ones answer after a restart before they have read all their torrents."""
_MOST_NAMED: Final = 50
"""More infohashes than this make an address that proxies refuse: then all torrents are asked for."""
_MOST_UNKNOWN: Final = 20
"""So many unknown states are remembered; who invents more of them is no qBittorrent."""
_LONGEST_WORD: Final = 40
_WATCHED: Final = frozenset(
    {AcquisitionState.SENT, AcquisitionState.DOWNLOADING, AcquisitionState.COMPLETE}
)

DOWNLOAD_STATES: Final = (
    *(str(state) for state in AcquisitionState if not state.is_final),
    "stalled",
    "error",
)
"""How far a download is, or what keeps it, as `reeld_downloads` tells it."""

Call = Callable[[], AbstractAsyncContextManager[QbittorrentClient]]
"""Makes one call through the actor's breaker."""


def state_of(download: Download) -> str:
    """Return how far a download is, or what keeps it."""
    is_going = download.state in _WATCHED - {AcquisitionState.COMPLETE}
    phase = PHASES.get(download.client_state or "") if is_going else None
    match phase:
        case Phase.STALLED:
            return "stalled"
        case Phase.FAILED | Phase.MISSING_FILES:
            return "error"
        case _:
            return str(download.state)


def _are_there(ids: Iterable[str], listed: Iterable[TorrentStatus]) -> bool:
    names = {status.id for status in listed}
    return all(each[:40] in names for each in ids)


class Lookout:
    """Looks at downloads and writes down what is new.

    Args:
        resources: What actors share.
        call: Makes a call to qBittorrent.
        watch: Remembers what the last look saw.
    """

    def __init__(self, resources: Resources, call: Call, watch: Watch) -> None:
        self._database = resources.database
        self._metrics = resources.metrics
        self._call = call
        self._watch = watch
        self._unknown: set[str] = set()
        # qBittorrent may have been started a moment ago, together with us.
        self._disturbed_at = trio.current_time()

    async def look(self) -> None:
        """Look at every download that is under way.

        Raises:
            ReeldError: Neither qBittorrent nor the database could be asked; the next look is as good.
        """
        active = await downloads.active(self._database)
        self._count(active)
        watched = {each.id: each for each in active if each.state in _WATCHED and each.infohash}
        if not watched:
            return
        if any(each.state is AcquisitionState.SENT for each in watched.values()):
            crash_point("grab.sent.committed")
        wanted = {
            key: Wanted(each.infohash or "", each.downloaded, each.still_seconds)
            for key, each in watched.items()
        }
        handed_in = [
            wanted[key].infohash for key, each in watched.items() if each.indexer == Source.PUSHED
        ]
        listed, is_whole = await self._list([each.infohash for each in wanted.values()], handed_in)
        self._tell_unknown(listed)
        findings = self._watch.look(wanted, listed, trio.current_time())
        looked = [(watched[finding.acquisition_id], finding) for finding in findings]
        await self._follow_ids(looked)
        await self._note(looked)
        for download, finding in looked:
            if finding.news is not News.MISSING or is_whole:
                await self._act_on_one(download, finding)

    async def _follow_ids(self, looked: list[tuple[Download, Finding]]) -> None:
        """Know each torrent by the id that it goes by now.

        A magnet link to a hybrid torrent may name its hash of version 1 alone. When the metadata comes, qBittorrent lists
        the torrent by its hash of version 2 (seen with 4.5.2), and knows the former id no more.
        """
        for download, finding in looked:
            status = finding.status
            if status is not None and status.id != (download.infohash or "")[:40]:
                await note_id(self._database, download, status.id)

    def _tell_unknown(self, listed: Iterable[TorrentStatus]) -> None:
        """Log each state that this reeld does not know once, for whoever is to teach it."""
        for status in listed:
            word = status.raw_state[:_LONGEST_WORD]
            if status.phase is not Phase.UNKNOWN or word in self._unknown:
                continue
            if len(self._unknown) < _MOST_UNKNOWN:
                self._unknown.add(word)
                log.warning("client_state_unknown", state=word, torrent=status.id)

    async def _note(self, looked: list[tuple[Download, Finding]]) -> None:
        there = [one for one in looked if one[1].status is not None]
        # Of what waits for its import, no more is asked than to be there.
        complete = [one.id for one, _ in there if one.state is AcquisitionState.COMPLETE]
        going = [one for one in there if one[0].state is not AcquisitionState.COMPLETE]
        await note_listed(self._database, complete)
        await note_progress(self._database, [one for one in going if one[1].news is News.PROGRESS])

    async def _list(
        self, wanted: list[str], handed_in: list[str]
    ) -> tuple[tuple[TorrentStatus, ...], bool]:
        """Return what qBittorrent lists, and whether that is all it has."""
        ids = wanted if len(wanted) <= _MOST_NAMED else None
        is_whole = True
        try:
            async with self._call() as client:
                listed = await client.torrents(ids=ids)
                if ids is not None and not _are_there(handed_in, listed):
                    # One from a magnet link may go by another id since its metadata came.
                    listed = await client.torrents()
                if trio.current_time() - self._disturbed_at < SETTLING_SECONDS:
                    is_whole = (await client.version()).api >= _WHOLE_LIST_SINCE
        except ReeldError:
            self._disturbed_at = trio.current_time()
            raise
        return listed, is_whole

    async def _act_on_one(self, download: Download, finding: Finding) -> None:
        try:
            if finding.news is News.PROGRESS:
                await self._act_on(download, finding)
                return
            # The download itself may have taken days: it is no open span, its end links to where it began.
            led_here = await self._led_here(download)
            with stage_span(f"download {finding.news}", "download", download.movie_id, *led_here):
                await self._act_on(download, finding)
        except (NotFound, Refused) as error:
            # It changed since the look; the others are not to wait for it.
            log.info("finding_overtaken", acquisition=download.id, reason=error.reason)

    async def _led_here(self, download: Download) -> tuple[str | None, ...]:
        return await acquisitions.led_here(self._database, download.id) if tracing.is_on() else ()

    async def _act_on(self, download: Download, finding: Finding) -> None:
        if download.state is AcquisitionState.COMPLETE and finding.news is not News.MISSING:
            return
        match finding.news:
            case News.COMPLETE if finding.status is not None:
                await self._complete(download, finding.status)
            case News.FAILED if finding.failure is not None:
                await self._fail(download, finding.failure, finding.sentence)
            case News.MISSING:
                await note_missing(self._database, download)
            case News.PROGRESS if finding.to_be_started and finding.status is not None:
                await self._start_again(download, finding.status)
            case _:
                pass

    async def _complete(self, download: Download, status: TorrentStatus) -> None:
        try:
            files = await self._files(status)
        except ProtocolViolation as error:
            if error.reason != "unsafe_file_name":
                raise
            await self._fail(download, FailureReason.TORRENT_UNSAFE, error.sentence)
            return
        await note_complete(self._database, download, status, files)
        self._count_finished("complete")

    async def _files(self, status: TorrentStatus) -> tuple[QbittorrentFile, ...]:
        async with self._call() as client:
            return await client.files(status.id)

    async def _fail(self, download: Download, failure: FailureReason, sentence: str) -> None:
        await note_failed(self._database, download, failure, sentence)
        self._count_finished("failed")

    async def _start_again(self, download: Download, status: TorrentStatus) -> None:
        async with self._call() as client:
            if not is_ours(status, await client.version(), download):
                return  # whoever added it looks after it
            crash_point("grab.client.restarting")
            await client.start([status.id])
        crash_point("grab.client.restarted")
        log.info("torrent_started_again", acquisition=download.id, state=status.raw_state)

    def _count(self, active: list[Download]) -> None:
        states = Counter(state_of(each) for each in active)
        self._metrics.replace(
            "reeld_downloads", {(CLIENT, state): float(count) for state, count in states.items()}
        )
        left = sum(max((each.size or 0) - each.downloaded, 0) for each in active)
        self._metrics.set("reeld_download_remaining_bytes", left, client=CLIENT)

    def _count_finished(self, outcome: str) -> None:
        self._metrics.add("reeld_downloads_finished_total", client=CLIENT, outcome=outcome)
