"""`reeld backup`: what a person sees, with a daemon and without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.domain.settings import BackupSettings
from reeld.migrations import migrate
from reeld.storage.embedded import EmbeddedServer
from reeld.storage.vault import Vault


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A data directory in which nothing has happened yet."""
    return {
        "REELD_DATA_DIR": str(tmp_path / "data"),
        "REELD_BIND": "127.0.0.1:0",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


def test_before_the_first_start_there_is_nothing_to_save(
    command: Any, environ: dict[str, str]
) -> None:
    answer = command("backup", "create", environ=environ)
    assert answer.code == 1
    assert "start reeld once" in answer.err
    assert answer.out == ""


def test_an_empty_folder_has_no_backups(command: Any, environ: dict[str, str]) -> None:
    assert "reeld backup create" in command("backup", "list", environ=environ).out
    assert command("backup", "list", "--json").document == []
    answer = command("backup", "verify")
    assert answer.code == 1
    assert "reeld backup list" in answer.err


def test_the_folder_comes_from_the_settings(
    command: Any, environ: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    (folder / "reeld-20261127T030000Z").mkdir(parents=True)
    answer = command(
        "backup", "list", "--json", environ=environ | {"REELD_BACKUP_FOLDER": str(folder)}
    )
    (listed,) = answer.document
    assert listed["name"] == "reeld-20261127T030000Z"
    assert "manifest.json cannot be opened" in listed["trouble"]
    assert "manifest.json" in command("backup", "list").out


@pytest.mark.parametrize("wrong", [{"keep": 0}, {"every_hours": -1}, {"folder": Path("relative")}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="backup"):
        BackupSettings(**wrong)


def test_a_database_is_saved_and_put_back_here_and_on_a_new_machine(
    command: Any, environ: dict[str, str], tmp_path: Path
) -> None:
    async def first_start() -> None:
        async with EmbeddedServer(tmp_path / "data" / "postgres").running() as server:
            await migrate(server.conninfo)

    Vault.from_file(tmp_path / "data-keys" / "vault.key")
    trio.run(first_start)
    made = command("backup", "create", "--json", environ=environ)
    assert made.code == 0, made.err
    name = made.document["name"]
    assert made.document["holds_key"]
    assert "dumping ..." in made.err
    shown = command("backup", "list").out
    assert name in shown
    assert "not yet" in shown
    restored = command("backup", "restore", name)
    assert restored.code == 0, restored.err
    assert "kept as reeld_before_" in restored.out
    assert len(command("backup", "former", "--json").document) == 1
    assert "was dropped" in command("backup", "former", "--drop").out
    assert command("backup", "former", "--json").document == []

    # A new machine needs the folder alone.
    key = (tmp_path / "data-keys" / "vault.key").read_bytes()
    new = tmp_path / "new"
    new.mkdir()
    (tmp_path / "data-backups").rename(tmp_path / "new-backups")
    answer = command("backup", "restore", "latest", "--json", environ={"REELD_DATA_DIR": str(new)})
    assert answer.code == 0, answer.err
    assert answer.document["former_database"] is None
    assert (tmp_path / "new-keys" / "vault.key").read_bytes() == key
