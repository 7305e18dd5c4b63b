"""One command changes the key: killed at every step and again in the recovery, every secret can still be opened."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import trio

from reeld.cli.key_watch import KeyWatch
from reeld.cli.secrets._place import Strongroom
from reeld.cli.secrets._rotating import rotate_keys
from reeld.cli.vault import KeyPlace
from reeld.domain.errors import Refused
from reeld.domain.secret import Secret
from reeld.domain.torznab import NewIndexer
from reeld.storage import Database, TrioConnection
from reeld.storage.backup import connected
from reeld.storage.crashpoints import registry
from reeld.storage.repositories import indexers
from reeld.storage.repositories.releases import place_of_link
from reeld.storage.vault import KeyFile, Vault, VaultError

KILLED = """
import sys, trio
from pathlib import Path
from reeld.cli.secrets._place import Strongroom
from reeld.cli.secrets._rotating import rotate_keys
from reeld.cli.vault import KeyPlace
from reeld.storage import crashpoints
from reeld.storage.backup import connected
from reeld.storage.vault import KeyFile
point, conninfo, path = sys.argv[1:]
crashpoints.arm(point)
async def main():
    async with connected(conninfo) as connection:
        room = Strongroom(connection, KeyPlace((), KeyFile(Path(path))), alone=True)
        await rotate_keys(room, lambda done: None)
trio.run(main)
"""
POINTS = [point.name for point in registry().values() if point.case[0] == "K"]
LINK = Secret("https://tracker.example/dl?passkey=canary")
TORRENT = {"table": "acquisition", "column": "torrent", "row": "1"}


def run(point: str, conninfo: str, file: KeyFile) -> int:
    command = [sys.executable, "-c", KILLED, point, conninfo, str(file.path)]
    return subprocess.run(command, timeout=60, check=False, capture_output=True).returncode


async def rotate(conninfo: str, file: KeyFile) -> None:
    async with connected(conninfo) as connection:
        await rotate_keys(Strongroom(connection, KeyPlace((), file), alone=True), nobody)


def nobody(_done: int) -> None:
    """Is told nothing."""


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "keys" / "vault.key")


@pytest.fixture
def sealed(database_url: str, file: KeyFile) -> str:
    """The connection string of a database with a secret in each of the sealed columns."""
    vault = Vault.from_file(file.path)
    with psycopg.connect(database_url, autocommit=True) as connection:
        run = connection.execute
        run(
            "INSERT INTO indexer (name, implementation, base_url, api_path, categories)"
            " VALUES ('T', 'Torznab', 'http://a', '/api', '{}')"
        )
        key = vault.seal(Secret("canary"), table="indexer", column="sealed_api_key", row="1")
        run("UPDATE indexer SET sealed_api_key = %s", (key,))
        run("INSERT INTO movie (tmdb_id, title, profile) VALUES (1, 'x', 'Any')")
        link = vault.seal(LINK, **place_of_link("feed", "g"))
        run(
            "INSERT INTO release (source, indexer, guid, title, sealed_link) VALUES ('rss', 'feed', 'g', 'x', %s)",
            (link,),
        )
        run(
            "INSERT INTO acquisition (movie_id, release_id, source, indexer, title, state, failure, torrent)"
            " VALUES (1, 1, 'rss', 'feed', 'x', 'failed', 'stalled', %s)",
            (vault.seal_bytes(b"torrent", **TORRENT),),
        )
    return database_url


def require_open(url: str, vault: Vault) -> None:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT sealed_api_key, sealed_link, torrent FROM indexer, release, acquisition"
        ).fetchone()
    assert found is not None
    key, link, torrent = found
    place = {"table": "indexer", "column": "sealed_api_key", "row": "1"}
    assert vault.unseal(key, **place).reveal() == "canary"
    assert vault.unseal(link, **place_of_link("feed", "g")) == LINK
    assert vault.unseal_bytes(torrent, **TORRENT) == b"torrent"


@pytest.fixture
async def room(sealed: str, file: KeyFile) -> AsyncIterator[Strongroom]:
    connection = await TrioConnection.connect(sealed)
    yield Strongroom(connection, KeyPlace((), file), alone=True)
    await connection.close()


@pytest.mark.parametrize("point", POINTS)
def test_a_rotation_that_is_killed_twice_loses_nothing_and_the_next_one_ends_it(
    sealed: str, file: KeyFile, point: str
) -> None:
    [former] = file.read()
    for _ in range(2):
        # Killed in the second run as well: the recovery is the same code.
        assert run(point, sealed, file) == -signal.SIGKILL
        require_open(sealed, Vault(*file.read()))
    trio.run(rotate, sealed, file)
    [key] = file.read()
    assert key != former
    require_open(sealed, Vault(key))
    assert [each.name for each in file.path.parent.iterdir()] == ["vault.key"]


async def test_a_rotation_beside_no_daemon_leaves_one_new_key(
    room: Strongroom, sealed: str, file: KeyFile
) -> None:
    rotated = await rotate_keys(room, nobody)
    assert (rotated.rows, rotated.unopened, rotated.dropped, rotated.waiting) == (3, 0, 1, 0)
    require_open(sealed, Vault(*file.read()))
    assert len(file.read()) == 1
    assert Vault(*file.read()).key_id == rotated.key_id


async def test_a_running_daemon_takes_up_the_key_and_drops_the_former_one_when_nothing_needs_it(
    room: Strongroom, sealed: str, file: KeyFile, nursery: trio.Nursery
) -> None:
    daemon = Vault.from_file(file.path)
    former = daemon.key_id
    ready = trio.Event()
    ready.set()
    async with Database.open(sealed) as database:
        nursery.start_soon(KeyWatch(daemon, file, database).run, ready)
        with trio.fail_after(30):
            rotated = await rotate_keys(replace(room, alone=False), nobody)
        assert daemon.key_id == rotated.key_id != former
        assert (rotated.rows, rotated.dropped, rotated.waiting) == (3, 0, 1)
        settled = KeyWatch(daemon, file, database, settled=0)
        await settled.look()
        await settled.look()
        assert daemon.key_ids == (rotated.key_id,)
        nursery.cancel_scope.cancel()
    require_open(sealed, Vault(*file.read()))


async def test_a_late_row_of_the_former_key_is_sealed_anew_before_that_key_goes(
    room: Strongroom, sealed: str, file: KeyFile
) -> None:
    late, former = Vault(*file.read()), file.copy()
    await rotate_keys(room, nobody)
    assert former is not None
    assert file.adopt(former) == 1
    async with room.connection.transaction():
        indexer = NewIndexer(name="Late", base_url="http://b", api_key=Secret("late"))
        number = await indexers.save(room.connection, late, indexer)
    async with Database.open(sealed) as database:
        watch = KeyWatch(Vault.from_file(file.path), file, database, settled=0)
        await watch.look()
        stored = await indexers.get(database, number)
    assert len(file.read()) == 1
    assert indexers.unsealed(Vault(*file.read()), stored).api_key == Secret("late")


async def test_a_former_key_stays_as_long_as_something_sealed_with_it_may_be_on_its_way(
    room: Strongroom, sealed: str, file: KeyFile
) -> None:
    former = file.copy()
    await rotate_keys(room, nobody)
    assert former is not None
    file.adopt(former)
    async with Database.open(sealed) as database:
        await KeyWatch(Vault.from_file(file.path), file, database, settled=900).look()
    assert len(file.read()) == 2


async def test_what_the_daemon_has_not_taken_up_is_not_used(
    room: Strongroom, sealed: str, file: KeyFile
) -> None:
    former = file.read()
    with pytest.raises(Refused, match="restart it") as refused:
        await rotate_keys(replace(room, alone=False), nobody, daemon_seconds=0.5)
    assert refused.value.reason == "daemon_keeps_key"
    require_open(sealed, Vault(*former))
    require_open(sealed, Vault(*file.read()))


async def test_keys_that_open_nothing_of_what_is_there_are_not_put_in_its_place(
    room: Strongroom, sealed: str, tmp_path: Path, file: KeyFile
) -> None:
    other = KeyFile(tmp_path / "other" / "vault.key")
    with pytest.raises(VaultError, match="REELD_VAULT_KEY_FILE") as refused:
        await rotate_keys(replace(room, keys=KeyPlace((), other)), nobody)
    assert refused.value.reason == "vault_key_missing"
    assert not other.exists()
    require_open(sealed, Vault(*file.read()))


async def test_given_keys_are_changed_by_whoever_gives_them_and_the_rows_follow(
    room: Strongroom, sealed: str, file: KeyFile
) -> None:
    [former] = file.read()
    new = bytes(range(32))
    given = replace(room, keys=KeyPlace((new, former), file))
    rotated = await rotate_keys(given, nobody)
    assert (rotated.made, rotated.rows, rotated.waiting) == (False, 3, 1)
    assert file.read() == (former,)
    require_open(sealed, Vault(new))


def test_a_vault_reads_its_file_once_more_for_a_key_that_it_does_not_know(file: KeyFile) -> None:
    daemon = Vault.from_file(file.path)
    file.put_in_front()
    sealed = Vault.from_file(file.path).seal(LINK, table="t", column="c", row="1")
    assert daemon.unseal(sealed, table="t", column="c", row="1") == LINK
