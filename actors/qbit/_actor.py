"""The actor of qBittorrent."""

from __future__ import annotations

from collections import Counter
from typing import Final

import structlog
import trio

from reeld.actors.giving_up import give_up
from reeld.actors.kernel import handles
from reeld.actors.kernel.breaker import BreakerState
from reeld.actors.qbit._adding import Added, ensure_added, tag_of
from reeld.actors.qbit._news import note_complete, note_failed, note_missing, note_progress
from reeld.actors.qbit._watching import Finding, News, Watch
from reeld.actors.resources import Resources
from reeld.actors.service import ServiceActor, mark_of
from reeld.actors.worker import Effect, works
from reeld.domain.acquisition import Acquisition, AcquisitionState, FailureReason
from reeld.domain.errors import NotFound, Refused, ServiceError, Unavailable
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.messages import (
    PauseDownload,
    PollDownloads,
    RemoveDownload,
    ResumeDownload,
    SetShareLimits,
    SettingsChanged,
)
from reeld.domain.movie import Stage
from reeld.domain.release import Release
from reeld.domain.settings import QbittorrentSettings
from reeld.domain.work import Queue, WorkKind
from reeld.services.qbittorrent import QbittorrentClient, ShareLimits
from reeld.storage import TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.errors import LeadershipLost
from reeld.storage.events import append
from reeld.storage.repositories import acquisitions, downloads, history, movies, releases
from reeld.storage.repositories.downloads import Download
from reeld.storage.work import Job

log = structlog.get_logger("reeld.actors.qbit")

CLIENT: Final = "qbittorrent"
_WATCHED: Final = frozenset({AcquisitionState.SENT, AcquisitionState.DOWNLOADING})
_NO_LIMIT: Final = -1


class QbitActor(ServiceActor[QbittorrentSettings, QbittorrentClient]):
    """Works on queue `qbit`, and looks at the downloads every few seconds while there are any."""

    name = "qbit"
    queue = Queue.QBIT
    slots = 2

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self._watch = Watch(QbittorrentSettings().stalled_seconds)

    def read_settings(self) -> QbittorrentSettings | None:
        """Return qBittorrent's settings in force."""
        return self.resources.settings.current.qbittorrent

    def mark(self, settings: QbittorrentSettings) -> str:
        """Return a mark of address and credentials."""
        return mark_of(settings.url, settings.username, settings.password)

    def make_client(self, settings: QbittorrentSettings) -> QbittorrentClient:
        """Make a client, which logs in when it first has to."""
        return QbittorrentClient(settings, observer=self.observer)

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Restore the breaker, and begin to look at the downloads."""
        await super().on_start()
        self._poll_as_configured()

    @handles(SettingsChanged)
    async def settings_changed(self, message: SettingsChanged) -> None:
        """Take over changed settings, the interval among them."""
        await super().settings_changed(message)
        self._poll_as_configured()

    async def client(self) -> QbittorrentClient:
        """Return a client; when the breaker probes after rejected credentials, it may log in once more."""
        client = await super().client()
        if self.breaker.state is BreakerState.HALF_OPEN:
            client.forgive()
        return client

    # Looking

    @handles(PollDownloads)
    async def poll(self, _message: PollDownloads) -> None:
        """Look at every download that is under way, and write down what is new."""
        try:
            await self._look()
        except (Unavailable, ServiceError, LeadershipLost) as error:
            # The breaker tells that the client is away; each look that fails need not.
            log.debug("look_postponed", reason=error.reason)

    async def _look(self) -> None:
        active = await downloads.active(self.resources.database)
        self._count(active)
        watched = {each.id: each for each in active if each.state in _WATCHED and each.infohash}
        if not watched:
            return
        if any(each.state is AcquisitionState.SENT for each in watched.values()):
            crash_point("grab.sent.committed")
        client = await self.client()
        wanted = {key: each.infohash or "" for key, each in watched.items()}
        async with self.breaker.call():
            listed = await client.torrents(ids=wanted.values())
        findings = self._watch.look(wanted, listed, trio.current_time())
        await note_progress(
            self.resources.database,
            [
                (watched[each.acquisition_id], each.status)
                for each in findings
                if each.news is News.PROGRESS and each.status is not None
            ],
        )
        for finding in findings:
            await self._act_on(client, watched[finding.acquisition_id], finding)

    async def _act_on(
        self, client: QbittorrentClient, download: Download, finding: Finding
    ) -> None:
        database = self.resources.database
        match finding.news:
            case News.COMPLETE if finding.status is not None:
                async with self.breaker.call():
                    files = await client.files(finding.status.id)
                await note_complete(database, download, finding.status, files)
                self._count_finished("complete")
            case News.FAILED:
                await note_failed(database, download, finding)
                self._count_finished("failed")
            case News.MISSING:
                await note_missing(database, download)
            case _:
                pass

    # Work

    @works(WorkKind.ADD_TORRENT)
    async def add_torrent(self, job: Job) -> Effect | None:
        """Hand a torrent to qBittorrent, once, and see that it is there."""
        database = self.resources.database
        acquisition = await acquisitions.get(database, int(job.args["acquisition_id"]))
        if acquisition is None or acquisition.state is not AcquisitionState.FETCHED:
            return None
        release = await releases.get(database, acquisition.release_id)
        torrent = await acquisitions.torrent(database, acquisition.id)
        if release is None or torrent is None:
            raise NotFound(f"Acquisition {acquisition.id} lost its release or its torrent.")
        crash_point("grab.torrent.stored")
        client = await self.client()
        settings = self._settings_in_force()
        try:
            async with self.breaker.call():
                added = await ensure_added(client, settings, acquisition, torrent)
        except Refused as error:
            self._count_grab(release, "refused")
            return _refused(acquisition, release, error)
        self._count_grab(release, "ok")
        return _sent(acquisition, release, added, settings.category)

    @works(WorkKind.MARK_IMPORTED)
    async def mark_imported(self, job: Job) -> Effect | None:
        """Put an imported torrent into the category of those that are done; it goes on seeding."""
        acquisition = await acquisitions.get(
            self.resources.database, int(job.args["acquisition_id"])
        )
        if acquisition is None or acquisition.infohash is None:
            return None
        client = await self.client()
        category = f"{self._settings_in_force().category}-imported"
        crash_point("import.client.marking")
        async with self.breaker.call():
            await client.ensure_category(category)
            found = await client.torrents(ids=[acquisition.infohash])
            ours = [each.id for each in found if tag_of(acquisition.id) in each.tags]
            if ours:
                await client.set_category(ours, category)
        crash_point("import.client.marked")
        return None

    # By hand

    @handles(PauseDownload)
    async def pause(self, message: PauseDownload) -> None:
        """Stop a torrent until it is resumed."""
        client, infohash = await self._named(message.acquisition_id)
        async with self.breaker.call():
            await client.stop([infohash])

    @handles(ResumeDownload)
    async def resume(self, message: ResumeDownload) -> None:
        """Let a torrent go on."""
        client, infohash = await self._named(message.acquisition_id)
        async with self.breaker.call():
            await client.start([infohash])

    @handles(SetShareLimits)
    async def set_share_limits(self, message: SetShareLimits) -> None:
        """Set how long a torrent is seeded."""
        client, infohash = await self._named(message.acquisition_id)
        limits = ShareLimits(
            ratio=_NO_LIMIT if message.ratio is None else message.ratio,
            seeding_minutes=_NO_LIMIT
            if message.seeding_minutes is None
            else message.seeding_minutes,
        )
        async with self.breaker.call():
            await client.set_share_limits([infohash], limits)

    @handles(RemoveDownload)
    async def remove(self, message: RemoveDownload) -> None:
        """Remove a torrent that reeld added; `Refused` for any other."""
        client, infohash = await self._named(message.acquisition_id)
        tag = tag_of(message.acquisition_id)
        async with self.breaker.call():
            await client.delete(infohash, with_files=message.delete_files, required_tag=tag)

    async def _named(self, acquisition_id: int) -> tuple[QbittorrentClient, str]:
        acquisition = await acquisitions.get(self.resources.database, acquisition_id)
        if acquisition is None or acquisition.infohash is None:
            raise NotFound(f"There is no torrent of an acquisition {acquisition_id}.")
        return await self.client(), acquisition.infohash

    def _settings_in_force(self) -> QbittorrentSettings:
        settings = self.read_settings()
        assert settings is not None, "a client was made from them"
        return settings

    def _poll_as_configured(self) -> None:
        settings = self.read_settings()
        if settings is None:
            self.cancel_timer("poll")
            return
        self._watch.stalled_seconds = settings.stalled_seconds
        self.every("poll", settings.poll_seconds, PollDownloads(), first=0.0)

    def _count(self, active: list[Download]) -> None:
        states = Counter(str(each.state) for each in active)
        metrics = self.resources.metrics
        metrics.replace(
            "reeld_downloads", {(CLIENT, state): float(count) for state, count in states.items()}
        )
        left = sum(max((each.size or 0) - each.downloaded, 0) for each in active)
        metrics.set("reeld_download_remaining_bytes", left, client=CLIENT)

    def _count_finished(self, outcome: str) -> None:
        self.resources.metrics.add("reeld_downloads_finished_total", client=CLIENT, outcome=outcome)

    def _count_grab(self, release: Release, outcome: str) -> None:
        self.resources.metrics.add("reeld_grabs_total", source=str(release.source), outcome=outcome)


def _sent(acquisition: Acquisition, release: Release, added: Added, category: str) -> Effect:
    async def effect(conn: TrioConnection) -> None:
        if not await acquisitions.move(
            conn,
            acquisition.id,
            AcquisitionState.SENT,
            client_ref=added.status.id,
            category=category,
            save_path=added.status.save_path,
        ):
            return
        await movies.advance(conn, acquisition.movie_id, Stage.GRABBED, note=release.title)
        await history.append(
            conn,
            acquisition.movie_id,
            HistoryKind.GRABBED,
            release_title=release.title,
            infohash=acquisition.infohash,
            data={"indexer": release.indexer, "size": release.size, "ours": added.is_ours},
        )
        payload = {
            "movie_id": acquisition.movie_id,
            "release_id": release.id,
            "acquisition_id": acquisition.id,
        }
        await append(conn, EventKind.MOVIE_GRABBED, acquisition.movie_id, payload)

    return effect


def _refused(acquisition: Acquisition, release: Release, error: Refused) -> Effect:
    async def effect(conn: TrioConnection) -> None:
        await give_up(conn, acquisition, release, FailureReason.CLIENT_REFUSED, error.sentence)

    return effect
