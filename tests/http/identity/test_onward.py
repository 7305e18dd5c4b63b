"""Where a login may lead."""

from __future__ import annotations

from typing import Any

import pytest

from reeld.http.identity.onward import AT_HOME, login_path, own_path


@pytest.mark.parametrize(
    "path",
    ["/", "/api/movies", "/api/movies?sort=title&limit=5", "/api/schema/reference#x", "/a//b"],
)
def test_a_path_of_our_own_is_where_it_goes(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "/api\\..\\\\evil.example",
        "javascript:alert(1)",
        "api/movies",
        "/api/movies\r\nSet-Cookie: a=b",
        "/é",
        "/" + "a" * 600,
        "/login",
        "/login/",
        "/login?next=/login",
    ],
)
def test_anything_else_leads_home(path: str | None) -> None:
    assert own_path(path) == AT_HOME


def test_who_is_sent_to_the_login_comes_back_to_what_was_asked_for() -> None:
    scope: Any = {"path": "/api/schema/reference", "query_string": b"a=1&b=%2F"}
    assert login_path(scope) == "/login?next=%2Fapi%2Fschema%2Freference%3Fa%3D1%26b%3D%252F"
