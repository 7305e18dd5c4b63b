"""Releases that a delay holds back: seen in the queue, grabbed at once, or sent away."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="module", autouse=True)
def delayed(radarr: Any) -> None:
    """Every release waits until it is a year old."""
    radarr.turn_downloads(600)
    profile = radarr.get("delayprofile/1")
    said = {"torrentDelay": 365 * 24 * 60, "bypassIfHighestQuality": False}
    radarr.send("PUT", "delayprofile", profile | said, 202)


def waiting_of(radarr: Any, film: Any) -> list[dict[str, Any]]:
    movie = radarr.add(film)
    return list(
        radarr.until(
            lambda: [
                each
                for each in radarr.get("queue/details", movieId=movie["id"])
                if each["status"] == "delay"
            ]
        )
    )


def test_what_waits_is_in_the_queue(radarr: Any) -> None:
    first, *_ = waiting_of(radarr, radarr.films[0])
    assert (first["protocol"], first["sizeleft"]) == ("torrent", first["size"])
    assert "downloadId" not in first
    assert first["estimatedCompletionTime"] > first["added"]
    assert first["quality"]["quality"]["name"] != "Unknown"
    assert 0 < first["id"] < 2**31
    page = radarr.get("queue", sortKey="title", includeMovie="true")
    assert page["totalRecords"] == radarr.get("queue/status")["totalCount"] >= 1
    assert {each["movie"]["id"] for each in page["records"]} == {first["movieId"]}


def test_it_can_be_grabbed_now(radarr: Any) -> None:
    first, *_ = waiting_of(radarr, radarr.films[1])
    assert radarr.send("POST", f"queue/grab/{first['id']}") == {}
    (taken,) = radarr.until(
        lambda: [
            each
            for each in radarr.get("queue/details", movieId=first["movieId"])
            if each["status"] != "delay"
        ]
    )
    assert taken["title"] == first["title"]
    radarr.send("POST", f"queue/grab/{first['id']}", status=404)


def test_several_can_be_grabbed_now_and_none_is_refused(radarr: Any) -> None:
    first, *_ = waiting_of(radarr, radarr.films[2])
    radarr.send("POST", "queue/grab/bulk", {"ids": []}, 400)
    radarr.send("POST", "queue/grab/bulk", {"ids": [1, first["id"]]}, 404)
    radarr.send("POST", "queue/grab/bulk", {"ids": [first["id"]]})
    assert any(
        each["status"] != "delay" for each in radarr.get("queue/details", movieId=first["movieId"])
    )


def test_what_waits_is_sent_away_and_blocked(radarr: Any) -> None:
    waiting = waiting_of(radarr, radarr.films[3])
    body = {"ids": [each["id"] for each in waiting]}
    radarr.send("DELETE", "queue/bulk", body, blocklist="true")
    blocked = radarr.get("blocklist/movie", movieId=waiting[0]["movieId"])
    assert {each["sourceTitle"] for each in blocked} == {each["title"] for each in waiting}
    radarr.send("DELETE", f"queue/{waiting[0]['id']}", status=404)
