"""Every effect on the disk or on qBittorrent lies between two crash points.

A daemon imports in all its ways while each call that changes a file or a torrent is written down, together with the
crash points that are passed. What the code can do, and none of these imports did, has to be listed here with its reason.
"""

from __future__ import annotations

import ast
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

import reeld
from reeld.services.qbittorrent import QbittorrentClient
from reeld.simulators import catalogue
from reeld.simulators.offers import OFFERS, Layout
from reeld.simulators.world import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOMS = Path(next(iter(reeld.__path__)))
ROOM = (ROOMS / "actors").resolve()
FILM = catalogue.SINTEL
BEST, SECOND = (
    replace(offer, megabytes=megabytes, layout=Layout.FOLDER)
    for offer, megabytes in zip(
        (offer for offer in OFFERS if offer.film is FILM and offer.flaw is None),
        (2, 1),
        strict=True,
    )
)

# Attributes of what was just made, and the bytes of a file without its final name: part of the effect that made it.
PART_OF_ANOTHER = {
    "os.fchmod",
    "os.fchown",
    "os.utime",
    "os.copy_file_range",
    "os.pwrite",
}

NEVER_SEEN_HERE = {
    "actors/qbit/_adding.py:_mark_as_ours": "for qBittorrent before 4.3.2, between points of its own, which a trip of test_crash_points passes",
    "actors/qbit/_adding.py:_limit_seeding": "for qBittorrent before 4.3.9, before the tag; repeating it changes nothing, and it has a crash test of its own",
    "actors/importer/_withdrawing.py:_put_back": "undoes a removal, between points that the matrix of the library's crash tests kills at",
    "actors/importer/_withdrawing.py:_set_aside": "of moves and removals, whose every crash point the matrix of the library kills at",
    "actors/qbit/_actor.py:drop_torrent": "of a deleted movie, which has a test of its own",
    "actors/importer/_copying.py:clone": "needs Btrfs or XFS; between the same points as a copy",
    "actors/importer/_copying.py:_read_and_write": "for kernels that cannot; in the place of _kernel_copy",
    "actors/importer/_publishing.py:rename_to_free_name": "for file systems without renameat2; in its place",
    "actors/importer/_renaming_files.py:_rename_in": "of renames, whose every crash point tests of their own stop at",
    "actors/importer/linkprobe.py:probe_file": "reeld's own file for an instant, cleared as a leftover",
}
"""Functions with effects that no import on an ordinary disk reaches, and why that is no gap."""

OUTSIDE_OF_WORK = {
    "grafana": "makes files of this repository",
    "deploy": "makes files of this repository",
    "simulators": "are the outside, and belong to no daemon that works",
}
"""Rooms that no daemon runs when it works for its owner."""

OWN_FILES = "reeld's own file in its data folder: written whole and renamed, or made anew when it is not there"
OWN_SERVER = "the embedded server's own files: PostgreSQL recovers by itself, and what was half made is made anew"
A_COMMAND = (
    "a person's command, no work of a daemon: whoever began it sees how it ended, and repeats it"
)
ELSEWHERE = {
    "cli/client.py": "asks a daemon that runs, which writes the change down before it acts",
    "cli/demo/_home.py": A_COMMAND,
    "cli/demo/_progress.py": A_COMMAND,
    "cli/demo/_run.py": A_COMMAND,
    "cli/doctor/_database.py": A_COMMAND,
    "cli/doctor/_folders.py": "a probe of its own name, taken away again",
    "cli/doctor/_notes.py": OWN_FILES,
    "cli/doctor/_patient.py": "asks a daemon that runs",
    "cli/endings.py": "its own standard output",
    "cli/keys.py": OWN_FILES,
    "cli/lock.py": OWN_FILES,
    "cli/systemd/_installing.py": A_COMMAND,
    "cli/systemd/_removing.py": A_COMMAND,
    "migrations/_backup.py": OWN_FILES,
    "services/images/_cache.py": "a cache: what is lost is fetched again",
    "services/transport/_wire.py": "carries what a client is told to send; who calls a client is looked at by itself",
    "storage/backup/_create.py": OWN_FILES,
    "storage/backup/_files.py": OWN_FILES,
    "storage/backup/_folder.py": OWN_FILES,
    "storage/backup/_tools.py": "PostgreSQL's own tools, on a database that nobody works with until it is swapped in",
    "storage/backup/_verify.py": "a scratch server, thrown away",
    "storage/crashpoints.py": "the tests' own way to end a daemon at a point",
    "storage/embedded/_cluster.py": OWN_SERVER,
    "storage/embedded/_directory.py": OWN_SERVER,
    "storage/embedded/_identity.py": OWN_SERVER,
    "storage/embedded/_postmaster.py": OWN_SERVER,
    "storage/embedded/_upgrade.py": OWN_SERVER,
    "storage/vault/_keyfile.py": OWN_FILES,
    "cli/vault.py": OWN_FILES,
}
"""Files of other rooms that change something outside the database or speak to somebody, and why no crash point is needed."""

FILE_CALLS = {
    "os": {
        "chmod", "chown", "copy_file_range", "fchmod", "fchown", "ftruncate", "link", "mkdir", "makedirs", "pwrite",
        "remove", "removedirs", "rename", "renames", "replace", "rmdir", "symlink", "truncate", "unlink", "utime",
        "write", "writev", "pwritev", "sendfile", "splice",
    },
    "shutil": {"copy", "copy2", "copyfile", "copyfileobj", "copytree", "move", "rmtree"},
    "fcntl": {"ioctl"},
}  # fmt: skip
PATH_CALLS = {
    "hardlink_to", "lchmod", "symlink_to", "touch", "write_bytes", "write_text", "unlink", "rmdir",
}  # fmt: skip
PROGRAMS = {
    "httpx": {"AsyncClient", "Client", "delete", "patch", "post", "put", "request"},
    "os": {"execv", "execve", "kill", "killpg", "posix_spawn", "system"},
    "smtplib": {"SMTP", "SMTP_SSL"},
    "subprocess": {"Popen", "call", "check_call", "check_output", "run"},
    "trio": {"run_process"},
}
"""What starts or ends programs, or speaks to them over the network."""
LOOKS = {
    "aclose",
    "categories",
    "files",
    "forgive",
    "preferences",
    "properties",
    "torrents",
    "trackers",
    "transfer",
    "version",
}
CLIENT_CALLS = {
    name
    for name, member in vars(QbittorrentClient).items()
    if callable(member) and not name.startswith("_")
} - LOOKS


def sites() -> Iterator[str]:
    """The functions of the actors that change files or torrents, from their source."""
    for path in sorted(ROOM.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from _sites_in(tree, f"actors/{path.relative_to(ROOM)}", "")


def _sites_in(node: ast.AST, file: str, function: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        inside = (
            child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        )
        in_importer = file.startswith("actors/importer/")
        if isinstance(child, ast.Attribute) and _is_effect(child, in_importer=in_importer):
            yield f"{file}:{function}"
        if isinstance(child, ast.Call) and _creates(child):
            yield f"{file}:{function}"
        yield from _sites_in(child, file, inside)


def files_elsewhere() -> Iterator[str]:
    """The files of all other rooms that hold an effect."""
    for room in sorted(ROOMS.iterdir()):
        if not room.is_dir() or room.resolve() == ROOM or room.name in OUTSIDE_OF_WORK:
            continue
        for path in sorted(room.resolve().rglob("*.py")):
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            if any(_is_anything(node) for node in nodes):
                yield f"{room.name}/{path.relative_to(room.resolve())}"


def _is_anything(node: ast.AST) -> bool:
    match node:
        case ast.Call() if _creates(node):
            return True
        case ast.Attribute(value=ast.Name(id=module), attr=name) if name in PROGRAMS.get(
            module, ()
        ):
            return True
        case ast.Attribute():
            return _is_effect(node, in_importer=True)
        case _:
            return False


def _is_effect(attribute: ast.Attribute, *, in_importer: bool) -> bool:
    match attribute.value:
        case ast.Name(id="client"):
            return attribute.attr in CLIENT_CALLS
        case ast.Name(id=module) if module in FILE_CALLS:
            return attribute.attr in FILE_CALLS[module]
        case _:
            return attribute.attr in PATH_CALLS and in_importer


def _creates(call: ast.Call) -> bool:
    """Whether it opens a file to write: `os.open` with flags of its own, or `open` with a mode."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="os"), attr="open"):
            return not any(name in ast.dump(call) for name in ("_DIRECTORY", "_READ"))
        case ast.Name(id="_renameat2"):
            return True
        case ast.Name(id="open") | ast.Attribute(attr="open", value=ast.Name(id="path")):
            return len(call.args) > 1
        case _:
            return False


Line = tuple[str, str, str]


async def want(life: Any, **more: object) -> None:
    movie_id = await life.add(FILM.tmdb_id, **more)
    await life.in_library(movie_id)


async def fresh(life: Any, world: World, house: Any) -> None:
    await want(life)
    await life.post("/control/actors/qbit/poll")
    with trio.fail_after(10):
        while world.qbittorrent.torrents:
            await trio.sleep(0.02)


async def hold_back(world: World, house: Any) -> None:
    """Have the better release not be there when the daemon first looks: what it has seen is no news later."""
    house.held_back = world.hdbits.uploads.pop()


async def upgrade(life: Any, world: World, house: Any) -> None:
    await want(life, profile="HD - 720p/1080p")
    world.hdbits.upload(house.held_back)
    await life.until("/api/history?kind=file_retired", lambda history: history["entries"])


async def copy(life: Any, world: World, house: Any) -> None:
    await want(life)


async def rejection(life: Any, world: World, house: Any) -> None:
    await life.in_library(1)


async def error(life: Any, world: World, house: Any) -> None:
    """A download that qBittorrent stops with an error is started again."""
    world.qbittorrent.turn(download_seconds=60)  # longer than a busy machine takes to look
    movie_id = await life.add(FILM.tmdb_id)
    await life.until("/api/queue", lambda queue: any(one["downloaded"] for one in queue))
    world.qbittorrent.turn(error="*", download_seconds=0.5)
    await life.in_library(movie_id)


async def swapped(world: World, house: Any) -> None:
    """A daemon is killed with a part in the library; then the download becomes a symbolic link."""
    life = house.start(kill_at="import.part.linked")
    await life.ready()
    with contextlib.suppress(life.Killed):
        await life.add(FILM.tmdb_id)
    await life.ended()
    for download in world.downloads.rglob("*.mkv"):
        download.symlink_to(download.rename(download.with_suffix(".moved")))


async def nothing(world: World, house: Any) -> None:
    pass


@pytest.fixture(scope="module")
def recorded(builder: Any) -> dict[str, list[Line]]:
    """What the daemon did in each scenario, in order."""
    upgrades = {"REELD_DECISION_UPGRADES_ALLOWED": "true"}
    one_name = {"REELD_LIBRARY_FILE_TEMPLATE": "{Movie Title} ({Release Year})"}
    modes = {"REELD_LIBRARY_FILE_MODE": "664", "REELD_LIBRARY_FOLDER_MODE": "775"}
    group = {"REELD_LIBRARY_GROUP": str(os.getgid())}
    scenarios = {
        "fresh": (nothing, fresh, modes, ("--orders",)),
        "upgrade": (hold_back, upgrade, upgrades, ()),
        "upgrade under the same name": (hold_back, upgrade, upgrades | one_name, ()),
        "copy": (nothing, copy, modes | group, ("--copy",)),
        "rejection": (swapped, rejection, {}, ()),
        "error": (nothing, error, {}, ("--hasty",)),
    }
    results: dict[str, list[Line]] = {}

    async def run_all() -> None:
        async with trio.open_nursery() as nursery:
            for name, scenario in scenarios.items():
                nursery.start_soon(run_one, name, *scenario)

    async def run_one(
        name: str, before: Any, play: Any, variables: dict[str, str], flags: tuple[str, ...]
    ) -> None:
        async with _scene(builder, variables) as (world, house):
            record = house.folder / "record"
            await before(world, house)
            house.flags = (*flags, "--record", str(record))
            _leave_something(house)
            async with house.life() as life:
                await play(life, world, house)
                await life.until(
                    "/api/work?queue=qbit", lambda rows: all(row["state"] == "done" for row in rows)
                )
            lines = record.read_text().splitlines()
            results[name] = [(*line.split("\t"),) for line in lines]  # type: ignore[misc]

    trio.run(run_all)
    return results


@asynccontextmanager
async def _scene(builder: Any, variables: dict[str, str]) -> AsyncIterator[tuple[World, Any]]:
    house = builder.house()
    try:
        folder = house.folder / "world"
        async with World.open(folder, download_seconds=0.5, offers=(SECOND, BEST)) as world:
            house.variables |= builder.settings_of(world) | variables
            yield world, house
    finally:
        builder.tear_down(house)


def _leave_something(house: Any) -> None:
    folder = house.library / "Movie (2000)"
    folder.mkdir(parents=True)
    (folder / ".reeld-999.part").write_bytes(b"half")


def separated(lines: list[Line]) -> Iterator[str]:
    """Effects that lie next to each other without a crash point between, or at an end without one."""
    last: Line | None = ("effect", "the start", "")
    for line in [*lines, ("effect", "the end", "")]:
        if line[0] == "point":
            last = None
        elif line[1] not in PART_OF_ANOTHER:
            if last is not None:
                yield f"{last[1]} ({last[2]}) and {line[1]} ({line[2]})"
            last = line


def test_a_crash_point_lies_between_any_two_effects(recorded: dict[str, list[Line]]) -> None:
    bare = {name: list(separated(lines)) for name, lines in recorded.items()}
    assert not any(bare.values()), bare


def test_every_place_that_has_effects_was_seen_at_work_or_has_its_reason(
    recorded: dict[str, list[Line]],
) -> None:
    seen = {site for lines in recorded.values() for kind, _, site in lines if kind == "effect"}
    known = set(sites())
    assert seen <= known, "the source is read wrongly"
    assert known - seen == set(NEVER_SEEN_HERE)


def test_no_other_room_has_effects_but_those_that_are_listed_with_their_reasons() -> None:
    assert {room.name for room in ROOMS.iterdir() if room.is_dir()} > set(OUTSIDE_OF_WORK)
    assert set(files_elsewhere()) == set(ELSEWHERE)


def test_clients_of_services_are_made_by_actors_and_by_who_only_looks() -> None:
    """A client under another name than the scan above knows would be missed: so nobody else gets hold of one."""
    holders = {
        f"{room}/{path.relative_to((ROOMS / room).resolve())}"
        for room in ("cli", "domain", "http", "migrations", "storage", "supervisors", "telemetry")
        for path in (ROOMS / room).resolve().rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reeld.services")
        for name in node.names
        if name.name.endswith(("Client", "Wire"))
    }
    assert holders == {"cli/doctor/_qbittorrent.py", "cli/doctor/_sources.py"}
