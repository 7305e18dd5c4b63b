"""Categories, tags, preferences and the options of `add`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.simulators import QbittorrentSimulator, Torrent

API = "/api/v2/"


async def add(client: Any, torrent: Torrent, **fields: str) -> dict[str, Any]:
    files = {"torrents": ("some.torrent", torrent.data)}
    await client.post(API + "torrents/add", data=fields, files=files)
    rows: list[dict[str, Any]] = (await client.get(API + "torrents/info")).json()
    return rows[0]


@pytest.fixture
def modern(tmp_path: Path) -> QbittorrentSimulator:
    simulator = QbittorrentSimulator(tmp_path, {}, version="5.2.3")
    simulator.turn(visibility_delay=0.0, settle_seconds=0.0, moving_seconds=0.0)
    simulator.core.preferences["bypass_local_auth"] = True
    return simulator


async def test_options_of_add_are_kept(
    talk: Any, modern: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    async with talk(modern) as client:
        row = await add(
            client,
            movie_torrent,
            rename="Another name",
            savepath="below",
            sequentialDownload="true",
            firstLastPiecePrio="true",
            forced="true",
            dlLimit="1000",
            upLimit="2000",
            ratioLimit="1.5",
            seedingTimeLimit="60",
            inactiveSeedingTimeLimit="30",
            shareLimitAction="Stop",
            root_folder="false",
        )
    assert row["name"] == "Another name"
    assert row["save_path"].endswith("/below")
    assert (row["seq_dl"], row["f_l_piece_prio"], row["force_start"]) == (True, True, True)
    assert (row["dl_limit"], row["up_limit"], row["ratio_limit"]) == (1000, 2000, 1.5)
    assert (row["seeding_time_limit"], row["inactive_seeding_time_limit"]) == (60, 30)
    assert row["share_limit_action"] == "Stop"


async def test_skipping_the_check_believes_that_all_is_there(
    talk: Any, modern: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    async with talk(modern) as client:
        await add(client, movie_torrent, skip_checking="true")
        await trio.sleep(0.3)
        row = (await client.get(API + "torrents/info")).json()[0]
    assert (row["state"], row["progress"]) == ("stalledUP", 1)


async def test_automatic_management_follows_the_category(
    talk: Any, modern: QbittorrentSimulator, movie_torrent: Torrent, tmp_path: Path
) -> None:
    async with talk(modern) as client:
        categories = {"films": str(tmp_path / "films"), "plain": ""}
        for name, path in categories.items():
            data = {"category": name, "savePath": path}
            await client.post(API + "torrents/createCategory", data=data)
        row = await add(
            client, movie_torrent, autoTMM="true", category="films", savepath="/ignored"
        )
        assert (row["auto_tmm"], row["save_path"]) == (True, str(tmp_path / "films"))
        data = {"hashes": movie_torrent.infohash, "category": "plain"}
        await client.post(API + "torrents/setCategory", data=data)
        await trio.sleep(0.3)
        row = (await client.get(API + "torrents/info")).json()[0]
    assert row["save_path"] == str(tmp_path / "plain")


async def test_tags_are_set_added_removed_and_deleted(
    talk: Any, modern: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    which = {"hashes": movie_torrent.infohash}
    async with talk(modern) as client:
        await add(client, movie_torrent, tags="a")
        steps = []
        for action, data in (
            ("addTags", {**which, "tags": "b, c"}),
            ("removeTags", {**which, "tags": "a"}),
            ("setTags", {**which, "tags": "z"}),
            ("deleteTags", {"tags": "z"}),
            ("addTags", {**which, "tags": "q"}),
            ("removeTags", which),
        ):
            answer = await client.post(f"{API}torrents/{action}", data=data)
            row = (await client.get(API + "torrents/info")).json()[0]
            steps.append((action, answer.status_code, row["tags"]))
        known = (await client.get(API + "torrents/tags")).json()
    assert steps == [
        ("addTags", 200, "a, b, c"),
        ("removeTags", 200, "b, c"),
        ("setTags", 204, "z"),
        ("deleteTags", 200, ""),
        ("addTags", 200, "q"),
        ("removeTags", 200, ""),
    ]
    assert known == ["a", "b", "c", "q"]


async def test_a_removed_category_leaves_its_torrents(
    talk: Any, modern: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    async with talk(modern) as client:
        await add(client, movie_torrent, category="films")
        edited = {"category": "films", "savePath": "elsewhere"}
        await client.post(API + "torrents/editCategory", data=edited)
        before = (await client.get(API + "torrents/categories")).json()
        await client.post(API + "torrents/removeCategories", data={"categories": "films"})
        row = (await client.get(API + "torrents/info")).json()[0]
        after = (await client.get(API + "torrents/categories")).json()
    assert before["films"]["savePath"] == "elsewhere"
    assert (row["category"], after) == ("", {})


async def test_preferences_are_read_changed_and_kept(talk: Any, tmp_path: Path) -> None:
    first = QbittorrentSimulator(tmp_path, {}, folder=tmp_path / "session")
    first.core.preferences["bypass_local_auth"] = True
    changes = {"json": '{"max_ratio": 2, "no_such_setting": 1}'}
    async with talk(first) as client:
        await client.post(API + "app/setPreferences", data=changes)
        shown = (await client.get(API + "app/preferences")).json()
        assert (await client.get(API + "app/defaultSavePath")).text == str(tmp_path)
        assert (await client.get(API + "transfer/info")).json()["dl_info_speed"] == 0
    assert shown["max_ratio"] == 2
    assert "no_such_setting" not in shown
    again = QbittorrentSimulator(tmp_path, {}, folder=tmp_path / "session")
    assert again.core.preferences["max_ratio"] == 2


async def test_the_process_says_since_when_it_runs(talk: Any, modern: QbittorrentSimulator) -> None:
    async with talk(modern) as client:
        info = (await client.get(API + "app/processInfo")).json()
        build = (await client.get(API + "app/buildInfo")).json()
    assert abs(info["launch_time"] - time.time()) < 10
    assert build["platform"] == "linux"


async def test_the_queue_is_reordered_only_when_there_is_one(
    talk: Any, modern: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    async with talk(modern) as client:
        await add(client, movie_torrent)
        data = {"hashes": movie_torrent.infohash}
        assert (await client.post(API + "torrents/topPrio", data=data)).is_success
        assert (await client.post(API + "torrents/bottomPrio", data=data)).is_success
        modern.core.preferences["queueing_enabled"] = False
        refused = await client.post(API + "torrents/topPrio", data=data)
    assert (refused.status_code, refused.text) == (409, "Torrent queueing must be enabled")


async def test_a_person_may_move_a_torrent_to_another_category(
    talk: Any, modern: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    async with talk(modern) as client:
        await add(client, movie_torrent, category="reeld")
        await client.post("/_knobs", json={"recategorise": movie_torrent.infohash})
        row = (await client.get(API + "torrents/info")).json()[0]
    assert row["category"] == "moved-by-a-person"


async def test_a_torrent_is_exported_as_it_came(
    talk: Any, modern: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    async with talk(modern) as client:
        await add(client, movie_torrent)
        params = {"hash": movie_torrent.infohash}
        exported = await client.get(API + "torrents/export", params=params)
        properties = (await client.get(API + "torrents/properties", params=params)).json()
        trackers = (await client.get(API + "torrents/trackers", params=params)).json()
    assert exported.content == movie_torrent.data
    assert (properties["is_private"], properties["pieces_num"]) == (True, 4)
    assert trackers[0]["url"] == "** [DHT] **"
    assert trackers[3]["url"].endswith("/announce")
