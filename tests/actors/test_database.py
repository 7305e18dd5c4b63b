from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
import trio
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from structlog.testing import capture_logs

from reeld.actors import database as database_actor
from reeld.actors import leadership, worker
from reeld.actors.database import DatabaseActor, DatabaseStatus
from reeld.actors.decision import DecisionActor
from reeld.actors.kernel import ActorState, BreakerKeeper, BreakerState, Cell, StoredBreaker
from reeld.actors.kernel.breaker import Breaker
from reeld.actors.resources import Resources
from reeld.domain.errors import CredentialsRejected, DatabaseUnavailable
from reeld.domain.movie import Stage
from reeld.domain.secret import Secret
from reeld.domain.settings import Settings
from reeld.migrations import Migration, bundled_migrations, migrate
from reeld.simulators import Source, World
from reeld.storage import Database
from reeld.storage.leader import Leader
from reeld.storage.repositories import Breakers
from reeld.storage.work import Presence
from reeld.telemetry import Metrics


class Cable:
    """A TCP connection to the test's server that can be cut and mended."""

    def __init__(self, target: str) -> None:
        self._params = conninfo_to_dict(target)
        self._streams: set[trio.abc.Stream] = set()
        self.is_cut = False
        self.port = 0

    @property
    def conninfo(self) -> str:
        there = {"host": "127.0.0.1", "hostaddr": "127.0.0.1", "port": self.port}
        return make_conninfo("", **{**self._params, **there, "sslmode": "disable"})

    @property
    def url(self) -> Secret:
        options = conninfo_to_dict(self.conninfo)
        name = options.pop("dbname")
        return Secret(f"postgresql:///{name}?{urlencode(options)}")

    async def cut(self) -> None:
        self.is_cut = True
        for stream in tuple(self._streams):
            await trio.aclose_forcefully(stream)

    def mend(self) -> None:
        self.is_cut = False

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listener.socket.getsockname()[1]
        task_status.started()
        await trio.serve_listeners(self._converse, [listener])

    async def _converse(self, client: trio.SocketStream) -> None:
        if self.is_cut:
            await trio.aclose_forcefully(client)
            return
        host, port = str(self._params["host"]), self._params.get("port") or 5432
        if host.startswith("/"):
            server: trio.SocketStream = await trio.open_unix_socket(f"{host}/.s.PGSQL.{port}")
        else:
            server = await trio.open_tcp_stream(host, int(port))
        self._streams |= {client, server}
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._pump, client, server, nursery.cancel_scope)
                nursery.start_soon(self._pump, server, client, nursery.cancel_scope)
        finally:
            self._streams -= {client, server}
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(client)
                await trio.aclose_forcefully(server)

    async def _pump(self, source: Any, target: Any, scope: trio.CancelScope) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while data := await source.receive_some(65536):
                await target.send_all(data)
        scope.cancel()


@pytest.fixture
async def cable(database_url: str, nursery: trio.Nursery) -> Cable:
    laid = Cable(database_url)
    await nursery.start(laid.run)
    return laid


@dataclass
class Parts:
    """A database's actor and what it works on."""

    database: Database
    conninfo: str
    resources: Resources
    status: DatabaseStatus = field(default_factory=DatabaseStatus)
    metrics: Metrics = field(default_factory=Metrics)
    readied: int = 0
    migrations: tuple[Migration, ...] = bundled_migrations()

    def actor(self) -> DatabaseActor:
        return DatabaseActor(
            database=self.database,
            migrate=lambda: migrate(self.conninfo, self.migrations),
            server=None,
            keeper=self.resources.breakers,
            presence=Presence(self.database, uuid4()),
            metrics=self.metrics,
            status=self.status,
            on_ready=self.on_ready,
        )

    async def on_ready(self) -> None:
        self.readied += 1

    async def until_ready(self) -> None:
        with trio.fail_after(20):
            while not self.status.is_ready:
                await trio.sleep(0.02)


@asynccontextmanager
async def parts_on(conninfo: str, resources: Resources) -> AsyncIterator[Parts]:
    async with Database.open(conninfo) as database:
        yield Parts(database, conninfo, resources)


async def test_it_makes_the_schema_takes_the_lead_and_then_lets_everybody_in(
    empty_database_url: str, resources: Resources, run_actor: Any
) -> None:
    async with parts_on(empty_database_url, resources) as parts:
        parts.actor()
        with pytest.raises(DatabaseUnavailable) as early:
            await parts.database.fetch_one("SELECT 1")
        assert "being prepared" in early.value.sentence
        async with run_actor(parts.actor):
            await parts.until_ready()
            assert parts.status.epoch is not None
            assert parts.readied == 1
            assert await parts.database.fetch_one("SELECT count(*) FROM movie") == (0,)
            async with parts.database.transaction() as conn:
                await conn.execute("SELECT 1")
            assert parts.metrics.value("reeld_leader") == 1
            assert parts.metrics.value("reeld_leader_transitions_total") == 1
        assert not parts.status.is_ready
        assert parts.metrics.value("reeld_leader") == 0
        assert parts.metrics.value("reeld_leader_transitions_total") == 2


async def test_a_server_that_is_away_at_the_start_is_waited_for(
    cable: Cable, resources: Resources, run_actor: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(database_actor, "START_SECONDS", 0.2)
    monkeypatch.setattr(database_actor, "RETRY_SECONDS", (0.02, 0.02))
    await cable.cut()
    with capture_logs() as logs:
        await wait_for_the_server(cable, resources, run_actor)
    told = [entry for entry in logs if entry["event"] == "database_awaited"]
    assert len(told) > 2
    loud = [entry["reason"] for entry in told if entry["log_level"] == "warning"]
    assert len(loud) == len(set(loud)) == len({entry["reason"] for entry in told})


async def wait_for_the_server(cable: Cable, resources: Resources, run_actor: Any) -> None:
    async with parts_on(cable.conninfo, resources) as parts, run_actor(parts.actor) as cell:
        await trio.sleep(0.5)
        assert not parts.status.is_ready
        assert "PostgreSQL" in (parts.status.trouble or "")
        cable.mend()
        await parts.until_ready()
        assert parts.status.trouble is None
        assert cell.incarnation_number == 1


async def test_another_daemon_that_leads_is_a_fault_that_says_so(
    database_url: str, resources: Resources, run_actor: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(database_actor, "START_SECONDS", 0.0)
    monkeypatch.setattr(leadership, "RENEWED_SECONDS", 0.05)
    async with (
        Database.open(database_url) as theirs,
        parts_on(database_url, resources) as parts,
        Leader(theirs, lease=2.0).leading(),
        run_actor(parts.actor) as cell,
    ):
        await until_fault(cell)
        assert "Another reeld" in str(cell.last_error)
        assert "takes over" in (parts.status.trouble or "")
        assert parts.status.rival is not None


async def until_fault(cell: Cell) -> None:
    with trio.fail_after(30):
        while cell.last_error is None:
            await trio.sleep(0.02)


async def test_a_lead_that_nobody_renews_is_taken_when_its_lease_ends(
    database_url: str, resources: Resources, run_actor: Any
) -> None:
    async with Database.open(database_url) as theirs, parts_on(database_url, resources) as parts:
        gone = Leader(theirs, lease=1.5)
        await gone.acquire()
        async with run_actor(parts.actor) as cell:
            await parts.until_ready()
            assert (cell.incarnation_number, parts.status.trouble) == (1, None)
        await gone.release()


async def test_the_schema_is_left_alone_while_another_daemon_works_with_it(
    database_url: str, resources: Resources, run_actor: Any
) -> None:
    async with Database.open(database_url) as theirs, parts_on(database_url, resources) as parts:
        parts.migrations += (Migration(9999, "of_a_newer_reeld", "CREATE TABLE newer (n int)"),)
        other = Leader(theirs)
        await other.acquire()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(give_way, other, parts)
            async with run_actor(parts.actor):
                await parts.until_ready()
        assert await theirs.fetch_one("SELECT to_regclass('newer')") == ("newer",)


async def give_way(other: Leader, parts: Parts) -> None:
    with trio.fail_after(20):
        while "Another reeld" not in (parts.status.trouble or ""):
            await trio.sleep(0.02)
    assert await parts.resources.database.fetch_one("SELECT to_regclass('newer')") == (None,)
    await other.release()


async def test_rejected_credentials_are_known_again_before_anybody_is_let_in(
    cable: Cable, database: Database, resources: Resources, run_actor: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(database_actor, "START_SECONDS", 0.2)
    rejected = Breaker("tmdb")
    with suppress(CredentialsRejected):
        async with rejected.call():
            raise CredentialsRejected("The token is wrong.", service="tmdb")
    await Breakers(database, StoredBreaker).save(rejected.stored())
    await cable.cut()
    async with parts_on(cable.conninfo, resources) as parts:
        store = Breakers(parts.database.labelled("breakers", early=True), StoredBreaker)
        keeper = BreakerKeeper(store)
        parts.resources = replace(resources, breakers=keeper)
        async with run_actor(parts.actor):
            breaker = await keeper.adopt(Breaker("tmdb"))
            assert breaker.state is BreakerState.HALF_OPEN
            seen: list[BreakerState] = []
            hold_back = parts.database.hold_back

            def let_in(sentence: str | None) -> None:
                seen.append(breaker.state)
                hold_back(sentence)

            monkeypatch.setattr(parts.database, "hold_back", let_in)
            cable.mend()
            await parts.until_ready()
            assert seen[0] is BreakerState.FORCED_OPEN


async def test_it_knows_when_the_database_answered_last(
    cable: Cable, resources: Resources, run_actor: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(database_actor, "CHECK_SECONDS", 0.1)
    async with parts_on(cable.conninfo, resources) as parts, run_actor(parts.actor) as cell:
        await parts.until_ready()
        await cable.cut()
        with trio.fail_after(10):
            while parts.metrics.value("reeld_db_up") != 0:
                await trio.sleep(0.02)
        before = parts.status.answered_at
        cable.mend()
        with trio.fail_after(10):
            while parts.metrics.value("reeld_db_up") != 1:
                await trio.sleep(0.02)
        assert before is not None
        assert parts.status.answered_at is not None
        assert parts.status.answered_at > before
        assert cell.incarnation_number == 1


async def test_work_that_is_under_way_when_the_database_goes_away_is_done_when_it_is_back(
    cable: Cable, resources: Resources, run_actor: Any, rows: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(DecisionActor, "sweep_seconds", 0.2)
    monkeypatch.setattr(worker, "ENDING_PAUSE_SECONDS", 0.2)
    async with parts_on(cable.conninfo, resources) as parts, run_actor(parts.actor):
        await parts.until_ready()
        through_it = replace(resources, database=parts.database, work=resources.work)
        async with run_actor(lambda: DecisionActor(through_it)) as cell:
            await cable.cut()
            work = await rows.ask("decision", "match-releases", {"release_ids": [1]})
            await rows.until_snoozed(work)
            await rows.make_due(work)
            cable.mend()
            await rows.until(work, seconds=30)
            assert cell.incarnation_number == 1
            assert cell.state is ActorState.RUNNING


async def test_a_daemon_whose_database_goes_away_for_a_while_loses_nothing_and_restarts_nobody(
    cable: Cable,
    daemon_settings: Settings,
    run_daemon: Any,
    world: World,
) -> None:
    film = world.films_from(Source.HDBITS)[0]
    world.qbittorrent.turn(download_seconds=2.0)
    settings = replace(
        daemon_settings,
        database_url=cable.url,
        tmdb=world.tmdb_settings(),
        hdbits=world.hdbits_settings(spacing_seconds=0.0),
        qbittorrent=world.qbittorrent_settings(poll_seconds=0.2),
    )
    async with run_daemon(settings) as running:

        async def movie() -> dict[str, Any]:
            found = (await running.http.get("/api/movies")).json()["movies"]
            return dict(found[0])

        async def until(stage: Stage) -> None:
            with trio.fail_after(45):
                while True:
                    with suppress(KeyError):
                        if (await movie())["stage"] == stage:
                            return
                    await trio.sleep(0.1)

        added = await running.http.post("/api/movies", json={"tmdb_id": film.tmdb_id})
        assert added.status_code == 201
        await until(Stage.DOWNLOADING)
        await cable.cut()
        refused = await running.http.get("/api/work")
        assert refused.status_code == 503
        assert "x-reeld-stale" in (await running.http.get("/api/movies")).headers
        assert (await running.stranger.get("/health")).status_code == 200
        await trio.sleep(4.0)  # the download ends meanwhile
        cable.mend()
        await until(Stage.IN_LIBRARY)
        tree = running.started.control.tree()
        assert (tree.restarts, tree.parked) == (0, ())
    assert len(world.qbittorrent.torrents) == 1
