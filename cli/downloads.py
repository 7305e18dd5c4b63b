"""`reeld download`: torrents that a person hands in to a running daemon."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from reeld.cli.declaring import CALLS, Json, examples
from reeld.domain.errors import Refused

LARGEST: Final = 3_000_000
"""Bytes of a .torrent that the daemon takes. One of a film has some hundred thousand."""

download = App(name="download", help="Hand torrents in by hand.", group=CALLS)

What = Annotated[
    str,
    Parameter(
        help="A magnet link, a .torrent file, or the http(s) address of one; - reads a file."
    ),
]
Movie = Annotated[int | None, Parameter(name="--movie", help="For which movie, by its number.")]
Force = Annotated[
    bool, Parameter(name="--force", negative="", help="Take it although rules reject it.")
]


@download.command(
    help_epilogue=examples(
        "reeld download add Charade.1963.1080p.BluRay.x264-GRP.torrent",
        "reeld download add 'magnet:?xt=urn:btih:…&dn=Charade.1963.1080p' --movie 7",
        "reeld download add https://tracker.example/download/7.torrent --json",
        "ssh seedbox cat film.torrent | reeld download add - --movie 7",
    )
)
def add(what: What, /, *, movie: Movie = None, force: Force = False, as_json: Json = False) -> int:
    """Have a torrent downloaded and filed into the library.

    Without --movie its name says which movie of the library it is.
    """
    from reeld.cli.client import Daemon
    from reeld.cli.output import print_json, say

    order = order_of(what) | {"movie_id": movie, "force": force}
    added = Daemon().post("/api/downloads", order)
    if as_json:
        print_json(added)
        return 0
    year = f" ({added['movie_year']})" if added["movie_year"] else ""
    say(f"Download {added['id']}: {added['release_title']}, for {added['movie_title']}{year}.")
    return 0


def order_of(what: str) -> dict[str, object]:
    """Return what names a torrent as the daemon takes it: links as they are, a file's bytes in base64.

    Raises:
        Refused: The file cannot be read, or is larger than any .torrent.
    """
    kind, _, _ = what.partition(":")
    match kind.lower():
        case "magnet":
            return {"magnet": what}
        case "http" | "https":
            return {"url": what}
        case _:
            return {"torrent": base64.b64encode(_read(what)).decode()}


def _bytes_of(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    with Path(name).open("rb") as file:
        return file.read(LARGEST + 1)


def _read(name: str) -> bytes:
    try:
        data = _bytes_of(name)
    except OSError as error:
        raise Refused(
            f"{name} cannot be read: {error.strerror}. Name a .torrent file, or quote a link."
        ) from None
    if len(data) > LARGEST:
        raise Refused(f"{name} has more than {LARGEST // 1_000_000} MB: it is no .torrent file.")
    return data
