"""The commands that call a running daemon, and `reeld parse`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from reeld.cli.client import Daemon
from reeld.cli.output import bytes_of, console, percent, print_json, table, time_of
from reeld.domain.errors import NotFound, Refused

_TITLE_WITH_YEAR = re.compile(r"^(?P<title>.+?)\s*\((?P<year>\d{4})\)\s*$")


def _shown(answer: Any, as_json: bool, show: Callable[[Any], None]) -> int:
    if as_json:
        print_json(answer)
    else:
        show(answer)
    return 0


# Movies


def show_movies(stage: str | None, *, as_json: bool) -> int:
    """List movies."""
    daemon = Daemon()
    found: list[Any] = []
    after: int | None = 0
    while after is not None:
        page = daemon.get("/api/movies", stage=stage, after=after, limit=500)
        found += page["movies"]
        after = page["next"]

    def show(movies: list[Any]) -> None:
        rows = (
            (each["id"], _named(each), each["stage"], percent(each["progress"]), each["stage_note"])
            for each in movies
        )
        console.print(table(("#", "Movie", "Stage", "", "Note"), rows))

    return _shown(found, as_json, show)


def add_movie(what: str, profile: str | None, *, as_json: bool) -> int:
    """Want a movie."""
    daemon = Daemon()
    body = {"tmdb_id": _tmdb_id(daemon, what), "profile": profile}
    added = daemon.post("/api/movies", {name: value for name, value in body.items() if value})

    def show(movie: Any) -> None:
        console.print(f"{_named(movie)} is wanted as movie {movie['id']} ({movie['stage']}).")

    return _shown(added, as_json, show)


def find_movies(title: str, year: int | None, *, as_json: bool) -> int:
    """Find movies at TMDB."""
    hits = Daemon().get("/api/movies/find", query=title, year=year)["movies"]

    def show(movies: list[Any]) -> None:
        rows = ((each["tmdb_id"], _named(each), each["overview"][:100]) for each in movies)
        console.print(table(("TMDB", "Movie", "About"), rows))

    return _shown(hits, as_json, show)


def search_movie(movie_id: int, *, as_json: bool) -> int:
    """Look for releases now."""
    asked = Daemon().post(f"/api/movies/{movie_id}/search")

    def show(answer: Any) -> None:
        console.print(
            "The search is queued." if answer["queued"] else "A search is queued already."
        )

    return _shown(asked, as_json, show)


def show_releases(movie_id: int, *, as_json: bool) -> int:
    """Show releases and their verdicts."""
    found = Daemon().get(f"/api/movies/{movie_id}/releases")

    def show(releases: list[Any]) -> None:
        rows = (
            (
                each["indexer"],
                each["title"],
                bytes_of(each["size"]),
                "" if each["seeders"] is None else each["seeders"],
                _verdict(each["verdict"]),
            )
            for each in releases
        )
        console.print(table(("Indexer", "Release", "Size", "Seeders", "Verdict"), rows))

    return _shown(found, as_json, show)


def _verdict(verdict: Any) -> str:
    if verdict is None:
        return "not decided yet"
    if verdict["accepted"]:
        return "accepted"
    return " ".join(rejection["sentence"] for rejection in verdict["rejections"])


def _tmdb_id(daemon: Daemon, what: str) -> int:
    if what.isdecimal():
        return int(what)
    named = _TITLE_WITH_YEAR.match(what)
    title, year = (named["title"], int(named["year"])) if named else (what, None)
    hits = daemon.get("/api/movies/find", query=title, year=year)["movies"]
    if not hits:
        raise NotFound(f"TMDB knows no movie {what!r}.")
    exact = [hit for hit in hits if hit["title"].casefold() == title.casefold()] or hits
    if len(exact) > 1:
        choices = "; ".join(f"{hit['tmdb_id']} {_named(hit)}" for hit in exact[:5])
        raise Refused(
            f"{what!r} may be any of these: {choices}. Add one by its number.",
            reason="ambiguous_title",
        )
    return int(exact[0]["tmdb_id"])


def _named(movie: Any) -> str:
    return f"{movie['title']} ({movie['year']})" if movie.get("year") else str(movie["title"])


# Queue, history, work


def show_queue(*, as_json: bool) -> int:
    """Show what is being fetched."""

    def show(downloads: list[Any]) -> None:
        rows = (
            (
                each["movie_title"],
                each["release_title"],
                each["state"],
                percent(each["progress"]),
                f"{bytes_of(each['speed'])}/s" if each["speed"] else "",
            )
            for each in downloads
        )
        console.print(table(("Movie", "Release", "State", "", "Speed"), rows))

    return _shown(Daemon().get("/api/queue"), as_json, show)


def show_history(movie_id: int | None, limit: int, *, as_json: bool) -> int:
    """Show what happened."""
    page = Daemon().get("/api/history", movie_id=movie_id, limit=limit)

    def show(entries: list[Any]) -> None:
        rows = (
            (
                time_of(each["at"]),
                each["movie_id"],
                each["kind"],
                each["release_title"] or "",
                _details(each["data"]),
            )
            for each in entries
        )
        console.print(table(("When", "Movie", "What", "Release", "Details"), rows))

    return _shown(page["entries"], as_json, show)


def show_work(state: str | None, queue: str | None, limit: int, *, as_json: bool) -> int:
    """List durable work."""
    items = Daemon().get("/api/work", state=state, queue=queue, limit=limit)

    def show(found: list[Any]) -> None:
        rows = (
            (
                each["id"],
                each["queue"],
                each["kind"],
                each["state"],
                f"{each['attempt']}/{each['max_attempts']}",
                each["sentence"] or each["reason"] or "",
            )
            for each in found
        )
        console.print(table(("#", "Queue", "Work", "State", "Attempt", "Why"), rows))

    return _shown(items, as_json, show)


def retry_work(work_id: int, *, as_json: bool) -> int:
    """Try dead work again."""
    item = Daemon().post(f"/api/work/{work_id}/retry")
    return _shown(item, as_json, lambda _: console.print(f"Work {work_id} is tried again."))


def discard_work(work_id: int, *, as_json: bool) -> int:
    """Give up work."""
    item = Daemon().delete(f"/api/work/{work_id}")
    return _shown(item, as_json, lambda _: console.print(f"Work {work_id} is discarded."))


def _details(data: Any) -> str:
    return ", ".join(f"{name}: {value}" for name, value in data.items())


# The tree


def show_status(*, as_json: bool) -> int:
    """Show the actor tree."""
    from reeld.cli.treeview import render_tree

    return _shown(
        Daemon().get("/control/actors"), as_json, lambda tree: console.print(render_tree(tree))
    )


# Names


def parse_name(name: str, *, as_json: bool) -> int:
    """Say what one name means."""
    from reeld.cli.parse import rows
    from reeld.domain.parsing import parse_release_name

    parsed = parse_release_name(name)
    return _shown(
        parsed.to_json(), as_json, lambda _: console.print(table(("Field", "Value"), rows(parsed)))
    )


def parse_names(lines: Iterable[str] | None = None) -> int:
    """Say what each line of standard input means, one JSON object a line."""
    from reeld.cli.parse import parse_lines

    for line in parse_lines(sys.stdin if lines is None else lines):
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return 0
