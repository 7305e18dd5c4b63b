"""What becomes of torrents: adding, downloading real files, faults, restarts."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from reeld.domain.torrent import encode
from reeld.simulators import PROFILES, QbittorrentSimulator, Torrent, UnknownKnob, serve
from reeld.simulators.torrents import Text, blocks, single_file

API = "/api/v2/torrents/"


async def add(client: Any, torrent: Torrent, **fields: str) -> Any:
    files = {"torrents": ("some.torrent", torrent.data, "application/x-bittorrent")}
    return await client.post(API + "add", data=fields, files=files)


async def info(client: Any, **params: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await client.get(API + "info", params=params)).json()
    return rows


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    with trio.fail_after(10):
        while not await condition():
            await trio.sleep(0.02)


async def until_state(client: Any, *states: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []

    async def there() -> bool:
        rows[:] = await info(client)
        return bool(rows) and rows[0]["state"] in states

    await until(there)
    return rows[0]


def hashes_below(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha1(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def hashes_of(torrent: Torrent) -> dict[str, str]:
    return {
        "/".join((torrent.name, *file.path)): hashlib.sha1(
            b"".join(blocks(file.content))
        ).hexdigest()
        for file in torrent.files
    }


async def test_a_torrent_is_downloaded_into_real_files(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent, tmp_path: Path
) -> None:
    async with talk(qbittorrent) as client:
        answer = await add(client, movie_torrent, category="reeld", tags="a,b")
        assert answer.text == "Ok."
        row = await until_state(client, "stalledUP")
        files = (await client.get(API + "files", params={"hash": row["hash"]})).json()
        categories = (await client.get(API + "categories")).json()
    assert hashes_below(tmp_path / "downloads") == hashes_of(movie_torrent)
    assert (row["progress"], row["amount_left"], row["category"]) == (1, 0, "reeld")
    assert row["tags"] == "a, b"
    assert row["content_path"] == str(tmp_path / "downloads" / "Sintel.2010")
    assert [file["name"] for file in files] == [
        "Sintel.2010/Sintel.mkv",
        "Sintel.2010/Info/Sintel.nfo",
    ]
    assert files[0]["is_seed"] is True
    assert categories == {"reeld": {"name": "reeld", "savePath": ""}}


async def test_progress_grows_and_so_do_the_files(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent, tmp_path: Path
) -> None:
    qbittorrent.turn(download_seconds=1.0)
    seen = []
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent)

        async def complete() -> bool:
            row = (await info(client))[0]
            path = tmp_path / "downloads" / "Sintel.2010" / "Sintel.mkv"
            seen.append((row["progress"], path.stat().st_size if path.exists() else 0))
            return row["progress"] == 1

        await until(complete)
    assert seen == sorted(seen)
    assert len(set(seen)) > 4


async def test_a_new_torrent_appears_late_and_its_content_path_is_relative_at_first(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    qbittorrent.turn(visibility_delay=0.2, settle_seconds=0.3)
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent)
        assert await info(client) == []
        row = await until_state(client, "checkingResumeData")
        assert row["content_path"] == "Sintel.2010"
        row = await until_state(client, "downloading")
        assert row["content_path"].startswith("/")


@pytest.mark.parametrize("version", PROFILES)
async def test_a_second_add_and_a_body_that_is_no_torrent_are_told_as_each_version_does(
    talk: Any, tmp_path: Path, movie_torrent: Torrent, version: str
) -> None:
    qbittorrent = QbittorrentSimulator(tmp_path, {}, version=version)
    modern = version == "5.2.3"
    async with talk(qbittorrent) as client:
        qbittorrent.core.preferences["bypass_local_auth"] = True
        first = await add(client, movie_torrent)
        again = await add(client, movie_torrent, category="other")
        junk = await client.post(API + "add", files={"torrents": ("x.torrent", b"<html>")})
        by_url = await client.post(API + "add", data={"urls": "http://127.0.0.1:1/x"})
        rows = await info(client, hashes=movie_torrent.infohash.upper())
    assert junk.status_code == 415
    assert junk.text == "Error: 'x.torrent' is not a valid torrent file."
    assert rows == [] or rows[0]["category"] == ""
    if modern:
        assert first.json()["added_torrent_ids"] == [movie_torrent.infohash]
        assert (again.status_code, by_url.status_code) == (409, 202)
    else:
        assert (first.text, again.text, by_url.text) == ("Ok.", "Fails.", "Ok.")


@pytest.mark.parametrize(
    ("version", "stopped", "has", "lacks"),
    [
        ("4.1.0", "pausedDL", "magnet_uri", "content_path"),
        ("4.3.9", "pausedDL", "content_path", "infohash_v1"),
        ("4.5.2", "pausedDL", "infohash_v1", "inactive_seeding_time_limit"),
        ("4.6.7", "pausedDL", "inactive_seeding_time_limit", "root_path"),
        ("5.1.4", "stoppedDL", "root_path", "share_limit_action"),
        ("5.2.3", "stoppedDL", "share_limit_action", "nothing"),
    ],
)
async def test_states_and_fields_are_those_of_the_version(
    talk: Any,
    tmp_path: Path,
    movie_torrent: Torrent,
    version: str,
    stopped: str,
    has: str,
    lacks: str,
) -> None:
    qbittorrent = QbittorrentSimulator(tmp_path, {}, version=version)
    qbittorrent.turn(visibility_delay=0.0, settle_seconds=0.0)
    async with talk(qbittorrent) as client:
        qbittorrent.core.preferences["bypass_local_auth"] = True
        await add(client, movie_torrent, paused="true", stopped="true")
        row = await until_state(client, stopped)
        word = "stopped" if version >= "5" else "paused"
        assert len(await info(client, filter=word)) == 1
        assert await info(client, filter="completed") == []
    assert has in row
    assert lacks not in row


async def test_data_that_is_already_there_is_checked_and_seeded(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent, tmp_path: Path
) -> None:
    for file in movie_torrent.files:
        path = tmp_path / "elsewhere" / movie_torrent.name / Path(*file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(blocks(file.content)))
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent, savepath=str(tmp_path / "elsewhere"))
        row = await until_state(client, "stalledUP", "downloading")
    assert row["state"] == "stalledUP"
    assert not (tmp_path / "downloads").exists()


async def test_a_damaged_file_is_found_by_a_recheck_and_mended(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent, tmp_path: Path
) -> None:
    path = tmp_path / "downloads" / "Sintel.2010" / "Sintel.mkv"
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent)
        await until_state(client, "stalledUP")
        path.write_bytes(path.read_bytes()[:600_000] + b"x" * 400_000)
        await client.post(API + "recheck", data={"hashes": movie_torrent.infohash})
        row = await until_state(client, "downloading")
        assert 0 < row["progress"] < 1
        await until_state(client, "stalledUP")
    assert hashes_below(tmp_path / "downloads") == hashes_of(movie_torrent)


async def test_a_stop_holds_a_download_and_a_start_goes_on(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    qbittorrent.turn(download_seconds=1.0)
    which = {"hashes": movie_torrent.infohash}
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent)
        await until_state(client, "downloading")
        await client.post(API + "pause", data=which)
        held = await until_state(client, "pausedDL")
        await trio.sleep(0.3)
        assert (await info(client))[0]["progress"] == pytest.approx(held["progress"], abs=0.15)
        await client.post(API + "resume", data=which)
        await until_state(client, "stalledUP")
        await client.post(API + "pause", data=which)
        await until_state(client, "pausedUP")


@pytest.mark.parametrize("delete_files", [True, False])
async def test_a_torrent_is_deleted_with_or_without_its_files(
    talk: Any,
    qbittorrent: QbittorrentSimulator,
    movie_torrent: Torrent,
    tmp_path: Path,
    delete_files: bool,
) -> None:
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent)
        await until_state(client, "stalledUP")
        fields = {"hashes": movie_torrent.infohash, "deleteFiles": str(delete_files).lower()}
        assert (await client.post(API + "delete", data=fields)).status_code == 200
        assert await info(client) == []
        unknown = await client.get(API + "files", params={"hash": movie_torrent.infohash})
    assert unknown.status_code == 404
    left = hashes_below(tmp_path / "downloads")
    assert left == ({} if delete_files else hashes_of(movie_torrent))


async def test_names_in_a_torrent_are_cleaned_not_followed(
    talk: Any, qbittorrent: QbittorrentSimulator, tmp_path: Path
) -> None:
    listed = [{b"length": 1, b"path": [b"..", b"../../evil", b"\0a/b"]}]
    document = {
        b"info": {
            b"files": listed,
            b"name": b"../root",
            b"piece length": 16384,
            b"pieces": bytes(20),
        }
    }
    async with talk(qbittorrent) as client:
        upload = {"torrents": ("x.torrent", encode(document))}
        assert (await client.post(API + "add", files=upload)).text == "Ok."
        row = (await info(client))[0]
        files = (await client.get(API + "files", params={"hash": row["hash"]})).json()
    assert [file["name"] for file in files] == ["..root/_/....evil/ab"]


async def test_files_are_downloaded_elsewhere_and_moved_when_complete(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent, tmp_path: Path
) -> None:
    incomplete = tmp_path / "incomplete"
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent, downloadPath=str(incomplete))
        await until_state(client, "downloading")
        await until_state(client, "moving")
        assert (await until_state(client, "stalledUP"))["save_path"] == str(tmp_path / "downloads")
    assert hashes_below(tmp_path / "downloads") == hashes_of(movie_torrent)
    assert hashes_below(incomplete) == {}


async def test_a_location_is_changed_by_moving_the_files(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent, tmp_path: Path
) -> None:
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent)
        await until_state(client, "stalledUP")
        fields = {"hashes": movie_torrent.infohash, "location": str(tmp_path / "new")}
        await client.post(API + "setLocation", data=fields)
        await until_state(client, "moving")
        row = await until_state(client, "stalledUP")
    assert row["save_path"] == str(tmp_path / "new")
    assert hashes_below(tmp_path / "new") == hashes_of(movie_torrent)


@pytest.mark.parametrize(
    ("layout", "name", "path"),
    [
        ("NoSubfolder", "Sintel.mkv", "Sintel.mkv"),
        ("Original", "Sintel.2010/Sintel.mkv", "Sintel.2010"),
    ],
)
async def test_the_content_layout_decides_about_the_folder(
    talk: Any,
    qbittorrent: QbittorrentSimulator,
    movie_torrent: Torrent,
    layout: str,
    name: str,
    path: str,
) -> None:
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent, contentLayout=layout)
        row = await until_state(client, "stalledUP")
        files = (await client.get(API + "files", params={"hash": row["hash"]})).json()
    assert files[0]["name"] == name


@pytest.mark.parametrize("limit", ["own", "global"])
async def test_seeding_ends_at_the_share_limit(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent, limit: str
) -> None:
    qbittorrent.turn(ratio_per_second=5.0)
    if limit == "global":
        qbittorrent.core.preferences |= {"max_ratio_enabled": True, "max_ratio": 1.0}
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent, **({"ratioLimit": "1"} if limit == "own" else {}))
        row = await until_state(client, "pausedUP")
    assert row["ratio"] >= 1
    assert row["max_ratio"] == 1


async def test_only_so_many_downloads_are_active(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    other = single_file("other.txt", Text(b"x" * 100), announce="http://127.0.0.1:9/announce")
    qbittorrent.core.preferences["max_active_downloads"] = 1
    qbittorrent.turn(download_seconds=30)
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent)
        await until_state(client, "downloading")
        await add(client, other)

        async def states() -> set[str]:
            return {row["state"] for row in await info(client)}

        async def queued() -> bool:
            return await states() == {"downloading", "queuedDL"}

        async def forced() -> bool:
            return "forcedDL" in await states()

        await until(queued)
        fields = {"hashes": other.infohash, "value": "true"}
        await client.post(API + "setForceStart", data=fields)
        await until(forced)


@pytest.mark.parametrize(
    ("action", "state"),
    [("stall", "stalledDL"), ("error", "error"), ("missing_files", "missingFiles")],
)
async def test_a_download_can_be_brought_into_any_trouble(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent, action: str, state: str
) -> None:
    qbittorrent.turn(download_seconds=30)
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent)
        await until_state(client, "downloading")
        turned = await client.post("/_knobs", json={action: movie_torrent.infohash})
        assert turned.status_code == 200
        await until_state(client, state)
        qbittorrent.turn(unstall="*", download_seconds=0.2)
        await client.post(API + "resume", data={"hashes": movie_torrent.infohash})
        await until_state(client, "stalledUP")


async def test_a_full_disk_and_a_swarm_without_seeds_stop_a_download(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    qbittorrent.turn(stall_all=True)
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent)
        await until_state(client, "stalledDL")
        qbittorrent.turn(stall_all=False, free_space=0)
        await until_state(client, "error")


@pytest.mark.parametrize(("action", "files_left"), [("lose", True), ("delete", False)])
async def test_a_torrent_can_vanish_behind_the_back(
    talk: Any,
    qbittorrent: QbittorrentSimulator,
    movie_torrent: Torrent,
    tmp_path: Path,
    action: str,
    files_left: bool,
) -> None:
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent)
        await until_state(client, "stalledUP")
        qbittorrent.turn(**{action: movie_torrent.infohash})
        assert await info(client) == []
    assert bool(hashes_below(tmp_path / "downloads")) is files_left


async def test_an_add_can_be_refused_without_a_reason_or_lose_its_answer(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    async with talk(qbittorrent) as client:
        qbittorrent.turn(refuse_adds=1)
        assert (await add(client, movie_torrent)).text == "Fails."
        assert await info(client) == []
        qbittorrent.turn(drop_after=1, only=API + "add")
        with pytest.raises(httpx.ReadError):
            await add(client, movie_torrent)
        assert len(await info(client)) == 1


async def test_a_simulator_that_is_started_again_goes_on_where_it_was(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent, tmp_path: Path
) -> None:
    qbittorrent.turn(download_seconds=1.0)
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent, category="reeld")
        row = await until_state(client, "downloading")

        async def half() -> bool:
            return (await info(client))[0]["progress"] > 0.3

        await until(half)
    contents = {movie_torrent.infohash: [file.content for file in movie_torrent.files]}
    again = QbittorrentSimulator(tmp_path / "other", contents, folder=tmp_path / "session")
    again.turn(download_seconds=0.5)
    async with talk(again) as client:
        row = (await info(client))[0]
        assert row["category"] == "reeld"
        await until_state(client, "stalledUP")
    assert hashes_below(tmp_path / "downloads") == hashes_of(movie_torrent)


async def test_a_partial_list_is_served_for_a_while_after_a_restart(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    other = single_file("other.txt", Text(b"x"), announce="http://127.0.0.1:9/announce")
    async with talk(qbittorrent) as client:
        await add(client, movie_torrent)
        await add(client, other)
        qbittorrent.turn(partial_list_seconds=0.4, restart=0.0)
        await trio.sleep(0.1)
        assert len(await info(client)) == 1
        await trio.sleep(0.4)
        assert len(await info(client)) == 2


async def test_maindata_tells_everything_first_and_then_what_changed(
    talk: Any, qbittorrent: QbittorrentSimulator, movie_torrent: Torrent
) -> None:
    async with talk(qbittorrent) as client:

        async def sync(rid: int) -> dict[str, Any]:
            params = {"rid": str(rid)}
            document: dict[str, Any] = (
                await client.get("/api/v2/sync/maindata", params=params)
            ).json()
            return document

        first = await sync(0)
        assert first["full_update"] is True
        assert first["torrents"] == {}
        await add(client, movie_torrent, category="reeld")
        lost = await sync(first["rid"])
        again = await sync(first["rid"])
        assert set(lost["torrents"]) == set(again["torrents"]) == {movie_torrent.infohash}
        assert again["categories"]["reeld"]["name"] == "reeld"
        assert "full_update" not in again
        qbittorrent.turn(lose=movie_torrent.infohash)
        gone = await sync(again["rid"])
        assert gone["torrents_removed"] == [movie_torrent.infohash]
        assert (await sync(99)).get("full_update") is True


async def test_actions_on_unknown_torrents_are_refused(qbittorrent: QbittorrentSimulator) -> None:
    async with serve(qbittorrent):
        with pytest.raises(UnknownKnob, match="no torrent"):
            qbittorrent.turn(stall="0" * 40)


# Magnet links


MAGNET = "magnet:?xt=urn:btih:{}&dn=A+Film&tr=udp%3A%2F%2Ftracker.example%3A1337"


@pytest.fixture
def knowing(tmp_path: Path, movie_torrent: Torrent) -> QbittorrentSimulator:
    """One whose swarm has the torrent's metadata and its content."""
    contents = {movie_torrent.infohash: [file.content for file in movie_torrent.files]}
    metadata = {movie_torrent.infohash: movie_torrent.data}
    simulator = QbittorrentSimulator(
        tmp_path / "downloads", contents, folder=tmp_path / "session", metadata=metadata
    )
    simulator.turn(download_seconds=0.2, metadata_seconds=1.0, visibility_delay=0.0)
    simulator.core.preferences["bypass_local_auth"] = True
    return simulator


async def test_a_magnet_link_becomes_a_torrent_once_somebody_sends_its_metadata(
    talk: Any, knowing: QbittorrentSimulator, movie_torrent: Torrent, tmp_path: Path
) -> None:
    urls = MAGNET.format(movie_torrent.infohash.upper())
    async with talk(knowing) as client:
        first = await client.post(API + "add", data={"urls": urls, "category": "reeld"})
        again = await client.post(API + "add", data={"urls": urls})
        early = await until_state(client, "metaDL")
        export = await client.get(API + "export", params={"hash": early["hash"]})
        files = await client.get(API + "files", params={"hash": early["hash"]})
        done = await until_state(client, "stalledUP")
    assert (first.text, again.text) == ("Ok.", "Fails.")
    assert (early["hash"], early["name"], early["category"]) == (
        movie_torrent.infohash,
        "A Film",
        "reeld",
    )
    assert (early["size"], early["total_size"], early["progress"]) == (0, -1, 0)
    assert (early["content_path"], files.json(), export.status_code) == ("", [], 409)
    assert (done["name"], done["size"]) == (movie_torrent.name, movie_torrent.size)
    assert hashes_below(tmp_path / "downloads") == hashes_of(movie_torrent)


async def test_a_magnet_link_that_nobody_knows_waits_and_one_that_is_none_fails(
    talk: Any, qbittorrent: QbittorrentSimulator
) -> None:
    async with talk(qbittorrent) as client:
        bad = await client.post(API + "add", data={"urls": "magnet:?xt=urn:btih:zz"})
        await client.post(API + "add", data={"urls": MAGNET.format("1" * 40)})
        row = await until_state(client, "metaDL")
        await client.post(API + "pause", data={"hashes": row["hash"]})
        await until_state(client, "pausedDL")
    assert bad.text == "Fails."


async def test_a_magnet_link_outlives_a_restart_before_and_after_its_metadata(
    talk: Any, knowing: QbittorrentSimulator, movie_torrent: Torrent, tmp_path: Path
) -> None:
    def again() -> QbittorrentSimulator:
        return QbittorrentSimulator(tmp_path / "downloads", {}, folder=tmp_path / "session")

    async with talk(knowing) as client:
        await client.post(API + "add", data={"urls": MAGNET.format(movie_torrent.infohash)})
        await until_state(client, "metaDL")
        (before,) = again().torrents.values()
        await until_state(client, "stalledUP")
    (after,) = again().torrents.values()
    assert (before.meta.is_known, before.name) == (False, "A Film")
    assert (after.meta.is_known, after.name) == (True, movie_torrent.name)
