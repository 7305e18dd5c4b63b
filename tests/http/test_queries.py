"""Names in queries that no route knows."""

from __future__ import annotations

import re
from typing import Any

import pytest


async def test_every_route_of_ours_refuses_a_name_that_it_does_not_know(
    running_daemon: Any,
) -> None:
    http = running_daemon.http
    document = (await http.get("/api/schema/openapi.json")).json()
    tried = 0
    for path, item in document["paths"].items():
        if not path.startswith(("/api/", "/control/")) or path.startswith("/api/schema"):
            continue
        for method in item.keys() & {"get", "post", "put", "delete", "patch"}:
            url = re.sub(r"\{[a-z_]+\}", "1", path)
            answer = await http.request(method, url, params={"surely_none": "1"})
            if answer.status_code in {404, 426}:
                continue  # a word that is none in the place of one, or a WebSocket
            assert answer.status_code == 422, (method, path, answer.text)
            assert answer.json()["errors"][0]["field"] == "surely_none"
            tried += 1
    assert tried > 100


@pytest.mark.parametrize(
    ("method", "path", "sentence"),
    [
        ("DELETE", "/api/movies/1?deleteFiles=true", "it knows: delete_files, exclude."),
        ("GET", "/api/movies?Stage=wanted", "stage"),
        ("GET", "/api/tags?x=1", "it knows none."),
        ("GET", "/api/movies?stage=wanted&stage=searched", "stage: is there more than once"),
        ("GET", "/api/movies?fields=title&fields=year", "fields: is there more than once"),
    ],
)
async def test_what_the_route_does_know_is_said(
    running_daemon: Any, method: str, path: str, sentence: str
) -> None:
    answer = await running_daemon.http.request(method, path)
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]


async def test_names_that_are_known_pass_and_radarrs_clients_may_send_what_they_like(
    running_daemon: Any,
) -> None:
    http = running_daemon.http
    assert (
        await http.get("/api/movies", params={"stage": "wanted", "limit": 1})
    ).status_code == 200
    assert (await http.get("/api/v3/queue", params={"includeEpisode": "true"})).status_code == 200
