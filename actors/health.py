"""HealthActor: looks at every part on a timer, so that a health request only reads what is known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Final

import structlog
import trio

from reeld.actors.checks import (
    SILENT_SECONDS,
    BackupAges,
    Disks,
    LinkTrial,
    ProcessWatch,
    check_actor,
    check_breaker,
    check_database,
    check_feed,
    check_leader,
    check_mailboxes,
    check_migrations,
    check_preferences,
    check_profile,
    check_schedule,
    check_service,
    check_work,
)
from reeld.actors.database import DatabaseStatus
from reeld.actors.importer import local_folder, roots_of
from reeld.actors.kernel import Actor, Breaker, handles
from reeld.actors.resources import Resources
from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.messages import ClientSettingsRead, Message, Overflow, SettingsChanged
from reeld.domain.settings import Settings
from reeld.storage.repositories import feeds, indexers, profiles, standing
from reeld.storage.schedule import Schedule
from reeld.telemetry import Check, HealthBoard, Status

__all__ = ["LOOK_SECONDS", "SILENT_SECONDS", "HealthActor", "Look", "TryLinks"]

log = structlog.get_logger("reeld.actors")

LOOK_SECONDS: Final = 5.0
ROWS_SECONDS: Final = 3.0
"""How long all questions to the database may take together: the rest of health does not wait for them."""
LINK_SECONDS: Final = 900.0
LINK_AGAIN_SECONDS: Final = 20.0
"""How often a real hard link is tried; mounts change rarely, and a trial writes."""

Witness = Callable[[], Iterable[Check]]
"""Tells what this room cannot know: supervisors, settings, performance. Quick, and never raises."""


@dataclass(frozen=True, slots=True)
class Look(Message[None]):
    """Check everything now."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


@dataclass(frozen=True, slots=True)
class TryLinks(Message[None]):
    """Try a hard link from the downloads into the library."""

    overflow: ClassVar[Overflow] = Overflow.COALESCE


class HealthActor(Actor):
    """Checks everything, each part with a deadline, and posts what it found. It calls no service.

    What rows tell is kept from the last time that they could be read, and is judged again when they can be.
    """

    name = "health"

    def __init__(
        self,
        resources: Resources,
        board: HealthBoard,
        database: DatabaseStatus,
        witness: Witness = tuple,
    ) -> None:
        super().__init__()
        self._resources = resources
        self._board = board
        self._database = database
        self._witness = witness
        self._disks = Disks(resources.metrics)
        self._process = ProcessWatch()
        self._trial = LinkTrial()
        self._backups = BackupAges()
        self._from_rows: list[Check] = []
        self._of_client: list[Check] = []
        self._downloads: Path | None = None

    async def on_start(self) -> None:  # type: ignore[override]  # pykka's hooks are plain functions
        """Begin to look."""
        self.every("look", LOOK_SECONDS, Look(), first=0.0)
        self.every("links", LINK_SECONDS, TryLinks(), first=0.0)
        self.start_soon(self._look_when_ready)

    @handles(Look)
    async def look(self, _message: Look) -> None:
        """Check everything and post the results."""
        checks = [*self._check_parts(), *self._process.checks(), *self._witness()]
        checks += await self._together(self._check_disks(), self._check_backups())
        await self._read_rows()
        self._board.post([*checks, *self._from_rows, *self._of_client])

    @handles(ClientSettingsRead)
    async def client_settings_read(self, message: ClientSettingsRead) -> None:
        """Take note of qBittorrent's own settings; try links again when downloads are saved elsewhere now."""
        others = [each for each in self._of_client if each.name != "qbittorrent:preferences"]
        self._of_client = [*others, check_preferences(message.warnings)]
        folder = Path(message.folder) if message.folder else None
        if folder != self._downloads:
            self._downloads = folder
            self.address.tell(TryLinks())

    @handles(SettingsChanged)
    async def settings_changed(self, _message: SettingsChanged) -> None:
        """Forget what was learned of a client that is not set up any more."""
        if self._settings.qbittorrent is None:
            self._of_client, self._downloads = [], None
        self.address.tell(TryLinks())

    @handles(TryLinks)
    async def try_links(self, _message: TryLinks) -> None:
        """Try a real hard link, once it is known where downloads are saved."""
        folder = self._downloads or _configured_folder(self._settings)
        if folder is None:
            return
        check = await self._trial.run(folder, self._settings.library.root_folder)
        others = [each for each in self._of_client if each.name != check.name]
        self._of_client = [*others, check]
        if check.status is not Status.PASS:
            # A client makes its folder with the first download: an alarm must not outlast its cause by long.
            self.after("links-again", LINK_AGAIN_SECONDS, TryLinks())
        self.address.tell(Look())

    @property
    def _settings(self) -> Settings:
        return self._resources.settings.current

    async def _look_when_ready(self) -> None:
        await self._database.was_ready.wait()
        self.address.tell(Look())

    def _check_parts(self) -> list[Check]:
        """Judge what is in memory: no waiting, no input."""
        status = self._database
        answered = status.answered_at
        checks = check_database(
            silent=None if answered is None else trio.current_time() - answered,
            is_ready=status.is_ready,
            disk_is_full=status.disk_is_full,
            clock_skew=status.clock_skew,
            pool=self._resources.database.stats(),
        )
        checks.append(check_mailboxes(each.snapshot() for each in self._resources.directory))
        for address in self._resources.directory:
            checks.append(check_actor(address.snapshot()))
            checks += [check_breaker(each) for each in address.breakers.values()]
        return checks + [
            check_service(name, self._breaker_of(actor), self._last_ok(name))
            for name, actor in _services(self._settings).items()
        ]

    def _breaker_of(self, actor: str) -> Breaker | None:
        directory = self._resources.directory
        return directory[actor].breakers.get(actor) if actor in directory else None

    def _last_ok(self, service: str) -> float:
        name = "reeld_external_last_success_timestamp_seconds"
        return self._resources.metrics.read(name, service=service)

    async def _together(self, *looks: Awaitable[list[Check]]) -> list[Check]:
        """Look at several things at once: one that hangs costs its own deadline, once."""
        found: list[Check] = []

        async def take(look: Awaitable[list[Check]]) -> None:
            found.extend(await look)

        async with trio.open_nursery() as nursery:
            for each in looks:
                nursery.start_soon(take, each)
        return found

    async def _check_disks(self) -> list[Check]:
        settings = self._settings
        directory = self._resources.directory
        importer = directory["importer"].breakers if "importer" in directory else {}
        roots = {str(root): root for root in roots_of(importer)}
        roots.pop(str(settings.library.root_folder), None)
        roots["library"] = settings.library.root_folder

        async def look(name: str, folder: Path, *, is_root: bool) -> list[Check]:
            return [await self._disks.check(name, folder, is_root=is_root)]

        return await self._together(
            look("data", settings.data_dir, is_root=False),
            *(look(name, folder, is_root=True) for name, folder in roots.items()),
        )

    async def _check_backups(self) -> list[Check]:
        folder = self._settings.backups
        return await self._backups.checks(folder)

    async def _read_rows(self) -> None:
        if not self._database.is_ready:
            self._from_rows = [check_leader(None, self._database.epoch)]
            return
        with trio.move_on_after(ROWS_SECONDS):
            try:
                self._from_rows = [*await self._check_lead(), *await self._check_rows()]
            except DatabaseUnavailable as error:
                log.debug("rows_not_checked", reason=error.reason)

    async def _check_lead(self) -> list[Check]:
        stands = await standing.of(self._resources.database)
        schema = [check_migrations(stands)] if stands is not None else []
        return [check_leader(stands, self._database.epoch), *schema]

    async def _check_rows(self) -> list[Check]:
        database, now = self._resources.database, datetime.now(UTC)
        checks = check_work(await self._resources.work.depths())
        states = {state.name: state for state in await feeds.every(database)}
        checks += [
            check_feed(name, states.get(name), seconds, now)
            for name, seconds in _polled(self._settings).items()
        ]
        every = self._settings.torznab.poll_seconds
        checks += [
            check_feed(each.name, states.get(each.part), every, now)
            for each in await indexers.every(database)
            if each.enable_rss
        ]
        checks.append(
            check_profile(self._settings.decision.profile, await profiles.names(database))
        )
        return [*checks, check_schedule(await Schedule(database).list(), now)]


def _configured_folder(settings: Settings) -> Path | None:
    client = settings.qbittorrent
    if client is None or not client.save_path:
        return None
    return local_folder(client.save_path, client.path_mappings)


def _services(settings: Settings) -> dict[str, str]:
    """Return the services that are set up, each with the actor that calls it."""
    there = {
        "tmdb": settings.tmdb is not None,
        "hdbits": settings.hdbits is not None,
        "qbittorrent": settings.qbittorrent is not None,
    }
    actors = {"tmdb": "tmdb", "hdbits": "hdbits", "qbittorrent": "qbit"}
    return {name: actors[name] for name, is_there in there.items() if is_there}


def _polled(settings: Settings) -> dict[str, float]:
    polled = {feed.name: feed.interval_seconds for feed in settings.feeds}
    if settings.hdbits is not None:
        polled["hdbits"] = settings.hdbits.poll_seconds
    return polled
