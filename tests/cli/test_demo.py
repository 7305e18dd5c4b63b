from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import psutil
import psycopg
import pytest
import trio
from psycopg.conninfo import conninfo_to_dict

from reeld.cli.daemon import Started
from reeld.cli.demo._chaos import VICTIMS
from reeld.cli.demo._database import make_fresh
from reeld.cli.demo._home import MARK, demo_home, read_demo_settings
from reeld.cli.demo._progress import Journey, Tour
from reeld.cli.demo._run import Show, Wish
from reeld.cli.lock import only_daemon_on
from reeld.domain.errors import DatabaseUnavailable, Refused
from reeld.domain.secret import Secret
from reeld.migrations import migrate
from reeld.simulators.offers import OFFERS
from reeld.storage import Database
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.errors import DataDirectoryBusy, LeadershipHeld
from reeld.storage.leader import Leader
from reeld.telemetry import Metrics

DECOYS = {offer.name for offer in OFFERS if offer.flaw is not None}


def demo_environ(data_dir: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REELD_")}
    return {**kept, "REELD_DATA_DIR": str(data_dir), "REELD_BIND": "127.0.0.1:0"}


def run_demo(data_dir: Path, *flags: str, **environ: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "reeld", "demo", "--once", "--json", *flags]
    variables = {**demo_environ(data_dir), **environ}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr[-3000:]
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def as_url(conninfo: str) -> str:
    """The same as an address, which is what a person writes."""
    options = conninfo_to_dict(conninfo)
    name = options.pop("dbname")
    return f"postgresql:///{name}?{urlencode(options)}"


def require_a_true_library(document: dict[str, Any], data_dir: Path) -> None:
    """Every movie is there, is the right one, and shares its inode with what was downloaded."""
    downloads = {path.stat().st_ino: path for path in (data_dir / "world").rglob("*.mkv")}
    assert len(document["movies"]) >= 6
    for movie in document["movies"]:
        placed = Path(movie["path"])
        assert placed.is_relative_to(data_dir / "library")
        assert str(movie["year"]) in placed.name
        assert movie["link"] == "hardlink"
        assert movie["seconds"] > 0
        downloaded = downloads[placed.stat().st_ino]
        assert not DECOYS & {downloaded.stem, downloaded.parent.name}
    assert {movie["source"] for movie in document["movies"]} == {"hdbits", "rss"}


def test_every_movie_of_the_demo_gets_into_the_library_and_nothing_restarts(tmp_path: Path) -> None:
    document = run_demo(tmp_path)
    require_a_true_library(document, tmp_path)
    assert (document["restarts"], document["dead_letters"]) == (0, 0)
    assert document["elapsed_seconds"] < 60, "which is what people are promised"
    assert document["elapsed_seconds"] > max(movie["seconds"] for movie in document["movies"])
    assert set(document["refused_calls"].values()) == {0}
    assert "error" not in document


@pytest.mark.slow
def test_chaos_costs_a_restart_of_every_service_actor_and_no_movie(tmp_path: Path) -> None:
    document = run_demo(tmp_path, "--chaos", "--timeout", "100")
    require_a_true_library(document, tmp_path)
    assert document["restarts_by_actor"] == dict.fromkeys(VICTIMS, 1)
    assert document["restarts"] == len(VICTIMS)
    away = {name for name, calls in document["refused_calls"].items() if calls}
    assert away == {"hdbits", "qbittorrent"}


def test_two_demos_beside_each_other_both_succeed_one_of_them_on_a_used_database_of_an_earlier_one(
    tmp_path: Path, empty_database_url: str
) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        # What an earlier demo leaves behind: its mark, and movies that are in the library already.
        connection.execute(
            "CREATE TABLE reeld_demo (made_at timestamptz); CREATE TABLE movie (id int)"
        )
    with ThreadPoolExecutor() as threads:
        one = threads.submit(run_demo, tmp_path / "one")
        other = threads.submit(
            run_demo, tmp_path / "other", REELD_DATABASE_URL=as_url(empty_database_url)
        )
        require_a_true_library(one.result(), tmp_path / "one")
        require_a_true_library(other.result(), tmp_path / "other")
    assert not (tmp_path / "other" / "postgres").exists()
    with psycopg.connect(empty_database_url) as connection:
        ((arrived,),) = connection.execute("SELECT count(*) FROM library_file").fetchall()
    assert arrived == len(other.result()["movies"])


def test_a_demo_that_is_interrupted_before_its_end_did_not_succeed(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reeld", "demo", "--once", "--json"],
        env=demo_environ(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        while "daemon_ready" not in (line := process.stderr.readline()):
            assert line, "it ended by itself"
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1
    assert "Interrupted" in json.loads(said)["error"]


def test_a_movie_that_does_not_arrive_in_time_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reeld", "demo", "--once", "--json", "--timeout", "2"]
    done = subprocess.run(
        command, env=demo_environ(tmp_path), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert "Not in the library after 2 s" in document["error"]
    assert document["movies"][0]["seconds"] is None


def test_without_once_it_says_where_everything_is_and_runs_until_it_is_interrupted(
    tmp_path: Path,
) -> None:
    environ = {**demo_environ(tmp_path), "REELD_API_KEY": "a-key-for-automation"}
    process = subprocess.Popen(
        [sys.executable, "-m", "reeld", "demo"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said: list[str] = []
        while not said or "Ctrl-C" not in said[-1]:
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            said.append(line)
        assert process.poll() is None
        url = next(line.split()[1] for line in said if line.startswith("Daemon"))
        answers = [
            httpx.get(f"{url}/api/movies", headers={"X-Api-Key": key}).status_code
            for key in ("a-key-for-automation", "another-key")
        ]
        assert answers == [200, 401]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()
    text = "".join(said)
    for word in ("searched", "decided", "grabbed", "downloading", "in the library", "from rss"):
        assert word in text
    assert str(tmp_path / "library") in text
    assert "http://127.0.0.1:" in text
    assert "a-key-for-automation" not in text


async def test_a_movie_has_arrived_only_when_its_file_is_there(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    movie = {
        "id": 1,
        "stage": "in_library",
        "progress": 1.0,
        "stage_note": "",
        "files": [{"link": "hardlink", "path": str(film)}],
    }

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"movies": [movie], "entries": []})

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(base_url="http://it", transport=transport) as api:
        tour = Tour(api, [Journey("Film", 1926, 7, id=1)])
        await tour.look()
        assert tour.under_way
        film.touch()
        await tour.look()
        assert not tour.under_way


@pytest.mark.parametrize(
    ("once", "failure", "stays"),
    [(False, None, True), (True, None, False), (False, "Late.", False)],
)
def test_how_to_call_the_daemon_is_said_only_while_there_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], once: bool, failure: str | None, stays: bool
) -> None:
    settings = read_demo_settings({"REELD_DATA_DIR": str(tmp_path)})
    show = Show(settings, Wish(once=once, as_json=False, chaos=False, seconds=9.0))
    show.failure = failure
    started = Started(
        url="http://127.0.0.1:7",
        ops_url="http://127.0.0.1:7",
        new_key=Secret("a-new-key"),
        new_password=Secret("a-new-password"),
        local_key=Secret("x"),
        settings=settings,
        metrics=Metrics(),
        control=cast("Any", None),
    )
    show._say_goodbye(started)
    said = capsys.readouterr().out
    assert str(tmp_path / "library") in said
    for part in ("http://127.0.0.1:7", "a-new-key", "a-new-password", "Ctrl-C", "reeld status"):
        assert (part in said) is stays


def test_an_earlier_demo_is_put_aside_and_nothing_of_it_is_deleted(tmp_path: Path) -> None:
    with demo_home(tmp_path):
        (tmp_path / "library" / "film.mkv").write_bytes(b"film")
    with demo_home(tmp_path):
        assert list((tmp_path / "library").iterdir()) == []
    (kept,) = (tmp_path / "earlier").glob("*/library/film.mkv")
    assert kept.read_bytes() == b"film"


def test_the_server_of_a_demo_that_was_killed_is_ended_before_its_folder_moves(
    tmp_path: Path,
) -> None:
    with demo_home(tmp_path):
        pass
    server = EmbeddedServer(tmp_path / "postgres")
    trio.run(server.start)
    postmaster = psutil.Process(server.pid)
    # What a kill leaves: the server runs on, and the kernel has taken the lock back.
    server.directory.unlock()
    try:
        with demo_home(tmp_path):
            assert not postmaster.is_running() or postmaster.status() == psutil.STATUS_ZOMBIE
        (aside,) = (tmp_path / "earlier").iterdir()
        log = (aside / "postgres" / "postgres.log").read_text()
        assert "database system is shut down" in log
    finally:
        trio.run(server.stop)


def test_the_folder_of_a_demo_that_runs_stays_where_it_is(tmp_path: Path) -> None:
    with demo_home(tmp_path):
        (tmp_path / "library" / "film.mkv").write_bytes(b"film")
        with pytest.raises(DataDirectoryBusy), demo_home(tmp_path):
            pass
        assert (tmp_path / "library" / "film.mkv").exists()
    with only_daemon_on(tmp_path), pytest.raises(DataDirectoryBusy), demo_home(tmp_path):
        pass
    assert (tmp_path / "library" / "film.mkv").exists()


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(Refused, match="REELD_DATA_DIR"), demo_home(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert not (tmp_path / MARK).exists()


def test_the_demo_takes_no_credentials_of_the_person_who_runs_it(tmp_path: Path) -> None:
    settings = read_demo_settings(
        {
            "REELD_DATA_DIR": str(tmp_path),
            "REELD_BIND": "127.0.0.1:9999",
            "REELD_TMDB_TOKEN": "mine",
            "REELD_HDBITS_USERNAME": "me",
            "REELD_HDBITS_PASSKEY": "mine",
            "REELD_CONFIG": "/does/not/matter.toml",
        }
    )
    assert (settings.tmdb, settings.hdbits) == (None, None)
    assert settings.server.port == 9999
    assert settings.library.root_folder == tmp_path / "library"


# A database that a person names


def schema_of(conninfo: str) -> set[tuple[str, str]]:
    """Schema and name of every table."""
    query = (
        "SELECT table_schema, table_name FROM information_schema.tables"
        " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    with psycopg.connect(conninfo) as connection:
        return {(str(row[0]), str(row[1])) for row in connection.execute(query)}


async def test_an_empty_database_becomes_the_demo_s(empty_database_url: str) -> None:
    await make_fresh(empty_database_url)
    assert schema_of(empty_database_url) == {("public", "reeld_demo")}


async def test_a_database_that_is_in_use_is_refused_and_left_as_it_is(
    database_url: str, database: Database
) -> None:
    leader = Leader(database)
    await leader.acquire()
    await leader.release()
    before = schema_of(database_url)
    with pytest.raises(Refused, match="no demo made it") as caught:
        await make_fresh(database_url)
    assert caught.value.reason == "not_a_demo_database"
    assert schema_of(database_url) == before


async def test_a_database_with_tables_of_something_else_is_refused(empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE invoice (id int)")
    with pytest.raises(Refused):
        await make_fresh(empty_database_url)
    assert schema_of(empty_database_url) == {("public", "invoice")}


async def test_what_an_earlier_demo_left_in_a_database_is_put_aside_whole(
    database_url: str, database: Database
) -> None:
    await make_fresh(database_url)
    leader = Leader(database)
    await leader.acquire()
    tables = {name for schema, name in schema_of(database_url) if schema == "public"}
    with pytest.raises(LeadershipHeld):
        await make_fresh(database_url)
    assert {name for schema, name in schema_of(database_url) if schema == "public"} == tables
    await leader.release()
    await make_fresh(database_url)
    found = schema_of(database_url)
    assert {name for schema, name in found if schema == "public"} == {"reeld_demo"}
    assert {name for schema, name in found if schema != "public"} == tables - {"reeld_demo"}
    await migrate(database_url)
    assert {name for schema, name in schema_of(database_url) if schema == "public"} == tables


def test_a_demo_on_a_database_that_is_in_use_is_refused_before_anything_starts(
    tmp_path: Path, empty_database_url: str
) -> None:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE movie (id int)")
    done = subprocess.run(
        [sys.executable, "-m", "reeld", "demo", "--once", "--json"],
        env={**demo_environ(tmp_path), "REELD_DATABASE_URL": as_url(empty_database_url)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert "no demo made it" in document["error"]
    assert document["movies"] == []
    assert schema_of(empty_database_url) == {("public", "movie")}


async def test_a_database_that_does_not_answer_is_told_without_its_password() -> None:
    with pytest.raises(DatabaseUnavailable) as caught:
        await make_fresh("postgresql://reeld:hunter22@127.0.0.1:9/reeld")
    assert "REELD_DATABASE_URL" in caught.value.sentence
    assert "hunter22" not in caught.value.sentence
