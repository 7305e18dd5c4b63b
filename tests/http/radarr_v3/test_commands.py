"""Commands while a service is away: who asked is told so, and does not wait until it is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

HDBITS = "hdbits cannot be asked now, and is asked again by itself: "


@pytest.fixture(scope="module")
def movie(radarr: Any) -> dict[str, Any]:
    added = radarr.add(radarr.films[0])
    return dict(radarr.imported(added["id"]))


@pytest.fixture
def _old_facts(module_database_url: str, movie: dict[str, Any]) -> None:
    """What TMDB said is old, so that it is asked again."""
    with psycopg.connect(module_database_url) as connection:
        connection.execute("UPDATE metadata_cache SET expires_at = now() - interval '1 day'")


def ended(radarr: Any, number: int) -> Any:
    """Wait for the end of a command of Radarr's."""

    def look() -> Any:
        command = radarr.get(f"command/{number}")
        return command if command["status"] not in {"queued", "started"} else None

    return radarr.until(look)


@pytest.mark.parametrize(
    "order",
    [
        lambda movie: {"name": "MoviesSearch", "movieIds": [movie["id"]]},
        lambda _: {"name": "RssSync"},
    ],
    ids=["MoviesSearch", "RssSync"],
)
def test_a_search_is_complete_without_the_indexer_that_is_away(
    radarr: Any, movie: dict[str, Any], order: Callable[[Any], dict[str, Any]]
) -> None:
    with radarr.away("hdbits"):
        command = radarr.send("POST", "command", order(movie), 201)
        said = ended(radarr, command["id"])
        assert (said["status"], said["result"]) == ("completed", "successful")
        assert said["message"].startswith(HDBITS)
        assert "maintenance" in said["message"] or "A person" in said["message"]
        assert said["ended"] >= said["queued"]
        assert "exception" not in said
    radarr.until(lambda: HDBITS not in radarr.get(f"command/{command['id']}")["message"] or None)


@pytest.mark.usefixtures("_old_facts")
def test_what_tmdb_must_do_has_failed_while_it_is_away_and_is_done_when_it_is_back(
    radarr: Any, movie: dict[str, Any]
) -> None:
    with radarr.away("tmdb"):
        order = {"name": "RefreshMovie", "movieIds": [movie["id"]]}
        command = radarr.send("POST", "command", order, 201)
        said = ended(radarr, command["id"])
        assert (said["status"], said["result"]) == ("failed", "unsuccessful")
        assert said["exception"] == said["message"]
        assert said["message"].startswith("tmdb cannot be asked now")
    radarr.until(lambda: radarr.get(f"command/{command['id']}")["status"] == "completed")


@pytest.mark.usefixtures("_old_facts")
def test_a_command_of_our_own_says_the_same(radarr: Any, movie: dict[str, Any]) -> None:
    headers = {"X-Api-Key": radarr.key}

    def command(number: int) -> Any:
        answer = radarr.stranger.get(f"/api/commands/{number}", headers=headers).json()
        return answer if answer["state"] not in {"waiting", "running"} else None

    with radarr.away("hdbits", "tmdb"):
        for name, state in (("search-movies", "done"), ("refresh-movies", "failed")):
            body = {"movie_ids": [movie["id"]]}
            asked = radarr.stranger.post(f"/api/commands/{name}", json=body, headers=headers)
            number = asked.json()["id"]
            said = radarr.until(lambda number=number: command(number))
            assert (said["state"], said["open"], said["failed"]) == (state, 1, 0), said
            assert "cannot be asked now" in said["sentence"]


def test_both_apis_list_and_cancel_the_same_commands(radarr: Any, movie: dict[str, Any]) -> None:
    headers = {"X-Api-Key": radarr.key}
    ours = "/control/actors/tmdb/{}".format
    # What was asked for while TMDB was away is done first: the same is not asked for twice.
    radarr.until(
        lambda: {each["status"] for each in radarr.get("command")} <= {"completed"} or None
    )
    assert radarr.stranger.post(ours("pause"), headers=headers).status_code == 200
    try:
        order = {"name": "RefreshMovie", "movieIds": [movie["id"]]}
        theirs = radarr.send("POST", "command", order, 201)
        seen = radarr.stranger.get(f"/api/commands/{theirs['id']}", headers=headers).json()
        assert (seen["name"], seen["state"], seen["total"]) == ("RefreshMovie", "waiting", 1)
        assert seen["message"] == theirs["message"]
        assert seen["agent"].startswith("python-httpx")
        body = {"movie_ids": [movie["id"]]}
        asked = radarr.stranger.post("/api/commands/refresh-movies", json=body, headers=headers)
        named = {each["id"]: each["name"] for each in radarr.get("command")}
        assert (named[theirs["id"]], named[asked.json()["id"]]) == ("RefreshMovie", "RefreshMovie")
        cancelled = radarr.stranger.delete(f"/api/commands/{theirs['id']}", headers=headers).json()
        assert (cancelled["state"], cancelled["failed"]) == ("cancelled", 0)
    finally:
        assert radarr.stranger.post(ours("resume"), headers=headers).status_code == 200
    assert radarr.get(f"command/{theirs['id']}")["status"] == "cancelled"
    assert radarr.get(f"command/{asked.json()['id']}")["status"] == "cancelled"


def test_a_backup_that_a_person_had_made_is_told_of_by_the_task(radarr: Any) -> None:
    def last() -> str:
        (task,) = [each for each in radarr.get("system/task") if each["name"] == "Backup"]
        return str(task["lastExecution"])

    assert last().startswith("0001-01-01")
    assert radarr.send("POST", "command", {"name": "Backup"}, 201)["commandName"] == "Backup"
    radarr.until(lambda: radarr.get("system/backup") or None)
    assert not last().startswith("0001-01-01")
