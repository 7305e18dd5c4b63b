"""How the unit hands secrets over is how reeld looks for them."""

from __future__ import annotations

import re
from pathlib import Path

from reeld.cli.settings import read_settings


def test_each_file_of_the_credentials_folder_is_a_setting(tmp_path: Path, shipped: Path) -> None:
    unit = (shipped / "reeld.service").read_text()
    (loaded,) = re.findall(r"^LoadCredential=(.*)$", unit, re.MULTILINE)
    name, _, source = loaded.partition(":")
    assert source == "/etc/reeld/credentials"
    # Of a folder systemd makes credentials called NAME_FILE (systemd.exec, LoadCredential=).
    given = {
        "tmdb_token": "t" * 20,
        "hdbits_passkey": "p" * 20,
        "hdbits_username": "me",
        "api_key": "k" * 20,
    }
    for file, value in given.items():
        (tmp_path / f"{name}_{file}").write_text(f"{value}\n")
    settings = read_settings(
        {
            "CREDENTIALS_DIRECTORY": str(tmp_path),
            "STATE_DIRECTORY": "/var/lib/reeld",
            "XDG_CONFIG_HOME": "/nowhere",
        }
    )
    assert settings.tmdb is not None
    assert settings.tmdb.token.reveal() == given["tmdb_token"]
    assert settings.hdbits is not None
    assert settings.hdbits.passkey.reveal() == given["hdbits_passkey"]
    assert settings.server.api_key is not None
    assert settings.server.api_key.reveal() == given["api_key"]
    assert settings.data_dir == Path("/var/lib/reeld")


def test_settings_of_the_machine_lie_in_etc(shipped: Path) -> None:
    # XDG_CONFIG_HOME=/etc makes reeld look for /etc/reeld/reeld.toml, and not mind when it is not there.
    for name in ("reeld.service", "reeld-backup.service"):
        assert "\nEnvironment=XDG_CONFIG_HOME=/etc\n" in (shipped / name).read_text()
