"""The commands, as a person types them, and where the keys lie."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from reeld.cli.settings import read_settings
from reeld.cli.vault import key_place
from reeld.domain.secret import Secret
from reeld.domain.settings import InvalidSetting, Settings
from reeld.migrations import migrate
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.vault import KeyFile, Vault, VaultError

PLACE = {"table": "indexer", "column": "sealed_api_key", "row": "1"}
ADD = """
INSERT INTO indexer (name, implementation, base_url, api_path, categories, sealed_api_key)
VALUES ('T', 'Torznab', 'http://a', '/api', '{}', %s)
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Variables for the commands alone."""
    return {"REELD_DATA_DIR": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "config")}


def settings_of(data_dir: Path, **more: str) -> Settings:
    return read_settings({"REELD_DATA_DIR": str(data_dir), "XDG_CONFIG_HOME": "/nowhere", **more})


def test_a_person_changes_the_key_and_sees_what_came_of_it(
    command: Any, environ: dict[str, str], tmp_path: Path
) -> None:
    settings = read_settings(environ)
    settings.data_dir.mkdir()
    sealed = key_place(settings).vault().seal(Secret("canary"), **PLACE)

    async def first_start() -> None:
        async with EmbeddedServer(settings.data_dir / "postgres").running() as server:
            await migrate(server.conninfo)
            with psycopg.connect(server.conninfo) as connection:
                connection.execute(ADD, (sealed,))

    trio.run(first_start)
    before = command("secrets", "status", "--json", environ=environ).document
    [key] = before["keys"]
    assert (key["use"], key["rows"]) == ("encrypts", {"indexer": 1})
    assert before["place"] == str(tmp_path / "data-keys" / "vault.key")
    said = command("secrets", "rotate")
    assert said.code == 0, said.err
    assert "1 rows were encrypted anew" in said.out
    assert "Former keys dropped: 1" in said.out
    after = command("secrets", "status", "--json").document
    assert [each["rows"] for each in after["keys"]] == [{"indexer": 1}]
    assert after["keys"][0]["id"] != key["id"]
    assert not after["rotation_unfinished"]
    assert "one key" in command("secrets", "status").out


def test_without_a_database_the_commands_say_what_is_missing(
    command: Any, environ: dict[str, str]
) -> None:
    answer = command("secrets", "rotate", environ=environ)
    assert answer.code != 0
    assert "There is no database" in answer.err


def test_the_keys_lie_beside_the_data_and_are_for_their_owner_alone(data_dir: Path) -> None:
    place = key_place(settings_of(data_dir))
    place.vault()
    assert place.file.path == data_dir.parent / "data-keys" / "vault.key"
    assert stat.S_IMODE(place.file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.file.path.parent.stat().st_mode) == 0o700


def test_a_key_file_in_the_data_directory_is_refused_also_behind_a_link(
    data_dir: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidSetting, match="data directory"):
        settings_of(data_dir, REELD_VAULT_KEY_FILE=str(data_dir / "keys"))
    link = tmp_path / "link"
    link.symlink_to(data_dir)
    with pytest.raises(VaultError, match="REELD_VAULT_KEY_FILE"):
        key_place(settings_of(data_dir, REELD_VAULT_KEY_FILE=str(link / "vault.key")))


def test_keys_of_an_earlier_version_move_out_of_the_data_directory(data_dir: Path) -> None:
    former = Vault.from_file(data_dir / "vault.key")
    sealed = former.seal(Secret("canary"), **PLACE)
    for _ in range(2):
        vault = key_place(settings_of(data_dir)).vault()
        assert vault.unseal(sealed, **PLACE).reveal() == "canary"
    assert not (data_dir / "vault.key").exists()


def test_keys_that_were_given_seal_and_nothing_is_written(data_dir: Path) -> None:
    key = KeyFile(data_dir.parent / "elsewhere").put_in_front()
    text = (data_dir.parent / "elsewhere").read_text()
    place = key_place(settings_of(data_dir, REELD_VAULT_KEY=text))
    assert place.vault().key_ids == Vault(*key).key_ids
    assert place.saved is None
    assert not place.file.exists()


def test_given_keys_do_not_leave_those_behind_that_were_used_so_far(data_dir: Path) -> None:
    Vault.from_file(data_dir / "vault.key")
    other = KeyFile(data_dir.parent / "elsewhere")
    other.put_in_front()
    with pytest.raises(VaultError, match="put the lines"):
        key_place(settings_of(data_dir, REELD_VAULT_KEY=other.path.read_text()))
    assert (data_dir / "vault.key").exists()


@pytest.mark.parametrize("text", ["c2hvcnQ=", "no base64 at all!"])
def test_a_given_key_that_is_none_is_refused_and_not_repeated(data_dir: Path, text: str) -> None:
    with pytest.raises(VaultError) as refused:
        key_place(settings_of(data_dir, REELD_VAULT_KEY=text))
    assert text not in refused.value.sentence


def test_a_key_comes_from_a_systemd_credential(data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    keys = KeyFile(folder / "reeld_vault_key").put_in_front()
    settings = settings_of(data_dir, CREDENTIALS_DIRECTORY=str(folder))
    assert key_place(settings).given == keys
    assert str(settings).count("********") >= 1
