"""Every part of the daemon, made once and put together: the one place that knows them all."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, cast
from uuid import UUID, uuid4

import psycopg
import structlog
import trio
from psycopg.conninfo import conninfo_to_dict

from reeld import __version__
from reeld.actors.database import CheckDatabase, DatabaseActor, DatabaseStatus
from reeld.actors.health import HealthActor
from reeld.actors.kernel import BreakerKeeper, DeadLetters, Directory, StoredBreaker
from reeld.actors.reconciling import reconcile
from reeld.actors.resources import Resources
from reeld.actors.settings import LiveSettings
from reeld.cli.exportarr import ExportarrView
from reeld.cli.first_admin import FirstAdmin
from reeld.cli.gauges import Gauges
from reeld.cli.keys import Keys
from reeld.cli.live import live_events
from reeld.cli.rehearsals import Rehearsals
from reeld.cli.rows import RowCounts
from reeld.cli.setting_changes import SettingChanges
from reeld.cli.vault import key_place
from reeld.cli.vitals import Vitals
from reeld.domain.errors import ReeldError
from reeld.domain.secret import Secret
from reeld.domain.settings import InvalidSetting, Reloaded, Settings
from reeld.http.access import Access
from reeld.http.app import create_app
from reeld.http.crowd import Crowd
from reeld.http.doors import Door, Side
from reeld.http.events import LiveEvents
from reeld.http.identity.login import Identity
from reeld.http.identity.passwords import Passwords
from reeld.http.identity.sessions import Sessions
from reeld.http.identity.throttling import Throttle
from reeld.http.ops.audit import Audit
from reeld.http.server import WebServer, url_of
from reeld.http.surface import Readiness, Surface
from reeld.http.tls import Certificate
from reeld.migrations import Backup, migrate
from reeld.storage import Database
from reeld.storage.embedded import Binaries, EmbeddedServer
from reeld.storage.errors import EmbeddedServerFailed
from reeld.storage.repositories import Breakers
from reeld.storage.vault import Vault
from reeld.storage.work import Presence, WorkQueue
from reeld.supervisors import Control, Kit, Supervisor, TreeSnapshot
from reeld.supervisors.tree import returns_rows, tree_of
from reeld.telemetry import (
    Check,
    DatabaseObserver,
    Exportarr,
    HealthBoard,
    KernelObserver,
    Metrics,
)

log = structlog.get_logger("reeld.cli")

LOOK_SECONDS: Final = 5.0
"""How long a request waits until it is known whether the database that failed it is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What there is before the parts.

    Attributes:
        ops_listener: For the ops surface, when it has a door of its own.
        first_admin: Makes the first user.
        certificate: What TLS is served with, at both doors; None for plain HTTP.
        status: Told by the database's actor, read by health checks.
        readiness: Whether the daemon can do its work.
        heartbeat_age: Seconds since the root supervisor last came round.
        reload: Reads the settings again and tells the actors of that directory.
        started_at: When the daemon started (UTC).
        uptime: Seconds since then, whatever the clock was set to meanwhile.
    """

    live: LiveSettings
    metrics: Metrics
    keys: Keys
    first_admin: FirstAdmin
    certificate: Certificate | None
    listener: socket.socket
    ops_listener: socket.socket | None
    status: DatabaseStatus
    readiness: Callable[[], Readiness]
    heartbeat_age: Callable[[], float | None]
    reload: Callable[[Directory], Awaitable[Reloaded]]
    started_at: datetime
    uptime: Callable[[], float]


@dataclass(frozen=True, slots=True)
class _Store:
    """The database, and where it leads; `owner` is this process's name on the work that it claims."""

    database: Database
    conninfo: str
    server: EmbeddedServer | None
    owner: UUID


@asynccontextmanager
async def assembled(ground: Ground) -> AsyncIterator[tuple[Supervisor, Surface, RowCounts]]:
    """Put the parts together, for the length of the block; nothing runs yet but the database's pool.

    Raises:
        EmbeddedServerFailed: PostgreSQL cannot run here.
        InvalidSetting: The database's URL cannot be read.
    """
    settings = ground.live.current
    server = None
    if settings.database_url is None:
        server = EmbeddedServer(settings.data_dir / "postgres")
        await server.prepare()
    conninfo = server.conninfo if server else cast("Secret", settings.database_url).reveal()
    _check_conninfo(conninfo)
    async with Database.open(conninfo, observer=DatabaseObserver(ground.metrics)) as database:
        store = _Store(database, conninfo, server, uuid4())
        resources = await _resources(ground, store)
        board = HealthBoard()
        web = _server(ground, ground.listener, Side.PEOPLE)
        ops = (
            None
            if ground.ops_listener is None
            else _server(ground, ground.ops_listener, Side.OPERATIONS)
        )

        def tree() -> TreeSnapshot:
            return control.tree()

        live = live_events(ground.metrics, database, board, tree, ground.status.was_ready)
        changes = SettingChanges(ground.live, database.labelled("http"), resources.directory)
        root = _root(ground, store, resources, changes, board, web, ops, live)
        rows = RowCounts(database.labelled("counts"), ground.live, ground.metrics)
        control = Control(root)
        surface = _surface(ground, resources, changes, board, control, rows, live)
        app = create_app(surface)
        web.app = app if ops is None else Door(app, Side.PEOPLE)
        if ops is not None:
            ops.app = Door(app, Side.OPERATIONS)
        yield root, surface, rows


def _server(ground: Ground, listener: socket.socket, side: Side) -> WebServer:
    crowd = Crowd(ground.metrics, side.value)
    return WebServer(listener, certificate=ground.certificate, crowd=crowd)


def _check_conninfo(conninfo: str) -> None:
    try:
        conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError:
        # The driver's own words repeat the URL, with its password.
        raise InvalidSetting(
            "database_url",
            "cannot be read; it must look like postgresql://user:password@host:5432/name.",
        ) from None


async def _resources(ground: Ground, store: _Store) -> Resources:
    database = store.database
    vault = await trio.to_thread.run_sync(_vault, ground.live.current)
    return Resources(
        settings=ground.live,
        database=database,
        work=WorkQueue(database.labelled("work"), store.owner),
        metrics=ground.metrics,
        directory=Directory(),
        breakers=BreakerKeeper(Breakers(database.labelled("breakers", early=True), StoredBreaker)),
        vault=vault,
    )


def _vault(settings: Settings) -> Vault:
    return key_place(settings).vault()


def _root(
    ground: Ground,
    store: _Store,
    resources: Resources,
    changes: SettingChanges,
    board: HealthBoard,
    web: WebServer,
    ops: WebServer | None,
    live: LiveEvents,
) -> Supervisor:
    observer = KernelObserver(ground.metrics)

    def vitals() -> list[Check]:
        return known.checks()

    spec = tree_of(
        resources,
        web=web,
        ops=ops,
        events=live,
        database=lambda: _database_actor(ground, store, resources, changes),
        health=lambda: HealthActor(resources.of("health"), board, ground.status, vitals),
    )
    kit = Kit(
        directory=resources.directory,
        dead_letters=DeadLetters(observer),
        observer=observer,
        incarnation_ended=returns_rows(resources),
    )
    root = Supervisor(spec, kit)
    known = Vitals(
        Control(root), ground.metrics, ground.started_at, ground.uptime, ground.certificate
    )
    return root


def _database_actor(
    ground: Ground, store: _Store, resources: Resources, changes: SettingChanges
) -> DatabaseActor:
    database = store.database
    backup = _backup(ground.live.current.data_dir, store.server)
    return DatabaseActor(
        database=database.labelled("database"),
        migrate=lambda: migrate(store.conninfo, backup=backup),
        server=store.server,
        keeper=resources.breakers,
        presence=Presence(database.labelled("presence"), store.owner),
        metrics=ground.metrics,
        status=ground.status,
        on_ready=lambda: _first_start(ground, database),
        reconcile=lambda: _prepare(ground, database, changes),
    )


async def _prepare(ground: Ground, database: Database, changes: SettingChanges) -> None:
    # Where movies lie depends on settings that may have been changed.
    await changes.load()
    await reconcile(database, ground.live.current)


async def _first_start(ground: Ground, database: Database) -> None:
    await ground.keys.ensure(database)
    await ground.first_admin.ensure(database.labelled("identity"))


def _identity(ground: Ground, database: Database) -> Identity:
    return Identity(
        database=database,
        passwords=Passwords(),
        throttle=Throttle(database),
        sessions=Sessions(database, lambda: ground.live.current.access),
        metrics=ground.metrics,
    )


def _surface(
    ground: Ground,
    resources: Resources,
    changes: SettingChanges,
    board: HealthBoard,
    control: Control,
    rows: RowCounts,
    live: LiveEvents,
) -> Surface:
    rehearsals = Rehearsals(resources.database)
    key_rows = resources.database.labelled("identity")
    identity = _identity(ground, resources.database.labelled("identity"))
    access = Access(
        lambda key: ground.keys.find(key_rows, key),
        ground.metrics,
        fixed=ground.keys.fixed,
        metrics_token=ground.live.current.server.metrics_token,
        sessions=identity.sessions,
        guesses=identity.throttle,
    )
    return Surface(
        settings=lambda: ground.live.current,
        directory=resources.directory,
        control=control,
        database=resources.database.labelled("http"),
        work=resources.work,
        vault=resources.vault,
        metrics=ground.metrics,
        health=board,
        live=live,
        access=access,
        identity=identity,
        audit=Audit(resources.database.labelled("audit"), ground.metrics),
        limits=resources.limits,
        rehearsals=rehearsals,
        readiness=ground.readiness,
        heartbeat_age=ground.heartbeat_age,
        database_is_away=lambda: _database_is_away(ground.status, resources.directory),
        refresh_gauges=Gauges(
            resources, control, ground.readiness, board, rows, rehearsals
        ).refresh,
        exportarr=ExportarrView(
            Exportarr(url_of(ground.listener, over_tls=ground.certificate is not None)),
            rows,
            board,
            ground.metrics,
            lambda: ground.readiness().is_ready,
        ),
        reload=lambda: ground.reload(resources.directory),
        changes=changes,
        version=__version__,
        started_at=ground.started_at,
        uptime=ground.uptime,
    )


async def _database_is_away(status: DatabaseStatus, directory: Directory) -> bool:
    if not status.is_away and "database" in directory:
        # It has just failed a call, and nobody has looked yet.
        with suppress(ReeldError):
            await directory["database"].ask(CheckDatabase(), deadline=LOOK_SECONDS)
    return status.is_away


def _backup(data_dir: Path, server: EmbeddedServer | None) -> Backup | None:
    """Return what dumps the database before its schema changes; None when there are no programs for it."""
    try:
        binaries = server.binaries if server is not None else Binaries.bundled()
    except EmbeddedServerFailed as missing:
        log.warning("backup_before_migration_impossible", reason=missing.sentence)
        return None
    return Backup(
        folder=data_dir / "backups", pg_dump=binaries.path("pg_dump"), major=binaries.major
    )
