"""The daemon: every part made once and put together, run until told to stop."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import structlog
import trio

from reeld import __version__
from reeld.actors.database import DatabaseActor, DatabaseStatus
from reeld.actors.health import SILENT_SECONDS, HealthActor
from reeld.actors.kernel import BreakerKeeper, DeadLetters, Directory, StoredBreaker
from reeld.actors.resources import Resources
from reeld.actors.settings import LiveSettings
from reeld.cli.gauges import refresh_gauges, watch_loop_lag
from reeld.cli.keys import Keys
from reeld.cli.reload import SettingsReader, watch_settings
from reeld.cli.settings import secrets_of
from reeld.domain.secret import Secret
from reeld.domain.settings import Settings
from reeld.http.access import Access
from reeld.http.app import create_app
from reeld.http.server import bind, serve, url_of
from reeld.http.surface import Surface
from reeld.migrations import Backup, migrate
from reeld.storage import Database
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.repositories import Breakers
from reeld.storage.vault import Vault
from reeld.storage.work import Presence, WorkQueue
from reeld.supervisors import Control, Kit, Supervisor
from reeld.supervisors.tree import returns_rows, tree_of
from reeld.telemetry import (
    DatabaseObserver,
    HealthBoard,
    KernelObserver,
    Metrics,
    redaction,
)

log = structlog.get_logger("reeld.cli")

ACTORS: Final = (
    "database",
    "decision",
    "dispatcher",
    "hdbits",
    "health",
    "importer",
    "qbit",
    "rss",
    "scheduler",
    "tmdb",
)


@dataclass(frozen=True, slots=True)
class Started:
    """A daemon that is up and ready.

    Attributes:
        url: Where it answers.
        new_key: The administrator's key, if it was made just now: show it, nobody can read it again.
        local_key: A key for this machine's user, good until the daemon stops.
    """

    url: str
    new_key: Secret | None
    local_key: Secret
    settings: Settings
    metrics: Metrics
    control: Control


class Daemon:
    """One daemon. Make it, then `run` it.

    Args:
        settings: The settings to start with; the address to listen on is taken at once.
        reader: Reads the settings again when they were changed; None keeps them as they are.

    Raises:
        Refused: The address cannot be listened on.
    """

    def __init__(self, settings: Settings, reader: SettingsReader | None = None) -> None:
        redaction.register(secrets_of(settings))
        self.live = LiveSettings(settings)
        self.metrics = Metrics({"actor": ACTORS})
        self.metrics.describe_build(__version__)
        self._reader = reader
        self._listener = bind(settings.server.host, settings.server.port)
        self._started_at = datetime.now(UTC)
        self._database_status = DatabaseStatus()
        self._keys = Keys(settings.data_dir, settings.server.api_key)
        self._root: Supervisor | None = None

    @property
    def url(self) -> str:
        """Where it answers, or will."""
        return url_of(self._listener)

    def stop(self) -> None:
        """Ask the daemon to stop in order; returns at once."""
        if self._root is not None:
            self._root.stop()

    async def run(self, on_ready: Callable[[Started], Awaitable[None]] | None = None) -> None:
        """Run until stopped, cancelled, or a core actor gives up.

        Args:
            on_ready: Called once when the daemon does its work; cancelled when the daemon stops.

        Raises:
            Escalated: A core actor failed for good; its cause says what a person must put right.
        """
        with self._listener:
            async with self._parts() as (root, surface):
                self._root = root
                await self._run_tree(root, surface, on_ready)

    @asynccontextmanager
    async def _parts(self) -> AsyncIterator[tuple[Supervisor, Surface]]:
        settings = self.live.current
        await trio.to_thread.run_sync(_make_private, settings.data_dir)
        async with AsyncExitStack() as stack:
            server = None
            if settings.database_url is None:
                server = EmbeddedServer(settings.data_dir / "postgres")
                await server.prepare()
                conninfo = server.conninfo
            else:
                conninfo = settings.database_url.reveal()
            database = await stack.enter_async_context(
                Database.open(conninfo, observer=DatabaseObserver(self.metrics))
            )
            owner = uuid4()
            observer = KernelObserver(self.metrics)
            resources = Resources(
                settings=self.live,
                database=database,
                work=WorkQueue(database.labelled("work"), owner),
                metrics=self.metrics,
                directory=Directory(),
                breakers=BreakerKeeper(Breakers(database.labelled("breakers"), StoredBreaker)),
                vault=await trio.to_thread.run_sync(
                    Vault.from_file, settings.data_dir / "vault.key"
                ),
            )
            board = HealthBoard()
            app: list[Any] = []

            async def web(*, task_status: trio.TaskStatus[object]) -> None:
                await serve(app[0], self._listener, task_status=task_status)

            def database_actor() -> DatabaseActor:
                return DatabaseActor(
                    database=database,
                    migrate=lambda: migrate(conninfo, backup=_backup(settings, server)),
                    server=server,
                    keeper=resources.breakers,
                    presence=Presence(database, owner),
                    metrics=self.metrics,
                    status=self._database_status,
                    on_ready=lambda: self._keys.ensure(database),
                )

            spec = tree_of(
                resources,
                web=web,
                database=database_actor,
                health=lambda: HealthActor(resources, board, self._database_status),
            )
            root = Supervisor(
                spec,
                Kit(
                    directory=resources.directory,
                    dead_letters=DeadLetters(observer),
                    observer=observer,
                    incarnation_ended=returns_rows(resources),
                ),
            )
            surface = self._surface(resources, board, Control(root))
            app.append(create_app(surface))
            yield root, surface

    def _surface(self, resources: Resources, board: HealthBoard, control: Control) -> Surface:
        access = Access(
            lambda key: self._keys.is_stored(resources.database, key),
            self.metrics,
            fixed=self._keys.fixed,
            metrics_token=self.live.current.server.metrics_token,
        )
        return Surface(
            settings=lambda: self.live.current,
            directory=resources.directory,
            control=control,
            database=resources.database.labelled("http"),
            work=resources.work,
            metrics=self.metrics,
            health=board,
            access=access,
            is_ready=self._is_ready,
            refresh_gauges=lambda: refresh_gauges(self.metrics, resources, control),
            reload=lambda: self._reload(resources.directory),
            version=__version__,
            started_at=self._started_at,
        )

    def _is_ready(self) -> bool:
        status = self._database_status
        if not status.is_ready or status.answered_at is None:
            return False
        return trio.current_time() - status.answered_at <= SILENT_SECONDS

    async def _reload(self, directory: Directory) -> bool:
        if self._reader is None:
            return False
        return await self._reader.reload(self.live, directory)

    async def _run_tree(
        self,
        root: Supervisor,
        surface: Surface,
        on_ready: Callable[[Started], Awaitable[None]] | None,
    ) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._heed_signals, root, surface, nursery.cancel_scope)
            nursery.start_soon(watch_loop_lag, self.metrics)
            if self._reader is not None:
                nursery.start_soon(watch_settings, self._reader, surface.reload)
            nursery.start_soon(self._announce, surface, on_ready)
            await root.run()
            nursery.cancel_scope.cancel(reason="the tree has stopped")

    async def _announce(
        self, surface: Surface, on_ready: Callable[[Started], Awaitable[None]] | None
    ) -> None:
        await self._database_status.was_ready.wait()
        local = await trio.to_thread.run_sync(self._keys.publish_local, self.url)
        log.info("daemon_ready", url=self.url, version=__version__)
        try:
            if on_ready is not None:
                started = Started(
                    url=self.url,
                    new_key=self._keys.new,
                    local_key=local,
                    settings=self.live.current,
                    metrics=self.metrics,
                    control=surface.control,
                )
                await on_ready(started)
            await trio.sleep_forever()
        finally:
            self._keys.withdraw_local()

    async def _heed_signals(
        self, root: Supervisor, surface: Surface, everything: trio.CancelScope
    ) -> None:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            stopping = False
            async for number in signals:
                if number == signal.SIGHUP:
                    await surface.reload()
                elif stopping:
                    log.warning("stopping_now")
                    everything.cancel(reason="asked twice to stop")
                else:
                    stopping = True
                    log.info("stopping", signal=signal.Signals(number).name)
                    root.stop()


def _make_private(folder: Any) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _backup(settings: Settings, server: EmbeddedServer | None) -> Backup | None:
    if server is None:
        return None
    return Backup(
        folder=settings.data_dir / "backups", pg_dump=server.pg_dump, major=server.binaries.major
    )
