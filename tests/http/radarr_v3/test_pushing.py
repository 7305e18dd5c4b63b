"""Releases that autobrr announces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

GOOD = {
    "title": "Charade.1963.1080p.BluRay.x264-GROUP",
    "downloadUrl": "https://hdbits.org/download.php/x.torrent?id=4242&passkey=hunter2",
    "size": 8_000_000_000,
    "indexer": "HDBits",
    "downloadProtocol": "torrent",
    "protocol": "torrent",
    "publishDate": "2026-01-31T10:00:00Z",
}


@pytest.fixture(scope="module", autouse=True)
def movie(radarr: Any) -> dict[str, Any]:
    film = next(each for each in radarr.films if each.title == "Charade")
    return dict(radarr.add(film, addOptions={"searchForMovie": False}))


def film_of(radarr: Any, title: str) -> Any:
    return next(each for each in radarr.films if each.title == title)


def push(radarr: Any, **said: Any) -> dict[str, Any]:
    (answer,) = radarr.send("POST", "release/push", GOOD | said)
    assert answer["approved"] is not (answer["rejected"] or answer["temporarilyRejected"])
    assert "hunter2" not in str(answer)
    return dict(answer)


@pytest.mark.parametrize("name", ["title", "downloadUrl", "publishDate"])
def test_what_is_missing_is_named(radarr: Any, name: str) -> None:
    (failure,) = radarr.send("POST", "release/push", GOOD | {name: ""}, 400)
    assert failure["propertyName"].lower() == name.lower()
    assert failure["severity"] == "error"
    assert failure["errorCode"] == "NotEmptyValidator"


def test_a_name_that_says_nothing_is_no_release(radarr: Any) -> None:
    (failure,) = radarr.send("POST", "release/push", GOOD | {"title": "???"}, 400)
    assert (failure["propertyName"], failure["errorMessage"]) == ("Title", "Unable to parse")


def test_what_no_movie_is_called_is_rejected(radarr: Any) -> None:
    answer = push(radarr, title="Nobody.Has.This.2001.1080p.BluRay.x264-GROUP")
    assert answer["rejections"] == [
        "Unknown Movie. Unable to match to correct movie using release title."
    ]


def test_what_the_profile_does_not_want_is_rejected_with_the_rules_sentence(radarr: Any) -> None:
    answer = push(radarr, title="Charade.1963.Raw-HD.1080p.HDTV.MPEG2-GROUP", size=1)
    assert answer["rejections"]
    assert answer["mappedMovieId"]


def test_what_another_indexer_offers_is_not_fetched_from_a_link(radarr: Any) -> None:
    answer = push(radarr, indexer="Somewhere", downloadUrl="http://169.254.169.254/?id=1")
    assert "none called 'Somewhere'" in answer["rejections"][0]


def test_what_is_right_is_taken(radarr: Any, movie: dict[str, Any]) -> None:
    answer = push(radarr)
    assert (answer["approved"], answer["rejections"]) == (True, [])
    assert answer["mappedMovieId"] == movie["id"]
    offered = radarr.until(
        lambda: [
            each
            for each in radarr.get("release", movieId=movie["id"])
            if each["title"] == GOOD["title"]
        ]
    )
    assert offered[0]["indexer"] == "hdbits"


MAGNET = "magnet:?xt=urn:btih:{}&tr=http%3A%2F%2F127.0.0.1%3A9%2Fhunter2"


def only_magnet(title: str, infohash: str, **said: Any) -> dict[str, Any]:
    links = {"downloadUrl": "", "magnetUrl": MAGNET.format(infohash)} | said
    return {"title": title, "indexer": "Somewhere"} | links


def test_a_magnet_link_that_names_no_torrent_is_wrong(radarr: Any) -> None:
    said = only_magnet("Charade.1963.1080p.WEB-DL.H264-GROUP", "zz")
    (failure,) = radarr.send("POST", "release/push", GOOD | said, 400)
    assert failure["propertyName"] == "MagnetUrl"
    assert "hunter2" not in str(failure)


@pytest.mark.parametrize(
    ("field", "called", "title"),
    [
        ("magnetUrl", "The General", "The.General.1926.2160p.WEB-DL.H265-GROUP"),
        (
            "downloadUrl",
            "Night of the Living Dead",
            "Night.of.the.Living.Dead.1968.1080p.WEB-DL.H264-GROUP",
        ),
    ],
)
def test_a_magnet_link_is_taken_whoever_announces_it(
    radarr: Any, field: str, called: str, title: str
) -> None:
    # A movie of its own: what is on its way for one speaks against what comes next.
    radarr.add(film_of(radarr, called), addOptions={"searchForMovie": False})
    infohash = ("ab" if field == "magnetUrl" else "cd") * 20
    links = {"downloadUrl": "", "magnetUrl": "", field: MAGNET.format(infohash)}
    answer = push(radarr, **only_magnet(title, infohash, **links))
    assert (answer["approved"], answer["rejections"]) == (True, [])
    assert (answer["indexerId"], answer["indexer"]) == (0, "Somewhere")
    (offered,) = radarr.until(
        lambda: [
            each
            for each in radarr.get("release", movieId=answer["mappedMovieId"])
            if each["title"] == title
        ]
    )
    assert offered["indexer"] == "pushed"


# What is judged as the stored release will be


def link(number: int) -> str:
    return f"https://hdbits.org/download.php/x.torrent?id={number}"


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


def waiting(radarr: Any, movie_id: int, title: str) -> list[dict[str, Any]]:
    return [
        each
        for each in radarr.get("queue/details", movieId=movie_id)
        if (each["title"], each["status"]) == (title, "delay")
    ]


@pytest.fixture(scope="module")
def slow(radarr: Any) -> dict[str, Any]:
    """A movie whose releases wait for 600 minutes."""
    tag = radarr.send("POST", "tag", {"label": "slow"}, 201)["id"]
    said = {"torrentDelay": 600, "bypassIfHighestQuality": False, "tags": [tag]}
    profile = {"enableTorrent": True, "preferredProtocol": "torrent"}
    radarr.send("POST", "delayprofile", profile | said, 201)
    added = {"tags": [tag], "addOptions": {"searchForMovie": False}}
    return dict(radarr.add(film_of(radarr, "Nosferatu"), **added))


def test_nothing_is_taken_for_a_movie_that_is_not_monitored(radarr: Any) -> None:
    film = film_of(radarr, "His Girl Friday")
    radarr.add(film, monitored=False, addOptions={"searchForMovie": False})
    title = "His.Girl.Friday.1940.1080p.BluRay.x264-GROUP"
    answer = push(radarr, title=title, downloadUrl=link(777000))
    assert (answer["approved"], answer["temporarilyRejected"]) == (False, True)
    assert answer["rejections"] == ["His Girl Friday is not monitored."]


@pytest.mark.parametrize("has_magnet", [False, True], ids=["torrent", "magnet link"])
def test_what_its_delay_holds_back_is_rejected_for_now_and_waits(
    radarr: Any, slow: dict[str, Any], has_magnet: bool
) -> None:
    title = f"Nosferatu.1922.1080p.WEB-DL.H264-{'MAGNET' if has_magnet else 'TORRENT'}"
    from_indexer = {"title": title, "downloadUrl": link(777001)}
    said = only_magnet(title, "de" * 20) if has_magnet else from_indexer
    answer = push(radarr, **said, publishDate=ago(minutes=1))
    assert (answer["approved"], answer["temporarilyRejected"]) == (False, True)
    (sentence,) = answer["rejections"]
    assert sentence.startswith("A better one may come: it waits 10 hours")
    assert radarr.until(lambda: waiting(radarr, slow["id"], title))


@pytest.mark.parametrize("by", ["guid", "infohash"])
def test_what_is_blocklisted_is_rejected_for_good(
    radarr: Any, slow: dict[str, Any], by: str
) -> None:
    title = f"Nosferatu.1922.720p.WEB-DL.H264-{by.upper()}"
    from_indexer = {"title": title, "downloadUrl": link(777002)}
    said = only_magnet(title, "ef" * 20) if by == "infohash" else from_indexer
    said["publishDate"] = ago(minutes=1)
    assert push(radarr, **said)["temporarilyRejected"]
    (found,) = radarr.until(lambda: waiting(radarr, slow["id"], title))
    radarr.send("DELETE", f"queue/{found['id']}", blocklist="true")
    # A torrent under another name is another offer of it.
    again = said | ({"title": f"{title}S"} if by == "infohash" else {})
    answer = push(radarr, **again)
    assert (answer["rejected"], answer["temporarilyRejected"]) == (True, False)
    assert "It is blocklisted for this movie." in answer["rejections"]


def test_what_is_no_better_than_what_was_grabbed_lately_is_rejected(radarr: Any) -> None:
    film = film_of(radarr, "Metropolis")
    movie = radarr.add(film, addOptions={"searchForMovie": False})
    offered = radarr.get("release", movieId=movie["id"])
    best = next(each for each in offered if each["approved"])
    radarr.send("POST", "release", {"guid": best["guid"], "indexerId": best["indexerId"]}, 201)
    file = radarr.imported(movie["id"])["movieFile"]
    radarr.send("DELETE", f"moviefile/{file['id']}")
    title = "Metropolis.1927.1080p.BluRay.x264-GROUP"
    answer = push(radarr, title=title, downloadUrl=link(777003))
    assert (answer["approved"], answer["temporarilyRejected"]) == (False, True)
    assert "was grabbed lately" in answer["rejections"][0]
