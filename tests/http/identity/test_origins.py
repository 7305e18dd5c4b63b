"""Whether a page is our own, by what its browser says."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.connection import ASGIConnection

from reeld.domain.scope import Scope
from reeld.domain.secret import Secret
from reeld.http.access import Access, Caller
from reeld.http.identity.origins import is_foreign, may_open_socket
from reeld.http.identity.refusals import ForeignRequest
from reeld.telemetry import Metrics


def scope_of(scheme: str = "http", host: str = "nas:7878", **headers: str) -> dict[str, Any]:
    named = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return {"scheme": scheme, "headers": [(b"host", host.encode()), *named]}


@pytest.mark.parametrize(
    "scope",
    [
        scope_of(),
        scope_of(origin="http://nas:7878"),
        scope_of(origin="HTTP://NAS:7878"),
        scope_of("https", "movies.example", origin="https://movies.example"),
        scope_of("https", "movies.example:443", origin="https://movies.example"),
        scope_of("wss", "movies.example", origin="https://movies.example"),
        scope_of(sec_fetch_site="same-origin"),
        scope_of(sec_fetch_site="none"),
    ],
)
def test_our_own_pages_and_programs_are_not_foreign(scope: dict[str, Any]) -> None:
    assert not is_foreign(scope)


@pytest.mark.parametrize(
    "scope",
    [
        scope_of(origin="http://evil.example"),
        scope_of(origin="https://nas:7878"),
        scope_of(origin="http://nas"),
        scope_of(origin="http://nas:8080"),
        scope_of(origin="http://nas:7878.evil.example"),
        scope_of(origin="null"),
        scope_of(origin=""),
        scope_of(sec_fetch_site="cross-site"),
        scope_of(sec_fetch_site="same-site"),
        scope_of(origin="http://nas:7878", sec_fetch_site="cross-site"),
        {
            "scheme": "http",
            "headers": [
                (b"host", b"nas"),
                (b"origin", b"http://nas"),
                (b"origin", b"http://evil.example"),
            ],
        },
    ],
)
def test_all_others_are(scope: dict[str, Any]) -> None:
    assert is_foreign(scope)


def test_a_socket_by_cookie_is_opened_for_a_page_of_ours_alone() -> None:
    ours = scope_of("ws", origin="http://nas:7878")
    foreign = scope_of("ws", origin="http://evil.example")
    assert may_open_socket(ours, by_cookie=True)
    assert not may_open_socket(foreign, by_cookie=True)
    assert not may_open_socket(foreign, by_cookie=False)
    # A program says no origin, and has a key.
    assert may_open_socket(scope_of("ws"), by_cookie=False)
    assert not may_open_socket(scope_of("ws"), by_cookie=True)


class Everybodys:
    """A session that is always there."""

    async def find(self, _token: Secret) -> Caller | None:
        return Caller("anna", Scope.READ, 1, 1)

    def knows(self, _token: Secret) -> bool:
        return True


async def anybodys(_key: Secret) -> Caller | None:
    return Caller("a key", Scope.READ)


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({"x_api_key": "k3y"}, True),
        ({"x_api_key": "k3y", "origin": "http://nas:7878"}, True),
        ({"x_api_key": "k3y", "origin": "http://evil.example"}, False),
        ({"cookie": f"reeld-session={'a' * 43}", "origin": "http://nas:7878"}, True),
        ({"cookie": f"reeld-session={'a' * 43}", "origin": "http://evil.example"}, False),
        ({"cookie": f"reeld-session={'a' * 43}"}, False),
    ],
)
async def test_the_guard_of_a_socket_looks_at_its_origin_before_it_is_accepted(
    headers: dict[str, str], may: bool
) -> None:
    access = Access(anybodys, Metrics(), sessions=Everybodys())
    scope: Any = scope_of("ws", **headers)
    scope |= {"type": "websocket", "path": "/api/events", "query_string": b"", "client": ("::1", 1)}
    handler: Any = None
    connection: Any = ASGIConnection(scope)
    if may:
        await access.requires_key(connection, handler)
        assert scope["auth"].scope is Scope.READ
    else:
        with pytest.raises(ForeignRequest):
            await access.requires_key(connection, handler)
        assert "auth" not in scope
