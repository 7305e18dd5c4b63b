"""What the client and qBittorrent promise each other; the same for every simulated version and the real one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pytest
import trio

from reeld.domain.errors import (
    CredentialsRejected,
    NotFound,
    ProtocolViolation,
    RateLimited,
    Refused,
)
from reeld.domain.secret import Secret
from reeld.domain.torrent import InfoHash, Magnet, encode
from reeld.services.qbittorrent import (
    AddAnswer,
    AddOptions,
    Phase,
    QbittorrentClient,
    ShareLimits,
    TorrentStatus,
)
from reeld.simulators import FaultProxy, Torrent

MakeTorrent = Callable[..., Torrent]
OPTIONS = AddOptions(category="reeld", tags=("reeld-7",))
UNKNOWN = "f" * 40


async def observed(
    client: QbittorrentClient, torrent_id: str, holds: Callable[[TorrentStatus], bool]
) -> TorrentStatus:
    with trio.fail_after(15):
        while True:
            for found in await client.torrents(ids=[torrent_id]):
                if holds(found):
                    return found
            await trio.sleep(0.03)


async def added(
    client: QbittorrentClient, torrent: Torrent, options: AddOptions = OPTIONS
) -> TorrentStatus:
    await client.ensure_category(options.category)
    assert await client.add(torrent.data, options) is AddAnswer.ACCEPTED
    return await observed(client, torrent.infohash, lambda found: True)


async def test_it_says_which_version_it_is(client: QbittorrentClient, target: Any) -> None:
    version = await client.version()
    assert version.app.startswith("v")
    assert version.app == (target.version or version.app)
    assert (2, 0, 0) <= version.api < (3, 0, 0)


async def test_a_torrent_is_there_as_it_was_asked_for(
    client: QbittorrentClient, target: Any, make_movie_torrent: MakeTorrent
) -> None:
    torrent = make_movie_torrent()
    save_path = str(target.downloads / "elsewhere")
    options = AddOptions(category="reeld", save_path=save_path, tags=("reeld-7",), stopped=True)
    await added(client, torrent, options)
    settled = await observed(client, torrent.infohash, lambda one: one.phase is Phase.PAUSED)
    assert (settled.id, settled.name) == (torrent.infohash, "Sintel.2010")
    assert settled.category == "reeld"
    assert PurePosixPath(settled.save_path) == PurePosixPath(save_path)
    assert not settled.auto_managed
    assert not settled.is_complete
    if (await client.version()).api >= (2, 6, 2):
        assert settled.tags == ("reeld-7",)


async def test_adding_again_changes_nothing_and_is_no_error(
    client: QbittorrentClient, make_movie_torrent: MakeTorrent
) -> None:
    torrent = make_movie_torrent()
    first = await added(client, torrent)
    again = await client.add(torrent.data, AddOptions(category="other"))
    assert again is AddAnswer.UNCLEAR
    (found,) = await client.torrents(ids=[torrent.infohash])
    assert (found.id, found.category) == (first.id, "reeld")
    assert len(await client.torrents()) == 1


async def test_what_is_no_torrent_is_refused(client: QbittorrentClient) -> None:
    with pytest.raises(Refused, match="Another release") as caught:
        await client.add(b"<html>please log in</html>", OPTIONS)
    assert caught.value.reason == "torrent_refused"
    assert await client.torrents() == ()


async def test_a_magnet_link_is_there_by_its_hash_before_anybody_sends_what_is_in_it(
    client: QbittorrentClient,
) -> None:
    tracker = "http://127.0.0.1:9/0123456789abcdef/announce?a=1&b=2"
    magnet = Magnet(InfoHash("ab" * 20, None), "A Film & More + 100%", (tracker,))
    assert await client.add(magnet, OPTIONS) is AddAnswer.ACCEPTED
    found = await observed(client, "ab" * 20, lambda one: True)
    assert (found.id, found.name, found.category) == ("ab" * 20, magnet.name, "reeld")
    assert found.phase in {Phase.STALLED, Phase.QUEUED}
    assert (found.is_complete, found.progress, found.content_path) == (False, 0.0, None)
    assert await client.files(found.id) == ()
    assert [each.host for each in await client.trackers(found.id)] == ["127.0.0.1"]
    assert await client.add(magnet, OPTIONS) is AddAnswer.UNCLEAR
    assert len(await client.torrents()) == 1


async def test_a_torrent_becomes_complete_with_its_files(
    client: QbittorrentClient, target: Any, make_movie_torrent: MakeTorrent
) -> None:
    torrent = make_movie_torrent()
    await target.place(torrent)
    await added(client, torrent)
    done = await observed(client, torrent.infohash, lambda one: one.is_complete)
    assert done.phase is Phase.SEEDING
    assert (done.progress, done.amount_left, done.size) == (1.0, 0, torrent.size)
    if (await client.version()).api >= (2, 6, 1):
        assert done.content_path == str(target.downloads / "Sintel.2010")
    files = await client.files(torrent.infohash)
    expected = [("Sintel.2010/Sintel.mkv", 400_000), ("Sintel.2010/Info/Sintel.nfo", 9)]
    assert [(str(file.path), file.size) for file in files] == expected
    assert all(file.wanted and not file.incomplete and file.progress == 1 for file in files)
    for file in files:
        assert (target.downloads / file.path).stat().st_size == file.size


async def test_the_content_path_is_absolute_or_not_told(
    client: QbittorrentClient, target: Any, make_movie_torrent: MakeTorrent
) -> None:
    torrent = make_movie_torrent()
    await target.place(torrent)
    await client.add(torrent.data, OPTIONS)
    with trio.fail_after(15):
        while True:
            for found in await client.torrents(ids=[torrent.infohash]):
                assert found.content_path is None or found.content_path.startswith("/")
                if found.is_complete:
                    return
            await trio.sleep(0.01)


async def test_unknown_torrents_are_left_out_or_not_found(client: QbittorrentClient) -> None:
    assert await client.torrents(ids=[UNKNOWN]) == ()
    assert await client.torrents(ids=[]) == ()
    for ask in (client.files, client.properties, client.trackers):
        with pytest.raises(NotFound):
            await ask(UNKNOWN)
    assert await client.delete(UNKNOWN, with_files=True) is False
    await client.stop([UNKNOWN])
    await client.set_share_limits([UNKNOWN], ShareLimits())


async def test_torrents_are_found_by_id_and_by_category(
    client: QbittorrentClient, make_movie_torrent: MakeTorrent, small_torrent: Torrent
) -> None:
    movie = make_movie_torrent()
    await added(client, movie)
    await added(client, small_torrent, AddOptions(category="else"))
    assert {one.id for one in await client.torrents()} == {movie.infohash, small_torrent.infohash}
    assert [one.id for one in await client.torrents(category="reeld")] == [movie.infohash]
    assert await client.torrents(category="") == ()
    by_id = await client.torrents(ids=[movie.infohash.upper(), UNKNOWN])
    assert [one.id for one in by_id] == [movie.infohash]


async def test_a_category_is_made_once_and_left_as_it_is(client: QbittorrentClient) -> None:
    made = await client.ensure_category("movies-a", "/somewhere")
    assert made.save_path == "/somewhere"
    again = await client.ensure_category("movies-a", "/somewhere/else")
    assert again.save_path == ("/somewhere" if made in await client.categories() else "")
    with pytest.raises(Refused, match="Choose another name"):
        await client.ensure_category("not//allowed")


async def test_a_category_is_set_only_if_it_exists(
    client: QbittorrentClient, small_torrent: Torrent
) -> None:
    await added(client, small_torrent)
    await client.ensure_category("done")
    await client.set_category([small_torrent.infohash], "done")
    assert (await client.torrents(ids=[small_torrent.infohash]))[0].category == "done"
    with pytest.raises(NotFound) as caught:
        await client.set_category([small_torrent.infohash], "never-made")
    assert caught.value.reason == "category_missing"


async def test_share_limits_are_in_force(client: QbittorrentClient, small_torrent: Torrent) -> None:
    await added(client, small_torrent)
    await client.set_share_limits([small_torrent.infohash], ShareLimits(1.5, 60))
    (found,) = await client.torrents(ids=[small_torrent.infohash])
    assert (found.max_ratio, found.max_seeding_minutes) == (1.5, 60)
    assert not found.seed_goal_met


async def test_share_limits_come_along_when_it_is_added(
    client: QbittorrentClient, small_torrent: Torrent
) -> None:
    await added(client, small_torrent, AddOptions(category="reeld", limits=ShareLimits(2.0, 120)))
    (found,) = await client.torrents(ids=[small_torrent.infohash])
    if (await client.version()).api >= (2, 8, 1):
        assert (found.max_ratio, found.max_seeding_minutes) == (2.0, 120)


async def test_a_torrent_stops_and_starts(
    client: QbittorrentClient, target: Any, small_torrent: Torrent
) -> None:
    await target.place(small_torrent)
    await added(client, small_torrent)
    await observed(client, small_torrent.infohash, lambda one: one.is_complete)
    await client.stop([small_torrent.infohash])
    stopped = await observed(
        client, small_torrent.infohash, lambda one: one.phase is Phase.FINISHED
    )
    assert stopped.is_complete
    await client.start([small_torrent.infohash])
    await observed(client, small_torrent.infohash, lambda one: one.phase is Phase.SEEDING)


async def test_a_file_that_is_not_wanted_is_said_so(
    client: QbittorrentClient, make_movie_torrent: MakeTorrent
) -> None:
    torrent = make_movie_torrent()
    await added(client, torrent)
    await observed(client, torrent.infohash, lambda one: one.phase is not Phase.CHECKING)
    await client.set_file_priority(torrent.infohash, [1], 0)
    assert [file.wanted for file in await client.files(torrent.infohash)] == [True, False]
    with pytest.raises(NotFound):
        await client.set_file_priority(UNKNOWN, [0], 0)


async def test_tags_are_added(client: QbittorrentClient, small_torrent: Torrent) -> None:
    if (await client.version()).api < (2, 3, 0):
        return  # tags came later
    await added(client, small_torrent)
    await client.add_tags([small_torrent.infohash], ["one", "two"])
    (found,) = await client.torrents(ids=[small_torrent.infohash])
    assert {"one", "two"} <= set(found.tags)


async def test_queueing_is_used_where_it_is_on(
    client: QbittorrentClient, small_torrent: Torrent
) -> None:
    await added(client, small_torrent)
    queues = (await client.preferences()).queueing_enabled
    assert await client.move_to_top([small_torrent.infohash]) is queues
    assert await client.move_to_bottom([small_torrent.infohash]) is queues


async def test_only_what_bears_the_tag_is_deleted(
    client: QbittorrentClient, target: Any, small_torrent: Torrent
) -> None:
    await target.place(small_torrent)
    await added(client, small_torrent, AddOptions(category="reeld"))
    await observed(client, small_torrent.infohash, lambda one: one.is_complete)
    file = target.downloads / "note.txt"
    with pytest.raises(Refused, match="by hand") as caught:
        await client.delete(small_torrent.infohash, with_files=True, required_tag="reeld-7")
    assert caught.value.reason == "not_ours"
    assert file.exists()
    assert await client.delete(small_torrent.infohash, with_files=True) is True
    with trio.fail_after(10):
        while file.exists() or await client.torrents():
            await trio.sleep(0.03)


async def test_files_may_stay_when_a_torrent_is_deleted(
    client: QbittorrentClient, target: Any, small_torrent: Torrent
) -> None:
    await target.place(small_torrent)
    await added(client, small_torrent)
    await observed(client, small_torrent.infohash, lambda one: one.is_complete)
    assert await client.delete(small_torrent.infohash, with_files=False) is True
    assert await client.torrents() == ()
    assert (target.downloads / "note.txt").exists()
    (target.downloads / "note.txt").unlink()


async def test_trackers_are_told_without_their_key(
    client: QbittorrentClient, small_torrent: Torrent
) -> None:
    await added(client, small_torrent)
    with trio.fail_after(10):
        while not (trackers := await client.trackers(small_torrent.infohash)):
            await trio.sleep(0.03)
    assert [tracker.host for tracker in trackers] == ["127.0.0.1"]
    assert "0123456789abcdef" not in repr(trackers)


async def test_properties_and_preferences_are_read(
    client: QbittorrentClient, target: Any, small_torrent: Torrent
) -> None:
    await added(client, small_torrent)
    properties = await client.properties(small_torrent.infohash)
    assert PurePosixPath(properties.save_path) == PurePosixPath(target.downloads)
    assert properties.total_size == small_torrent.size
    preferences = await client.preferences()
    assert PurePosixPath(preferences.save_path) == PurePosixPath(target.downloads)
    transfer = await client.transfer()
    assert transfer.connection_status in {"connected", "firewalled", "disconnected"}
    assert transfer.dl_info_speed >= 0


async def test_names_that_climb_are_cleaned_before_they_reach_us(
    client: QbittorrentClient, target: Any
) -> None:
    files = [{"length": 1000, "path": ["..", "..", "evil.txt"]}]
    info: Any = {"name": "folder", "piece length": 16384, "files": files, "pieces": b"x" * 20}
    await client.add(encode({"info": info}), AddOptions(category="reeld", stopped=True))
    with trio.fail_after(10):
        while not (found := await client.torrents()):
            await trio.sleep(0.03)
    try:
        reported = await client.files(found[0].id)
    except ProtocolViolation as error:
        assert error.reason == "unsafe_file_name"  # noqa: PT017 (both outcomes are safe)
    else:
        assert all(".." not in file.path.parts for file in reported)


async def test_a_restart_costs_one_login_and_no_error(
    client: QbittorrentClient, target: Any
) -> None:
    before = await client.version()
    await target.restart()
    assert await client.torrents() == ()
    assert await client.version() == before


async def test_many_tasks_at_once_log_in_once(client: QbittorrentClient) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(client.torrents)
    assert client._session.generation == 1


async def test_wrong_credentials_are_tried_once_and_never_ban(target: Any, closing: Any) -> None:
    wrong = closing(QbittorrentClient(target.settings(password=Secret("wrong"))))
    for _ in range(20):
        with pytest.raises(CredentialsRejected, match=r"correct qbittorrent\.username"):
            await wrong.torrents()
    right = closing(QbittorrentClient(target.settings()))
    assert await right.torrents() == ()


async def test_a_person_may_have_a_rejected_login_tried_again(target: Any, closing: Any) -> None:
    wrong = closing(QbittorrentClient(target.settings(password=Secret("wrong"))))
    for _ in range(2):
        with pytest.raises(CredentialsRejected):
            await wrong.version()
        wrong.forgive()
    with pytest.raises(CredentialsRejected):
        await wrong.version()
    await closing(QbittorrentClient(target.settings())).version()


async def test_no_credentials_where_some_are_wanted_is_said_so(target: Any, closing: Any) -> None:
    nobody = closing(QbittorrentClient(target.settings(username="")))
    with pytest.raises(CredentialsRejected, match="wants a login") as caught:
        await nobody.version()
    assert caught.value.reason == "credentials_missing"


async def test_a_ban_has_a_name_and_ends_by_itself(target: Any, closing: Any) -> None:
    for _ in range(6):
        wrong = closing(QbittorrentClient(target.settings(password=Secret("wrong"))))
        with pytest.raises((CredentialsRejected, RateLimited)):
            await wrong.version()
    right = closing(QbittorrentClient(target.settings()))
    with pytest.raises(RateLimited, match="waits an hour") as caught:
        await right.version()
    assert (caught.value.reason, caught.value.retry_after) == ("banned", 3600.0)
    await target.restart()
    await right.version()


async def test_a_refused_host_name_is_not_taken_for_a_wrong_password(
    target: Any, closing: Any
) -> None:
    port = int(target.url.rpartition(":")[2])
    async with FaultProxy.open("127.0.0.1", port) as proxy:
        through = QbittorrentClient(target.settings(url=f"http://127.0.0.1:{proxy.port}"))
        with pytest.raises(ProtocolViolation, match="Server domains") as caught:
            await through.version()
        await through.aclose()
    assert caught.value.reason == "host_header_refused"


async def test_another_path_is_no_qbittorrent(target: Any, closing: Any) -> None:
    lost = closing(QbittorrentClient(target.settings(url=f"{target.url}/somewhere")))
    with pytest.raises(ProtocolViolation, match=r"Check qbittorrent\.url"):
        await lost.version()
