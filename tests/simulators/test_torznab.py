from __future__ import annotations

from typing import Any

import pytest

from reeld.simulators import Torrent, TorznabItem, TorznabSimulator


@pytest.fixture
def torznab(movie_torrent: Torrent) -> TorznabSimulator:
    items = [
        TorznabItem(
            number,
            f"A & B <{number}>",
            movie_torrent,
            1_000_000.0 + number,
            imdb_id=f"tt000000{number}",
            tmdb_id=number,
        )
        for number in range(1, 6)
    ]
    return TorznabSimulator(items)


async def test_offers_are_found_by_number_and_by_words_newest_first(
    talk: Any, torznab: TorznabSimulator
) -> None:
    async def titles(client: Any, **asked: str) -> list[str]:
        answer = await client.get("/api", params={"apikey": torznab.api_key} | asked)
        return [f"A & B <{n}>" for n in "54321" if f"A &amp; B &lt;{n}&gt;" in answer.text]

    async with talk(torznab) as client:
        assert len(await titles(client, t="search")) == 5
        assert await titles(client, t="movie", imdbid="0000003") == ["A & B <3>"]
        assert await titles(client, t="movie", tmdbid="4") == ["A & B <4>"]
        assert await titles(client, t="search", q="b 2") == ["A & B <2>"]
        assert await titles(client, t="search", cat="5000") == []
        assert len(await titles(client, t="search", offset="3", limit="9")) == 2


async def test_who_does_not_know_the_key_gets_capabilities_alone(
    talk: Any, torznab: TorznabSimulator
) -> None:
    async with talk(torznab) as client:
        caps = await client.get("/api?t=caps")
        page = await client.get("/api?t=search")
        torrent = await client.get("/download?link=1")
        right = await client.get(f"/download?link=1&apikey={torznab.api_key}")
    assert "<caps>" in caps.text
    assert 'code="100"' in page.text
    assert torrent.status_code == 401
    assert right.content == torznab.items[0].torrent.data
