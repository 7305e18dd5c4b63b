from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pytest

from reeld.domain.errors import (
    CredentialsRejected,
    NotFound,
    ProtocolViolation,
    RateLimited,
    Refused,
    ServiceDown,
)
from reeld.domain.movie import Collection, MovieStatus, ReleaseDates
from reeld.domain.secret import Secret
from reeld.domain.settings import TmdbSettings
from reeld.services.images import ImageType, NotAnImage
from reeld.services.limiter import Limiter, LimiterWait, Pace
from reeld.services.tmdb import Fetched, ImageConfiguration, NotModified, TmdbClient, parse_movie
from reeld.services.tmdb._errors import MEANINGS

V3 = "0123456789abcdef0123456789abcdef"
V4 = "eyJhbGciOiJIUzI1NiJ9.secret.token"
TODAY = date(2026, 11, 21)
IMAGES = ImageConfiguration("https://image.tmdb.org/t/p/", ("w342",), ("w1280",))

Make = Callable[..., TmdbClient]


def movie(**changes: Any) -> dict[str, Any]:
    return {
        "id": 550,
        "title": "Fight Club",
        "imdb_id": "tt0137523",
        "original_title": "Fight Club",
        "original_language": "en",
        "release_date": "1999-10-15",
        "runtime": 139,
        "overview": "A man.",
        "status": "Released",
        "poster_path": "/p.jpg",
        "backdrop_path": None,
        "genres": [{"id": 18, "name": "Drama"}],
        "belongs_to_collection": None,
        "popularity": 1.5,
    } | changes


def released(country: str, day: str, kind: int, certification: str = "") -> dict[str, Any]:
    entry = {"release_date": f"{day}T00:00:00.000Z", "type": kind, "certification": certification}
    return {"iso_3166_1": country, "release_dates": [entry]}


def failure(status: int, code: int) -> httpx.Response:
    body = {"success": False, "status_code": code, "status_message": "whatever"}
    return httpx.Response(status, json=body)


@pytest.fixture
def make(script: Any, closing: Any) -> Make:
    def build(token: str = V4, **changes: Any) -> TmdbClient:
        settings = TmdbSettings(Secret(token), **changes)
        limiter = Limiter("tmdb", Pace(per_second=1000, burst=100))
        return closing(
            TmdbClient(settings, limiter, transport=script.transport, today=lambda: TODAY)
        )

    return build


async def test_a_token_travels_in_the_header_and_a_key_in_the_query(
    make: Make, script: Any
) -> None:
    script(httpx.Response(200, json={"success": True, "status_code": 1}))
    await make(V4).check()
    await make(V3).check()
    with_token, with_key = script.requests
    assert with_token.headers["authorization"] == f"Bearer {V4}"
    assert V4 not in str(with_token.url)
    assert with_key.url.params["api_key"] == V3
    assert "authorization" not in with_key.headers


async def test_a_search_returns_each_movie_once(make: Make, script: Any) -> None:
    hit = {"id": 550, "title": "Fight Club", "release_date": "1999-10-15", "poster_path": "/p.jpg"}
    others = [
        {"id": 1, "title": "No Date", "release_date": ""},
        {"id": 2, "title": "No Date At All", "overview": None},
        {"id": 3, "title": ""},
        {"id": 4, "name": "Series", "media_type": "tv"},
    ]
    script(
        httpx.Response(200, json={"page": 1, "results": [hit, hit, *others], "total_pages": 38020})
    )
    found = await make().search("Fight Club", year=1999)
    assert [(one.title, one.year) for one in found.movies] == [
        ("Fight Club", 1999),
        ("No Date", None),
        ("No Date At All", None),
    ]
    assert found.total_pages == 500
    params = script.requests[0].url.params
    assert (params["query"], params["primary_release_year"]) == ("Fight Club", "1999")
    assert params["include_adult"] == "false"


async def test_details_hold_everything_that_was_appended(make: Make, script: Any) -> None:
    reply = movie(
        belongs_to_collection={"id": 9, "name": "Clubs"},
        release_dates={
            "results": [
                released("IT", "1998-09-10", 1),
                released("DE", "1999-11-11", 3, "18"),
                released("US", "1999-10-15", 3, "R"),
                released("US", "2000-06-06", 5),
                released("US", "not a date", 4),
            ]
        },
        external_ids={"imdb_id": "tt0137523", "wikidata_id": "Q190050"},
        alternative_titles={
            "titles": [{"title": "El club"}, {"title": "Fight Club"}, {"title": ""}]
        },
        translations={
            "translations": [{"data": {"title": "Der Club"}}, {"data": {"title": "El club"}}, {}]
        },
    )
    script(httpx.Response(200, json=reply, headers={"etag": 'W/"1"'}))
    fetched = await make().movie(550)
    assert isinstance(fetched, Fetched)
    details = fetched.details
    assert details.release_dates == ReleaseDates(date(1999, 10, 15), None, date(2000, 6, 6))
    assert details.certification == "R"
    assert details.secondary_year == 1998
    assert details.alternative_titles == ("El club", "Der Club")
    assert details.collection == Collection(9, "Clubs")
    assert (details.wikidata_id, details.status) == ("Q190050", MovieStatus.RELEASED)
    assert fetched.etag == 'W/"1"'
    assert parse_movie(fetched.raw, country="US", today=TODAY) == details
    appended = script.requests[0].url.params["append_to_response"].split(",")
    assert set(appended) == {"release_dates", "external_ids", "alternative_titles", "translations"}


async def test_titles_in_languages_in_which_no_release_is_named_are_left_out(
    make: Make, script: Any
) -> None:
    def translated(language: str, title: str) -> dict[str, Any]:
        return {"iso_639_1": language, "data": {"title": title}}

    reply = movie(
        original_language="eu",
        translations={
            "translations": [
                translated("de", "Der Club"),
                translated("eu", "Kluba"),
                translated("cy", "Y Clwb"),
                *(translated("fr", f"Le club {n}") for n in range(500)),
            ]
        },
    )
    script(httpx.Response(200, json=reply))
    fetched = await make().movie(550)
    assert isinstance(fetched, Fetched)
    titles = fetched.details.alternative_titles
    assert titles[:3] == ("Der Club", "Kluba", "Le club 0")
    assert len(titles) == 100


async def test_empty_texts_nulls_and_zeros_are_nothing(make: Make, script: Any) -> None:
    reply = movie(
        imdb_id="",
        original_title=None,
        original_language="",
        release_date="",
        runtime=0,
        overview=None,
        status=None,
        poster_path="",
        genres=[{"name": None}],
        external_ids={"imdb_id": None, "wikidata_id": None},
    )
    script(httpx.Response(200, json=reply))
    fetched = await make().movie(550)
    assert isinstance(fetched, Fetched)
    details = fetched.details
    nothing = (
        details.imdb_id,
        details.original_title,
        details.year,
        details.runtime_minutes,
        details.poster_path,
        details.collection,
        details.secondary_year,
    )
    assert nothing == (None,) * 7
    assert (details.overview, details.genres, details.status) == ("", (), MovieStatus.ANNOUNCED)


@pytest.mark.parametrize(
    ("dates", "status", "expected"),
    [
        ([("US", "2026-12-24", 3)], "Post Production", MovieStatus.ANNOUNCED),
        ([("US", "2026-11-01", 3)], "Released", MovieStatus.IN_CINEMAS),
        ([("US", "2026-11-01", 3), ("US", "2026-11-20", 4)], "Released", MovieStatus.RELEASED),
        ([("US", "2026-11-01", 3), ("US", "2026-12-20", 4)], "Released", MovieStatus.IN_CINEMAS),
        ([("US", "2026-01-01", 3)], "Released", MovieStatus.RELEASED),
        ([("DE", "2026-01-01", 5)], "Released", MovieStatus.RELEASED),
        ([], "Released", MovieStatus.RELEASED),
        ([], "Planned", MovieStatus.ANNOUNCED),
    ],
)
async def test_whether_a_movie_is_out_follows_from_its_dates(
    make: Make, script: Any, dates: list[tuple[str, str, int]], status: str, expected: MovieStatus
) -> None:
    results = [released(*one) for one in dates]
    reply = movie(release_date="", status=status, release_dates={"results": results})
    script(httpx.Response(200, json=reply))
    fetched = await make().movie(550)
    assert isinstance(fetched, Fetched)
    assert fetched.details.status is expected


async def test_an_unchanged_movie_costs_no_body(make: Make, script: Any) -> None:
    script(httpx.Response(304))
    assert await make().movie(550, etag='W/"1"') == NotModified('W/"1"')
    assert script.requests[0].headers["if-none-match"] == 'W/"1"'


KINDS = {
    "CREDENTIALS": CredentialsRejected,
    "MISSING": NotFound,
    "WRONG_QUESTION": Refused,
    "DOWN": ServiceDown,
    "LIMIT": RateLimited,
}
DOCUMENTED = {
    2: 501, 3: 401, 4: 405, 5: 422, 6: 404, 7: 401, 8: 403, 9: 503, 10: 401, 11: 500, 14: 401, 15: 500, 16: 401,
    17: 401, 18: 400, 19: 406, 20: 422, 22: 400, 23: 400, 24: 504, 25: 429, 26: 400, 27: 400, 28: 400, 29: 400,
    30: 401, 31: 401, 32: 401, 33: 401, 34: 404, 35: 401, 36: 401, 37: 404, 38: 401, 39: 401, 41: 422, 42: 405,
    43: 502, 44: 500, 45: 403, 46: 503, 47: 400,
}  # fmt: skip


def test_every_documented_code_has_a_meaning() -> None:
    assert set(MEANINGS) == {*DOCUMENTED, 21, 40}


@pytest.mark.parametrize(("code", "status"), DOCUMENTED.items())
async def test_each_documented_error_has_its_type(
    make: Make, script: Any, code: int, status: int
) -> None:
    script(failure(status, code), httpx.Response(200, json={"success": True}))
    with pytest.raises(KINDS[MEANINGS[code].name]) as caught:
        await make().movie(550)
    assert type(caught.value) is KINDS[MEANINGS[code].name]
    assert V4 not in str(caught.value)


async def test_a_movie_counts_as_deleted_only_where_tmdb_is(make: Make, script: Any) -> None:
    script(failure(404, 34))
    with pytest.raises(ProtocolViolation, match=r"tmdb\.url"):
        await make().movie(550)


async def test_a_wrong_key_says_where_to_find_the_right_one(make: Make, script: Any) -> None:
    script(failure(401, 7))
    with pytest.raises(CredentialsRejected, match=r"settings/api into tmdb\.token"):
        await make().check()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(404, html="<html>nginx</html>"), ProtocolViolation),
        (httpx.Response(401, html="<html>log in</html>"), ProtocolViolation),
        (httpx.Response(403, html="<html>blocked</html>"), ServiceDown),
        (httpx.Response(503, html="<html>CloudFront</html>"), ServiceDown),
        (httpx.Response(429), RateLimited),
        (httpx.Response(200, html="<html>Wi-Fi</html>"), ProtocolViolation),
        (httpx.Response(200, content=b"{"), ProtocolViolation),
        (httpx.Response(200, json={"success": False, "status_code": 21}), ProtocolViolation),
        (httpx.Response(200, json=movie(id="x")), ProtocolViolation),
        (httpx.Response(302, headers={"location": "https://evil.example/"}), ProtocolViolation),
        (httpx.Response(418, json={"status_code": 999}), ProtocolViolation),
    ],
)
async def test_what_tmdb_did_not_say_never_makes_a_movie_missing_or_a_key_wrong(
    make: Make, script: Any, answer: httpx.Response, kind: type[Exception]
) -> None:
    script(answer)
    with pytest.raises(kind) as caught:
        await make().movie(550)
    assert type(caught.value) is kind


async def test_a_rate_limit_holds_every_other_call_back(make: Make, script: Any) -> None:
    script(httpx.Response(429, headers={"retry-after": "30"}, json={"status_code": 25}))
    client = make()
    with pytest.raises(RateLimited) as caught:
        await client.movie(550)
    assert caught.value.retry_after == 30
    with pytest.raises(LimiterWait):
        await client.movie(551)
    assert len(script.requests) == 1


async def test_an_imdb_number_finds_none_or_some(make: Make, script: Any) -> None:
    script(
        httpx.Response(200, json={"movie_results": []}),
        httpx.Response(
            200, json={"movie_results": [{"id": 1, "title": "A"}, {"id": 2, "title": "B"}]}
        ),
    )
    client = make()
    assert await client.find_by_imdb("tt0137523") == ()
    assert [one.tmdb_id for one in await client.find_by_imdb("tt0137523")] == [1, 2]
    with pytest.raises(Refused):
        await client.find_by_imdb("tt1/../../x")
    assert len(script.requests) == 2


async def test_parts_of_a_collection_may_be_called_title_or_name(make: Make, script: Any) -> None:
    parts = [
        {"id": 1, "title": "A", "media_type": "movie"},
        {"id": 2, "name": "B", "original_name": "b"},
    ]
    script(httpx.Response(200, json={"id": 9, "name": "Both", "overview": "", "parts": parts}))
    collection = await make().collection(9)
    assert [one.title for one in collection.movies] == ["A", "B"]


def configured(base: str) -> httpx.Response:
    images = {"secure_base_url": base, "poster_sizes": ["w342"], "backdrop_sizes": ["w1280"]}
    return httpx.Response(200, json={"images": images})


async def test_images_come_only_from_a_trusted_host(make: Make, script: Any) -> None:
    script(configured(IMAGES.base_url), configured("https://evil.example/t/p/"))
    client = make()
    assert await client.configuration() == IMAGES
    with pytest.raises(ProtocolViolation, match="does not trust"):
        await client.configuration()


async def test_an_image_is_fetched_without_the_key_and_re_typed(make: Make, script: Any) -> None:
    jpeg = b"\xff\xd8\xff\xe0jfif"
    script(httpx.Response(200, content=jpeg, headers={"content-type": "image/svg+xml"}))
    image = await make().image("/p.jpg", "w342", IMAGES)
    assert image.type is ImageType.JPEG
    request = script.requests[0]
    assert str(request.url) == "https://image.tmdb.org/t/p/w342/p.jpg"
    assert "authorization" not in request.headers


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/logo.svg", "w342"),
        ("/../p.jpg", "w342"),
        ("/p.jpg", "../x"),
        ("//evil/p.jpg", "w342"),
        ("p.jpg", "w342"),
    ],
)
async def test_an_odd_name_of_an_image_is_not_fetched(
    make: Make, script: Any, path: str, size: str
) -> None:
    with pytest.raises(NotAnImage):
        await make().image(path, size, IMAGES)
    assert script.requests == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(404), NotFound),
        (httpx.Response(200, content=b"<svg onload='x'>"), NotAnImage),
        (httpx.Response(200, html="<html>"), ProtocolViolation),
        (httpx.Response(200, headers={"content-length": str(11 * 2**20)}), ProtocolViolation),
        (httpx.Response(500), ServiceDown),
    ],
)
async def test_what_is_no_image_has_a_name(
    make: Make, script: Any, answer: httpx.Response, kind: type[Exception]
) -> None:
    script(answer)
    with pytest.raises(kind):
        await make().image("/p.jpg", "w342", IMAGES)


async def test_no_key_reaches_a_log(
    make: Make, script: Any, caplog: pytest.LogCaptureFixture
) -> None:
    script(httpx.Response(200, json=movie()))
    with caplog.at_level(logging.DEBUG):
        await make(V3).movie(550)
    assert V3 not in caplog.text
