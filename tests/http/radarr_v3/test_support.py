"""Every operation of Radarr's own document is served, or said not to be, with the reason: `docs/radarr.md` shows both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from reeld.http.radarr_v3 import plain, radarr_routes, served_by, unserved

PATHS = Path(__file__).with_name("radarr_paths.txt")
"""Methods and path of each operation of Radarr 5's `openapi.json`."""


def operations_of_radarr() -> Iterator[tuple[str, str]]:
    for line in PATHS.read_text().splitlines():
        *methods, path = line.split(" ")
        yield from ((method, plain(path)) for method in methods)


@pytest.fixture(scope="module")
def served() -> set[tuple[str, str]]:
    (router,) = radarr_routes(MagicMock())
    found = served_by(router.routes)
    return {(method, path) for path, methods in found.items() for method in methods}


def test_every_operation_is_served_or_listed_and_not_both(served: set[tuple[str, str]]) -> None:
    theirs = set(operations_of_radarr())
    assert len(theirs) > 230
    # A door answers HEAD as GET, and pictures lie below both paths.
    theirs = {each for each in theirs if each[0] != "HEAD"}
    listed = {(method, plain(path)) for method, path in unserved()}
    assert sorted(listed & served) == [], "these are served: take them off UNSERVED"
    assert sorted(listed - theirs) == [], "Radarr has no such operations"
    assert sorted(theirs - served - listed) == [], "serve these, or name them in UNSERVED"
