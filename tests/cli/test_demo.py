from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reeld.cli.demo._home import MARK, make_home, read_demo_settings
from reeld.domain.errors import Refused
from reeld.simulators.offers import OFFERS

DECOYS = {offer.name for offer in OFFERS if offer.flaw is not None}


def demo_environ(data_dir: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REELD_")}
    return {**kept, "REELD_DATA_DIR": str(data_dir), "REELD_BIND": "127.0.0.1:0"}


def run_demo(data_dir: Path, *flags: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "reeld", "demo", "--once", "--json", *flags]
    done = subprocess.run(
        command, env=demo_environ(data_dir), capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stderr[-3000:]
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def require_a_true_library(document: dict[str, Any], data_dir: Path) -> None:
    """Every movie is there, is the right one, and shares its inode with what was downloaded."""
    downloads = {path.stat().st_ino: path for path in (data_dir / "world").rglob("*.mkv")}
    assert len(document["movies"]) >= 6
    for movie in document["movies"]:
        placed = Path(movie["path"])
        assert placed.is_relative_to(data_dir / "library")
        assert str(movie["year"]) in placed.name
        assert movie["link"] == "hardlink"
        assert movie["seconds"] > 0
        downloaded = downloads[placed.stat().st_ino]
        assert not DECOYS & {downloaded.stem, downloaded.parent.name}
    assert {movie["source"] for movie in document["movies"]} == {"hdbits", "rss"}


def test_every_movie_of_the_demo_gets_into_the_library_and_nothing_restarts(tmp_path: Path) -> None:
    document = run_demo(tmp_path)
    require_a_true_library(document, tmp_path)
    assert (document["restarts"], document["dead_letters"]) == (0, 0)
    assert document["elapsed_seconds"] < 110
    assert "error" not in document


@pytest.mark.slow
def test_chaos_costs_a_restart_of_every_service_actor_and_no_movie(tmp_path: Path) -> None:
    document = run_demo(tmp_path, "--chaos", "--timeout", "100")
    require_a_true_library(document, tmp_path)
    assert document["restarts"] >= 5


def test_a_movie_that_does_not_arrive_in_time_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reeld", "demo", "--once", "--json", "--timeout", "2"]
    done = subprocess.run(
        command, env=demo_environ(tmp_path), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert "Not in the library after 2 s" in document["error"]
    assert document["movies"][0]["seconds"] is None


def test_without_once_it_says_where_everything_is_and_runs_until_it_is_interrupted(
    tmp_path: Path,
) -> None:
    environ = {**demo_environ(tmp_path), "REELD_API_KEY": "a-key-for-automation"}
    process = subprocess.Popen(
        [sys.executable, "-m", "reeld", "demo"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said: list[str] = []
        while not said or "Ctrl-C" not in said[-1]:
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            said.append(line)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()
    text = "".join(said)
    for word in ("searched", "decided", "grabbed", "downloading", "in the library", "from rss"):
        assert word in text
    assert str(tmp_path / "library") in text
    assert "http://127.0.0.1:" in text
    assert "a-key-for-automation" not in text


def test_an_earlier_demo_is_put_aside_and_nothing_of_it_is_deleted(tmp_path: Path) -> None:
    make_home(tmp_path)
    (tmp_path / "library" / "film.mkv").write_bytes(b"film")
    make_home(tmp_path)
    assert list((tmp_path / "library").iterdir()) == []
    (kept,) = (tmp_path / "earlier").glob("*/library/film.mkv")
    assert kept.read_bytes() == b"film"


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(Refused, match="REELD_DATA_DIR"):
        make_home(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert not (tmp_path / MARK).exists()


def test_the_demo_takes_no_credentials_of_the_person_who_runs_it(tmp_path: Path) -> None:
    settings = read_demo_settings(
        {
            "REELD_DATA_DIR": str(tmp_path),
            "REELD_BIND": "127.0.0.1:9999",
            "REELD_TMDB_TOKEN": "mine",
            "REELD_HDBITS_USERNAME": "me",
            "REELD_HDBITS_PASSKEY": "mine",
            "REELD_CONFIG": "/does/not/matter.toml",
        }
    )
    assert (settings.tmdb, settings.hdbits) == (None, None)
    assert settings.server.port == 9999
    assert settings.library.root_folder == tmp_path / "library"
