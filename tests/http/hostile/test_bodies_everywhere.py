"""What no route takes for a body, at every route that reads one."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest

from reeld.http.app import LARGEST_BODY

IGNORE_BODIES: Final = {
    "POST /api/calendar/token",
    "POST /api/logout",
    "POST /control/log-levels/reset",
    "POST /control/reload",
    "POST /signalr/messages/negotiate",
    *(
        f"POST /api/v3/{kind}/testall"
        for kind in (
            "autotagging",
            "customfilter",
            "downloadclient",
            "importlist",
            "indexer",
            "metadata",
            "notification",
            "remotepathmapping",
        )
    ),
}
"""Orders that are whole without a body: what comes with them is not looked at."""
MALFORMED: Final = {
    "cut off": b'{"name": ',
    "a number": b"7",
    "a list of numbers": b"[7]",
    "nested and whole": b'{"name":' * 5000 + b"1" + b"}" * 5000,
    "half a character": b'{"name": "\\ud800"}',
    "no UTF-8": b'{"name": "\xff\xfe"}',
    "an endless number": b'{"id": ' + b"9" * 5000 + b"}",
}


def taking(doors: Any) -> list[Any]:
    found = {str(each): each for each in doors.changing()}
    assert IGNORE_BODIES - found.keys() == set()
    return [door for name, door in found.items() if name not in IGNORE_BODIES]


async def test_what_is_no_document_of_ours_is_refused_by_every_route_and_changes_nothing(
    doors: Any, running_daemon: Any, rows: Callable[[], Any], refused: Callable[..., None]
) -> None:
    before = rows()
    headers = {"Content-Type": "application/json"}
    kinds = tuple(MALFORMED.items())
    for number, door in enumerate(taking(doors)):
        # Some for each, others for its neighbours: all for all takes minutes.
        for name, body in (kinds[number % len(kinds)], kinds[(number + 3) % len(kinds)]):
            answer = await running_daemon.http.request(
                door.method, door.path(), content=body, headers=headers
            )
            if door.method == "DELETE" and answer.status_code in {200, 204, 404}:
                continue  # most of them have no body
            refused((door, name), answer)
    assert rows() == before


async def test_a_field_that_is_not_known_is_refused_by_every_route_of_ours(
    doors: Any, running_daemon: Any, rows: Callable[[], Any], refused: Callable[..., None]
) -> None:
    before = rows()
    for door in taking(doors):
        if not door.is_radarrs and door.method != "DELETE":
            answer = await running_daemon.http.request(
                door.method, door.path(), json={"no_such_field": 1}
            )
            refused(door, answer)
    assert rows() == before


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "over the limit"])
async def test_what_is_packed_or_over_the_limit_is_refused_by_every_route(
    doors: Any,
    running_daemon: Any,
    rows: Callable[[], Any],
    refused: Callable[..., None],
    packed: bool,
) -> None:
    before = rows()
    body = gzip.compress(b"{}") if packed else b'"' + b"a" * LARGEST_BODY + b'"'
    headers = {"Content-Type": "application/json"}
    headers |= {"Content-Encoding": "gzip"} if packed else {}
    answered: Counter[int] = Counter()
    for door in taking(doors):
        if door.method == "DELETE":
            continue
        answer = await running_daemon.http.request(
            door.method, door.path(), content=body, headers=headers
        )
        refused(door, answer)
        answered[answer.status_code] += 1
    # What a route knows without its body, such as that there is no such thing, it says first.
    assert answered[415] == answered.total() if packed else answered[413] > 60
    assert rows() == before


async def test_a_field_that_is_said_twice_is_refused_and_for_radarrs_clients_the_last_one_counts(
    running_daemon: Any,
) -> None:
    http: httpx.AsyncClient = running_daemon.http
    twice = b'{"label": "first", "label": "last"}'
    ours = await http.post("/api/tags", content=twice)
    assert (ours.status_code, ours.json()["errors"][0]["field"]) == (400, "label")
    theirs = await http.post("/api/v3/tag", content=twice)
    assert (theirs.status_code, theirs.json()["label"]) == (201, "last")
    assert [each["label"] for each in (await http.get("/api/tags")).json()] == ["last"]
