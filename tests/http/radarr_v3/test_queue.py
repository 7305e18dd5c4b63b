"""The queue as decluttarr, Unpackerr and Homepage see it, and what is taken out of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def download(radarr: Any) -> Iterator[dict[str, Any]]:
    """A download that takes its time."""
    radarr.turn_downloads(600)
    movie = radarr.add(radarr.films[0])
    records = radarr.until(
        lambda: [
            each
            for each in radarr.get("queue")["records"]
            if each["status"] == "downloading" and "timeleft" in each
        ]
    )
    yield records[0]
    radarr.send("DELETE", f"movie/{movie['id']}", deleteFiles=True)
    radarr.until(lambda: not radarr.get("queue")["totalRecords"])
    # What was left to the client would not be reeld's own the next time.
    radarr.forget_torrents()


def test_a_download_shows_how_far_it_is(radarr: Any, download: dict[str, Any]) -> None:
    assert download["trackedDownloadStatus"] == "ok"
    assert download["trackedDownloadState"] == "downloading"
    assert (download["protocol"], download["downloadClient"]) == ("torrent", "qBittorrent")
    assert download["downloadId"] == download["downloadId"].upper()
    assert len(download["downloadId"]) == 40
    assert 0 <= download["sizeleft"] <= download["size"]
    assert "movie" not in download
    with_movie = radarr.get("queue", includeMovie="True", pageSize=1)
    assert with_movie["records"][0]["movie"]["id"] == download["movieId"]
    assert (with_movie["totalRecords"], with_movie["pageSize"]) == (1, 1)
    assert radarr.get("queue", page=2, pageSize=1)["records"] == []
    assert [each["id"] for each in radarr.get("queue/details")] == [download["id"]]


def test_the_queue_is_filtered_by_what_is_asked_for(radarr: Any, download: dict[str, Any]) -> None:
    def total(**query: Any) -> int:
        return int(radarr.http.get("queue", params=query).json()["totalRecords"])

    quality, spoken = download["quality"]["quality"]["id"], download["languages"][0]["id"]
    assert total(protocol="torrent") == total(quality=quality, languages=spoken) == 1
    assert total(protocol="usenet") == total(status="paused") == total(movieIds=4711) == 0
    assert total(quality=quality + 1) == total(languages=4711) == 0
    assert total(quality=f"{quality + 1},{quality}", status="DOWNLOADING") == 1


def test_what_is_removed_without_blocklist_may_come_again(
    radarr: Any, download: dict[str, Any]
) -> None:
    radarr.send("DELETE", f"queue/{download['id']}", removeFromClient="true", blocklist="false")
    assert all(each["id"] != download["id"] for each in radarr.get("queue")["records"])
    assert radarr.get("blocklist")["totalRecords"] == 0
    radarr.send("DELETE", f"queue/{download['id']}", status=404)


def test_what_is_removed_with_blocklist_is_replaced_by_another(
    radarr: Any, download: dict[str, Any]
) -> None:
    body = {"ids": [4711, download["id"], 4712]}
    radarr.send("DELETE", "queue/bulk", body, removeFromClient="true", blocklist="true")
    (blocked,) = radarr.get("blocklist", movieIds=download["movieId"])["records"]
    assert blocked["sourceTitle"] == download["title"]
    assert radarr.get("blocklist", movieIds=4711)["totalRecords"] == 0
    assert radarr.get("blocklist", protocols="usenet")["records"] == []
    another = radarr.until(
        lambda: [e for e in radarr.get("queue")["records"] if e["id"] != download["id"]]
    )
    assert another[0]["title"] != download["title"]


@pytest.mark.parametrize("change", ["false", "true"])
def test_a_torrent_that_is_left_to_the_client_is_followed_no_more(
    radarr: Any, download: dict[str, Any], change: str
) -> None:
    path = f"queue/{download['id']}"
    radarr.send("DELETE", path, removeFromClient="false", changeCategory=change)
    assert all(each["id"] != download["id"] for each in radarr.get("queue")["records"])
    asked = {"movieId": download["movieId"], "eventType": "downloadIgnored"}
    (ignored,) = radarr.get("history/movie", **asked)
    assert ignored["sourceTitle"] == download["title"]
    assert ignored["downloadId"] == download["downloadId"]
    assert "follow it no more" in ignored["data"]["message"]
    assert radarr.get("blocklist/movie", movieId=download["movieId"]) == []


def test_without_another_download_the_movie_rests(radarr: Any, download: dict[str, Any]) -> None:
    path = f"queue/{download['id']}"
    query = {"blocklist": "true", "skipRedownload": "true"}
    radarr.send("DELETE", path, removeFromClient="true", **query)
    (blocked,) = radarr.get("blocklist/movie", movieId=download["movieId"])
    assert blocked["message"].endswith(
        "The release is blocked, and the movie rests until its next search."
    )
    assert radarr.get("queue")["records"] == []


def test_what_is_called_bad_while_it_comes_is_removed_and_replaced_by_another(
    radarr: Any, download: dict[str, Any]
) -> None:
    asked = {"movieId": download["movieId"], "eventType": "grabbed"}
    (grabbed,) = radarr.get("history/movie", **asked)
    with radarr.away("qbit"):
        radarr.send("POST", f"history/failed/{grabbed['id']}")
        (blocked,) = radarr.get("blocklist/movie", movieId=download["movieId"])
        assert blocked["sourceTitle"] == download["title"]
        assert all(each["id"] != download["id"] for each in radarr.get("queue")["records"])
    removed = radarr.get("history/movie", movieId=download["movieId"], eventType="downloadFailed")
    assert removed[0]["data"]["message"] == blocked["message"]
    another = radarr.until(
        lambda: [each for each in radarr.get("queue")["records"] if each["id"] != download["id"]]
    )
    assert another[0]["title"] != download["title"]
    radarr.until(lambda: download["downloadId"] not in radarr.torrents())


def test_an_empty_list_of_downloads_is_refused(radarr: Any, download: dict[str, Any]) -> None:
    radarr.send("DELETE", "queue/bulk", {"ids": []}, 400)
    assert radarr.get("queue")["records"][0]["id"] == download["id"]
