"""The commands that call a running daemon, and `reeld parse`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from rich.text import Text

from reeld.cli.client import Daemon
from reeld.cli.output import bytes_of, percent, print_json, say, show, table, time_of
from reeld.domain.errors import NotFound, Refused

_TITLE_WITH_YEAR = re.compile(r"(?P<title>.+?)\s*\((?P<year>\d{4})\)\s*")
_IMDB = re.compile(r"tt\d{7,10}", re.ASCII)
_TMDB = re.compile(r"\d{1,9}", re.ASCII)
PAGE: Final = 500
CHOICES: Final = 5

_STAGES: Final = {
    "wanted": "",
    "searched": "",
    "decided": "cyan",
    "grabbed": "cyan",
    "downloading": "cyan",
    "importing": "cyan",
    "in_library": "green",
    "failed": "red",
}


def _shown(answer: Any, as_json: bool, picture: Callable[[Any], None]) -> int:
    if as_json:
        print_json(answer)
    else:
        picture(answer)
    return 0


# Movies


def show_movies(stage: str | None, *, as_json: bool) -> int:
    """List movies."""
    found = [movie for page in _pages(stage) for movie in page]

    def picture(movies: list[Any]) -> None:
        if not movies:
            say(
                "There is no such movie." if stage else "No movie is wanted: see `reeld movie add`."
            )
            return
        rows = (
            (each["id"], named(each), _stage(each["stage"]), _progress(each), each["stage_note"])
            for each in movies
        )
        show(table(("#", "Movie", "Stage", "", "Note"), rows))

    return _shown(found, as_json, picture)


def _pages(stage: str | None) -> Iterator[list[Any]]:
    daemon = Daemon()
    after: int | str | None = 0
    while after is not None:
        page = daemon.get("/api/movies", stage=stage, after=after, limit=PAGE)
        yield page["movies"]
        after = page["next"]


def _stage(stage: str) -> Text:
    return Text(stage.replace("_", " "), _STAGES.get(stage, ""))


def _progress(movie: Any) -> str:
    return "" if movie["stage"] in {"in_library", "failed"} else percent(movie["progress"])


def add_movie(what: str, profile: str | None, *, as_json: bool) -> int:
    """Want a movie."""
    daemon = Daemon()
    body = {"tmdb_id": _tmdb_id(daemon, what), "profile": profile}
    added = daemon.post("/api/movies", {name: value for name, value in body.items() if value})

    def picture(movie: Any) -> None:
        stage = movie["stage"].replace("_", " ")
        say(
            f"{named(movie)} is movie {movie['id']} ({stage}). `reeld movie list` shows how far it is."
        )

    return _shown(added, as_json, picture)


def find_movies(title: str, year: int | None, *, as_json: bool) -> int:
    """Find movies at TMDB."""
    hits = Daemon().get("/api/movies/find", query=title, year=year)["movies"]

    def picture(movies: list[Any]) -> None:
        if not movies:
            say(f"TMDB knows no movie {title!r}.")
            return
        rows = ((each["tmdb_id"], named(each), each["overview"][:100]) for each in movies)
        show(table(("TMDB", "Movie", "About"), rows))

    return _shown(hits, as_json, picture)


def search_movie(movie_id: int, *, as_json: bool) -> int:
    """Look for releases now."""
    asked = Daemon().post(f"/api/movies/{movie_id}/search")

    def picture(answer: Any) -> None:
        say("The search is queued." if answer["queued"] else "A search is queued already.")

    return _shown(asked, as_json, picture)


def show_releases(movie_id: int, *, as_json: bool) -> int:
    """Show releases and their verdicts."""
    found = Daemon().get(f"/api/movies/{movie_id}/releases")

    def picture(releases: list[Any]) -> None:
        if not releases:
            say(f"Nothing was found for movie {movie_id} yet.")
            return
        rows = (
            (
                each["indexer"],
                each["title"],
                bytes_of(each["size"]),
                each["seeders"],
                _verdict(each["verdict"]),
            )
            for each in releases
        )
        show(table(("Indexer", "Release", "Size", "Seeders", "Verdict"), rows))

    return _shown(found, as_json, picture)


def _verdict(verdict: Any) -> str | Text:
    if verdict is None:
        return "not decided yet"
    if verdict["accepted"]:
        return Text("accepted", "green")
    return " ".join(rejection["sentence"] for rejection in verdict["rejections"])


def _tmdb_id(daemon: Daemon, what: str) -> int:
    what = what.strip()
    if _TMDB.fullmatch(what):
        return int(what)
    found = _TITLE_WITH_YEAR.fullmatch(what)
    title, year = (found["title"], int(found["year"])) if found else (what, None)
    hits = daemon.get("/api/movies/find", query=title, year=year)["movies"]
    if not hits:
        raise NotFound(f"TMDB knows no movie {what!r}.")
    exact = [hit for hit in hits if title.casefold() in _titles(hit)] or hits
    if len(exact) > 1 and not _IMDB.fullmatch(title):
        choices = "; ".join(f"{hit['tmdb_id']} {named(hit)}" for hit in exact[:CHOICES])
        raise Refused(
            f"{what!r} may be any of these: {choices}. Add one by its number.",
            reason="ambiguous_title",
        )
    return int(exact[0]["tmdb_id"])


def _titles(hit: Any) -> set[str]:
    return {str(hit[name]).casefold() for name in ("title", "original_title") if hit.get(name)}


def named(movie: Any) -> str:
    """Return a movie's title with its year."""
    return f"{movie['title']} ({movie['year']})" if movie.get("year") else str(movie["title"])


# Queue, history, work


def show_queue(*, as_json: bool) -> int:
    """Show what is being fetched."""

    def picture(downloads: list[Any]) -> None:
        if not downloads:
            say("Nothing is being fetched.")
            return
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
        show(table(("Movie", "Release", "State", "", "Speed"), rows))

    return _shown(Daemon().get("/api/queue"), as_json, picture)


def show_history(movie_id: int | None, limit: int, *, as_json: bool) -> int:
    """Show what happened."""
    page = Daemon().get("/api/history", movie_id=movie_id, limit=limit)

    def picture(entries: list[Any]) -> None:
        rows = (
            (
                time_of(each["at"]),
                each["movie_id"],
                each["kind"].replace("_", " "),
                each["release_title"],
                _details(each["data"]),
            )
            for each in entries
        )
        show(table(("When", "Movie", "What", "Release", "Details"), rows))

    return _shown(page["entries"], as_json, picture)


def show_work(state: str | None, queue: str | None, limit: int, *, as_json: bool) -> int:
    """List durable work."""
    items = Daemon().get("/api/work", state=state, queue=queue, limit=limit)

    def picture(found: list[Any]) -> None:
        rows = (
            (
                each["id"],
                each["queue"],
                each["kind"],
                each["state"],
                f"{each['attempt']}/{each['max_attempts']}",
                each["sentence"] or each["reason"],
            )
            for each in found
        )
        show(table(("#", "Queue", "Work", "State", "Attempt", "Why"), rows))

    return _shown(items, as_json, picture)


def retry_work(work_id: int, *, as_json: bool) -> int:
    """Try dead work again."""
    item = Daemon().post(f"/api/work/{work_id}/retry")
    return _shown(item, as_json, lambda _: say(f"Work {work_id} is tried again."))


def discard_work(work_id: int, *, as_json: bool) -> int:
    """Give up work."""
    item = Daemon().post(f"/api/work/{work_id}/discard")
    return _shown(item, as_json, lambda _: say(f"Work {work_id} is discarded."))


def _details(data: Any) -> str:
    return ", ".join(f"{name}: {value}" for name, value in data.items() if value is not None)


# The tree


def show_status(*, as_json: bool) -> int:
    """Show the actor tree."""
    from reeld.cli.treeview import render_tree

    answer = Daemon().get("/control/actors")
    return _shown(answer, as_json, lambda tree: show(render_tree(tree)))


# Names


def parse_name(name: str, *, as_json: bool) -> int:
    """Say what one name means."""
    from reeld.cli.parse import rows
    from reeld.domain.parsing import parse_release_name

    parsed = parse_release_name(name)
    return _shown(
        parsed.to_json(), as_json, lambda _: show(table(("Field", "Value"), rows(parsed)))
    )


def parse_names() -> int:
    """Say what each line of standard input means, one JSON object a line, each as soon as its line is there."""
    from reeld.cli.parse import parse_lines, read_lines

    for line in parse_lines(read_lines(sys.stdin.buffer)):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0
