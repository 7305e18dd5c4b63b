"""Every door of a daemon, from the application's own table of routes: a new route is tried without being named here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import psycopg
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute, WebSocketRoute
from psycopg import sql

from reeld.cli import parts
from reeld.domain.settings import Settings

NOBODY: Final = 987_654_321
"""A number that nothing has."""
CHANGES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LIVING: Final = frozenset(
    {
        "api_key",
        "breaker",
        "command",
        "control_audit",
        "daemon_setting",
        "event",
        "event_cursor",
        "feed",
        "known_network",
        "leader",
        "limiter",
        "schedule",
        "session",
        "throttle",
        "work",
        "work_owner",
    }
)
"""Tables in which a daemon writes by itself, or what was tried and from where."""
_LEAKS: Final = re.compile(
    r'Traceback|File "|site-packages|psycopg|litestar|SELECT |INSERT |/etc/|/proc/|\.py\b'
)


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one route.

    Attributes:
        route: With its parameters in braces.
        kinds: Of its parameters.
    """

    method: str
    route: str
    parts: tuple[str | type, ...]

    @property
    def kinds(self) -> set[type]:
        return {each for each in self.parts if isinstance(each, type)}

    @property
    def is_radarrs(self) -> bool:
        return self.route.startswith(("/api/v3", "/signalr", "/feed", "/mediacover"))

    def path(self, number: str = str(NOBODY), text: str = "nobody") -> str:
        filled = {int: number}
        return "/" + "/".join(
            each if isinstance(each, str) else filled.get(each, text) for each in self.parts
        )

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


@dataclass(slots=True)
class Doors:
    """All of them, once a daemon runs."""

    app: Litestar | None = None

    def every(self) -> list[Door]:
        assert self.app is not None
        found = [
            Door(method, route.path_format, tuple(_part(each) for each in route.path_components))
            for route in self.app.routes
            if isinstance(route, HTTPRoute)
            for method in route.route_handler_map
            if method not in {"HEAD", "OPTIONS"}
        ]
        assert len(found) > 250
        return found

    def changing(self) -> list[Door]:
        return [each for each in self.every() if each.method in CHANGES]

    def sockets(self) -> list[str]:
        assert self.app is not None
        return [each.path for each in self.app.routes if isinstance(each, WebSocketRoute)]


def _part(component: Any) -> str | type:
    if isinstance(component, str):
        return component
    kind: type = component.type
    return kind


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    """The doors of the daemon that this test runs."""
    found = Doors()
    create = parts.create_app

    def remembering(surface: Any) -> Any:
        app: Any = create(surface)
        inner = app
        while not isinstance(inner, Litestar):
            inner = inner._app
        found.app = inner
        return app

    monkeypatch.setattr(parts, "create_app", remembering)
    return found


@pytest.fixture
def rows(database_url: str) -> Iterator[Callable[[], dict[str, str]]]:
    """Returns a mark of each table that only people change."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        names = {name for (name,) in connection.execute(tables)} - LIVING

        def marks() -> dict[str, str]:
            found = {}
            for name in sorted(names):
                asked = sql.SQL(
                    "SELECT md5(coalesce(string_agg(t::text, ' ' ORDER BY t::text), '')) FROM {} t"
                )
                ((found[name],),) = connection.execute(asked.format(sql.Identifier(name)))
            return found

        yield marks


@pytest.fixture
def refused(daemon_settings: Settings) -> Callable[[object, httpx.Response], None]:
    """Fails unless an answer is a proper refusal: a status of the client's, a sentence, and nothing of our insides."""
    assert daemon_settings.database_url is not None
    secrets = (str(daemon_settings.data_dir), daemon_settings.database_url.reveal(), "the-key-of")

    def look(what: object, answer: httpx.Response) -> None:
        said = f"{what}: {answer.status_code} {answer.text[:300]}"
        assert 400 <= answer.status_code < 500, said
        assert _sentence(answer.json()), said
        assert not _LEAKS.search(answer.text), said
        assert not any(each in answer.text for each in secrets), said

    return look


def _sentence(told: Any) -> str:
    match told:
        case {"detail": str(sentence), "reason": str(), "status": int()} | {
            "message": str(sentence)
        }:
            return sentence
        case [{"errorMessage": str(sentence)}, *_]:
            return sentence
        case _:
            return ""
