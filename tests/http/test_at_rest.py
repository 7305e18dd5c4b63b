"""Everything that is a secret goes in through the doors that there are; a dump of the database shows none of it.

What settings hold is shown by tests/end_to_end/test_canaries.py. A mistake of others is behind each of these: keys that
lay readable in a database, in a kept answer, in an audit, in a file beside it.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from reeld.storage import Database

CANARY = {name: f"canary{name}0123456789abcdef" for name in ("native", "prowlarr", "password")}
INDEXER = {"name": "Native", "base_url": "http://127.0.0.1:9", "api_key": CANARY["native"]}


async def dump_of(database: Database) -> dict[str, str]:
    """Every row of every table, bytes in hexadecimal, as in a dump."""
    tables = await database.fetch_all("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = {}
    for (table,) in tables:
        rows = await database.fetch_all(f'SELECT t::text FROM "{table}" t')
        found[table] = "\n".join(row for (row,) in rows).lower()
    return found


def forms_of(secret: str) -> set[str]:
    """A secret, half of it, and how it looks as bytes or in base 64."""
    parts = (secret[:16], secret[-16:])
    plain = {part.lower() for part in parts} | {part.encode().hex() for part in parts}
    shifted = (base64.b64encode(b"\0" * n + secret.encode()).decode()[4:24] for n in range(3))
    return plain | {each.lower() for each in shifted}


async def fill(daemon: Any) -> dict[str, str]:
    """Give the daemon every kind of secret that its doors take or make."""
    http = daemon.http
    known = dict(CANARY)

    async def post(path: str, body: Any = None, **more: Any) -> Any:
        answer = await http.post(path, json=body, headers={"Idempotency-Key": path}, **more)
        assert answer.is_success, (path, answer.text)
        return answer

    await post("/api/indexers", INDEXER)
    form = {
        "name": "Prowlarr",
        "implementation": "Torznab",
        "fields": [
            {"name": "baseUrl", "value": "http://127.0.0.1:9"},
            {"name": "apiKey", "value": CANARY["prowlarr"]},
            {"name": "cookie", "value": CANARY["prowlarr"]},
            {"name": "rejectBlocklistedTorrentHashesWhileGrabbing", "value": True},
        ],
    }
    await post("/api/v3/indexer?forceSave=true", form)
    pushed = {
        "title": "Sintel.2010.1080p.BluRay.x264-ONE",
        "downloadUrl": f"http://127.0.0.1:9/dl/1?passkey={CANARY['native']}",
        "indexer": "Native",
        "protocol": "torrent",
        "publishDate": "2026-01-01T00:00:00Z",
    }
    assert (await http.post("/api/v3/release/push", json=pushed)).is_success
    await post("/api/users", {"username": "anna", "password": CANARY["password"], "role": "admin"})
    for path, body in (("/api/keys", {"name": "a"}), ("/control/keys", {"name": "b"})):
        known[path] = (await post(path, body)).json()["key"]
    known["calendar"] = (await post("/api/calendar/token")).json()["token"]
    login = {"username": "anna", "password": CANARY["password"]}
    answer = await daemon.stranger.post("/api/login", json=login)
    known["session"] = answer.cookies["reeld-session"]
    known["csrf"] = answer.json()["csrf_token"]
    daemon.stranger.cookies.clear()
    await daemon.stranger.post("/api/login", json=login | {"password": CANARY["native"]})
    await daemon.stranger.get("/api/movies", headers={"X-Api-Key": CANARY["native"]})
    return known


async def test_a_dump_of_the_database_shows_no_secret(
    running_daemon: Any, database: Database
) -> None:
    await database.execute(
        "INSERT INTO movie (tmdb_id, title, year, profile) VALUES (45745, 'Sintel', 2010, 'Any')"
    )
    known = await fill(running_daemon)
    dump = await dump_of(database)
    # The other way round: the search finds what is there.
    assert "native" in dump["indexer"]
    assert "rejectblocklisted" in dump["indexer"]
    assert "sintel" in dump["release"]
    assert len(dump["api_key"].splitlines()) >= 2
    assert dump["calendar_token"]
    shown = {
        (name, table)
        for name, secret in known.items()
        for form in forms_of(secret)
        for table, rows in dump.items()
        if form in rows
    }
    assert shown == set()


@pytest.mark.parametrize("name", ["passkey", "apikey", "auth_key", "rssToken", "torrent_pass"])
async def test_a_key_among_the_parameters_of_an_indexer_is_refused_for_it_would_not_be_sealed(
    running_daemon: Any, database: Database, name: str
) -> None:
    body = INDEXER | {"additional_parameters": f"&freeleech=1&{name}={CANARY['native']}"}
    answer = await running_daemon.http.post("/api/indexers", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "additional_parameters"
    assert CANARY["native"] not in answer.text
    plain = INDEXER | {"additional_parameters": "&freeleech=1&attrs=poster"}
    assert (await running_daemon.http.post("/api/indexers", json=plain)).is_success
