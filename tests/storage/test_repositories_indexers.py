from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reeld.domain.errors import InvalidField, NotFound
from reeld.domain.indexer import IndexerRules
from reeld.domain.release import IndexerFlag, NewRelease, Source
from reeld.domain.secret import Secret
from reeld.domain.torznab import Implementation, NewIndexer
from reeld.storage import Database
from reeld.storage.repositories import indexers, releases
from reeld.storage.vault import Vault

KEY = "0123456789abcdef0123456789abcdef"
FULL = NewIndexer(
    name="Tracker (Prowlarr)",
    implementation=Implementation.NEWZNAB,
    base_url="http://prowlarr:9696/7/",
    api_path="/api",
    api_key=Secret(KEY),
    categories=(2000, 2040),
    minimum_seeders=3,
    seed_ratio=1.5,
    seed_minutes=600,
    required_flags=IndexerFlag.FREELEECH | IndexerFlag.INTERNAL,
    multi_languages=(2, 4),
    remove_year=True,
    additional_parameters="&x=1",
    fail_downloads=(0, 1),
    enable_rss=False,
    enable_automatic_search=False,
    enable_interactive_search=False,
    priority=10,
    download_client_id=2,
    tags=("kids", "uhd"),
    rest={"rejectBlocklistedTorrentHashesWhileGrabbing": True, "ofTomorrow": [1, None]},
)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.from_file(tmp_path / "vault.key")


async def save(database: Database, vault: Vault, indexer: NewIndexer, number: int = 0) -> int:
    async with database.transaction() as conn:
        return await indexers.save(conn, vault, indexer, number)


async def test_an_indexer_comes_out_as_it_went_in_and_its_key_only_where_it_is_asked_for(
    database: Database, vault: Vault
) -> None:
    number = await save(database, vault, FULL)
    stored = await indexers.get(database, number)
    for name in NewIndexer.__dataclass_fields__.keys() - {"api_key"}:
        assert getattr(stored, name) == getattr(FULL, name), name
    assert not stored.api_key
    assert indexers.unsealed(vault, stored).api_key == Secret(KEY)
    ((text,),) = await database.fetch_all("SELECT i::text FROM indexer i")
    assert KEY not in text
    assert KEY not in repr(stored)
    assert await indexers.every(database) == [stored]


async def test_its_rules_are_those_that_decisions_ask_for(database: Database, vault: Vault) -> None:
    await save(database, vault, FULL)
    await save(database, vault, NewIndexer(name="Plain", base_url="http://x"))
    assert await indexers.rules(database) == {
        FULL.name: IndexerRules(
            FULL.name,
            10,
            3,
            IndexerFlag.FREELEECH | IndexerFlag.INTERNAL,
            frozenset({"kids", "uhd"}),
        ),
        "Plain": IndexerRules("Plain"),
    }


async def test_a_name_is_taken_once(database: Database, vault: Vault) -> None:
    number = await save(database, vault, FULL)
    other = await save(database, vault, replace(FULL, name="Other"))
    for again in (0, other):
        with pytest.raises(InvalidField) as caught:
            await save(database, vault, FULL, again)
        assert (caught.value.field, caught.value.reason) == ("name", "name_taken")
    await save(database, vault, replace(FULL, priority=1), number)


async def test_its_releases_follow_a_new_name(database: Database, vault: Vault) -> None:
    number = await save(database, vault, FULL)
    mine = NewRelease(Source.TORZNAB, FULL.name, "1", "A", indexer_ref=str(number))
    other = NewRelease(Source.TORZNAB, "Other", "1", "A", indexer_ref="99")
    both = NewRelease(Source.TORZNAB, "New", "2", "B", indexer_ref="99")
    async with database.transaction() as conn:
        await releases.upsert(conn, [mine, other, both, replace(mine, guid="2")])
    await save(database, vault, replace(FULL, name="New"), number)
    rows: list[Any] = await database.fetch_all("SELECT indexer, guid FROM release ORDER BY 1, 2")
    assert rows == [("New", "1"), ("New", "2"), ("Other", "1"), (FULL.name, "2")]


async def test_a_change_and_a_removal_are_heard_of(database: Database, vault: Vault) -> None:
    async with database.listen("reeld_work") as listener:
        heard = aiter(listener)
        assert (await anext(heard)).gap, "it listens from here on"
        number = await save(database, vault, FULL)
        assert (await anext(heard)).payload == "indexers"
        before = (await indexers.get(database, number)).version
        await save(database, vault, replace(FULL, api_key=Secret("other")), number)
        assert (await anext(heard)).payload == "indexers"
        assert (await indexers.get(database, number)).version != before
        async with database.transaction() as conn:
            await indexers.delete(conn, number)
        assert (await anext(heard)).payload == "indexers"


async def test_what_is_not_there_is_not_found(database: Database, vault: Vault) -> None:
    with pytest.raises(NotFound):
        await indexers.get(database, 7)
    with pytest.raises(NotFound):
        await save(database, vault, FULL, 7)
    with pytest.raises(NotFound):
        async with database.transaction() as conn:
            await indexers.delete(conn, 7)
