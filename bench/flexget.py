"""FlexGet beside reeld: installed from PyPI into `.cache`, with a movie list of its own, and run as its users run it."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import venv
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

CACHE = Path(__file__).resolve().parents[1] / ".cache"
HOME = CACHE / "flexget"
INSTALL_SECONDS = 240.0
FILL_SECONDS = 240.0
RUN_SECONDS = 60.0

_ITEM = (
    "<item><title>{title}</title><link>http://127.0.0.1:1/{n}.torrent</link><guid>{n}</guid>"
    '<enclosure url="http://127.0.0.1:1/{n}.torrent" length="4000000000" type="application/x-bittorrent"/></item>'
)
_FEED = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>f</title><link>http://127.0.0.1:1</link>{items}</channel></rss>'


@dataclass(frozen=True)
class Prepared:
    """A FlexGet that can be run.

    Attributes:
        feed: The RSS file that it reads.
    """

    folder: Path
    feed: Path

    def execute(self) -> None:
        """Run the task once, without learning anything from it."""
        _flexget(self.folder, "--test", "execute", "--tasks", "feed", seconds=RUN_SECONDS)


def prepare(names: Sequence[str], library: Sequence[tuple[str, int]]) -> Prepared | str:
    """Return a FlexGet with a feed of these names and a movie list of this library; or why there is none."""
    try:
        _install()
        folder = _filled(library)
        feed = folder / "feed.xml"
        items = "".join(_ITEM.format(n=n, title=escape(name)) for n, name in enumerate(names))
        feed.write_text(_FEED.format(items=items), encoding="utf-8")
        prepared = Prepared(folder, feed)
        prepared.execute()
    except (OSError, subprocess.SubprocessError) as error:
        return (
            f"FlexGet is left out: it could not be installed or run here ({type(error).__name__})."
        )
    return prepared


def _install() -> None:
    if (HOME / "bin" / "flexget").exists():
        return
    venv.create(HOME, with_pip=True)
    command = [str(HOME / "bin" / "pip"), "install", "--quiet", "flexget"]
    subprocess.run(command, check=True, timeout=INSTALL_SECONDS, stdout=sys.stderr)


def _filled(library: Sequence[tuple[str, int]]) -> Path:
    """Return a folder with a configuration whose movie list holds the library; made once."""
    mark = hashlib.sha256(json.dumps(list(library)).encode()).hexdigest()[:12]
    folder = CACHE / f"flexget-list-{mark}"
    if (folder / "filled").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    # JSON is YAML, and nobody has to quote titles by hand.
    entries = [
        {
            "title": f"{title} ({year})",
            "url": f"http://127.0.0.1:1/{n}",
            "movie_name": title,
            "movie_year": year,
        }
        for n, (title, year) in enumerate(library)
    ]
    listed = {"movie_list": "wanted"}
    tasks = {
        "fill": {"mock": entries[:1], "accept_all": True, "list_add": [listed]},
        "feed": {
            "rss": str(folder / "feed.xml"),
            "metainfo_movie": True,
            "quality": "480p+",
            "list_match": {"from": [listed], "single_match": False},
        },
    }
    (folder / "feed.xml").write_text(_FEED.format(items=""), encoding="utf-8")
    (folder / "config.yml").write_text(json.dumps({"tasks": tasks}), encoding="utf-8")
    _flexget(folder, "execute", "--tasks", "fill", seconds=FILL_SECONDS)
    # FlexGet itself adds a few dozen a second, since it looks for each among those before it.
    rows = [(title, year) for title, year in library[1:]]
    with closing(sqlite3.connect(folder / "db-config.sqlite")) as database, database:
        database.executemany(
            "INSERT INTO movie_list_movies (added, title, year, list_id)"
            " SELECT added, ?, ?, id FROM movie_list_lists WHERE name = 'wanted'",
            rows,
        )
    tasks.pop("fill")
    (folder / "config.yml").write_text(json.dumps({"tasks": tasks}), encoding="utf-8")
    (folder / "filled").touch()
    return folder


def _flexget(folder: Path, *arguments: str, seconds: float) -> None:
    command = [str(HOME / "bin" / "flexget"), "-c", str(folder / "config.yml")]
    first = [each for each in arguments if each.startswith("--test")]
    rest = [each for each in arguments if each not in first]
    subprocess.run(
        [command[0], *first, *command[1:], *rest],
        check=True,
        timeout=seconds,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
    )
