"""Calls as the sources of Radarr's clients make them: with the key where each puts it, and reading what each reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

LAST_STATUS_THAT_IS_FINE = 299


@dataclass(frozen=True, slots=True)
class Caller:
    """One client.

    Attributes:
        radarr: The daemon.
        in_query: Whether the key goes into the query, as with Seerr and Bazarr, and not into `X-Api-Key`.
    """

    radarr: Any
    in_query: bool = False

    def call(
        self, method: str, path: str, /, body: Any = None, status: int | None = None, **query: Any
    ) -> Any:
        """Make a call below the daemon's address, and return the JSON of the answer."""
        key = {"apikey": self.radarr.key} if self.in_query else {}
        headers = {} if self.in_query else {"X-Api-Key": self.radarr.key}
        params = key | query
        answer = self.radarr.stranger.request(
            method, path, json=body, params=params or None, headers=headers
        )
        told = f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        if status is None:
            assert answer.status_code <= LAST_STATUS_THAT_IS_FINE, told
        else:
            assert answer.status_code == status, told
        if path.startswith("/api/v3"):
            assert answer.headers["x-application-version"], told
        return answer.json() if answer.content else None

    def get(self, path: str, /, **query: Any) -> Any:
        """Return what a GET of `/api/v3/...` answers."""
        return self.call("GET", f"/api/v3/{path}", **query)

    def send(
        self, method: str, path: str, /, body: Any = None, status: int | None = None, **query: Any
    ) -> Any:
        """Return what another call of `/api/v3/...` answers."""
        return self.call(method, f"/api/v3/{path}", body, status, **query)


def check(document: Any, fields: Mapping[str, type | tuple[type, ...]]) -> None:
    """Check that a document, or each of a list that is not empty, has these members with these types.

    A name with a `?` may be missing, but not null: Homarr's and Seerr's readers refuse that.
    """
    documents = document if isinstance(document, list) else [document]
    assert documents
    for each in documents:
        for name, kind in fields.items():
            value, rest = each, name.rstrip("?").split(".")
            for part in rest:
                if name.endswith("?") and part not in value:
                    break
                assert part in value, f"{name} of {value}"
                value = value[part]
            else:
                assert isinstance(value, kind), f"{name} is {value!r}"


@pytest.fixture
def client(radarr: Any) -> Caller:
    """A client that sends its key in `X-Api-Key`."""
    return Caller(radarr)


@pytest.fixture
def with_key_in_query(radarr: Any) -> Caller:
    """A client that sends its key in the query."""
    return Caller(radarr, in_query=True)


@pytest.fixture(scope="module")
def read() -> Callable[[Any, Mapping[str, Any]], None]:
    """Checks what a client reads."""
    return check


@pytest.fixture(scope="module")
def library(radarr: Any) -> dict[str, Any]:
    """A tag, a movie that has a file and the tag, one that is being downloaded, and one that nobody looks for."""
    tag = radarr.send("POST", "tag", {"label": "recorded"}, 201)["id"]
    first, second, third = radarr.films[:3]
    there = radarr.add(first, tags=[tag])["id"]
    radarr.imported(there)
    radarr.turn_downloads(600)
    coming = radarr.add(second)["id"]
    radarr.until(
        lambda: [
            each
            for each in radarr.get("queue")["records"]
            if each["status"] == "downloading" and "timeleft" in each
        ]
    )
    missing = radarr.add(third, addOptions={"searchForMovie": False})["id"]
    return {"tag": tag, "there": there, "coming": coming, "missing": missing, "film": first}
