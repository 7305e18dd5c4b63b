"""The commands of an operator, against a daemon that runs."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from reeld.cli import top
from reeld.cli.app import EXIT_FAILED
from reeld.cli.client import Daemon
from reeld.cli.top import Look, picture
from reeld.domain.errors import ReeldError, Unavailable


@pytest.fixture
def reeld(household: Any, command: Any) -> Any:
    """Runs a command against the daemon of the household."""
    return lambda *arguments: command(*arguments, environ=household.environ)


def test_an_actor_is_paused_and_let_on(reeld: Any) -> None:
    paused = reeld("actor", "pause", "decision", "--reason", "a look")
    assert paused.code == 0
    assert "decision paused" in paused.out
    drained = reeld("actor", "drain", "decision", "--json").document
    assert (drained["paused"], drained["working"]) == (True, 0)
    assert not reeld("actor", "resume", "decision", "--json").document["paused"]


def test_an_actor_is_restarted_and_what_cannot_be_is_refused(reeld: Any) -> None:
    before = reeld("status", "--json").document["restarts"]
    assert reeld("actor", "restart", "tmdb").code == 0
    assert reeld("status", "--json").document["restarts"] == before + 1
    unknown = reeld("actor", "restart", "nobody")
    assert unknown.code == EXIT_FAILED
    assert "nobody" in unknown.err
    assert "not parked" in reeld("actor", "unpark", "tmdb").err


def test_a_breaker_is_held_open_and_reset(reeld: Any) -> None:
    assert "forced open" in reeld("breaker", "open", "tmdb").out
    assert "disabled" in reeld("breaker", "disable", "tmdb").out
    assert "half open" in reeld("breaker", "reset", "tmdb", "tmdb", "--reason", "well again").out


def test_a_key_is_made_listed_without_its_text_and_revoked(reeld: Any) -> None:
    made = reeld("key", "add", "grafana", "--json").document
    assert made["scope"] == "read"
    listed = reeld("key", "list")
    assert "grafana" in listed.out
    assert made["key"] not in listed.out
    (key,) = (each for each in reeld("key", "list", "--json").document if each["name"] == "grafana")
    assert reeld("key", "revoke", str(key["id"])).out == f"Key {key['id']} is not valid any more.\n"
    assert "grafana" not in reeld("key", "list").out
    assert reeld("key", "revoke", str(key["id"])).code == EXIT_FAILED


def test_a_key_ends_after_as_long_as_was_said(reeld: Any) -> None:
    made = reeld("key", "add", "guest", "--expires", "30d", "--json").document
    ends = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < ends <= timedelta(days=30)
    (key,) = (each for each in reeld("key", "list", "--json").document if each["name"] == "guest")
    assert key["expires_at"] == made["expires_at"]
    assert "It ends at" in reeld("key", "add", "other", "--expires", "12h").out
    wrong = reeld("key", "add", "never", "--expires", "soon")
    assert wrong.code == EXIT_FAILED
    assert "90d" in wrong.err


def test_sessions_are_listed_and_ended_by_hand(reeld: Any) -> None:
    assert reeld("session", "list", "--json").document == []
    assert "Browser" in reeld("session", "list").out
    assert reeld("session", "revoke", "4711").code == EXIT_FAILED


def test_a_dump_shows_tasks_below_those_that_started_them(reeld: Any) -> None:
    shown = reeld("dump").out
    assert "Incarnation" in shown
    assert "thread MainThread" in shown
    assert reeld("dump", "--json").document["tasks"][0]["depth"] == 0


def test_top_shows_every_actor_and_what_needs_a_person(reeld: Any) -> None:
    reeld("breaker", "open", "tmdb")
    shown = reeld("top", "--once").out
    for name in ("web", "database", "dispatcher", "hdbits", "importer"):
        assert name in shown
    assert "tmdb forced open" in shown
    assert set(reeld("top", "--json").document) == {
        "info",
        "tree",
        "health",
        "queue",
        "rehearsals",
        "limits",
        "log_levels",
    }
    reeld("breaker", "reset", "tmdb")


def test_top_shows_which_incarnation_of_an_actor_lives(reeld: Any) -> None:
    def life() -> str:
        children = reeld("top", "--json").document["tree"]["children"]
        (found,) = [each for node in children for each in node["children"] if each["name"] == "rss"]
        return str(found["incarnation"])

    before = life()
    assert before[:8] in reeld("top", "--once").out
    reeld("actor", "restart", "rss")
    assert life() != before
    assert life()[:8] in reeld("top", "--once").out


def test_top_shows_what_a_person_has_changed_and_until_when(household: Any, reeld: Any) -> None:
    daemon = Daemon(household.environ)
    assert "Changed by a person" not in reeld("top", "--once").out
    daemon.post("/control/limits/hdbits", {"factor": 0.25, "seconds": 600})
    daemon.post("/control/log-levels", {"logger": "reeld.storage", "level": "debug"})
    begun = daemon.post("/api/test/circuit-breaker/hdbits", {"seconds": 90})
    assert [each["service"] for each in begun] == ["hdbits"]
    try:
        shown = reeld("top", "--once").out
        document = reeld("top", "--json").document
    finally:
        daemon.post("/api/test/circuit-breaker/hdbits/end")
        daemon.post("/control/log-levels/reset")
        daemon.post("/control/limits/hdbits", {"factor": 1})
    assert re.search(r"hdbits +rehearses: down +in \d\d s", shown)
    assert re.search(r"hdbits +limited to 25% of its pace +in 10 min", shown)
    assert re.search(r"reeld\.storage +logs from debug on +the daemon stops", shown)
    assert document["rehearsals"][0]["outage"] == "down"
    assert {each["name"]: each["factor"] for each in document["limits"]}["hdbits"] == 0.25
    assert document["log_levels"]["overrides"][0]["logger"] == "reeld.storage"
    assert "Changed by a person" not in reeld("top", "--once").out


def node(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "state": "running",
        "paused": False,
        "restarts": 0,
        "restarts_left": 3,
        "working": 0,
        "incarnation": "0192f3a4-0000-7000-8000-000000000000",
        "mailbox": {"depth": 900, "capacity": 1000},
        "breakers": [],
        "children": [],
        **more,
    }


def test_a_frame_of_top_fits_an_ordinary_terminal() -> None:
    check = {"status": "fail", "output": "Credentials were rejected. Correct them."}
    download = {
        "movie_title": "Sintel",
        "state": "downloading",
        "progress": 0.4,
        "speed": 2_000_000,
    }
    look = Look(
        info={"version": "1.0", "uptime_seconds": 90_000, "tasks": 60},
        tree={
            "restarts": 1,
            "dead_letters": 0,
            "children": [
                node("sources", children=[node(f"actor{number}") for number in range(10)])
            ],
        },
        health={"status": "warn", "checks": {"breaker:hdbits": [check]}},
        queue=[download],
    )
    screen = io.StringIO()
    Console(file=screen, width=80, height=24).print(picture(look))
    lines = screen.getvalue().splitlines()
    assert len(lines) <= 24
    assert max(len(line) for line in lines) <= 80
    assert "up 1 d 1 h" in lines[0]
    assert any("900/1000" in line for line in lines)
    assert any("Correct them." in line for line in lines)
    assert any("Sintel" in line and "40%" in line and "2.0 MB/s" in line for line in lines)


def test_the_live_picture_outlasts_a_daemon_that_is_away_for_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = Look(
        info={"version": "1.0", "uptime_seconds": 1.0, "tasks": 1},
        tree={"restarts": 0, "dead_letters": 0, "children": [node("web")]},
        health={"status": "pass", "checks": {}},
        queue=[],
    )
    answers: list[Look | ReeldError] = [
        seen,
        Unavailable("No daemon answers.", reason="no_daemon"),
        seen,
    ]

    def look(_daemon: object) -> Look:
        answer = answers.pop(0)
        if isinstance(answer, ReeldError):
            raise answer
        return answer

    monkeypatch.setattr(top, "look", look)
    monkeypatch.setattr(top.time, "sleep", lambda _: None)
    frames = top._pictures(object(), 1.0)  # type: ignore[arg-type]
    shown = []
    for _ in range(3):
        screen = io.StringIO()
        Console(file=screen, width=80).print(next(frames))
        shown.append(screen.getvalue())
    assert "No daemon answers." in shown[1]
    assert "web" in shown[1]  # what was last seen stays
    assert "No daemon answers." not in shown[2]
