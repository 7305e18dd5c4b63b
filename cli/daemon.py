"""The daemon: its parts, run until told to stop."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

import structlog
import trio

from reeld import __version__
from reeld.actors.database import DatabaseStatus
from reeld.actors.health import SILENT_SECONDS
from reeld.actors.kernel import Directory
from reeld.actors.settings import LiveSettings
from reeld.cli.first_admin import FirstAdmin
from reeld.cli.gauges import watch_loop_lag
from reeld.cli.key_watch import KeyWatch
from reeld.cli.keys import Keys
from reeld.cli.labels import KNOWN_LABELS
from reeld.cli.lock import only_daemon_on
from reeld.cli.notify import ServiceLink
from reeld.cli.parts import Ground, assembled
from reeld.cli.reload import SettingsReader, reload_or_log, watch_settings
from reeld.cli.rows import RowCounts
from reeld.cli.settings import secrets_of
from reeld.cli.tracing import traced
from reeld.domain.errors import Refused
from reeld.domain.secret import Secret
from reeld.domain.settings import InvalidSetting, Reloaded, Settings
from reeld.http.server import bind, url_of
from reeld.http.surface import Readiness, Surface
from reeld.http.tls import Certificate
from reeld.storage.errors import DISK_FULL
from reeld.supervisors import Control, Supervisor
from reeld.telemetry import Metrics, counting_records, redaction

log = structlog.get_logger("reeld.cli")

SWITCH_SECONDS: Final = 0.001
"""How long a worker thread that computes may keep the interpreter from the loop: Python's own 5 ms, twice, are felt."""


@dataclass(frozen=True, slots=True)
class Started:
    """A daemon that is up and ready.

    Attributes:
        url: Where it answers.
        ops_url: Where health, metrics and control answer: the same, unless they have a door of their own.
        new_key: The administrator's key, if it was made just now: show it, nobody can read it again.
        new_password: That of the user `admin`, likewise.
        local_key: A key for this machine's user, good until the daemon stops.
    """

    url: str
    ops_url: str
    new_key: Secret | None
    local_key: Secret
    settings: Settings
    metrics: Metrics
    control: Control
    new_password: Secret | None = None


OnReady: TypeAlias = Callable[[Started], Awaitable[None]]


class Daemon:
    """One daemon. Make it, then `run` it.

    Args:
        settings: The settings to start with; the address to listen on is taken at once.
        reader: Reads the settings again when they were changed; None keeps them as they are.
        environ: Where a service manager says how it is told; None when there is none to tell.

    Raises:
        Refused: The address cannot be listened on, or the certificate not be used.
    """

    def __init__(
        self,
        settings: Settings,
        reader: SettingsReader | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        redaction.register(secrets_of(settings))
        self.live = LiveSettings(settings, None if reader is None else reader.given())
        self.metrics = Metrics(KNOWN_LABELS)
        self.metrics.describe_build(__version__, os.environ.get("REELD_REVISION", "unknown"))
        self._note_settings_read()
        self._reader = reader
        self._certificate = _certificate(settings, self.metrics)
        self._listener = bind(settings.server.host, settings.server.port)
        self._ops_listener = _bind_ops(settings)
        self._started_at = datetime.now(UTC)
        self._began = time.monotonic()
        self._database_status = DatabaseStatus()
        self._keys = Keys(settings.data_dir, settings.server.api_key)
        self._first_admin = FirstAdmin(settings.server.admin_password)
        self._root: Supervisor | None = None
        self._stopping = False
        self._stop_asked = trio.Event()
        self._tree_is_up = trio.Event()
        self._service = ServiceLink(environ or {}, self._readiness, self.metrics)

    @property
    def url(self) -> str:
        """Where it answers, or will."""
        return url_of(self._listener, over_tls=self._certificate is not None)

    @property
    def ops_url(self) -> str:
        """Where health, metrics and control answer, or will."""
        listener = self._ops_listener or self._listener
        return url_of(listener, over_tls=self._certificate is not None)

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop, by a signal or by `stop`."""
        return self._stopping

    @property
    def heartbeat_age(self) -> float | None:
        """Seconds since the root supervisor last came round; None while nobody can expect it to."""
        return self._service.heartbeat_age

    def stop(self) -> None:
        """Ask the daemon to stop in order; returns at once."""
        self._stopping = True
        self._stop_asked.set()
        if self._root is not None:
            self._root.stop()

    async def run(self, on_ready: OnReady | None = None) -> None:
        """Run until stopped, cancelled, or a core actor gives up.

        Args:
            on_ready: Called once when the daemon does its work; cancelled when the daemon stops.

        Raises:
            DataDirectoryBusy: Another daemon works in the data directory.
            Escalated: A core actor failed for good; its cause says what a person must put right.
        """
        sys.setswitchinterval(SWITCH_SECONDS)
        try:
            await self._run(on_ready)
        except BaseExceptionGroup as group:
            fault = _only_fault(group)
            if fault is None:
                raise
            raise fault from fault.__cause__

    async def _run(self, on_ready: OnReady | None) -> None:
        data_dir = self.live.current.data_dir
        with (
            self._listener,
            self._ops_listener or nullcontext(),
            counting_records(self._count_record),
        ):
            await trio.to_thread.run_sync(_make_private, data_dir)
            with only_daemon_on(data_dir):
                async with self._service.running():
                    await self._live(on_ready)

    async def _live(self, on_ready: OnReady | None) -> None:
        try:
            async with (
                traced(self.live.current.tracing, self.metrics),
                assembled(self._ground()) as (root, surface, rows),
            ):
                self._root = root
                if self._stopping:
                    root.stop()
                await self._run_tree(root, surface, rows, on_ready)
        finally:
            await self._service.stopping()

    def _ground(self) -> Ground:
        return Ground(
            live=self.live,
            metrics=self.metrics,
            keys=self._keys,
            first_admin=self._first_admin,
            certificate=self._certificate,
            listener=self._listener,
            ops_listener=self._ops_listener,
            status=self._database_status,
            readiness=self._readiness,
            heartbeat_age=lambda: self.heartbeat_age,
            reload=self._reload,
            started_at=self._started_at,
            uptime=lambda: time.monotonic() - self._began,
        )

    def _readiness(self) -> Readiness:
        status = self._database_status
        if self._stopping:
            return Readiness("stopping", "reeld stops.")
        if status.trouble is not None:
            return Readiness("database_unavailable", status.trouble)
        if not status.is_ready or status.answered_at is None or not self._tree_is_up.is_set():
            return Readiness("starting", "reeld prepares its database and starts its actors.")
        if status.disk_is_full:
            return Readiness("disk_full", DISK_FULL)
        silent = trio.current_time() - status.answered_at
        if silent > SILENT_SECONDS:
            return Readiness(
                "database_unavailable",
                f"PostgreSQL has not answered for {silent:.0f} s. Nothing is lost: work goes on when it is back.",
            )
        return Readiness()

    async def _reload(self, directory: Directory) -> Reloaded:
        if self._reader is None:
            return Reloaded(changed=False)
        try:
            async with self._service.reloading():
                reloaded = await self._reader.reload(self.live, directory)
        except InvalidSetting:
            self.metrics.set("reeld_config_last_reload_successful", 0)
            raise
        self._note_settings_read()
        return reloaded

    def _note_settings_read(self) -> None:
        self.metrics.set("reeld_config_last_reload_successful", 1)
        self.metrics.set("reeld_config_last_reload_success_timestamp_seconds", time.time())

    def _count_record(self, level: str) -> None:
        self.metrics.add("reeld_log_messages_total", level=level)

    async def _run_tree(
        self, root: Supervisor, surface: Surface, rows: RowCounts, on_ready: OnReady | None
    ) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._heed_signals, root, surface)
            nursery.start_soon(watch_loop_lag, self.metrics)
            nursery.start_soon(self._service.attend, root, surface, self._stop_asked)
            nursery.start_soon(rows.run, self._database_status.was_ready)
            nursery.start_soon(surface.audit.run, self._stop_asked)
            keys = KeyWatch(surface.vault, surface.vault.file, surface.database.labelled("vault"))
            nursery.start_soon(keys.run, self._database_status.was_ready)
            if self._certificate is not None:
                nursery.start_soon(self._certificate.watch)
            if self._reader is not None:
                nursery.start_soon(watch_settings, self._reader, surface.reload)
            nursery.start_soon(self._announce, surface, on_ready)
            await root.run(task_status=_TreeIsUp(self._tree_is_up))
            nursery.cancel_scope.cancel(reason="the tree has stopped")

    async def _announce(self, surface: Surface, on_ready: OnReady | None) -> None:
        await self._tree_is_up.wait()
        await self._database_status.was_ready.wait()
        certificate = self._certificate.path if self._certificate else None
        local = await trio.to_thread.run_sync(
            self._keys.publish_local, self.url, self.ops_url, certificate
        )
        log.info("daemon_ready", url=self.url, version=__version__)
        await self._service.ready()
        try:
            if on_ready is not None:
                started = Started(
                    url=self.url,
                    ops_url=self.ops_url,
                    new_key=self._keys.new,
                    local_key=local,
                    settings=self.live.current,
                    metrics=self.metrics,
                    control=surface.control,
                    new_password=self._first_admin.new,
                )
                await on_ready(started)
            await trio.sleep_forever()
        finally:
            self._keys.withdraw_local()

    async def _heed_signals(self, root: Supervisor, surface: Surface) -> None:
        asked = 0
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            async for number in signals:
                if number == signal.SIGHUP:
                    await reload_or_log(surface.reload)
                    continue
                asked += 1
                log.info("stopping", signal=signal.Signals(number).name, asked=asked)
                match asked:
                    case 1:
                        self.stop()
                    case 2:
                        root.hurry()
                    case _:
                        # Something hangs that cannot be cancelled: a thread in a dead network file system, say. What
                        # is lost is what a kill would lose, which is nothing that the rows do not know.
                        os._exit(128 + number)


class _TreeIsUp(trio.TaskStatus[None]):
    """Takes the tree's word that every actor has started, or failed to once."""

    def __init__(self, event: trio.Event) -> None:
        self._event = event

    def started(self, value: None = None) -> None:  # noqa: ARG002
        """Note it."""
        self._event.set()


def _certificate(settings: Settings, metrics: Metrics) -> Certificate | None:
    server = settings.server
    if server.tls_certificate is None or server.tls_key is None:
        metrics.set("reeld_tls_last_reload_successful", 1)
        return None
    return Certificate(server.tls_certificate, server.tls_key, metrics)


def _bind_ops(settings: Settings) -> socket.socket | None:
    server = settings.server
    return None if server.ops_host is None else bind(server.ops_host, server.ops_port)


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(
            f"The data directory {folder} cannot be made: {error.strerror}. Set REELD_DATA_DIR.",
            reason="no_data_directory",
        ) from error


def _only_fault(group: BaseExceptionGroup[BaseException]) -> Exception | None:
    """Return the one fault in a group that nurseries have wrapped it in; None when there are several."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error if isinstance(error, Exception) and not isinstance(error, ExceptionGroup) else None
