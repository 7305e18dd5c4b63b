"""`reeld download add`, against a daemon that runs."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reeld.cli.downloads import LARGEST, order_of
from reeld.cli.endings import EXIT_FAILED, EXIT_USAGE
from reeld.domain.errors import Refused
from reeld.simulators.torrents import Text, single_file

NAME = "Charade.1963.1080p.BluRay.x264-GRP"
MAGNET = f"magnet:?xt=urn:btih:{'ab' * 20}&dn={NAME}"


@pytest.fixture
def reeld(household: Any, command: Any) -> Callable[..., Any]:
    """Runs a command against the daemon of the household."""
    return lambda *arguments: command(*arguments, environ=household.environ)


@pytest.fixture(scope="module")
def movies(household: Any) -> list[int]:
    """Two movies that nobody searches for."""
    insert = (
        "INSERT INTO movie (tmdb_id, title, year, monitored, profile)"
        " VALUES (%s, %s, %s, false, 'HD-1080p') RETURNING id"
    )
    wanted = ((990_001, "Charade", 1963), (990_002, "The General", 1926))
    return [household.execute(insert, *each)[0][0] for each in wanted]


def torrent_file(folder: Path, name: str) -> Path:
    torrent = single_file(f"{name}.mkv", Text(name.encode()), announce="http://127.0.0.1:9/a")
    path = folder / f"{name}.torrent"
    path.write_bytes(torrent.data)
    return path


def test_a_file_and_a_magnet_link_are_handed_in(
    reeld: Any, movies: list[int], tmp_path: Path
) -> None:
    shown = reeld("download", "add", str(torrent_file(tmp_path, NAME)))
    assert shown.code == 0, shown.err
    assert shown.out.endswith(f": {NAME}.mkv, for Charade (1963).\n")
    added = reeld("download", "add", MAGNET, "--movie", str(movies[1]), "--json").document
    assert (added["movie_id"], added["release_title"]) == (movies[1], NAME)


def test_what_the_daemon_refuses_is_told(reeld: Any, movies: list[int], tmp_path: Path) -> None:
    nobodys = reeld("download", "add", MAGNET.replace("ab", "cd").replace("Charade", "Nobody"))
    assert (nobodys.code, "say which one it is" in nobodys.err) == (EXIT_FAILED, True)
    here = reeld("download", "add", "http://127.0.0.1:9/x.torrent", "--movie", str(movies[0]))
    assert (here.code, "127.0.0.1" in here.err) == (EXIT_FAILED, True), here.err
    no_torrent = tmp_path / "page.html"
    no_torrent.write_text("<html>")
    page = reeld("download", "add", str(no_torrent))
    assert (page.code, "torrent" in page.err) == (EXIT_FAILED, True)
    assert reeld("download", "add").code == EXIT_USAGE


def test_a_file_is_read_from_standard_input_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Stdin:
        buffer = io.BytesIO(b"d1:ae")

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert order_of("-") == {"torrent": "ZDE6YWU="}


def test_links_are_passed_on_and_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert order_of("MAGNET:?x") == {"magnet": "MAGNET:?x"}
    assert order_of("https://a.example/x") == {"url": "https://a.example/x"}
    large = tmp_path / "large.torrent"
    large.write_bytes(bytes(LARGEST + 1))
    for name, says in ((large, "more than 3 MB"), (tmp_path, "cannot be read")):
        with pytest.raises(Refused, match=says):
            order_of(str(name))
