"""Which folders of reeld's own may not become root folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reeld.domain.settings import BackupSettings, Settings, VaultSettings


@pytest.mark.parametrize("door", ["/api/rootfolders", "/api/v3/rootfolder"])
async def test_the_folders_of_the_keys_and_of_the_backups_hold_no_movies(
    run_daemon: Any, daemon_settings: Settings, tmp_path: Path, door: str
) -> None:
    beside, backups = tmp_path / "data-keys", tmp_path / "disk" / "backups"
    for each in (beside / "below", backups / "below"):
        each.mkdir(parents=True)
    (tmp_path / "to-the-keys").symlink_to(beside)
    settings = replace(daemon_settings, backup=BackupSettings(backups, every_hours=0))
    assert settings.key_file == beside / "vault.key"
    own = (beside, beside / "below", tmp_path / "to-the-keys", backups, backups / "below")
    async with run_daemon(settings) as daemon:
        for path in (*own, backups.parent):
            refused = await daemon.http.post(door, json={"path": str(path)})
            assert 400 <= refused.status_code < 500, path
            assert "reeld's own data" in refused.text
        assert (await daemon.http.get(door)).text.count('"path"') == 1


async def test_a_key_file_that_was_put_among_other_things_keeps_its_own_place_alone(
    run_daemon: Any, daemon_settings: Settings, tmp_path: Path
) -> None:
    movies, keys = tmp_path / "disk" / "movies", tmp_path / "disk" / "vault.key"
    movies.mkdir(parents=True)
    settings = replace(daemon_settings, vault=VaultSettings(key_file=keys))
    async with run_daemon(settings) as daemon:
        post = daemon.http.post
        refused = await post("/api/rootfolders", json={"path": str(keys.parent)})
        assert refused.status_code == 422, refused.text
        assert (await post("/api/rootfolders", json={"path": str(movies)})).status_code == 201
