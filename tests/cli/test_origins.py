from __future__ import annotations

from pathlib import Path

from reeld.cli.origins import origins
from reeld.domain.settings import Origin, SettingSource


def test_each_setting_that_is_no_default_is_found_where_it_wins(tmp_path: Path) -> None:
    file = tmp_path / "reeld.toml"
    file.write_text(
        'bind = "127.0.0.1:1"\n[decision]\npropers = "do_not_upgrade"\nminimum_seeders = 2\n'
        '[tmdb]\ntoken = "a"\n[[feeds]]\nname = "one"\nurl = "http://host/"\n'
    )
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "tmdb_token").write_text("b")
    environ = {
        "REELD_CONFIG": str(file),
        "CREDENTIALS_DIRECTORY": str(credentials),
        "REELD_DECISION_MINIMUM_SEEDERS": "3",
        "REELD_API_KEY": "12345678",
    }
    of_file = Origin(SettingSource.FILE, str(file))
    assert origins(environ) == {
        "server.host": of_file,
        "server.port": of_file,
        "decision.propers": of_file,
        "decision.minimum_seeders": Origin(
            SettingSource.ENVIRONMENT, "REELD_DECISION_MINIMUM_SEEDERS"
        ),
        "server.api_key": Origin(SettingSource.ENVIRONMENT, "REELD_API_KEY"),
        "tmdb.token": Origin(SettingSource.CREDENTIAL, "tmdb_token"),
        "feeds": of_file,
    }
