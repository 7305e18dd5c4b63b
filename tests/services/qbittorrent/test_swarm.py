"""A real swarm on loopback: two qbittorrent-nox, an opentracker, a torrent by mktorrent of a film by ffmpeg."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from reeld.domain.secret import Secret
from reeld.domain.settings import QbittorrentSettings
from reeld.domain.torrent import parse_metainfo
from reeld.services.qbittorrent import AddAnswer, AddOptions, QbittorrentClient, TorrentStatus

pytestmark = pytest.mark.services


def client_of(real: Any) -> QbittorrentClient:
    settings = QbittorrentSettings(
        url=real.url, username=real.username, password=Secret(real.password)
    )
    return QbittorrentClient(settings)


async def observed(
    client: QbittorrentClient, torrent_id: str, holds: Callable[[TorrentStatus], bool]
) -> TorrentStatus:
    with trio.fail_after(60):
        while True:
            for found in await client.torrents(ids=[torrent_id]):
                if holds(found):
                    return found
            await trio.sleep(0.05)


async def finished(client: QbittorrentClient, torrent_id: str) -> TorrentStatus:
    """Wait for the end of a download, and have it announce itself anew when its peer forgot it in the kill."""
    for _ in range(4):
        with trio.move_on_after(15):
            return await observed(client, torrent_id, lambda one: one.is_complete)
        await client.stop([torrent_id])
        await client.start([torrent_id])
    return await observed(client, torrent_id, lambda one: one.is_complete)


async def test_a_film_is_downloaded_from_a_real_peer_through_a_kill_in_the_middle(
    start_qbittorrent: Any,
    real_tracker: Any,
    real_movie: Path,
    make_torrent: Any,
    tmp_path: Path,
    closing: Any,
) -> None:
    data = make_torrent(real_movie, tmp_path / "film.torrent", real_tracker.announce_url)
    metainfo = parse_metainfo(data)
    real_tracker.allow(metainfo.infohash.client_id)
    seeder, leecher = start_qbittorrent("seeder"), start_qbittorrent("leecher")
    shutil.copy(real_movie, seeder.downloads)
    giving, taking = closing(client_of(seeder)), closing(client_of(leecher))
    assert await giving.add(data, AddOptions("seeds")) is AddAnswer.ACCEPTED
    await observed(giving, metainfo.infohash.client_id, lambda one: one.is_complete)

    assert await taking.add(data, AddOptions("reeld")) is AddAnswer.ACCEPTED
    await observed(taking, metainfo.infohash.client_id, lambda one: True)
    await trio.to_thread.run_sync(leecher.kill)
    await trio.to_thread.run_sync(leecher.start)
    done = await finished(taking, metainfo.infohash.client_id)

    assert metainfo.private
    assert done.content_path == str(leecher.downloads / real_movie.name)
    assert Path(done.content_path).read_bytes() == real_movie.read_bytes()
    (file,) = await taking.files(done.id)
    assert (str(file.path), file.size) == (real_movie.name, real_movie.stat().st_size)
    trackers = partial(taking.trackers, done.id)
    assert [tracker.host for tracker in await trackers()] == ["127.0.0.1"]
