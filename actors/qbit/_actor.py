"""The actor of qBittorrent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import ClassVar

import structlog

from reeld.actors.delays import delays_noted
from reeld.actors.fetching import fetch_torrent
from reeld.actors.giving_up import give_up
from reeld.actors.kernel import handles
from reeld.actors.qbit._adding import (
    VISIBLE_SECONDS,
    Added,
    Handover,
    ensure_added,
    is_ours,
    tag_of,
)
from reeld.actors.qbit._by_hand import DownloadsByHand
from reeld.actors.qbit._facts import facts_of, try_client
from reeld.actors.qbit._handed_in import handed_in
from reeld.actors.qbit._looking import Lookout
from reeld.actors.qbit._preferences import PreferenceReader
from reeld.actors.qbit._seeding import limits_for
from reeld.actors.qbit._watching import Watch
from reeld.actors.resources import Resources
from reeld.actors.service import UNCONFIGURED_SECONDS
from reeld.actors.torrents import as_client_takes_it, names_of, unseal_torrent
from reeld.actors.worker import Effect, works
from reeld.domain.acquisition import Acquisition, AcquisitionState, FailureReason
from reeld.domain.errors import (
    DeadlineExceeded,
    NotFound,
    Refused,
    ServiceDown,
    ServiceError,
    Unavailable,
)
from reeld.domain.history import EventKind, HistoryKind
from reeld.domain.messages import ClientFacts, LookAtClient, PollDownloads, SettingsChanged
from reeld.domain.movie import Stage
from reeld.domain.release import Release
from reeld.domain.settings import QbittorrentSettings
from reeld.domain.torrent import Magnet
from reeld.domain.work import Queue, WorkKind
from reeld.services.qbittorrent import QbittorrentClient
from reeld.storage import TrioConnection
from reeld.storage.crashpoints import crash_point
from reeld.storage.errors import LeadershipLost
from reeld.storage.events import append
from reeld.storage.repositories import acquisitions, history, movies, releases
from reeld.storage.repositories.acquisitions import TorrentTaken
from reeld.storage.work import Job

log = structlog.get_logger("reeld.actors.qbit")


class QbitActor(DownloadsByHand):
    """Works on queue `qbit`, and looks at the downloads every few seconds while there are any."""

    name = "qbit"
    queue = Queue.QBIT
    slots = 2
    # Longer than the client's own deadlines: a qBittorrent that hangs is to be noticed by the breaker.
    handler_deadline: ClassVar[float] = 90.0

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self._watch = Watch(QbittorrentSettings().stalled_seconds)
        self._lookout = Lookout(resources, self.call, self._watch)
        self._preferences = PreferenceReader(resources.directory)

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Restore the breaker, and begin to look at the downloads."""
        await super().on_start()
        self._poll_as_configured()

    @asynccontextmanager
    async def call(self) -> AsyncIterator[QbittorrentClient]:
        """Make one call; see `ServiceActor.call`. After a login, qBittorrent's own settings are read along with it."""
        async with super().call() as client:
            yield client
            await self._preferences.read_if_due(client, self.read_settings())

    @handles(SettingsChanged)
    async def settings_changed(self, message: SettingsChanged) -> None:
        """Take over changed settings, the interval among them."""
        await super().settings_changed(message)
        self._poll_as_configured()

    @handles(PollDownloads)
    async def poll(self, _message: PollDownloads) -> None:
        """Look at every download that is under way, and write down what is new."""
        try:
            await self._lookout.look()
        except (Unavailable, ServiceError, DeadlineExceeded, LeadershipLost) as error:
            # The breaker tells that the client is away; each look that fails need not.
            log.debug("look_postponed", reason=error.reason)

    @works(WorkKind.FETCH_TORRENT)
    async def fetch(self, job: Job) -> Effect | None:
        """Take the torrent of an acquisition from the row of its release: somebody handed it in."""
        return await fetch_torrent(self.resources, job, partial(handed_in, self.resources))

    @handles(LookAtClient)
    async def facts(self, message: LookAtClient) -> ClientFacts:
        """Ask qBittorrent how it does."""
        settings = self.require_settings()
        if message.trial:
            return await try_client(self._make_client(settings), settings)
        async with self.call() as client:
            return await facts_of(client, settings)

    @works(WorkKind.ADD_TORRENT)
    async def add_torrent(self, job: Job) -> Effect | None:
        """Hand a torrent to qBittorrent, once, and see that it is there."""
        database = self.resources.database
        acquisition = await acquisitions.get(database, int(job.args["acquisition_id"]))
        if acquisition is None or acquisition.state is not AcquisitionState.FETCHED:
            return None
        release = await releases.get(database, acquisition.release_id)
        sealed = await acquisitions.torrent(database, acquisition.id)
        if release is None or sealed is None:
            raise NotFound(f"Acquisition {acquisition.id} lost its release or its torrent.")
        stored = await unseal_torrent(self.resources.vault, acquisition.id, sealed)
        torrent = as_client_takes_it(stored)
        crash_point("grab.torrent.stored")
        settings = self.require_settings()
        try:
            async with delays_noted(database, acquisition):
                handover = await self._handover(job, acquisition, release, torrent)
                added = await self._ensure_added(settings, handover)
        except Refused as error:
            if error.reason != "torrent_refused":
                # It refuses what the settings say, such as the category: no release is to blame for that.
                raise Unavailable(
                    error.sentence, reason=error.reason, retry_after=UNCONFIGURED_SECONDS
                ) from error
            self._count_grab(release, "refused")
            return _refused(acquisition, release, error)
        self._count_grab(release, "ok")
        return _sent(acquisition, release, added, settings.category)

    async def _handover(
        self, job: Job, acquisition: Acquisition, release: Release, torrent: bytes | Magnet
    ) -> Handover:
        async def note_offered() -> None:
            await self.resources.work.progress(job, {**job.progress, "offered": True})

        assert acquisition.infohash is not None
        names = frozenset({acquisition.infohash, *await names_of(torrent)})
        offered = bool(job.progress.get("offered"))
        limits = await limits_for(self.resources.database, release)
        return Handover(acquisition, torrent, names, offered, note_offered, limits)

    async def _ensure_added(self, settings: QbittorrentSettings, handover: Handover) -> Added:
        async with self.call() as client:
            added = await ensure_added(client, settings, handover)
        if added is None:
            # Not inside the call: a client that answers every question is not down.
            raise ServiceDown(
                f"qBittorrent does not list the torrent {VISIBLE_SECONDS:g} s after it was added. It is tried again.",
                service="qbittorrent",
                reason="torrent_not_visible",
            )
        return added

    @works(WorkKind.MARK_IMPORTED)
    async def mark_imported(self, job: Job) -> Effect | None:
        """Put an imported torrent into the category of those that are done; it goes on seeding."""
        acquisition = await acquisitions.get(
            self.resources.database, int(job.args["acquisition_id"])
        )
        if acquisition is None or acquisition.infohash is None:
            return None
        category = self.require_settings().category
        crash_point("import.client.marking")
        async with self.call() as client:
            await client.ensure_category(f"{category}-imported")
            crash_point("import.client.category_made")
            found = await client.torrents(category=category, ids=[acquisition.infohash])
            # One that a person put elsewhere stays there.
            version = await client.version()
            if ours := [each.id for each in found if is_ours(each, version, acquisition)]:
                await client.set_category(ours, f"{category}-imported")
        crash_point("import.client.marked")
        return None

    @works(WorkKind.DROP_TORRENT)
    async def drop_torrent(self, job: Job) -> Effect | None:
        """Remove what was downloaded for a movie that is deleted, unless somebody else added it."""
        crash_point("drop.client.removing")
        async with self.call() as client:
            has_tags = (await client.version()).has_tags
            if has_tags or job.args["ours"]:
                tag = tag_of(int(job.args["acquisition_id"])) if has_tags else None
                with suppress(Refused):  # not ours: it goes on
                    await client.delete(
                        str(job.args["infohash"]), with_files=True, required_tag=tag
                    )
        crash_point("drop.client.removed")
        return None

    def _poll_as_configured(self) -> None:
        settings = self.read_settings()
        if settings is None:
            self.cancel_timer("poll")
            return
        self._watch.stalled_seconds = settings.stalled_seconds
        self.every("poll", settings.poll_seconds, PollDownloads(), first=0.0)

    def _count_grab(self, release: Release, outcome: str) -> None:
        self.resources.metrics.add("reeld_grabs_total", source=str(release.source), outcome=outcome)


def _sent(acquisition: Acquisition, release: Release, added: Added, category: str) -> Effect:
    async def effect(conn: TrioConnection) -> None:
        try:
            is_new = await acquisitions.move(
                conn,
                acquisition.id,
                AcquisitionState.SENT,
                infohash=added.status.id,
                client_ref=added.status.id,
                category=category,
                save_path=added.status.save_path,
                ours=added.is_ours,
            )
        except TorrentTaken as error:
            # Fetched under the other one of its two hashes.
            await give_up(conn, acquisition, release, FailureReason.TORRENT_TAKEN, error.sentence)
            return
        if not is_new:
            return
        await movies.advance(conn, acquisition.movie_id, Stage.GRABBED, note=release.title)
        await history.append(
            conn,
            acquisition.movie_id,
            HistoryKind.GRABBED,
            release_title=release.title,
            infohash=added.status.id,
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
