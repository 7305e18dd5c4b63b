"""How clients of Radarr knock: any case, the key wherever they put it, and answers in Radarr's shape."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import PIL.Image
import psycopg
import pytest

from reeld.http.measure import counted_as

VERSION = "x-application-version"


@pytest.fixture(scope="module")
def movie(radarr: Any) -> dict[str, Any]:
    return dict(radarr.add(radarr.films[0], addOptions={"searchForMovie": False}))


@pytest.mark.parametrize(
    "path",
    ["qualityProfile", "rootFolder", "remotePathMapping", "MOVIE", "system//Status", "Tag/"],
)
def test_a_path_is_found_in_any_case(radarr: Any, path: str) -> None:
    assert radarr.http.get(path).status_code == 200


def test_query_names_are_read_in_any_case(radarr: Any, movie: dict[str, Any]) -> None:
    for name in ("tmdbid", "tmdbId", "TMDBID"):
        assert [each["id"] for each in radarr.get("movie", **{name: movie["tmdbId"]})] == [
            movie["id"]
        ]
    assert radarr.get("movie", tmdbId=1) == []


def test_a_body_is_read_in_any_case(radarr: Any) -> None:
    assert radarr.send("POST", "tag", {"LABEL": "loud"}, 201)["label"] == "loud"


def test_the_key_may_come_in_three_ways(radarr: Any) -> None:
    path, key = "/api/v3/system/status", radarr.key
    for query, headers in (
        ({}, {"X-Api-Key": key}),
        ({}, {"Authorization": f"Bearer {key}"}),
        ({"apikey": key}, {}),
        ({"ApiKey": key}, {}),
    ):
        answer = radarr.stranger.get(path, params=query, headers=headers)
        assert answer.status_code == 200


@pytest.mark.parametrize("query", [{}, {"apikey": ""}, {"apikey": "wrong"}])
@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/v3/movie",
        "/api/v3/nothing",
        "/MediaCover/1/poster.jpg",
        "/feed/v3/calendar/radarr.ics",
    ],
)
def test_nobody_reads_without_the_key(radarr: Any, path: str, query: dict[str, str]) -> None:
    answer = radarr.stranger.get(path, params=query)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_anybody_may_ask_whether_it_is_there(radarr: Any) -> None:
    answer = radarr.stranger.get("/ping")
    assert (answer.status_code, answer.json()) == (200, {"status": "OK"})
    assert radarr.stranger.head("/PING").status_code == 200


@pytest.mark.parametrize("path", ["/ping", "/api", "/api/v3/movie", "/api/v3/nothing"])
def test_every_answer_names_a_version_that_prowlarr_accepts(radarr: Any, path: str) -> None:
    answer = radarr.http.get(f"{radarr.url}{path}")
    assert [int(part) for part in answer.headers[VERSION].split(".")] >= [4, 0, 4, 0]
    assert VERSION not in radarr.stranger.get("/health").headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "nothing"),
        ("POST", "nothing/at/all"),
        ("PUT", "system/shutdown"),
        ("GET", "movie/one"),
        ("GET", "movie/1/2/3"),
        ("DELETE", "nothing/1"),
        ("PATCH", "nothing/1"),
        ("GET", "movie/4711"),
        ("GET", "initialize.json"),
        ("GET", "../../etc/passwd"),
    ],
)
def test_what_is_not_there_is_not_found_in_radarrs_shape(
    radarr: Any, method: str, path: str
) -> None:
    answer = radarr.http.request(method, path)
    assert answer.status_code == 404
    if answer.url.path.startswith("/api/v3"):
        assert answer.json() == {"message": "NotFound"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "movie", {"GET", "POST", "PUT"}),
        ("DELETE", "movie", {"GET", "POST", "PUT"}),
        ("PUT", "system/status", {"GET"}),
        ("POST", "movie/1", {"GET", "PUT", "DELETE"}),
        ("PUT", "collection", {"GET"}),
    ],
)
def test_a_method_that_a_path_has_not_is_not_allowed_in_radarrs_shape(
    radarr: Any, method: str, path: str, allowed: set[str]
) -> None:
    answer = radarr.http.request(method, path)
    assert (answer.status_code, answer.json()) == (405, {"message": "MethodNotAllowed"})
    assert VERSION in answer.headers
    assert allowed <= {each.strip() for each in answer.headers["allow"].split(",")}


def test_a_name_that_says_nothing_is_answered_without_a_number(radarr: Any) -> None:
    for title in ({}, {"title": " "}):
        answer = radarr.http.get("parse", params=title)
        assert (answer.status_code, answer.content) == (204, b"")
    assert radarr.get("parse", title="1080p") == {"title": "1080p", "customFormatScore": 0}
    nobody = radarr.get("parse", title="Nobody.Knows.It.2031.1080p.BluRay.x264-X")
    assert nobody["parsedMovieInfo"]["year"] == 2031
    assert {"id", "movie"}.isdisjoint(nobody)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b'{"name": 1}',
        b'{"name": ' + b"[" * 500 + b"]" * 500 + b"}",
    ],
)
def test_a_body_that_makes_no_sense_is_refused_in_radarrs_shape(radarr: Any, body: bytes) -> None:
    answer = radarr.http.post("tag", content=body)
    assert answer.status_code == 400
    assert answer.json()[0]["errorMessage"]


def test_a_body_without_end_is_refused(radarr: Any) -> None:
    # A connection of its own: it is not used again after a body that nobody read.
    answer = httpx.post(
        f"{radarr.url}/api/v3/tag",
        content=json.dumps({"label": "x" * 2_000_000}),
        headers={"X-Api-Key": radarr.key},
        timeout=30,
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "query",
    [
        {"page": "x"},
        {"pageSize": "-1"},
        {"page": "99999999999999999999"},
        {"movieIds": "1;DROP TABLE movie"},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(radarr: Any, query: dict[str, str]) -> None:
    assert radarr.get("queue", 400, **query)[0]["errorMessage"]


def test_a_page_is_never_larger_than_a_thousand(radarr: Any) -> None:
    assert radarr.get("history", pageSize=100_000)["pageSize"] == 1000


def test_a_folder_is_listed_by_its_absolute_path_alone(radarr: Any) -> None:
    found = radarr.get("filesystem", path=str(radarr.library.parent))
    assert "library" in [each["name"] for each in found["directories"]]
    assert found["files"] == []
    radarr.get("filesystem", 400, path="../etc")
    assert radarr.get("filesystem", path="/does/not/exist")["directories"] == []


def test_the_key_stands_in_no_log_line(radarr: Any, capfd: pytest.CaptureFixture[str]) -> None:
    radarr.stranger.get("/api/v3/movie", params={"apikey": "hunter2-of-somebody"})
    out, err = capfd.readouterr()
    assert "hunter2-of-somebody" not in out + err


def test_requests_are_counted_by_what_they_are_about() -> None:
    assert counted_as("/api/v3/movie/{movie_id}") == "/api/v3"
    assert counted_as("/api/v3/movie") == "/api/v3"
    assert counted_as("/api/movies/{movie_id}") == "/api/movies"


def test_a_calendar_program_reads_the_days(
    radarr: Any, movie: dict[str, Any], module_database_url: str
) -> None:
    today = datetime.now(UTC).date()
    days = {"in_cinemas": today - timedelta(90), "digital": today, "physical": today}
    with psycopg.connect(module_database_url) as connection:
        connection.execute(
            "UPDATE movie SET release_dates = %s WHERE id = %s",
            (json.dumps(days, default=str), movie["id"]),
        )
    path = f"{radarr.url}/feed/v3/calendar/radarr.ics"
    span = {"pastDays": 100, "futureDays": 1, "unmonitored": "true"}
    answer = radarr.http.get(path, params=span)
    assert answer.headers["content-type"].startswith("text/calendar")
    lines = answer.text.split("\r\n")
    assert (lines[0], lines[-2:]) == ("BEGIN:VCALENDAR", ["END:VCALENDAR", ""])
    assert all(len(line.encode()) <= 75 for line in lines)
    every = answer.text.count("BEGIN:VEVENT")
    each_alone = [
        radarr.http.get(path, params=span | {"releaseTypes": kind}).text.count("BEGIN:VEVENT")
        for kind in ("cinemaRelease", "digitalRelease", "physicalRelease")
    ]
    assert (each_alone, every) == ([1, 1, 1], 3)
    unknown = radarr.http.get(path, params=span | {"releaseTypes": "onTape"})
    assert (unknown.status_code, "ontape" in unknown.text) == (400, True)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("poster-500.jpg", (333, 500)),
        ("poster-250.jpg", (167, 250)),
        ("poster.jpg", (500, 750)),
        ("poster-7.jpg", (500, 750)),
        ("fanart-360.jpg", (640, 360)),
        ("fanart-180.jpg", (320, 180)),
        ("fanart.jpg", (1280, 720)),
    ],
)
def test_a_cover_has_the_height_that_its_name_says(
    radarr: Any, movie: dict[str, Any], name: str, size: tuple[int, int]
) -> None:
    url = f"{radarr.url}/MediaCover/{movie['id']}/{name}?lastWrite=638000000000000000"
    answer = radarr.http.get(url, headers={"Accept": "image/webp"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    with PIL.Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.format == "JPEG"
        assert abs(picture.width - size[0]) <= 2
        assert picture.height == size[1]
    again = radarr.http.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_nothing_but_covers_lies_beside_them(radarr: Any, movie: dict[str, Any]) -> None:
    for name in ("../secret", "banner.jpg", "poster.png", "poster-500.jpg.exe"):
        assert radarr.http.get(f"{radarr.url}/MediaCover/{movie['id']}/{name}").status_code == 404
