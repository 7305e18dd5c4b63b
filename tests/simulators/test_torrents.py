from __future__ import annotations

import hashlib
from typing import Any

from reeld.domain.torrent import decode, parse_metainfo
from reeld.simulators import Torrent
from reeld.simulators.matroska import Matroska
from reeld.simulators.torrents import (
    PIECE_LENGTH,
    PayloadFile,
    Text,
    blocks,
    folder,
    single_file,
)


def content_of(torrent: Torrent) -> bytes:
    return b"".join(block for file in torrent.files for block in blocks(file.content))


def test_a_torrent_reads_back_as_what_it_was_made_of(movie_torrent: Torrent) -> None:
    meta = parse_metainfo(movie_torrent.data)
    assert meta.infohash.v1 == movie_torrent.infohash
    assert meta.private
    assert meta.total_size == movie_torrent.size
    assert [str(file.path) for file in meta.files] == [
        "Sintel.2010/Sintel.mkv",
        "Sintel.2010/Info/Sintel.nfo",
    ]


def test_its_piece_hashes_are_those_of_its_content(movie_torrent: Torrent) -> None:
    document: Any = decode(movie_torrent.data)
    content = content_of(movie_torrent)
    pieces = [content[at : at + PIECE_LENGTH] for at in range(0, len(content), PIECE_LENGTH)]
    assert document[b"info"][b"pieces"] == b"".join(
        hashlib.sha1(piece).digest() for piece in pieces
    )


def test_a_piece_may_lie_across_two_files() -> None:
    movies = [Matroska("A", 60.0, 720, 480, size) for size in (300_001, 500_003)]
    files = [PayloadFile((f"{movie.size}.mkv",), movie) for movie in movies]
    torrent = folder("Two", files, announce="http://127.0.0.1:9/announce")
    document: Any = decode(torrent.data)
    content = content_of(torrent)
    assert document[b"info"][b"pieces"][20:40] == (
        hashlib.sha1(content[PIECE_LENGTH : 2 * PIECE_LENGTH]).digest()
    )
    assert len(document[b"info"][b"pieces"]) == 20 * 4


def test_a_single_file_needs_no_folder() -> None:
    torrent = single_file("a.txt", Text(b"hello"), announce="http://127.0.0.1:9/announce")
    meta = parse_metainfo(torrent.data)
    assert [(str(file.path), file.size) for file in meta.files] == [("a.txt", 5)]
