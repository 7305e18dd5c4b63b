"""Settings that are changed while reeld runs: rows below what a file says, told, noted and kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.cli.reload import SettingsReader
from reeld.domain.settings import Settings
from reeld.storage import Database

PROPERS = "decision.propers"


class Configured:
    """A settings file, and a daemon's way to read it."""

    def __init__(self, folder: Path, settings: Settings, key: str) -> None:
        assert settings.database_url is not None
        self.path = folder / "reeld.toml"
        self.path.write_text("[decision]\nminimum_seeders = 2\n")
        self.environ = {
            "REELD_CONFIG": str(self.path),
            "REELD_DATA_DIR": str(settings.data_dir),
            "REELD_DATABASE_URL": settings.database_url.reveal(),
            "REELD_LIBRARY_ROOT_FOLDER": str(settings.library.root_folder),
            "REELD_LIBRARY_FREE_BYTES": "1",
            "REELD_BIND": "127.0.0.1:0",
            "REELD_API_KEY": key,
        }
        self.reader = SettingsReader(self.environ)


@pytest.fixture
def configured(tmp_path: Path, daemon_settings: Settings) -> Configured:
    return Configured(tmp_path, daemon_settings, "the-key-of-the-tests")


async def sources(http: Any) -> dict[str, Any]:
    return {each["name"]: each for each in (await http.get("/api/settings/sources")).json()}


async def patched(http: Any, status: int = 200, **body: Any) -> Any:
    answer = await http.patch("/api/settings", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_change_is_in_force_at_once_and_after_a_restart(
    run_daemon: Any, configured: Configured
) -> None:
    template = "{Movie Title} [{Release Year}]"
    async with run_daemon(configured.reader.read(), configured.reader) as daemon:
        before = (await sources(daemon.http))[PROPERS]
        assert (before["source"], before["where"], before["changeable"]) == ("default", "", True)
        listed = await patched(
            daemon.http,
            decision={"propers": "do_not_upgrade"},
            library={"folder_template": template},
        )
        assert PROPERS in [each["name"] for each in listed]
        shown = (await daemon.http.get("/api/settings")).json()
        assert shown["decision"]["propers"] == "do_not_upgrade"
        assert shown["library"]["folder_template"] == template
    async with run_daemon(configured.reader.read(), configured.reader) as daemon:
        after = await sources(daemon.http)
        assert after[PROPERS]["value"] == "do_not_upgrade"
        assert (after[PROPERS]["source"], after[PROPERS]["where"]) == ("changed", "administrator")
        assert after[PROPERS]["changed_at"]
        await patched(daemon.http, decision={"propers": None})
        now = await sources(daemon.http)
        assert (now[PROPERS]["source"], now[PROPERS]["value"]) == ("default", before["value"])
        assert now["library.folder_template"]["source"] == "changed"


async def test_what_a_file_or_a_variable_says_wins_and_is_named(
    run_daemon: Any, configured: Configured
) -> None:
    async with run_daemon(configured.reader.read(), configured.reader) as daemon:
        problem = await patched(daemon.http, 422, decision={"minimum_seeders": 5})
        assert problem["reason"] == "set_elsewhere"
        assert str(configured.path) in problem["detail"]
        problem = await patched(daemon.http, 422, library={"free_bytes": 5})
        assert "REELD_LIBRARY_FREE_BYTES" in problem["detail"]
        known = await sources(daemon.http)
        assert known["library.free_bytes"]["source"] == "environment"
        assert not known["library.free_bytes"]["changeable"]
        await patched(daemon.http, decision={"minimum_free_bytes": 7, "prefer_indexer_flags": True})

        configured.path.write_text("[decision]\nminimum_free_bytes = 9\n")
        assert (await daemon.http.post("/control/reload")).json()["changed"]
        known = await sources(daemon.http)
        assert known["decision.minimum_free_bytes"]["value"] == 9
        assert known["decision.minimum_free_bytes"]["where"] == str(configured.path)
        assert known["decision.prefer_indexer_flags"]["value"] is True
        configured.path.write_text("")
        assert (await daemon.http.post("/control/reload")).json()["changed"]
        known = await sources(daemon.http)
        assert known["decision.minimum_free_bytes"]["value"] == 7
        assert known["decision.minimum_free_bytes"]["source"] == "changed"


async def test_all_of_a_change_is_taken_or_nothing(running_daemon: Any) -> None:
    http = running_daemon.http
    before = await sources(http)
    for field, body in (
        (PROPERS, {"backup": {"keep": 3}, "decision": {"propers": "sometimes"}}),
        ("library.file_template", {"library": {"file_template": "{Nobody}"}}),
        ("library.root_folder", {"backup": {"keep": 3}, "library": {"root_folder": "/etc"}}),
        ("server.api_key", {"server": {"api_key": "a-key-of-mine"}}),
        ("ab.c\nd", {"a\0b": {"c\nd": 1}}),
    ):
        problem = await patched(http, 422, **body)
        assert [each["field"] for each in problem["errors"]] == [field]
    for wrong in (1, None, "x", []):
        problem = await patched(http, 422, decision=wrong)
        assert [each["field"] for each in problem["errors"]] == ["decision"]
    for wrong in ([], "x"):
        assert (await http.patch("/api/settings", json=wrong)).status_code == 400
    assert await sources(http) == before


async def test_a_change_is_told_to_actors_and_clients_and_noted_with_who(
    running_daemon: Any,
) -> None:
    http = running_daemon.http
    await patched(http, backup={"keep": 3})
    await patched(http, backup={"keep": 3})
    url = running_daemon.started.settings.database_url.reveal()
    async with Database.open(url, size=1) as database:
        statement = "SELECT payload FROM event WHERE kind = 'settings.changed'"
        told = await database.fetch_all(statement)
    assert [row[0] for row in told] == [{"names": ["backup.keep"], "who": "administrator"}]
    with trio.fail_after(30):
        while True:
            noted = (await http.get("/control/audit", params={"target": "backup.keep"})).json()
            if len(noted) == 2:
                break
            await trio.sleep(0.05)
    assert {(each["action"], each["outcome"]) for each in noted} == {("change_settings", "ok")}
    assert noted[0]["detail"] == {"values": {"backup.keep": "3"}}


async def test_a_row_that_makes_no_sense_any_more_is_left_out(
    run_daemon: Any, daemon_settings: Settings
) -> None:
    async with run_daemon(daemon_settings) as daemon:
        await patched(daemon.http, backup={"keep": 3})
    url = daemon_settings.database_url
    assert url is not None
    async with (
        Database.open(url.reveal(), size=1) as database,
        database.transaction() as conn,
    ):
        for name in ("decision.propers", "decision.gone"):
            await conn.execute(
                "INSERT INTO daemon_setting (key, value) VALUES (%s, %s)",
                (f"setting:{name}", '{"value": "as it was", "by": "somebody"}'),
            )
    async with run_daemon(daemon_settings) as daemon:
        known = await sources(daemon.http)
        assert known["backup.keep"]["value"] == 3
        assert known["decision.propers"]["value"] == "prefer_and_upgrade"


async def test_whoever_may_only_look_changes_nothing(running_daemon: Any) -> None:
    body = {"name": f"reader {os.getpid()}", "scope": "read"}
    made = (await running_daemon.http.post("/control/keys", json=body)).json()
    headers = {"X-Api-Key": made["key"]}
    answer = await running_daemon.stranger.patch(
        "/api/settings", json={"backup": {"keep": 1}}, headers=headers
    )
    assert answer.status_code == 403
    assert (await sources(running_daemon.http))["backup.keep"]["source"] == "default"
