"""Numbers and names of nothing, in the path of every route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

NUMBERS: Final = ("987654321", "9" * 30)
TEXTS: Final = (
    "x" * 3000,
    "..",
    "..%2f..%2fetc%2fpasswd",
    "a%00b",
    "a%0d%0aSet-Cookie:%20x=y",
    "%27;%20DROP%20TABLE%20movie;--",
    "%ff%fe",
    "%ed%a0%80",
    "%1b%5b31m",
)
OF_NO_ROW: Final = ("/api/v3/config/", "/api/v3/language/")
"""Numbers that stand for themselves: Radarr's clients put any into the path of a settings page."""


async def test_what_is_not_there_is_not_found_and_nothing_changes(
    doors: Any, running_daemon: Any, rows: Callable[[], Any], refused: Callable[..., None]
) -> None:
    before = rows()
    for door in doors.every():
        if int not in door.kinds or door.route.startswith(OF_NO_ROW):
            continue
        for number in NUMBERS:
            path = door.path(number=number)
            body = None if door.method == "GET" else {}
            answer = await running_daemon.http.request(door.method, path, json=body)
            refused((door.method, path), answer)
    assert rows() == before


async def test_a_hostile_name_in_a_path_is_a_name_of_nothing(
    doors: Any,
    running_daemon: Any,
    rows: Callable[[], Any],
    refused: Callable[..., None],
    capsys: Any,
) -> None:
    before = rows()
    for number, door in enumerate(doors.every()):
        if door.kinds <= {int} or door.route.startswith("/api/schema"):
            continue  # the framework's own page of what is not there
        for text in (TEXTS[number % len(TEXTS)], TEXTS[(number + 4) % len(TEXTS)]):
            path = door.path(text=text)
            body = None if door.method == "GET" else {}
            answer = await running_daemon.http.request(door.method, path, json=body)
            if text != "..":  # which makes it another path
                refused((door.method, path), answer)
            assert "set-cookie" not in answer.headers
    assert rows() == before
    logged = capsys.readouterr().out
    assert "\nSet-Cookie" not in logged
    assert "\x1b[31m" not in logged.replace("\x1b[31m\x1b[1m", "")
