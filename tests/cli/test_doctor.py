from __future__ import annotations

import errno
import json
import logging
import os
import re
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import structlog
import trio

from reeld.actors.importer import linkprobe
from reeld.actors.importer._failures import LinkRefusal
from reeld.actors.service import mark_of
from reeld.cli.doctor import Finding, Status, _folders, run_doctor
from reeld.cli.doctor import _database as database_checks
from reeld.cli.doctor import _downloads as download_checks
from reeld.cli.doctor._findings import worst_of
from reeld.cli.doctor._machine import judge_expat
from reeld.cli.doctor._patient import embedded_conninfo
from reeld.cli.doctor._sources import judge_clock
from reeld.cli.doctor._visit import Check, _examine, visit
from reeld.simulators.world import World
from reeld.storage import Database
from reeld.storage.embedded import EmbeddedServer
from reeld.telemetry import redaction

Environ = dict[str, str]


class Quiet:
    """Takes findings and shows nothing."""

    def __init__(self) -> None:
        self.told: list[Finding] = []

    def tell(self, finding: Finding) -> None:
        self.told.append(finding)

    def close(self, findings: Sequence[Finding]) -> None:
        assert {id(one) for one in findings} == {id(one) for one in self.told}


@pytest.fixture(autouse=True)
def a_disk_with_room(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(_folders, "TIGHT_BYTES", 0)
    monkeypatch.setattr(_folders, "SCARCE_BYTES", 0)
    structlog_config, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    yield
    structlog.configure(**structlog_config)
    logging.getLogger().handlers[:] = handlers


async def examine(environ: Environ) -> dict[str, Finding]:
    """The worst finding of each check."""
    quiet = Quiet()
    findings = await visit(environ, quiet)
    quiet.close(findings)
    order = [Status.PASS, Status.WARN, Status.FAIL]
    return {
        finding.check: finding
        for finding in sorted(findings, key=lambda one: order.index(one.status))
    }


# All is well


async def test_nothing_is_wrong_where_all_is_well(environ: Environ, world: World) -> None:
    findings = await visit(environ, Quiet())
    assert {one.status for one in findings} == {Status.PASS}, findings
    assert {one.check for one in findings} >= {
        "settings",
        "variables",
        "data_directory",
        "database",
        "address",
        "library",
        "recycle_folder",
        "downloads",
        "hard_links",
        "tmdb",
        "clock",
        "hdbits",
        "feeds",
        "qbittorrent",
        "libexpat",
        "mediainfo",
        "python",
        "daemon",
    }
    assert world.hdbits.requests["/api/torrents"] == 1
    assert world.qbittorrent.requests["/api/v2/auth/login"] == 1


async def test_nothing_is_changed_and_nothing_stays_behind(
    environ: Environ, world: World, tmp_path: Path
) -> None:
    def everything() -> set[Path]:
        return {path for path in tmp_path.rglob("*") if "qbittorrent" not in path.parts}

    before = everything()
    await examine(environ)
    # What HDBits was asked is kept, so that the next visit does not come too early.
    state = tmp_path / "state"
    kept = {state, state / "reeld", state / "reeld" / "doctor.hdbits.json"}
    assert everything() - before == kept
    assert everything() >= before


async def test_the_document_is_one_json_object_and_holds_no_secret(
    environ: Environ, capsys: pytest.CaptureFixture[str]
) -> None:
    def run() -> int:
        return run_doctor(environ, as_json=True)

    assert await trio.to_thread.run_sync(run) == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document["status"] == "ok"
    assert {"check", "status", "sentence", "observed"} == set(document["findings"][0])
    for name in ("REELD_TMDB_TOKEN", "REELD_HDBITS_PASSKEY", "REELD_QBITTORRENT_PASSWORD"):
        assert environ[name] not in printed.out + printed.err


async def test_a_finding_is_one_line_where_there_is_no_terminal(
    environ: Environ, capsys: pytest.CaptureFixture[str]
) -> None:
    del environ["REELD_TMDB_TOKEN"]
    environ["REELD_LIBRARY_ROOT_FOLDER"] = "/no/such/folder"
    assert await trio.to_thread.run_sync(lambda: run_doctor(environ, as_json=False)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("warn  tmdb") and "REELD_TMDB_TOKEN" in line for line in lines)
    assert any(line.startswith("FAIL  library") and "/no/such/folder" in line for line in lines)
    assert lines[-1].startswith("1 to be mended, 1 that could be better; ")
    assert "\x1b" not in "".join(lines)


async def test_without_any_setting_it_says_what_to_set(tmp_path: Path) -> None:
    found = await examine({"REELD_DATA_DIR": str(tmp_path / "d"), "XDG_CONFIG_HOME": "/nowhere"})
    for check, variable in (
        ("tmdb", "REELD_TMDB_TOKEN"),
        ("hdbits", "REELD_HDBITS_PASSKEY"),
        ("qbittorrent", "REELD_QBITTORRENT_URL"),
        ("feeds", "REELD_FEEDS"),
    ):
        assert found[check].status is Status.WARN
        assert variable in found[check].sentence
    assert not (tmp_path / "d").exists()


# Settings


async def test_settings_that_cannot_be_read_are_named_and_the_rest_is_still_checked(
    environ: Environ,
) -> None:
    found = await examine({**environ, "REELD_TMDB_TOKN": "hunter22"})
    assert found["settings"].status is Status.FAIL
    assert "tmdb.tokn" in found["settings"].sentence
    assert "did you mean REELD_TMDB_TOKEN?" in found["variables"].sentence
    assert found["mediainfo"].status is Status.PASS
    assert "hunter22" not in str(found)


async def test_a_variable_that_nobody_reads_is_told_with_the_one_that_was_meant(
    environ: Environ,
) -> None:
    found = await examine({**environ, "REELD_TMBD_LANGUAGE": "de-DE", "REELD_URL": "http://x"})
    assert found["variables"].status is Status.WARN
    assert "REELD_TMBD_LANGUAGE" in found["variables"].sentence
    assert "REELD_TMDB_LANGUAGE?" in found["variables"].sentence


@pytest.mark.parametrize(("mode", "status"), [(0o644, Status.WARN), (0o600, Status.PASS)])
async def test_a_file_with_secrets_must_be_private(
    environ: Environ, tmp_path: Path, mode: int, status: Status
) -> None:
    file = tmp_path / "reeld.toml"
    file.write_text(f'[tmdb]\ntoken = "{environ.pop("REELD_TMDB_TOKEN")}"\n')
    file.chmod(mode)
    found = await examine({**environ, "REELD_CONFIG": str(file)})
    assert found["settings_file"].status is status
    assert str(file) in found["settings"].sentence


async def test_a_file_without_secrets_may_be_read_by_all(environ: Environ, tmp_path: Path) -> None:
    file = tmp_path / "reeld.toml"
    file.write_text('bind = "127.0.0.1:0"\n')
    file.chmod(0o644)
    assert "settings_file" not in await examine({**environ, "REELD_CONFIG": str(file)})


# Folders


async def test_a_data_directory_that_others_may_enter_is_told(
    environ: Environ, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    found = await examine(environ)
    assert found["data_directory"].status is Status.WARN
    assert "chmod 700" in found["data_directory"].sentence


async def test_a_data_directory_that_is_a_file_is_told(environ: Environ, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    found = await examine(environ)
    assert found["data_directory"].status is Status.FAIL
    assert found["database"].status is Status.FAIL


async def test_a_full_disk_is_told(environ: Environ, monkeypatch: pytest.MonkeyPatch) -> None:
    environ["REELD_LIBRARY_FREE_BYTES"] = str(10**18)
    Path(environ["REELD_DATA_DIR"]).mkdir(mode=0o700)
    monkeypatch.setattr(_folders, "SCARCE_BYTES", 10**18)
    found = await examine(environ)
    assert found["library"].status is Status.FAIL
    assert found["data_directory"].status is Status.WARN


async def test_a_library_that_cannot_be_written_is_told(environ: Environ, tmp_path: Path) -> None:
    environ["REELD_LIBRARY_ROOT_FOLDER"] = "/proc/1"
    found = await examine(environ)
    assert found["library"].status is Status.FAIL
    assert found["library"].sentence


async def test_a_group_that_does_not_exist_is_told(environ: Environ) -> None:
    environ["REELD_LIBRARY_GROUP"] = "no-such-group"
    found = (await examine(environ))["library"]
    assert found.status is Status.FAIL
    assert "'no-such-group'" in found.sentence
    assert "library.group" in found.sentence


async def test_a_group_that_files_may_not_be_given_to_is_told(
    environ: Environ, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ["REELD_LIBRARY_GROUP"] = str(os.getgid())
    assert (await examine(environ))["library"].status is Status.PASS

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "fchown", refuse)
    found = (await examine(environ))["library"]
    assert found.status is Status.FAIL
    assert found.observed["reason"] == "access_denied"
    assert "usermod" in found.sentence


@pytest.mark.parametrize(
    ("folder", "status"), [("library/gone", "pass"), ("beside", "pass"), ("a/b", "fail")]
)
async def test_where_replaced_files_go_must_be_there(
    environ: Environ, tmp_path: Path, folder: str, status: str
) -> None:
    environ["REELD_LIBRARY_RECYCLE_FOLDER"] = str(tmp_path / folder)
    assert (await examine(environ))["recycle_folder"].status == status


async def test_a_recycle_folder_on_another_disk_is_told(
    environ: Environ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ["REELD_LIBRARY_RECYCLE_FOLDER"] = str(tmp_path / "bin")
    refuse_links(monkeypatch, LinkRefusal.CROSS_DEVICE)
    found = await examine(environ)
    assert found["recycle_folder"].status is Status.WARN
    assert "another file system" in found["recycle_folder"].sentence


# From the downloads into the library


def refuse_links(monkeypatch: pytest.MonkeyPatch, refusal: LinkRefusal) -> None:
    monkeypatch.setattr(linkprobe, "hard_link", lambda *_: refusal)
    monkeypatch.setattr(linkprobe, "_can_reflink", lambda *_: False)


@pytest.mark.parametrize(
    ("mode", "refusal", "status", "remedy"),
    [
        ("hardlink", LinkRefusal.CROSS_DEVICE, Status.WARN, "one volume for both"),
        ("hardlink", LinkRefusal.PROTECTED_HARDLINKS, Status.WARN, "umask 002"),
        ("hardlink", LinkRefusal.UNSUPPORTED, Status.WARN, "ext4"),
        ("strict", LinkRefusal.CROSS_DEVICE, Status.FAIL, "one volume for both"),
    ],
)
async def test_downloads_that_cannot_be_linked_are_told_with_the_remedy(
    environ: Environ,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    refusal: LinkRefusal,
    status: Status,
    remedy: str,
) -> None:
    environ["REELD_LIBRARY_IMPORT_MODE"] = mode
    refuse_links(monkeypatch, refusal)
    found = (await examine(environ))["hard_links"]
    assert found.status is status
    assert remedy in found.sentence
    assert found.observed["reason"] == refusal.value


async def test_a_save_path_that_is_not_seen_here_asks_for_a_mapping(
    environ: Environ, world: World
) -> None:
    world.qbittorrent.core.preferences["save_path"] = "/data/in/the/container"
    found = (await examine(environ))["downloads"]
    assert found.status is Status.FAIL
    assert "qbittorrent.path_mappings" in found.sentence
    mapping = [{"remote": "/data/in", "local": str(world.downloads.parent)}]
    (world.downloads.parent / "the" / "container").mkdir(parents=True)
    environ["REELD_QBITTORRENT_PATH_MAPPINGS"] = json.dumps(mapping)
    found = (await examine(environ))["downloads"]
    assert found.status is Status.PASS
    assert found.observed["here"] == str(world.downloads.parent / "the" / "container")


async def test_a_library_inside_the_downloads_is_told(environ: Environ, world: World) -> None:
    inside = world.downloads / "library"
    inside.mkdir()
    environ["REELD_LIBRARY_ROOT_FOLDER"] = str(inside)
    found = (await examine(environ))["downloads"]
    assert found.status is Status.FAIL
    assert "inside" in found.sentence


def test_files_of_somebody_else_are_found_among_the_downloads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "movie").mkdir()
    (tmp_path / "movie" / "movie.mkv").write_text("")
    monkeypatch.setattr(download_checks, "_links_are_protected", lambda: True)
    assert download_checks._judge_owners(tmp_path).status is Status.PASS
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = download_checks._judge_owners(tmp_path)
    assert found.status is Status.WARN
    assert "umask 002" in found.sentence


# Outside systems


def spoil(simulator: str, **knobs: object) -> Callable[[World, Environ], None]:
    return lambda world, _: getattr(world, simulator).turn(**knobs)


def change(name: str, value: str) -> Callable[[World, Environ], None]:
    return lambda _, environ: environ.update({name: value})


NOWHERE = "http://127.0.0.1:9"

BROKEN: list[tuple[Callable[[World, Environ], None], str, str, str]] = [
    (change("REELD_TMDB_TOKEN", "not-the-token"), "tmdb", "fail", "tmdb.token"),
    (spoil("tmdb", html_next=9), "tmdb", "fail", "TMDB"),
    (spoil("tmdb", fail_next=9, fail_status=429, retry_after="7"), "tmdb", "warn", "TMDB"),
    (change("REELD_TMDB_URL", NOWHERE), "tmdb", "fail", "127.0.0.1:9"),
    (change("REELD_HDBITS_PASSKEY", "wrong-passkey"), "hdbits", "fail", "hdbits.passkey"),
    (spoil("hdbits", down_for=60.0), "hdbits", "fail", "HDBits"),
    (spoil("hdbits", api_calls_allowed=0), "hdbits", "warn", "too often"),
    (change("REELD_QBITTORRENT_PASSWORD", "wrong-pw"), "qbittorrent", "fail", "rejects"),
    (change("REELD_QBITTORRENT_USERNAME", ""), "qbittorrent", "fail", "wants a login"),
    (spoil("qbittorrent", ban=60), "qbittorrent", "fail", "banned"),
    (spoil("qbittorrent", html_next=9), "qbittorrent", "fail", "qbittorrent.url"),
    (change("REELD_QBITTORRENT_URL", NOWHERE), "qbittorrent", "fail", "127.0.0.1:9"),
    (spoil("rss", feed_as="not_xml"), "feeds", "fail", "open-movies"),
    (spoil("rss", feed_as="doctype"), "feeds", "fail", "open-movies"),
    (spoil("rss", feed_as="html"), "feeds", "fail", "open-movies"),
    (spoil("rss", feed_as="empty"), "feeds", "fail", "open-movies"),
]


@pytest.mark.parametrize(("break_it", "check", "status", "said"), BROKEN)
async def test_what_is_wrong_outside_is_told_and_the_rest_is_well(
    environ: Environ,
    world: World,
    break_it: Callable[[World, Environ], None],
    check: str,
    status: str,
    said: str,
) -> None:
    break_it(world, environ)
    found = await examine(environ)
    assert found[check].status == status, found[check]
    assert said in found[check].sentence
    others = {one.status for one in found.values() if one.check != check}
    assert others == {Status.PASS}
    assert world.qbittorrent.requests["/api/v2/auth/login"] <= 1
    for secret in ("not-the-token", "wrong-passkey", "wrong-pw", environ["REELD_HDBITS_PASSKEY"]):
        assert secret not in str(found)


@pytest.mark.parametrize(
    ("action", "enabled", "status"),
    [(3, True, "fail"), (1, True, "warn"), (3, False, "warn"), (0, True, None)],
)
async def test_a_qbittorrent_that_removes_torrents_is_told(
    environ: Environ, world: World, action: int, enabled: bool, status: str | None
) -> None:
    preferences = {"max_ratio_act": action, "max_ratio_enabled": enabled, "max_ratio": 1}
    world.qbittorrent.core.preferences.update(preferences)
    found = (await examine(environ)).get("qbittorrent_preferences")
    assert (found and str(found.status)) == status


def as_seen_by_qbittorrent(world: World) -> int:
    return world.qbittorrent.requests["/api/v2/auth/login"]


@pytest.mark.parametrize("data_directory", [True, False])
async def test_credentials_that_were_rejected_are_not_tried_by_the_next_visit(
    environ: Environ, world: World, tmp_path: Path, data_directory: bool
) -> None:
    right = environ["REELD_QBITTORRENT_PASSWORD"]
    if data_directory:
        (tmp_path / "data").mkdir(mode=0o700)
    environ["REELD_QBITTORRENT_PASSWORD"] = "wrong-pw"
    for _ in range(7):
        found = (await examine(environ))["qbittorrent"]
        assert found.status is Status.FAIL
        assert found.observed["reason"] == "credentials_rejected"
    assert as_seen_by_qbittorrent(world) == 1
    (noted,) = tmp_path.rglob("doctor.qbittorrent.json")
    assert str(noted) in found.sentence
    assert noted.stat().st_mode & 0o077 == 0
    assert "wrong-pw" not in noted.read_text()
    assert (tmp_path / "data").exists() is data_directory
    environ["REELD_QBITTORRENT_PASSWORD"] = right
    assert (await examine(environ))["qbittorrent"].status is Status.PASS


@pytest.mark.parametrize("content", ["", "[]", '{"rejected": 1}', '{"rejected": "%s", "at": 1}'])
async def test_a_note_that_is_old_or_damaged_means_nothing(
    environ: Environ, tmp_path: Path, content: str
) -> None:
    environ["REELD_QBITTORRENT_PASSWORD"] = "wrong-pw"
    await examine(environ)
    (noted,) = tmp_path.rglob("doctor.qbittorrent.json")
    mark = json.loads(noted.read_text())["rejected"]
    noted.write_text(content % mark if "%s" in content else content)
    assert "when this check last tried" not in (await examine(environ))["qbittorrent"].sentence


@pytest.mark.parametrize(("state", "logins"), [("forced_open", 0), ("closed", 1)])
async def test_credentials_that_the_daemon_saw_rejected_are_not_tried(
    environ: Environ, world: World, database_url: str, state: str, logins: int
) -> None:
    environ["REELD_DATABASE_URL"] = as_url(database_url)
    mark = mark_of(
        world.qbittorrent.url,
        environ["REELD_QBITTORRENT_USERNAME"],
        environ["REELD_QBITTORRENT_PASSWORD"],
        None,  # no API key
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO breaker (name, state, reason, settings_mark)"
            " VALUES ('qbit', %s, 'credentials_rejected', %s)",
            (state, mark),
        )
    found = (await examine(environ))["qbittorrent"]
    assert as_seen_by_qbittorrent(world) == logins
    assert (found.status is Status.FAIL) is (logins == 0)
    environ["REELD_QBITTORRENT_PASSWORD"] = "corrected"
    await examine(environ)
    assert as_seen_by_qbittorrent(world) == logins + 1


def is_forced_open(data: Path) -> bool:
    conninfo = embedded_conninfo(data / "postgres")
    assert conninfo is not None
    with psycopg.connect(conninfo) as connection:
        query = "SELECT state FROM breaker WHERE name = 'qbit'"
        return connection.execute(query).fetchall() == [("forced_open",)]


async def test_what_a_daemon_that_runs_was_refused_is_not_tried_again(
    environ: Environ, world: World, tmp_path: Path, daemon_starter: Callable[..., Any]
) -> None:
    environ["REELD_QBITTORRENT_PASSWORD"] = "wrong-pw"
    environ["REELD_API_KEY"] = "the-key-of-the-tests"
    run = daemon_starter(environ, tmp_path / "run")
    try:
        await trio.to_thread.run_sync(run.wait_until_ready)
        url = run.said.partition("reeld is ready at ")[2].split()[0]
        headers = {"X-Api-Key": environ["REELD_API_KEY"]}
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as api:
            wanted = await api.post("/api/movies", json={"tmdb_id": world.films[0].tmdb_id})
        assert wanted.is_success, wanted.text
        with trio.fail_after(60):
            while not await trio.to_thread.run_sync(is_forced_open, tmp_path / "data"):
                await trio.sleep(0.1)
        for _ in range(3):
            found = (await examine(environ))["qbittorrent"]
            assert found.status is Status.FAIL
        assert "The daemon saw" in found.sentence
        assert as_seen_by_qbittorrent(world) == 1
    finally:
        await trio.to_thread.run_sync(run.stop)


@pytest.mark.parametrize("with_database", [True, False])
async def test_visits_keep_their_calls_of_hdbits_apart_and_heed_what_it_said(
    environ: Environ, world: World, database_url: str, with_database: bool
) -> None:
    environ["REELD_HDBITS_SPACING_SECONDS"] = "900"
    if with_database:
        environ["REELD_DATABASE_URL"] = as_url(database_url)
    for status in (Status.PASS, Status.WARN, Status.WARN):
        found = (await examine(environ))["hdbits"]
        assert found.status is status
    assert "was not asked" in found.sentence
    assert world.hdbits.requests["/api/torrents"] == 1


async def test_the_next_visit_stays_away_from_hdbits_when_it_was_told_to(
    environ: Environ, world: World
) -> None:
    world.hdbits.turn(api_calls_allowed=0)
    assert "too often" in (await examine(environ))["hdbits"].sentence
    assert "was not asked" in (await examine(environ))["hdbits"].sentence
    assert world.hdbits.requests["/api/torrents"] == 1


async def test_hdbits_is_left_alone_while_it_wants_to_be(
    environ: Environ, world: World, database_url: str
) -> None:
    environ["REELD_DATABASE_URL"] = as_url(database_url)
    async with Database.open(database_url) as database:
        await database.execute(
            "INSERT INTO limiter (name, tokens, counted_at, next_allowed_at)"
            " VALUES ('hdbits', 5, extract(epoch FROM now()), extract(epoch FROM now()) + 600)"
        )
        found = await examine(environ)
        assert found["hdbits"].status is Status.WARN
        assert "was not asked" in found["hdbits"].sentence
        assert world.hdbits.requests["/api/torrents"] == 0
        rows = await database.fetch_all("SELECT tokens FROM limiter")
        assert [float(row[0]) for row in rows] == [5.0]


@pytest.mark.parametrize(
    ("offset", "age", "status"),
    [(0, None, "pass"), (-120, None, "warn"), (300, None, "warn"), (-300, "300", "pass")],
)
def test_a_clock_that_is_wrong_is_told(offset: int, age: str | None, status: str) -> None:
    now = 1_790_000_000.0
    found = judge_clock(formatdate(now + offset, usegmt=True), age, now)
    assert found is not None
    assert found.status == status


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_an_answer_without_a_date_says_nothing_about_the_clock(date: str | None) -> None:
    assert judge_clock(date, None, 0.0) is None


def test_an_old_libexpat_is_told() -> None:
    assert judge_expat((2, 3, 0)).status is Status.WARN
    assert judge_expat((2, 5, 0)).status is Status.PASS


# The database


async def test_a_database_outside_is_looked_into(environ: Environ, database_url: str) -> None:
    found = await examine({**environ, "REELD_DATABASE_URL": as_url(database_url)})
    assert found["database"].status is Status.PASS
    assert "up to date" in found["database"].sentence
    assert found["database"].observed["kind"] == "external"


async def test_an_empty_database_is_well(environ: Environ, empty_database_url: str) -> None:
    found = await examine({**environ, "REELD_DATABASE_URL": as_url(empty_database_url)})
    assert found["database"].status is Status.PASS
    assert "is empty" in found["database"].sentence


async def test_a_database_of_a_newer_reeld_is_told(environ: Environ, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO schema_migration (number, name, sha256, ms, app_version)"
            " VALUES (9999, 'x', 'x', 1, '9.9')"
        )
    found = await examine({**environ, "REELD_DATABASE_URL": as_url(database_url)})
    assert found["database"].status is Status.FAIL
    assert "newer" in found["database"].sentence


def as_url(conninfo: str) -> str:
    parts = psycopg.conninfo.conninfo_to_dict(conninfo)
    host = str(parts["host"]).replace("/", "%2F")
    return f"postgresql://{parts['user']}@{host}:{parts['port']}/{parts['dbname']}"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://reeld:hunter22@127.0.0.1:9/reeld", "Nothing listens"),
        ("postgresql://reeld:hunter22@no.such.host.invalid/reeld", "host name is unknown"),
        ("postgresql://reeld:hunt%er22@127.0.0.1/reeld", "%-codes"),
    ],
)
async def test_a_database_that_cannot_be_used_is_told_without_its_password(
    environ: Environ, url: str, said: str
) -> None:
    found = await examine({**environ, "REELD_DATABASE_URL": url})
    assert found["database"].status is Status.FAIL
    assert said in found["database"].sentence
    assert "er22" not in str(found)


@pytest.mark.parametrize(
    ("version", "tls", "host", "check", "status"),
    [
        (150004, True, "db", "database", "fail"),
        (160004, True, "db", "database", "pass"),
        (160004, False, "db", "database_tls", "warn"),
        (160004, False, "127.0.0.1", "database_tls", None),
        (190001, True, "db", "database_version", "warn"),
    ],
)
async def test_version_and_encryption_of_a_database_are_judged(
    environ: Environ,
    monkeypatch: pytest.MonkeyPatch,
    version: int,
    tls: bool,
    host: str,
    check: str,
    status: str | None,
) -> None:
    async def look(_url: str) -> database_checks.Seen:
        return database_checks.Seen(version, tls, 0, may_create=True)

    monkeypatch.setattr(database_checks, "_look", look)
    found = await database_checks._check_external(f"postgresql://u:p@{host}/reeld")
    judged = next((str(one.status) for one in found if one.check == check), None)
    assert judged == status


async def test_an_embedded_server_that_runs_is_looked_into(
    environ: Environ, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    async with EmbeddedServer(tmp_path / "data" / "postgres").running():
        found = (await examine(environ))["database"]
    assert found.status is Status.PASS
    assert found.observed["running"] is True
    assert (await examine(environ))["database"].observed["running"] is False


@pytest.mark.parametrize(
    ("major", "status", "said"),
    [("16", Status.PASS, "the next start brings it to"), ("15", Status.FAIL, "pg_dump|dump it")],
)
async def test_data_of_an_older_postgresql_is_told(
    environ: Environ, tmp_path: Path, major: str, status: Status, said: str
) -> None:
    data = tmp_path / "data" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(f"{major}\n")
    found = (await examine(environ))["database"]
    assert found.status is status
    assert f"PostgreSQL {major}" in found.sentence
    assert re.search(said, found.sentence)


# The daemon


async def test_a_port_that_somebody_else_has_is_told(environ: Environ) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        environ["REELD_BIND"] = f"127.0.0.1:{other.getsockname()[1]}"
        found = (await examine(environ))["address"]
    assert found.status is Status.FAIL
    assert "REELD_BIND" in found.sentence


def node(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "parked": False,
        "last_error": None,
        "breakers": [],
        "children": [],
        **more,
    }


async def test_a_daemon_that_runs_tells_what_is_not_well(environ: Environ, tmp_path: Path) -> None:
    opened = {"name": "hdbits", "state": "open", "sentence": "It is down."}
    closed = {"name": "tmdb", "state": "closed", "sentence": ""}
    tree = node(
        "root",
        children=[
            node(
                "sources",
                children=[
                    node("hdbits", breakers=[opened, closed]),
                    node("rss", parked=True, last_error="KeyError"),
                ],
            )
        ],
    )
    async with a_daemon({"/health": {"status": "pass"}, "/control/actors": tree}) as port:
        note_daemon(tmp_path / "data", port)
        environ["REELD_BIND"] = "127.0.0.1:7"
        findings = [one for one in await visit(environ, Quiet()) if one.check == "daemon"]
        assert [one.status for one in findings] == [Status.WARN, Status.FAIL]
        assert "It is down." in findings[0].sentence
        assert "rss" in findings[1].sentence
        address = (await examine(environ))["address"]
        assert address.status is Status.WARN
        assert "restart it" in address.sentence


async def test_a_note_of_a_daemon_that_is_gone_means_nothing(
    environ: Environ, tmp_path: Path
) -> None:
    note_daemon(tmp_path / "data", 9)
    found = (await examine(environ))["daemon"]
    assert found.observed["running"] is False


def note_daemon(folder: Path, port: int) -> None:
    folder.mkdir(mode=0o700)
    note = {"url": f"http://127.0.0.1:{port}", "key": "k" * 20, "pid": 1}
    (folder / "daemon.json").write_text(json.dumps(note))


def a_daemon(answers: dict[str, Any]) -> Any:
    """A server that answers a few paths with JSON."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def served() -> Any:
        async def converse(stream: trio.SocketStream) -> None:
            head = await stream.receive_some()
            path = head.split()[1].decode()
            body = json.dumps(answers[path]).encode()
            await stream.send_all(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body)
            )
            await stream.aclose()

        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(
                lambda task_status: trio.serve_tcp(
                    converse, 0, host="127.0.0.1", task_status=task_status
                )
            )
            yield listeners[0].socket.getsockname()[1]
            nursery.cancel_scope.cancel()

    return served()


# The visit itself


def check_that(act: Callable[[], Awaitable[list[Finding]]], seconds: float = 5.0) -> Check:
    return Check("it", act, seconds)


async def test_a_check_that_crashes_is_a_warning_and_the_others_go_on() -> None:
    async def crash() -> list[Finding]:
        raise KeyError("secret")

    found: dict[str, list[Finding]] = {}
    with structlog.testing.capture_logs() as logs:
        await _examine(check_that(crash), found, Quiet())
    assert [one.status for one in found["it"]] == [Status.WARN]
    assert "KeyError" in found["it"][0].sentence
    assert "secret" not in found["it"][0].sentence
    assert logs[0]["event"] == "check_crashed"


async def test_a_file_that_cannot_be_used_is_told_by_its_name() -> None:
    async def stumble() -> list[Finding]:
        raise PermissionError(13, "Permission denied", "/srv/movies")

    found: dict[str, list[Finding]] = {}
    await _examine(check_that(stumble), found, Quiet())
    assert found["it"][0].status is Status.FAIL
    assert found["it"][0].sentence.startswith("/srv/movies cannot be used (Permission denied)")


async def test_a_secret_that_slipped_into_a_finding_is_masked() -> None:
    async def leak() -> list[Finding]:
        return [Finding("it", Status.PASS, "It said hunter22!", {"said": "hunter22!", "n": 1})]

    redaction.register(["hunter22!"])
    found: dict[str, list[Finding]] = {}
    quiet = Quiet()
    await _examine(check_that(leak), found, quiet)
    assert "hunter22!" not in str(found) + str(quiet.told)
    assert found["it"][0].observed["n"] == 1


async def test_a_check_that_hangs_ends_at_its_deadline(autojump_clock: object) -> None:
    async def hang() -> list[Finding]:
        await trio.sleep_forever()
        return []

    found: dict[str, list[Finding]] = {}
    await _examine(check_that(hang), found, Quiet())
    assert found["it"][0].status is Status.FAIL
    assert "5 s" in found["it"][0].sentence


def test_the_worst_finding_counts() -> None:
    ok, bad = Finding("a", Status.PASS, ""), Finding("b", Status.WARN, "")
    assert worst_of([ok]) is Status.PASS
    assert worst_of([ok, bad]) is Status.WARN
    assert worst_of([bad, Finding("c", Status.FAIL, ""), ok]) is Status.FAIL
