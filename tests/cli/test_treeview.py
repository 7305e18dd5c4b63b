from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from reeld.cli.treeview import render_tree


def node(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "state": "running",
        "paused": False,
        "parked": False,
        "strategy": None,
        "restarts": 0,
        "restarts_left": 3,
        "restart_limit": 3,
        "mailbox": {"depth": 0, "capacity": 1000},
        "last_error": None,
        "breakers": [],
        "children": [],
        **more,
    }


def drawn(*children: dict[str, Any], **more: Any) -> str:
    tree = {
        "name": "root",
        "strategy": "one_for_one",
        "restarts": 0,
        "dead_letters": 1,
        "children": children,
        **more,
    }
    screen = io.StringIO()
    Console(file=screen, width=200).print(render_tree(tree))
    return screen.getvalue()


def breaker(state: str, sentence: str = "", retry_in: float | None = None) -> dict[str, Any]:
    return {"name": "tmdb", "state": state, "sentence": sentence, "retry_in": retry_in}


def test_the_root_tells_what_happened_below_it() -> None:
    assert drawn(restarts=2).splitlines()[0] == "root  one for one, 2 restarts, 1 dead letter"


def test_an_actor_that_is_well_is_one_short_line() -> None:
    assert "── tmdb running\n" in drawn(node("tmdb"))


def test_actors_stand_below_their_supervisors() -> None:
    picture = drawn(node("sources", strategy="one_for_one", children=[node("tmdb"), node("rss")]))
    lines = picture.splitlines()
    assert lines[1].endswith("sources running  one for one")
    assert lines[2].index("tmdb") > lines[1].index("sources")


def test_restarts_and_what_caused_them_are_shown() -> None:
    picture = drawn(node("rss", restarts=1, restarts_left=2, last_error="KeyError: it"))
    assert "rss running  1 restart, 2 of 3 left  KeyError: it" in picture


def test_a_parked_actor_tells_why() -> None:
    assert "rss parked  It crashed." in drawn(
        node("rss", state="parked", parked=True, last_error="It crashed.")
    )


def test_a_paused_actor_is_shown_as_paused() -> None:
    assert "rss paused" in drawn(node("rss", paused=True))


def test_a_full_mailbox_is_shown() -> None:
    assert "7 waiting of 1000" in drawn(node("rss", mailbox={"depth": 7, "capacity": 1000}))
    assert "web running\n" in drawn(node("web", mailbox=None))


def test_an_open_breaker_tells_why_and_how_long() -> None:
    picture = drawn(node("tmdb", breakers=[breaker("open", "TMDB is down.", 12.3)]))
    assert "breaker tmdb open, tries again in 12 s  TMDB is down." in picture
    assert "breaker tmdb closed\n" in drawn(node("tmdb", breakers=[breaker("closed")]))


def test_nothing_from_outside_steers_the_terminal() -> None:
    picture = drawn(
        node(
            "a\x1b[31m",
            restarts=1,
            last_error="b\x07[bold]",
            breakers=[{**breaker("open", "c\x9b"), "name": "d\x1b"}],
        )
    )
    assert all(letter.isprintable() or letter == "\n" for letter in picture)
    assert "[bold]" in picture
