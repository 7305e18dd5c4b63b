from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import replace
from typing import Any

import httpx
import pytest

from reeld.simulators import FILMS, TmdbSimulator
from reeld.simulators.catalogue import Collection

METROPOLIS = 19


@pytest.fixture
def tmdb() -> TmdbSimulator:
    return TmdbSimulator()


def headers(tmdb: TmdbSimulator) -> dict[str, str]:
    return {"authorization": f"Bearer {tmdb.token}"}


async def test_a_bearer_token_and_a_key_are_accepted_and_anything_else_is_code_7(
    talk: Any, tmdb: TmdbSimulator
) -> None:
    async with talk(tmdb) as client:
        path = "/3/authentication"
        by_token = await client.get(path, headers=headers(tmdb))
        by_key = await client.get(path, params={"api_key": tmdb.api_key})
        wrong = await client.get(path, headers={"authorization": "Bearer nonsense"})
    assert by_token.json() == by_key.json()
    assert by_token.json()["success"] is True
    assert (wrong.status_code, wrong.json()["status_code"]) == (401, 7)


async def test_search_finds_by_title_alternative_title_and_year(
    talk: Any, tmdb: TmdbSimulator
) -> None:
    async with talk(tmdb) as client:
        client.headers = headers(tmdb)

        async def found(**params: str) -> list[int]:
            answer = await client.get("/3/search/movie", params=params)
            return [row["id"] for row in answer.json()["results"]]

        assert await found(query="metropolis") == [METROPOLIS]
        assert await found(query="Peach") == [10378]
        assert await found(query="metropolis", year="1927") == [METROPOLIS]
        assert await found(query="metropolis", primary_release_year="2001") == []
        missing = await client.get("/3/search/movie")
    assert missing.status_code == 422


async def test_details_carry_what_was_asked_to_be_appended_and_nothing_unknown(
    talk: Any, tmdb: TmdbSimulator
) -> None:
    asked = "release_dates,external_ids,alternative_titles,images,no_such_thing"
    async with talk(tmdb) as client:
        client.headers = headers(tmdb)
        path = f"/3/movie/{METROPOLIS}"
        movie = (await client.get(path, params={"append_to_response": asked})).json()
        alone = (await client.get(f"{path}/alternative_titles")).json()
        many = await client.get(path, params={"append_to_response": ",".join(["credits"] * 21)})
    assert (movie["title"], movie["runtime"], movie["imdb_id"]) == ("Metropolis", 153, "tt0017136")
    assert movie["external_ids"]["imdb_id"] == "tt0017136"
    assert "id" not in movie["release_dates"]
    assert "no_such_thing" not in movie
    assert alone["id"] == METROPOLIS
    assert alone["titles"] == movie["alternative_titles"]["titles"]
    assert (many.status_code, many.json()["status_code"]) == (400, 27)


async def test_every_movie_is_found_by_its_imdb_id(talk: Any, tmdb: TmdbSimulator) -> None:
    async with talk(tmdb) as client:
        client.headers = headers(tmdb)
        for film in FILMS:
            params = {"external_source": "imdb_id"}
            answer = (await client.get(f"/3/find/{film.imdb_id}", params=params)).json()
            assert [row["id"] for row in answer["movie_results"]] == [film.tmdb_id]
        unknown = await client.get("/3/find/tt9999999", params={"external_source": "imdb_id"})
    assert unknown.status_code == 200
    assert unknown.json()["movie_results"] == []


async def test_an_unchanged_answer_is_304_and_another_edition_is_not(
    talk: Any, tmdb: TmdbSimulator
) -> None:
    async with talk(tmdb) as client:
        client.headers = headers(tmdb)
        path = f"/3/movie/{METROPOLIS}"
        tag = (await client.get(path)).headers["etag"]
        again = await client.get(path, headers={"if-none-match": tag})
        tmdb.turn(edition=2)
        changed = await client.get(path, headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert changed.status_code == 200
    assert tmdb.not_modified == 1


async def test_images_are_real_pictures_of_the_size_asked_for(
    talk: Any, tmdb: TmdbSimulator
) -> None:
    async with talk(tmdb) as client:
        client.headers = headers(tmdb)
        images = (await client.get("/3/configuration")).json()["images"]
        movie = (await client.get(f"/3/movie/{METROPOLIS}")).json()
        url = images["secure_base_url"] + "w342" + movie["poster_path"]
        poster = await client.get(url, headers={"authorization": ""})
        nothing = await client.get(images["secure_base_url"] + "w342/poster1.png")
    assert poster.headers["content-type"] == "image/png"
    assert poster.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", poster.content[16:24]) == (342, 513)
    packed = poster.content.split(b"IDAT", 1)[1]
    assert len(zlib.decompressobj().decompress(packed)) == 513 * (1 + 342 * 3)
    assert nothing.status_code == 404


async def test_a_collection_has_its_movies_as_parts(talk: Any) -> None:
    collection = Collection(42, "Open Movies")
    films = [replace(film, collection=collection) for film in FILMS[:2]]
    tmdb = TmdbSimulator([*films, FILMS[2]])
    async with talk(tmdb) as client:
        client.headers = headers(tmdb)
        whole = (await client.get("/3/collection/42")).json()
        movie = (await client.get(f"/3/movie/{films[0].tmdb_id}")).json()
        unknown = await client.get("/3/collection/43")
    assert movie["belongs_to_collection"]["id"] == whole["id"] == 42
    assert [part["id"] for part in whole["parts"]] == [film.tmdb_id for film in films]
    assert unknown.status_code == 404


@pytest.mark.parametrize("page", ["0", "501", "x", "-1"])
async def test_pages_outside_1_to_500_are_code_22(
    talk: Any, tmdb: TmdbSimulator, page: str
) -> None:
    async with talk(tmdb) as client:
        params = {"query": "a", "page": page}
        answer = await client.get("/3/search/movie", params=params, headers=headers(tmdb))
    assert (answer.status_code, answer.json()["status_code"]) == (400, 22)


async def test_pages_may_overlap_and_claim_to_be_many(talk: Any, tmdb: TmdbSimulator) -> None:
    tmdb.turn(page_size=4, repeat_across_pages=True, claimed_pages=38_000)
    async with talk(tmdb) as client:
        client.headers = headers(tmdb)
        first, second = [
            (await client.get("/3/movie/popular", params={"page": page})).json() for page in (1, 2)
        ]
    assert first["results"][-1] == second["results"][0]
    assert first["total_pages"] == 38_000


async def test_more_requests_in_a_second_than_allowed_are_429(
    talk: Any, tmdb: TmdbSimulator
) -> None:
    tmdb.turn(requests_per_second=3, retry_after="2")
    async with talk(tmdb) as client:
        client.headers = headers(tmdb)
        answers = [await client.get("/3/authentication") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert (answers[-1].json()["status_code"], answers[-1].headers["retry-after"]) == (25, "2")


@pytest.mark.parametrize(
    ("code", "status"), [(9, 503), (11, 500), (24, 504), (25, 429), (43, 502), (46, 503), (10, 401)]
)
async def test_any_documented_error_can_be_had(
    talk: Any, tmdb: TmdbSimulator, code: int, status: int
) -> None:
    tmdb.turn(error_next=1, error_code=code)
    async with talk(tmdb) as client:
        answer = await client.get("/3/configuration", headers=headers(tmdb))
    assert answer.status_code == status
    assert answer.json()["success"] is False


async def test_movies_can_be_deleted_merged_or_bare(talk: Any, tmdb: TmdbSimulator) -> None:
    tmdb.turn(deleted=[961], find_twice=True, bare=True)
    async with talk(tmdb) as client:
        client.headers = headers(tmdb)
        deleted = await client.get("/3/movie/961")
        params = {"external_source": "imdb_id"}
        merged = (await client.get("/3/find/tt0017136", params=params)).json()
        bare = (await client.get(f"/3/movie/{METROPOLIS}")).json()
    assert (deleted.status_code, deleted.json()["status_code"]) == (404, 34)
    assert len(merged["movie_results"]) == 2
    assert "release_date" not in merged["movie_results"][0]
    assert (bare["imdb_id"], bare["poster_path"], bare["release_date"]) == (None, None, "")


async def test_gzip_can_be_torn_and_answers_can_be_huge(talk: Any, tmdb: TmdbSimulator) -> None:
    async with talk(tmdb) as client:
        client.headers = headers(tmdb)
        tmdb.turn(overview_padding=3_000_000)
        whole = await client.get(f"/3/movie/{METROPOLIS}")
        tmdb.turn(torn_gzip_next=1)
        async with client.stream("GET", f"/3/movie/{METROPOLIS}") as answer:
            torn = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert len(whole.content) > 3_000_000
    with pytest.raises(EOFError):
        gzip.decompress(torn)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("GET", "/3/nonsense", 34), ("GET", "/3/movie/1", 34), ("POST", "/3/movie/19", 42)],
)
async def test_what_does_not_exist_says_so(
    talk: Any, tmdb: TmdbSimulator, method: str, path: str, code: int
) -> None:
    async with talk(tmdb) as client:
        answer: httpx.Response = await client.request(method, path, headers=headers(tmdb))
    assert answer.json()["status_code"] == code
