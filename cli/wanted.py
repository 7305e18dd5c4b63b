"""`reeld wanted`: what is searched on schedule, when, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

from cyclopts import App

from reeld.cli.declaring import CALLS, Json, examples

PAGE: Final = 500

wanted = App(
    name="wanted",
    help="Movies without a file or below their cutoff, when each is searched next, and why.",
    group=CALLS,
)


@wanted.command(help_epilogue=examples("reeld wanted missing", "reeld wanted missing --json"))
def missing(*, as_json: Json = False) -> int:
    """List the monitored movies that have no file.

    Args:
        as_json: Print JSON on standard output.
    """
    return _show("missing", as_json=as_json)


@wanted.command(help_epilogue=examples("reeld wanted cutoff", "reeld wanted cutoff --json"))
def cutoff(*, as_json: Json = False) -> int:
    """List the monitored movies whose file is below the cutoff of their profile.

    Args:
        as_json: Print JSON on standard output.
    """
    return _show("cutoff", as_json=as_json)


def _show(which: Literal["missing", "cutoff"], *, as_json: bool) -> int:
    from reeld.cli.commands import named
    from reeld.cli.output import print_json, say, show, table, time_of

    found = [movie for page in _pages(which) for movie in page]
    # The next one first, and at the end those of which nobody knows when.
    found.sort(key=lambda movie: (movie["next_search_at"] is None, movie["next_search_at"]))
    if as_json:
        print_json(found)
    elif not found:
        say("No movie is missing." if which == "missing" else "Every file meets its cutoff.")
    else:
        rows = (
            (
                each["id"],
                named(each),
                each["quality"] or "",
                time_of(each["last_search_at"]) if each["last_search_at"] else "never",
                time_of(each["next_search_at"]) if each["next_search_at"] else "",
                each["why"],
            )
            for each in found
        )
        show(table(("#", "Movie", "Has", "Searched", "Next", "Why"), rows))
    return 0


def _pages(which: str) -> Iterator[list[Any]]:
    from reeld.cli.client import Daemon

    daemon = Daemon()
    after: int | None = 0
    while after is not None:
        page = daemon.get(f"/api/wanted/{which}", after=after, limit=PAGE)
        yield page["movies"]
        after = page["next"]
