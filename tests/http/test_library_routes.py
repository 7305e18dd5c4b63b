"""What the API tells of the library as a whole, and what can be asked for by name; on one daemon a test."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
import trio

from reeld.domain.movie import Collection, MovieDetails, MovieStatus, NewMovie, ReleaseDates
from reeld.storage import Database
from reeld.storage.repositories import blocklist, metadata, movies
from reeld.telemetry.logs import recent

TODAY = datetime.now(UTC).date()
HOSTILE = "Rock, Paper; \\ Scissors\nBEGIN:VEVENT\r\n" + "ü" * 120


async def shelve(daemon: Any, tmdb_id: int, title: str, **details: Any) -> int:
    url = daemon.started.settings.database_url.reveal()
    async with Database.open(url, size=1) as database, database.transaction() as conn:
        movie, _ = await movies.add(conn, NewMovie(tmdb_id, title, 2000))
        facts = MovieDetails(tmdb_id, title, 2000, None, **details)
        await metadata.refresh(conn, movie.id, facts)
    return movie.id


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    with trio.fail_after(seconds):
        while not await holds():
            await trio.sleep(0.05)


async def test_the_calendar_is_shown_as_json_and_to_calendar_programs_by_a_token_alone(
    running_daemon: Any,
) -> None:
    http, stranger = running_daemon.http, running_daemon.stranger
    dates = ReleaseDates(in_cinemas=TODAY, digital=TODAY + timedelta(days=60))
    movie = await shelve(
        running_daemon, 1, HOSTILE, release_dates=dates, status=MovieStatus.RELEASED
    )
    days = (await http.get("/api/calendar")).json()
    assert [(each["kind"], each["movie_id"]) for each in days] == [
        ("in_cinemas", movie),
        ("digital", movie),
    ]
    period = {"from": str(TODAY), "to": str(TODAY)}
    assert len((await http.get("/api/calendar", params=period)).json()) == 1
    for query in ("from=2026-01-02&to=2026-01-01", "from=0001-01-01", "to=9999-12-31"):
        assert (await http.get(f"/api/calendar?{query}")).status_code == 422, query
    wrong = await http.get("/api/calendar?from=yesterday")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "from")

    made = (await http.post("/api/calendar/token")).json()
    feed = await stranger.get(made["path"])
    assert feed.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = feed.text.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    unfolded = feed.text.replace("\r\n ", "").split("\r\n")
    assert unfolded.count("BEGIN:VEVENT") == unfolded.count("END:VEVENT") == 2
    assert f"DTSTART;VALUE=DATE:{TODAY:%Y%m%d}" in unfolded
    assert any("Rock\\, Paper\\; \\\\ Scissors\\n" in line for line in unfolded)
    for path in ("/api/movies", "/api/settings", "/api/calendar", "/api/calendar.ics"):
        for token in (made["token"], "wrong", ""):
            if (path, token) == ("/api/calendar.ics", made["token"]):
                continue
            assert (await stranger.get(path, params={"token": token})).status_code == 401, path
    newer = (await http.post("/api/calendar/token")).json()
    assert (await stranger.get(made["path"])).status_code == 401
    assert (await stranger.get(newer["path"])).status_code == 200
    assert (await http.get("/api/calendar.ics")).status_code == 200
    assert (await http.delete("/api/calendar/token")).status_code == 204
    assert (await stranger.get(newer["path"])).status_code == 401
    assert (await http.delete("/api/calendar/token")).status_code == 404


async def test_collections_and_statistics_tell_of_the_whole_library(running_daemon: Any) -> None:
    http = running_daemon.http
    for number in (1, 2, 3):
        series = None if number == 3 else Collection(77, "The Trilogy")
        await shelve(running_daemon, number, f"Part {number}", collection=series)
    page = (await http.get("/api/collections")).json()
    ((shown,), following) = page["collections"], page["next"]
    assert (shown["tmdb_id"], shown["name"], following) == (77, "The Trilogy", None)
    assert [each["title"] for each in shown["movies"]] == ["Part 1", "Part 2"]
    assert shown["movies"][0]["has_file"] is False
    told = (await http.get("/api/statistics")).json()
    assert (told["movies"], told["monitored"], told["with_file"]) == (3, 3, 0)
    assert told["stages"]["wanted"] == 3
    assert told["profiles"] == {"Any": 3}
    assert told["total_bytes"] == 0


async def test_settings_are_shown_without_a_secret(daemon: Any, world: Any) -> None:
    answer = await daemon.http.get("/api/settings")
    assert answer.status_code == 200
    shown = answer.json()
    assert shown["tmdb"]["token"] == "********"
    assert shown["hdbits"]["passkey"] == "********"
    assert shown["library"]["root_folder"] == str(daemon.started.settings.library.root_folder)
    secrets = (
        world.hdbits.passkey,
        world.tmdb.token,
        world.qbittorrent.credentials[1],
        daemon.http.headers["x-api-key"],
        daemon.started.settings.database_url.reveal(),
        *(feed.url.reveal() for feed in daemon.started.settings.feeds),
    )
    for secret in secrets:
        assert secret not in answer.text


async def test_the_last_records_of_the_log_are_shown_redacted_and_bounded(
    running_daemon: Any,
) -> None:
    key = running_daemon.http.headers["x-api-key"]
    from reeld.telemetry.logs import redaction

    for level in ("info", "warning"):
        event = {
            "event": f"something_{level}",
            "level": level,
            "logger": "reeld.tests",
            "timestamp": "2026-01-01T00:00:00Z",
            "value": f"the key is {key}",
            "long": "x" * 10_000,
            "injected": "a\nlevel=critical",
        }
        recent(None, level, redaction(None, level, event))
    page = (await running_daemon.http.get("/api/logs?logger=reeld.tests")).json()
    assert [each["event"] for each in page["records"]] == ["something_warning", "something_info"]
    assert key not in str(page)
    assert len(page["records"][0]["fields"]["long"]) < 600
    one = (await running_daemon.http.get("/api/logs?logger=reeld.tests&level=warning")).json()
    assert len(one["records"]) == 1
    first = (await running_daemon.http.get("/api/logs?logger=reeld.tests&limit=1")).json()
    rest = (
        await running_daemon.http.get(f"/api/logs?before={first['next']}&text=SOMETHING_")
    ).json()
    assert [each["event"] for each in rest["records"]] == ["something_info"]
    assert (await running_daemon.http.get("/api/logs?level=loud")).status_code == 400
    structlog.reset_defaults()


async def test_a_command_is_durable_work_that_is_followed_and_cancelled(
    running_daemon: Any,
) -> None:
    http = running_daemon.http
    for actor in ("hdbits", "indexers"):
        assert (await http.post(f"/control/actors/{actor}/pause")).status_code == 200
    movie = await shelve(running_daemon, 1, "Movie")
    body = {"movie_ids": [movie]}
    asked = await http.post("/api/commands/search-movies", json=body)
    assert asked.status_code == 202
    command = asked.json()
    assert (command["state"], command["total"], command["open"]) == ("waiting", 2, 2)
    again = (await http.post("/api/commands/search-movies", json=body)).json()
    assert (again["total"], again["id"] > command["id"]) == (2, True)
    listed = (await http.get("/api/commands")).json()["commands"]
    assert [each["id"] for each in listed] == [again["id"], command["id"]]
    cancelled = await http.delete(f"/api/commands/{command['id']}")
    assert (cancelled.json()["state"], cancelled.json()["progress"]) == ("cancelled", 1.0)
    assert (await http.get(f"/api/commands/{again['id']}")).json()["state"] == "cancelled"

    for command in ("move-files", "rename-files"):
        done = (await http.post(f"/api/commands/{command}", json=body)).json()

        async def over(number: int = done["id"]) -> bool:
            shown = (await http.get(f"/api/commands/{number}")).json()
            return bool(shown["state"] == "done" and shown["finished_at"])

        await until(over)
    for name, body_, status in (
        ("search-movies", {}, 422),
        ("rename-files", {}, 422),
        ("search-movies", {"movie_ids": [999]}, 404),
        ("format-disk", {}, 400),
        ("backup", {"colour": 1}, 400),
        ("search-movies", {"movie_ids": ["1; DROP TABLE movie"]}, 400),
    ):
        refused = await http.post(f"/api/commands/{name}", json=body_)
        assert refused.status_code == status, (name, refused.text)
    for number in ("0", "x", "9" * 30, "-1"):
        assert (await http.get(f"/api/commands/{number}")).status_code == 404
        assert (await http.delete(f"/api/commands/{number}")).status_code == 404


async def test_root_folders_are_checked_before_movies_may_lie_in_them(
    running_daemon: Any, tmp_path: Path
) -> None:
    http = running_daemon.http
    settings = running_daemon.started.settings
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "system").symlink_to("/usr")
    added = await http.post("/api/rootfolders", json={"path": f"{other}/"})
    assert added.status_code == 201
    assert (added.json()["path"], added.json()["is_there"]) == (str(other), True)
    assert added.json()["free_bytes"] > 0
    assert (await http.post("/api/rootfolders", json={"path": str(other)})).status_code == 200
    for path, status in (
        ("relative", 400),
        ("/a\0b", 400),
        ("/a\nb", 400),
        (f"{tmp_path}/../etc", 422),
        (f"{other}/./", 422),
        (str(tmp_path / "missing"), 422),
        (str(tmp_path / "file"), 422),
        (str(settings.data_dir), 422),
        (str(other / "below"), 422),
        ("/", 400),
        ("/etc", 422),
        ("/proc/self", 422),
        ("/usr/share", 422),
        ("/root", 422),
        (str(tmp_path / "system"), 422),
        ("/" + "x" * 5000, 400),
    ):
        refused = await http.post("/api/rootfolders", json={"path": path})
        assert refused.status_code == status, (path, refused.text)
        assert refused.json()["errors"][0]["field"] == "path"
    listed = (await http.get("/api/rootfolders")).json()
    assert [each["path"] for each in listed] == [str(settings.library.root_folder), str(other)]
    assert (await http.delete("/api/rootfolders/1")).status_code == 422
    assert (await http.delete(f"/api/rootfolders/{added.json()['id']}")).status_code == 204
    assert (await http.delete("/api/rootfolders/4711")).status_code == 404


async def test_reading_what_is_new_asks_every_indexer_that_is_read(running_daemon: Any) -> None:
    http = running_daemon.http
    for name, is_read in (("Open", True), ("Quiet", False)):
        body = {"name": name, "base_url": "http://127.0.0.1:9", "enable_rss": is_read}
        answer = await http.post("/api/indexers", json=body)
        assert answer.status_code == 201, answer.text
    command = (await http.post("/api/commands/read-feeds")).json()
    assert command["total"] >= 1, command
    rows = (await http.get("/api/work", params={"limit": 200})).json()
    parts = {row["queue"] for row in rows if row["kind"] == "poll-recent"}
    named = {each["name"]: f"torznab:{each['id']}" for each in await listed(http)}
    assert named["Open"] in parts
    assert named["Quiet"] not in parts


async def listed(http: Any) -> list[Any]:
    found = (await http.get("/api/indexers")).json()
    return [each for each in found if each.get("id")]


async def test_exclusions_and_blocked_releases_are_listed_and_taken_back(
    running_daemon: Any,
) -> None:
    http = running_daemon.http
    made = await http.post("/api/exclusions", json={"tmdb_id": 5, "title": "Five", "year": 2005})
    assert made.status_code == 201
    page = (await http.get("/api/exclusions")).json()
    assert [each["tmdb_id"] for each in page["exclusions"]] == [5]
    path = f"/api/exclusions/{made.json()['id']}"
    assert [(await http.delete(path)).status_code for _ in range(2)] == [204, 404]

    movie = await shelve(running_daemon, 1, "Movie")
    url = running_daemon.started.settings.database_url.reveal()
    async with Database.open(url, size=1) as database, database.transaction() as conn:
        await blocklist.add(
            conn, movie, indexer="hdbits", guid="1", infohash=None, title="Bad", reason="stalled"
        )
    (blocked,) = (await http.get("/api/blocklist")).json()["releases"]
    assert (blocked["title"], blocked["reason"]) == ("Bad", "stalled")
    path = f"/api/blocklist/{blocked['id']}"
    assert [(await http.delete(path)).status_code for _ in range(2)] == [204, 404]


async def test_downloads_are_ordered_removed_and_fetched_again(daemon: Any, world: Any) -> None:
    http = daemon.http
    world.qbittorrent.turn(download_seconds=600)
    film = next(iter(world.films_from(_hdbits())))
    movie = (await http.post("/api/movies", json={"tmdb_id": film.tmdb_id})).json()["id"]

    async def active() -> list[Any]:
        return list((await http.get("/api/downloads")).json())

    async def in_client() -> bool:
        return any(each["state"] in {"sent", "downloading"} for each in await active())

    await until(in_client)
    (download,) = await active()
    path = f"/api/downloads/{download['id']}"
    for order in ("first", "last", "pause", "resume"):
        answer = await http.post(f"{path}/{order}")
        assert (answer.status_code, answer.json()["id"]) == (200, download["id"]), answer.text
    assert (await http.post(f"{path}/explode")).status_code == 400
    assert (await http.post(f"{path}/retry")).json()["reason"] == "not_dead"
    await http.put(f"/api/movies/{movie}", json={"monitored": False})
    removed = await http.delete(path, params={"blocklist": "false"})
    assert removed.status_code == 200, removed.text
    assert (await http.get("/api/blocklist")).json()["releases"] == []
    assert await active() == []
    assert (await http.delete(path)).json()["reason"] == "download_over"
    again = await http.post(f"{path}/retry")
    assert again.status_code == 200, again.text
    await until(in_client)
    (newer,) = await active()
    assert (newer["id"], newer["release_title"]) == (again.json()["id"], download["release_title"])
    removed = await http.delete(f"/api/downloads/{newer['id']}")
    assert removed.status_code == 200, removed.text
    blocked = (await http.get("/api/blocklist")).json()["releases"]
    assert [each["title"] for each in blocked] == [download["release_title"]]
    assert "from qBittorrent" not in blocked[0]["sentence"]
    for number in (0, 4711, 10**30):
        assert (await http.delete(f"/api/downloads/{number}")).status_code == 404
        assert (await http.post(f"/api/downloads/{number}/first")).status_code == 404
    assert (await http.post("/api/downloads", json={"release_id": 4711})).status_code in {404, 422}


async def test_a_download_that_the_client_does_not_have_yet_is_blocked_when_it_is_removed(
    daemon: Any, world: Any
) -> None:
    http = daemon.http
    film = next(iter(world.films_from(_hdbits())))
    order = {"tmdb_id": film.tmdb_id, "monitored": False}
    movie = (await http.post("/api/movies", json=order)).json()["id"]

    async def is_searched() -> bool:
        return bool((await http.get(f"/api/movies/{movie}")).json()["stage"] == "searched")

    await until(is_searched)
    found = (await http.get("/api/releases", params={"movieId": movie})).json()
    best = found["explanation"]["releases"][0]
    await http.post("/control/actors/hdbits/pause")
    grabbed = await http.post(f"/api/releases/{best['release_id']}/grab", json={})
    assert grabbed.status_code == 201, grabbed.text
    (download,) = (await http.get("/api/downloads")).json()
    assert download["state"] == "intent"
    assert (await http.delete(f"/api/downloads/{download['id']}")).status_code == 200

    async def is_blocked() -> bool:
        blocked = (await http.get("/api/blocklist")).json()["releases"]
        return [each["title"] for each in blocked] == [best["title"]]

    await until(is_blocked)
    active = (await http.get("/api/downloads")).json()
    assert best["title"] not in {each["release_title"] for each in active}


def _hdbits() -> Any:
    from reeld.simulators.offers import Source

    return Source.HDBITS


async def test_tmdb_is_searched_and_discovered_and_its_pictures_shown(
    daemon: Any, world: Any
) -> None:
    http = daemon.http
    film = world.films[0]
    movie = (await http.post("/api/movies", json={"tmdb_id": film.tmdb_id})).json()
    found = (await http.post("/api/search", json={"query": film.title})).json()["movies"]
    assert {each["tmdb_id"]: each["movie_id"] for each in found}[film.tmdb_id] == movie["id"]
    listed = await http.get(
        "/api/discover?sort=rating&genres=28,878&year=2000&minimum_rating=6.5&minimum_votes=10&language=en"
    )
    assert (listed.status_code, listed.json()["page"]) == (200, 1)
    assert film.tmdb_id in [each["tmdb_id"] for each in listed.json()["movies"]]
    for query in ("genres=28;1", "sort=worst", "page=501", "language=english", "minimum_rating=11"):
        assert (await http.get(f"/api/discover?{query}")).status_code in {400, 422}, query
    assert (await http.post("/api/search", json={"query": ""})).status_code == 400
    second = await http.post("/api/search", json={"query": film.title, "page": 2})
    assert (second.status_code, second.json()["page"], second.json()["movies"]) == (200, 2, [])
    assert re.fullmatch(r"/api/movies/\d+/images/poster", movie["poster"])
    for kind in ("poster", "backdrop"):
        picture = await http.get(f"/api/movies/{movie['id']}/images/{kind}?size=small")
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        assert picture.content.startswith(b"\xff\xd8\xff")
        same = await http.get(
            f"/api/movies/{movie['id']}/images/{kind}?size=small",
            headers={"If-None-Match": picture.headers["etag"]},
        )
        assert (same.status_code, same.content) == (304, b"")
    assert (await http.get(f"/api/movies/{movie['id']}/images/script")).status_code == 400
    assert (await http.get("/api/movies/4711/images/poster")).status_code == 404
