"""The key is changed while a daemon works on the rows."""

from __future__ import annotations

from typing import Any

from reeld.cli.client import Daemon

INDEXER = {"name": "Open", "base_url": "http://127.0.0.1:9", "api_key": "canary-of-the-indexer"}


def test_a_running_daemon_goes_on_with_the_new_key(household: Any, command: Any) -> None:
    daemon = Daemon(household.environ)
    number = daemon.post("/api/indexers", INDEXER)["id"]
    before = command("secrets", "status", "--json", environ=household.environ).document
    assert before["daemon_runs"]
    rotated = command("secrets", "rotate", "--json", environ=household.environ)
    assert rotated.code == 0, rotated.err
    assert rotated.document["key_id"] != before["keys"][0]["id"]
    assert rotated.document["rows"] >= 1
    # The former key stays for a while, for what is on its way to a row.
    assert (rotated.document["dropped"], rotated.document["waiting"]) == (0, 1)
    # It opens the key that is stored, and seals with the new one.
    masked = INDEXER | {"api_key": "********", "priority": 7}
    assert daemon.put(f"/api/indexers/{number}", masked)["priority"] == 7
    after = command("secrets", "status", "--json", environ=household.environ).document
    assert [each["use"] for each in after["keys"]] == ["encrypts", "opens"]
    assert after["keys"][0]["rows"]["indexer"] == 1
    assert not after["rotation_unfinished"]
    assert "canary" not in rotated.out + rotated.err
    daemon.delete(f"/api/indexers/{number}")
