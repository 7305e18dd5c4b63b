"""Everything that is sealed is sealed anew, wherever it lies, beside whoever works on the rows."""

from __future__ import annotations

from functools import partial

import pytest
import trio

from reeld.actors.torrents import seal_torrent, unseal_torrent
from reeld.domain.secret import Secret
from reeld.domain.torznab import NewIndexer, part_of
from reeld.storage import TrioConnection
from reeld.storage.repositories import indexers
from reeld.storage.repositories.releases import place_of_link
from reeld.storage.resealing import COLUMNS, Resealed, reseal, sealed_rows
from reeld.storage.vault import Vault

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
NO_SECRETS = {
    "api_key.hash",
    "session.hash",
    "calendar_token.digest",
    "decision.digest",
    "idempotent_answer.body",
    "idempotent_answer.caller",
    "idempotent_answer.key",
    "idempotent_answer.request",
    "metadata_cache.body",
}
"""Hashes of 256 random bits, of what else is asked, and kept answers: see the tests of a dump."""
LINK = Secret("https://tracker.example/dl?passkey=canary")


async def fill(connection: TrioConnection, vault: Vault, *, releases: int = 3) -> None:
    async with connection.transaction():
        indexer = NewIndexer(name="Tracker", base_url="http://a:1", api_key=Secret("canary"))
        number = await indexers.save(connection, vault, indexer)
        await connection.execute(
            "INSERT INTO movie (tmdb_id, title, profile) VALUES (1, 'x', 'Any')"
        )
        for n in range(releases):
            for source, name, ref, part in (
                ("rss", "feed", "", "feed"),
                ("torznab", "Tracker", str(number), part_of(number)),
            ):
                link = vault.seal(LINK, **place_of_link(part, f"guid-{n}"))
                await connection.execute(
                    "INSERT INTO release (source, indexer, guid, title, indexer_ref, sealed_link)"
                    " VALUES (%s, %s, %s, 'x', %s, %s)",
                    (source, name, f"guid-{n}", ref, link),
                )
        await connection.execute(
            "INSERT INTO acquisition (movie_id, release_id, source, indexer, title, state, failure)"
            " SELECT 1, id, source, indexer, title, 'failed', 'stalled' FROM release"
        )
        for (row,) in await (await connection.execute("SELECT id FROM acquisition")).fetchall():
            sealed = await seal_torrent(vault, row, b"torrent canary %d" % row)
            await connection.execute(
                "UPDATE acquisition SET torrent = %s WHERE id = %s", (sealed, row)
            )


async def require_all_open(connection: TrioConnection, vault: Vault) -> None:
    """What the actors would read can be read."""
    for indexer in await indexers.every(connection):
        assert indexers.unsealed(vault, indexer).api_key == Secret("canary")
    found = await connection.execute(
        "SELECT source, indexer, indexer_ref, guid, sealed_link FROM release"
    )
    for source, name, ref, guid, link in await found.fetchall():
        part = part_of(ref) if source == "torznab" else name
        assert vault.unseal(link, **place_of_link(part, guid)) == LINK
    found = await connection.execute("SELECT id, torrent FROM acquisition")
    for row, torrent in await found.fetchall():
        assert await unseal_torrent(vault, row, torrent) == b"torrent canary %d" % row


def nobody(_done: int) -> None:
    """Is told nothing."""


async def test_everything_is_sealed_anew_and_opens_with_the_new_key_alone(
    connection: TrioConnection,
) -> None:
    await fill(connection, Vault(OLD))
    told: list[int] = []
    resealed = await reseal(connection, Vault(NEW, OLD), told.append)
    assert resealed == Resealed(rows=13, unopened=0)
    assert told[-1] == 13
    await require_all_open(connection, Vault(NEW))
    counts = {each.table: each.rows for each in await sealed_rows(connection)}
    assert counts == {"indexer": 1, "release": 6, "acquisition": 6}
    assert {each.key_id for each in await sealed_rows(connection)} == {Vault(NEW).key_id}
    assert await reseal(connection, Vault(NEW, OLD), nobody) == Resealed(0, 0)


async def test_every_column_of_bytes_is_sealed_or_known_to_hold_no_secret(
    connection: TrioConnection,
) -> None:
    found = await connection.execute(
        "SELECT table_name || '.' || column_name FROM information_schema.columns"
        " WHERE data_type = 'bytea' AND table_schema = 'public'"
    )
    there = {name for (name,) in await found.fetchall()}
    sealed = {f"{column.table}.{column.name}" for column in COLUMNS}
    assert sealed <= there
    assert there - sealed == NO_SECRETS


async def test_what_no_key_opens_stays_as_it_is_and_is_counted(connection: TrioConnection) -> None:
    await fill(connection, Vault(OLD), releases=1)
    await connection.execute("UPDATE indexer SET sealed_api_key = sealed_api_key || '\\x00'")
    assert await reseal(connection, Vault(NEW, OLD), nobody) == Resealed(rows=4, unopened=1)
    keys = {(each.table, each.key_id) for each in await sealed_rows(connection)}
    assert ("indexer", Vault(OLD).key_id) in keys


async def test_a_row_that_changes_meanwhile_keeps_what_it_was_changed_to(
    connection: TrioConnection, witness: TrioConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(connection, Vault(OLD), releases=1)
    place = {"table": "indexer", "column": "sealed_api_key", "row": "1"}
    later = Vault(OLD).seal(Secret("entered-meanwhile"), **place)

    class Slow(Vault):
        def seal_bytes(self, data: bytes, *, table: str, column: str, row: str) -> bytes:
            if table == "indexer" and data == b"canary":
                trio.from_thread.run(change)
            return super().seal_bytes(data, table=table, column=column, row=row)

    async def change() -> None:
        await witness.execute("UPDATE indexer SET sealed_api_key = %s", (later,))

    await reseal(connection, Slow(NEW, OLD), nobody)
    [indexer] = await indexers.every(connection)
    assert indexers.unsealed(Vault(NEW), indexer).api_key == Secret("entered-meanwhile")


async def test_two_at_once_and_a_search_that_stores_the_same_releases_do_not_stand_in_each_others_way(
    connection: TrioConnection, witness: TrioConnection
) -> None:
    await fill(connection, Vault(OLD), releases=50)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(reseal, connection, Vault(NEW, OLD), nobody))
        nursery.start_soon(partial(reseal, witness, Vault(NEW, OLD), nobody))
    await require_all_open(connection, Vault(NEW))
