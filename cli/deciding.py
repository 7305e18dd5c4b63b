"""The commands that tell why: what would be decided about a name, and what was decided about a movie."""

from __future__ import annotations

import re
from typing import Annotated, Final

from cyclopts import App, Group, Parameter

from reeld.cli.declaring import Json, examples
from reeld.domain.errors import Refused

_SIZE: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>|k|m|g|t)i?b?", re.IGNORECASE)
_UNITS: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def register(app: App, movie: App, group: Group) -> None:
    """Add the commands to those that call a running daemon."""
    app.command(
        decide,
        group=group,
        help_epilogue=examples(
            'reeld decide "The.General.1926.1080p.BluRay.x264-GROUP"',
            'reeld decide "The.General.1926.1080p.BluRay.x264-GROUP" --movie "The General" --size 8GB',
            'reeld decide "The.General.1926.2160p.REMUX-GROUP" --profile Ultra-HD --json',
        ),
    )
    movie.command(why, help_epilogue=examples("reeld movie why 7", "reeld movie why 7 --all"))


def decide(
    name: str,
    /,
    *,
    movie: str | None = None,
    profile: str | None = None,
    size: str | None = None,
    seeders: int | None = None,
    indexer: str = "hdbits",
    as_json: Json = False,
) -> int:
    """Say what would be decided about a release of that name, and why. Nothing is taken.

    Args:
        name: The release name.
        movie: For which movie: its number in `reeld movie list`, or its title; the one that the name belongs to when left
            out.
        profile: The quality profile to decide by; the movie's own when left out.
        size: Such as 8GB or 700MiB.
        seeders: How many it would have.
        indexer: Whose offer it would be: hdbits, or the name of a feed.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.explaining import show_decision_on

    return show_decision_on(name, movie, profile, bytes_in(size), seeders, indexer, as_json=as_json)


def why(
    movie_id: int,
    /,
    *,
    every: Annotated[bool, Parameter(name="--all", negative="")] = False,
    as_json: Json = False,
) -> int:
    """Show the last decision about a movie: what was taken, what was not, and why.

    Args:
        movie_id: Its number in `reeld movie list`.
        every: Show every ruling on every release, not only what spoke against it.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.explaining import show_why

    return show_why(movie_id, every=every, as_json=as_json)


def bytes_in(text: str | None) -> int | None:
    """Return the bytes that a size means: `8GB`, `700 MiB`, `123`; a thousand of a unit, or 1024 with an `i`.

    Raises:
        Refused: It is no size.
    """
    if text is None:
        return None
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise Refused(f"{text!r} is no size: write 8GB, 700MiB or bytes.", reason="invalid_size")
    base = 1024 if "i" in text.lower() else 1000
    return int(float(found["number"]) * base ** _UNITS[found["unit"].lower()])
