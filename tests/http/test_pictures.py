"""Posters and backdrops through the API: their sizes and formats, what may be kept, and what is no picture."""

from __future__ import annotations

import io
from typing import Any

import PIL.Image
import pytest

from reeld.domain.pictures import ImageKind, PictureFormat
from reeld.http.picturing import address_of, format_for

WEBP = {"Accept": "image/avif,image/webp,image/*;q=0.8,*/*;q=0.5"}
DAY, FOR_EVER = "private, max-age=86400", "private, max-age=31536000, immutable"


def shape_of(answer: Any) -> tuple[str | None, int]:
    with PIL.Image.open(io.BytesIO(answer.content)) as picture:
        return picture.format, picture.width


async def added(daemon: Any, world: Any) -> str:
    """Where the pictures of a movie are."""
    answer = await daemon.http.post("/api/movies", json={"tmdb_id": world.films[0].tmdb_id})
    return f"/api/movies/{answer.json()['id']}/images"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, PictureFormat.JPEG),
        ("*/*", PictureFormat.JPEG),
        ("image/*", PictureFormat.JPEG),
        ("image/webp", PictureFormat.WEBP),
        (WEBP["Accept"], PictureFormat.WEBP),
        ("text/html, IMAGE/WEBP ; q=0.1", PictureFormat.WEBP),
        ("image/webp;q=0, image/jpeg", PictureFormat.JPEG),
        ("image/webp; q=0.000", PictureFormat.JPEG),
        ("image/webpx, ;;,q=", PictureFormat.JPEG),
    ],
)
def test_a_client_that_names_webp_gets_it(accept: str | None, expected: PictureFormat) -> None:
    assert format_for({} if accept is None else {"accept": accept}) is expected


@pytest.mark.parametrize(
    "path",
    [None, "", "/logo.svg", "/a/b.jpg", "/../a.jpg", "//evil.example/a.jpg", "/a.jpg?x", "a.jpg"],
)
def test_only_what_may_be_a_picture_gets_an_address(path: str | None) -> None:
    assert address_of(ImageKind.POSTER, path) is None
    assert address_of(ImageKind.POSTER, "/aB_-9.jpg") == "/api/images/poster/aB_-9.jpg"


async def test_a_movies_pictures_come_in_each_width_and_in_the_format_that_a_client_takes(
    daemon: Any, world: Any
) -> None:
    images = await added(daemon, world)
    for kind, widths in (("poster", (185, 342, 500, 780)), ("backdrop", (780, 1280))):
        for width in widths:
            for headers, form in (({}, "JPEG"), (WEBP, "WEBP")):
                answer = await daemon.http.get(f"{images}/{kind}?width={width}", headers=headers)
                assert answer.status_code == 200
                assert shape_of(answer) == (form, width)
                assert answer.headers["content-type"] == f"image/{form.lower()}"
                assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", DAY)
    for kind, width in (("poster", 1280), ("poster", 300), ("backdrop", 185), ("poster", -1)):
        answer = await daemon.http.get(f"{images}/{kind}?width={width}")
        assert (answer.status_code, answer.json()["reason"]) == (422, "invalid_field")
        assert answer.json()["errors"][0]["field"] == "width"


async def test_a_client_keeps_what_has_not_changed_for_each_size_and_format(
    daemon: Any, world: Any
) -> None:
    images = await added(daemon, world)
    tags = {}
    for width in (185, 342):
        for headers in ({}, WEBP):
            answer = await daemon.http.get(f"{images}/poster?width={width}", headers=headers)
            tags[width, len(headers)] = answer.headers["etag"]
            known = headers | {"If-None-Match": answer.headers["etag"]}
            same = await daemon.http.get(f"{images}/poster?width={width}", headers=known)
            assert (same.status_code, same.content) == (304, b"")
            assert same.headers["vary"] == "Accept"
    assert len(set(tags.values())) == 4


async def test_what_tmdb_finds_is_shown_without_a_request_of_the_browsers_to_tmdb(
    daemon: Any, world: Any
) -> None:
    found = (await daemon.http.post("/api/search", json={"query": "sintel"})).json()["movies"][0]
    listed = (await daemon.http.get("/api/discover")).json()["movies"]
    assert found["poster"] in [each["poster"] for each in listed]
    assert found["poster"] == f"/api/images/poster{found['poster_path']}"
    answer = await daemon.http.get(found["poster"], params={"width": 342}, headers=WEBP)
    assert shape_of(answer) == ("WEBP", 342)
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", FOR_EVER)
    backdrop = found["poster"].replace("poster", "backdrop")
    assert shape_of(await daemon.http.get(backdrop)) == ("JPEG", 1280)
    stranger = await daemon.stranger.get(found["poster"])
    assert stranger.status_code == 401


NAMES = (
    "logo1.svg",
    "poster.jpg%3Fx=.jpg",
    "..%2F..%2F3%2Fconfiguration.jpg",
    "%2F%2Fevil.example%2Fa.jpg",
    "a%0A.jpg",
    "a.jpg%0A",
    "@evil.example.jpg",
    "a" * 101 + ".jpg",
)


async def test_tmdb_is_asked_for_nothing_that_is_not_named_as_its_pictures_are(
    daemon: Any, world: Any
) -> None:
    def asked() -> list[str]:
        return [path for path in world.tmdb.requests if "/t/p/" in path]

    before = asked()
    for name in NAMES:
        answer = await daemon.http.get(f"/api/images/poster/{name}")
        assert (answer.status_code, answer.json()["reason"]) == (404, "not_found"), name
    assert asked() == before
    unknown = await daemon.http.get("/api/images/poster/poster999.png")
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "not_found")
    assert len(asked()) == len(before) + 1


async def test_a_broken_picture_is_the_fault_of_who_sent_it(daemon: Any, world: Any) -> None:
    whole = io.BytesIO()
    PIL.Image.radial_gradient("L").resize((500, 750)).save(whole, "JPEG")
    world.tmdb.pictures |= {
        "text.jpg": b"<script>alert(1)</script>",
        "cut.jpg": whole.getvalue()[:-2000],
        "whole.jpg": whole.getvalue(),
    }
    for name in ("text.jpg", "cut.jpg"):
        answer = await daemon.http.get(f"/api/images/poster/{name}")
        assert (answer.status_code, answer.json()["reason"]) == (502, "picture_broken")
        assert answer.headers["content-type"] == "application/problem+json"
        assert "etag" not in answer.headers
        assert "immutable" not in answer.headers.get("cache-control", "")
    assert (await daemon.http.get("/api/images/poster/whole.jpg")).status_code == 200
