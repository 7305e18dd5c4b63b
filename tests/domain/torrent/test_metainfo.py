from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reeld.domain.torrent import (
    InfoHash,
    InvalidTorrent,
    TorrentFault,
    TorrentFile,
    encode,
    parse_metainfo,
    torrent_path,
)


def single(**changes: Any) -> dict[str, Any]:
    return {
        "name": "movie.mkv",
        "piece length": 16384,
        "length": 20000,
        "pieces": b"x" * 40,
    } | changes


def several(*paths: list[Any], **changes: Any) -> dict[str, Any]:
    files = [{"length": 1000, "path": path} for path in paths]
    return {"name": "Movie", "piece length": 16384, "files": files, "pieces": b"x" * 20} | changes


def v2_file(size: int = 10, **changes: Any) -> dict[str, Any]:
    return {"": {"length": size, "pieces root": b"r" * 32} | changes}


def v2(tree: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"name": "Movie", "piece length": 16384, "meta version": 2, "file tree": tree} | changes


def torrent(info: dict[str, Any]) -> bytes:
    return encode({"announce": "https://tracker.example/passkey/announce", "info": info})


def fault_of(info: dict[str, Any]) -> TorrentFault:
    with pytest.raises(InvalidTorrent) as caught:
        parse_metainfo(torrent(info))
    return caught.value.fault


def test_a_torrent_of_one_file_is_read() -> None:
    found = parse_metainfo(torrent(single(private=1)))
    assert found.files == (TorrentFile(PurePosixPath("movie.mkv"), 20000),)
    assert (found.name, found.total_size, found.private) == ("movie.mkv", 20000, True)


def test_a_torrent_of_several_files_has_its_folder_in_front() -> None:
    found = parse_metainfo(torrent(several(["movie.mkv"], ["Subs", "en.srt"])))
    assert [str(file.path) for file in found.files] == ["Movie/movie.mkv", "Movie/Subs/en.srt"]
    assert found.private is False


def test_the_infohash_is_taken_over_the_raw_bytes() -> None:
    info = single()
    raw = encode(info)
    found = parse_metainfo(torrent(info)).infohash
    assert found == InfoHash(hashlib.sha1(raw).hexdigest(), None)
    assert found.client_id == hashlib.sha1(raw).hexdigest()


def test_a_torrent_of_version_2_is_known_by_its_shortened_sha_256() -> None:
    info = v2({"a": {"b.mkv": v2_file(7)}, "c.srt": v2_file(3)})
    found = parse_metainfo(torrent(info))
    digest = hashlib.sha256(encode(info)).hexdigest()
    assert found.infohash == InfoHash(None, digest)
    assert found.infohash.client_ids == (digest[:40],)
    assert {str(file.path): file.size for file in found.files} == {
        "Movie/a/b.mkv": 7,
        "Movie/c.srt": 3,
    }


def test_a_single_file_of_version_2_has_no_folder() -> None:
    info = v2({"Movie": v2_file(7)})
    assert parse_metainfo(torrent(info)).files == (TorrentFile(PurePosixPath("Movie"), 7),)


def test_a_hybrid_torrent_answers_to_both_hashes_and_hides_its_padding() -> None:
    info = several(["a.mkv"]) | v2({"a.mkv": v2_file(1000)})
    info["files"].append({"length": 15384, "path": [".pad", "15384"], "attr": "p"})
    found = parse_metainfo(torrent(info))
    assert found.infohash.v1 is not None
    assert found.infohash.v2 is not None
    assert found.infohash.client_ids == (found.infohash.v2[:40], found.infohash.v1)
    assert all(map(found.infohash.matches, (found.infohash.v1.upper(), found.infohash.v2)))
    assert [str(file.path) for file in found.files] == ["Movie/a.mkv"]
    assert found.total_size == 1000


def test_announce_addresses_stay_out_of_the_result() -> None:
    assert "passkey" not in repr(parse_metainfo(torrent(single())))


@pytest.mark.parametrize(
    "segment",
    ["..", ".", "", "/etc", "a/b", "..\\evil", "a\\b", "nul\0", "line\nbreak", "\x1b[31m"],
)
def test_a_hostile_name_is_refused_wherever_it_stands(segment: str) -> None:
    assert fault_of(single(name=segment)) is TorrentFault.UNSAFE_PATH
    assert fault_of(several([segment])) is TorrentFault.UNSAFE_PATH
    assert fault_of(several(["ok", segment, "x"])) is TorrentFault.UNSAFE_PATH
    if segment:  # an empty key marks a file there
        assert fault_of(v2({segment: v2_file()})) is TorrentFault.UNSAFE_PATH


def test_a_file_without_any_name_is_refused() -> None:
    assert fault_of(several([])) is TorrentFault.UNSAFE_PATH
    assert fault_of(v2(v2_file())) is TorrentFault.UNSAFE_PATH


def test_the_utf_8_spelling_of_a_path_is_checked_too() -> None:
    info = several(["fine"])
    info["files"][0]["path.utf-8"] = [".."]
    assert fault_of(info) is TorrentFault.UNSAFE_PATH


def test_symbolic_links_are_refused_in_every_form() -> None:
    linked = several(["link"])
    linked["files"][0] |= {"attr": "l", "symlink path": ["etc", "passwd"]}
    assert fault_of(linked) is TorrentFault.SYMLINK
    assert fault_of(single(attr="xl")) is TorrentFault.SYMLINK
    assert fault_of(v2({"link": v2_file(attr="l")})) is TorrentFault.SYMLINK
    hybrid = several(["a.mkv"]) | v2({"link": v2_file(**{"symlink path": ["x"]})})
    assert fault_of(hybrid) is TorrentFault.SYMLINK


@pytest.mark.parametrize(
    "info",
    [
        single(length=-1),
        single(length="many"),
        single(pieces=b"x" * 39),
        single(pieces=b"x" * 60),
        single(pieces=5),
        single(**{"piece length": 0}),
        {key: value for key, value in single().items() if key != "pieces"},
        {key: value for key, value in single().items() if key != "length"},
        single(files=[{"length": 1, "path": ["a"]}]),
        several(files=[]),
        several(files=[5]),
        several(files={"a": 1}),
        several([5]),
        several(files=[{"length": 1}]),
        single(**{"meta version": 3}),
        single(**{"meta version": b"2"}),
        v2({}),
        v2({"a": 5}),
        v2({"a": {"": 5}}),
        v2({"a": v2_file() | {"b": v2_file()}}),
        v2({"a": v2_file(-1)}),
    ],
)
def test_an_info_that_lacks_or_mistypes_a_field_is_refused(info: dict[str, Any]) -> None:
    assert fault_of(info) is TorrentFault.NO_INFO


@pytest.mark.parametrize("data", [b"i1e", b"le", b"de", b"d4:infoi1ee", b"4:info"])
def test_a_value_without_info_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidTorrent) as caught:
        parse_metainfo(data)
    assert caught.value.fault is TorrentFault.NO_INFO


def test_a_name_that_is_no_utf_8_is_kept_readable() -> None:
    assert parse_metainfo(torrent(single(name=b"Am\xe9lie.mkv"))).name == "Am�lie.mkv"


@given(st.binary(max_size=200))
def test_any_bytes_for_a_torrent_end_in_a_named_fault(data: bytes) -> None:
    with pytest.raises(InvalidTorrent):
        parse_metainfo(data)


@given(st.lists(st.text(max_size=12), max_size=4))
def test_a_path_that_is_allowed_stays_below_its_folder(segments: list[str]) -> None:
    try:
        path = torrent_path(segments)
    except InvalidTorrent:
        return
    assert not path.is_absolute()
    assert path.parts == tuple(segments)
    assert ".." not in path.parts
