from __future__ import annotations

from typing import Any

import pytest

from reeld.cli import client

SETTINGS: list[dict[str, Any]] = [
    {
        "name": name,
        "value": value,
        "source": source,
        "where": where,
        "changed_at": None,
        "changeable": changeable,
    }
    for name, value, source, where, changeable in (
        ("backup.keep", 3, "changed", "alice", True),
        ("decision.propers", "do_not_upgrade", "file", "/etc/reeld.toml", False),
        ("tmdb.token", "********", "credential", "tmdb_token", False),
    )
]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What commands send to a daemon that has these settings."""
    bodies: list[Any] = []

    class Daemon:
        def get(self, path: str) -> Any:
            assert path == "/api/settings/sources"
            return SETTINGS

        def patch(self, path: str, body: Any) -> Any:
            assert path == "/api/settings"
            bodies.append(body)
            return SETTINGS

    monkeypatch.setattr(client, "Daemon", Daemon)
    return bodies


def test_settings_are_shown_with_where_they_come_from(sent: list[Any], command: Any) -> None:
    shown = command("config", "show").out
    assert "changed by alice" in shown
    assert "file /etc/reeld.toml" in shown
    assert [each["name"] for each in command("config", "show", "tmdb", "--json").document] == [
        "tmdb.token"
    ]
    assert len(command("config", "show", "backup.keep", "--json").document) == 1


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("set", "backup.keep", "5"), {"backup": {"keep": 5}}),
        (("set", "decision.propers", "do_not_prefer"), {"decision": {"propers": "do_not_prefer"}}),
        (
            ("set", "decision.prefer_indexer_flags", "true"),
            {"decision": {"prefer_indexer_flags": True}},
        ),
        (
            ("set", "library.file_template", "{Movie Title}"),
            {"library": {"file_template": "{Movie Title}"}},
        ),
        (("reset", "backup.keep"), {"backup": {"keep": None}}),
    ],
)
def test_a_setting_is_changed_by_its_name(
    sent: list[Any], command: Any, words: tuple[str, ...], body: Any
) -> None:
    assert command("config", *words).code == 0
    assert sent == [body]
