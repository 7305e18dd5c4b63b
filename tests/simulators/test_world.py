from __future__ import annotations

from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest
import trio
from pymediainfo import MediaInfo

from reeld.domain.torrent import parse_metainfo
from reeld.simulators import FILMS, OFFERS, Flaw, Source, World
from reeld.simulators.offers import Layout


def auth(world: World) -> dict[str, str]:
    return {"username": world.hdbits.username, "passkey": world.hdbits.passkey}


async def test_every_torrent_has_the_infohash_that_was_announced(tmp_path: Path) -> None:
    async with World.open(tmp_path) as world, httpx.AsyncClient() as client:
        asked = {**auth(world), "limit": 100}
        listed = (await client.post(f"{world.hdbits.url}/api/torrents", json=asked)).json()["data"]
        for row in listed:
            params = {"id": row["id"], "passkey": world.hdbits.passkey}
            answer = await client.get(f"{world.hdbits.url}/download.php", params=params)
            meta = parse_metainfo(answer.content)
            assert meta.infohash.v1 == row["hash"].lower()
            assert meta.total_size == row["size"]
        feed = feedparser.parse((await client.get(world.rss.feed_url)).content)
        for entry in feed.entries:
            answer = await client.get(entry.link)
            assert parse_metainfo(answer.content).infohash.v1 == entry.torrent_infohash
        announced = {row["hash"].lower() for row in listed}
        announced |= {entry.torrent_infohash for entry in feed.entries}
    assert announced == set(world.releases)


async def test_every_movie_is_known_to_tmdb_and_has_a_good_release_in_one_place(
    tmp_path: Path,
) -> None:
    async with World.open(tmp_path) as world, httpx.AsyncClient() as client:
        hdbits, rss = world.films_from(Source.HDBITS), world.films_from(Source.RSS)
        headers = {"authorization": f"Bearer {world.tmdb.token}"}
        for film in world.films:
            answer = await client.get(f"{world.tmdb.url}/3/movie/{film.tmdb_id}", headers=headers)
            assert answer.json()["imdb_id"] == film.imdb_id
            asked = {**auth(world), "imdb": {"id": film.imdb_number}}
            url = f"{world.hdbits.url}/api/torrents"
            found = (await client.post(url, json=asked)).json()["data"]
            assert bool(found) is (film in hdbits)
    assert len(hdbits) >= 5
    assert len(rss) >= 1
    assert {film.tmdb_id for film in (*hdbits, *rss)} == {film.tmdb_id for film in FILMS}
    assert not set(hdbits) & set(rss)


def test_every_movie_has_a_tempting_bad_release_and_every_flaw_is_there() -> None:
    for film in FILMS:
        offers = [offer for offer in OFFERS if offer.film is film]
        assert any(offer.flaw for offer in offers)
        assert any(offer.flaw is None and offer.seeders > 5 for offer in offers)
    assert {offer.flaw for offer in OFFERS} == {None, *Flaw}


def test_names_say_what_is_wrong_with_a_release() -> None:
    for offer in OFFERS:
        match offer.flaw:
            case Flaw.NO_SEEDERS:
                assert offer.seeders == 0
            case Flaw.SAMPLE:
                assert offer.layout is Layout.SAMPLE
            case Flaw.WRONG_YEAR:
                assert f".{offer.film.year}." not in offer.name
            case Flaw.CAM:
                assert "CAM" in offer.name
            case None:
                assert f".{offer.film.year}." in offer.name


def test_display_names_have_spaces_but_keep_the_dots_of_numbers() -> None:
    shown = {offer.name: offer.display_name for offer in OFFERS}
    assert (
        shown["Tears.of.Steel.2012.1080p.WEB-DL.DDP5.1.H.264-BLENDER"]
        == "Tears of Steel 2012 1080p WEB-DL DDP5.1 H.264-BLENDER"
    )


async def test_a_release_is_downloaded_by_qbittorrent_and_probes_as_its_name_says(
    tmp_path: Path,
) -> None:
    async with World.open(tmp_path, download_seconds=0.2) as world:
        world.qbittorrent.core.preferences["bypass_local_auth"] = True
        release = next(one for one in world.releases.values() if one.offer.layout is Layout.FOLDER)
        async with httpx.AsyncClient(base_url=world.qbittorrent.url) as client:
            upload = {"torrents": ("x.torrent", release.torrent.data)}
            await client.post("/api/v2/torrents/add", files=upload)
            row: dict[str, Any] = {"progress": 0}
            with trio.fail_after(10):
                while row["progress"] < 1:
                    await trio.sleep(0.05)
                    rows = (await client.get("/api/v2/torrents/info")).json()
                    row = rows[0] if rows else row
    names = sorted(path.name for path in world.downloads.rglob("*") if path.is_file())
    assert len(names) == 3
    (movie,) = world.downloads.rglob(f"{release.offer.name}.mkv")
    info = MediaInfo.parse(movie)
    assert info.general_tracks[0].duration == release.offer.film.runtime * 60_000
    assert (info.video_tracks[0].width, info.video_tracks[0].height) == release.offer.resolution


async def test_the_same_seed_gives_the_same_torrents_and_another_gives_others(
    tmp_path: Path,
) -> None:
    offers = OFFERS[:2]
    infohashes = []
    for number, seed in enumerate((1, 1, 2)):
        async with World.open(tmp_path / str(number), seed=seed, offers=offers) as world:
            infohashes.append(set(world.releases))
    assert infohashes[0] == infohashes[1]
    assert not infohashes[0] & infohashes[2]


async def test_the_feed_s_items_may_arrive_later(tmp_path: Path) -> None:
    offers = [offer for offer in OFFERS if offer.source is Source.RSS]
    async with World.open(tmp_path, rss_after=0.2, offers=offers) as world:
        assert world.rss.items == []
        await trio.sleep(0.4)
        assert len(world.rss.items) == len(offers)


async def test_a_world_opened_again_still_has_its_downloads(tmp_path: Path) -> None:
    offers = OFFERS[1:2]
    async with World.open(tmp_path, offers=offers, download_seconds=60) as world:
        world.qbittorrent.core.preferences["bypass_local_auth"] = True
        (release,) = world.releases.values()
        async with httpx.AsyncClient(base_url=world.qbittorrent.url) as client:
            upload = {"torrents": ("x.torrent", release.torrent.data)}
            assert (await client.post("/api/v2/torrents/add", files=upload)).is_success
    async with World.open(tmp_path, offers=offers) as world:
        assert list(world.qbittorrent.torrents) == [release.torrent.infohash]


async def test_its_settings_are_what_reeld_needs_and_show_no_secret(tmp_path: Path) -> None:
    async with World.open(tmp_path, offers=()) as world:
        settings = (
            world.tmdb_settings(),
            world.hdbits_settings(),
            world.qbittorrent_settings(),
            world.feed_settings(),
        )
    shown = repr(settings)
    for secret in (world.tmdb.token, world.hdbits.passkey, "adminadmin", world.rss.passkey):
        assert secret not in shown


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.title)
def test_facts_are_plausible(film: Any) -> None:
    assert film.imdb_id.startswith("tt")
    assert 1900 < film.year < 2020
    assert 5 < film.runtime < 200
    assert film.overview.endswith(".")
