from __future__ import annotations

from typing import Any

import pytest

from reeld.cli import client

MOVIES = [
    {
        "id": number,
        "title": f"Movie {number}",
        "year": 2000 + number,
        "quality": quality,
        "last_search_at": None,
        "next_search_at": at,
        "why": f"Reason {number}.",
    }
    for number, quality, at in (
        (1, None, None),
        (2, "SDTV", "2024-06-02T00:00:00+00:00"),
        (3, None, "2024-06-01T00:00:00+00:00"),
    )
]


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that shows one movie a page."""

    class Daemon:
        def get(self, path: str, after: int, limit: int) -> Any:
            assert path in {"/api/wanted/missing", "/api/wanted/cutoff"}
            if path.endswith("cutoff"):
                return {"movies": [], "next": None}
            return {"movies": [MOVIES[after]], "next": after + 1 if after < 2 else None}

    monkeypatch.setattr(client, "Daemon", Daemon)


def test_what_is_wanted_is_listed_by_what_is_searched_next(daemon: None, command: Any) -> None:
    answer = command("wanted", "missing", "--json")
    assert [each["id"] for each in answer.document] == [3, 2, 1]
    shown = command("wanted", "missing").out
    assert shown.index("Movie 3 (2003)") < shown.index("Movie 2 (2002)") < shown.index("Reason 1.")
    assert "SDTV" in shown


def test_nothing_below_the_cutoff_is_said(daemon: None, command: Any) -> None:
    assert command("wanted", "cutoff").out == "Every file meets its cutoff.\n"
