from __future__ import annotations

from typing import Any, ClassVar

import pytest

from reeld.cli import client

INDEXER = {
    "id": 1,
    "name": "Open",
    "implementation": "Torznab",
    "base_url": "http://prowlarr:9696/1",
    "api_key": "********",
    "state": {"breaker": "open", "sentence": "Open is away.", "last_read_at": None},
}
GOOD = {
    "ok": True,
    "sentence": "",
    "server": "Prowlarr",
    "offers": 7,
    "searches_by": ["imdbid", "q"],
    "warnings": ["It knows none of the chosen categories."],
}


class Daemon:
    """A daemon that notes what it is asked."""

    calls: ClassVar[list[tuple[str, str, Any]]] = []
    tried: ClassVar[dict[str, Any]] = GOOD

    def get(self, path: str) -> Any:
        return dict(INDEXER) if path == "/api/indexers/1" else [dict(INDEXER)]

    def post(self, path: str, body: Any) -> Any:
        self.calls.append(("POST", path, body))
        return self.tried if path.endswith("test") else INDEXER

    def delete(self, path: str) -> None:
        self.calls.append(("DELETE", path, None))


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> type[Daemon]:
    monkeypatch.setattr(Daemon, "calls", [])
    monkeypatch.setattr(client, "Daemon", Daemon)
    return Daemon


def test_indexers_are_listed_with_what_is_wrong(daemon: Any, command: Any) -> None:
    assert command("indexer", "list", "--json").document == [INDEXER]
    shown = command("indexer", "list").out
    for part in ("Open", "Torznab", "open", "never", "Open is away."):
        assert part in shown


def test_an_indexer_is_tried_and_entered_with_a_key_that_no_argument_shows(
    daemon: Any, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELD_INDEXER_API_KEY", "secret")
    shown = command("indexer", "add", "Open", "http://prowlarr:9696/1", "--category", "2000")
    assert shown.code == 0
    assert "secret" not in shown.out
    assert "It knows none" in shown.out
    (_, tried, body), (_, entered, again) = daemon.calls
    assert (tried, entered) == ("/api/indexers/test", "/api/indexers")
    assert body == again
    assert (body["api_key"], body["categories"]) == ("secret", [2000])


def test_one_that_does_not_work_is_not_entered(
    daemon: Any, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Daemon, "tried", {"ok": False, "sentence": "Its key is wrong."})
    shown = command("indexer", "add", "Open", "http://prowlarr:9696/1")
    assert (shown.code, shown.out) == (1, "Its key is wrong.\n")
    assert [path for _, path, _ in daemon.calls] == ["/api/indexers/test"]


def test_a_stored_one_is_tried_with_its_stored_key_and_removed(daemon: Any, command: Any) -> None:
    assert "Prowlarr answers: 7 offers" in command("indexer", "test", "1").out
    ((_, _, body),) = daemon.calls
    assert (body["id"], body["api_key"]) == (1, "********")
    assert "state" not in body
    assert command("indexer", "remove", "1").code == 0
    assert daemon.calls[-1] == ("DELETE", "/api/indexers/1", None)
