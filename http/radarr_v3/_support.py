"""What of Radarr's API is served and what is not, and which clients work with it: said here, shown in `docs/radarr.md`.

A test holds that every path of Radarr's own document is either served or named here, and not both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from litestar.routes import HTTPRoute

from reeld.http.radarr_v3._unlisted import EMPTY, REFUSED, TRIED

PREFIX: Final = "/api/v3/"


class Client(NamedTuple):
    """What works with reeld, where its users enter the address and the key, and what they get."""

    names: str
    where: str
    works: str


class Unserved(NamedTuple):
    """What is answered 404, or 405 where the path has other methods: `METHOD path`, with the paths as Radarr's document writes them, and why."""

    operations: tuple[str, ...]
    why: str


CLIENTS: Final = (
    Client(
        "Seerr, Jellyseerr, Overseerr",
        "Settings, Services, Radarr: host, port and key",
        "requests, tags, profiles, progress",
    ),
    Client(
        "Prowlarr",
        'Settings, Apps, Radarr: reeld\'s address as "Radarr Server"',
        "indexers are entered, tried, changed and removed",
    ),
    Client(
        "Bazarr",
        "Settings, Radarr",
        "movies, files, languages, tags, live updates over SignalR",
    ),
    Client(
        "exportarr",
        "`URL`, `APIKEY`",
        "every metric; with `server.metrics_exportarr` reeld shows them itself at `/metrics/exportarr`",
    ),
    Client(
        "autobrr",
        "Settings, Clients, Radarr",
        "pushes are decided at once, with every rule's sentence",
    ),
    Client(
        "Unpackerr",
        "`[[radarr]]`",
        "the queue",
    ),
    Client(
        "Recyclarr",
        "`base_url`, `api_key`",
        "custom formats, profiles, sizes, naming, propers and repacks",
    ),
    Client(
        "Home Assistant",
        'Integration "Radarr"',
        "everything it shows",
    ),
    Client(
        "Kometa",
        "`radarr:`",
        "adding, editing, deleting, tags, exclusions",
    ),
    Client(
        "Homepage, Homarr",
        'widget "Radarr"',
        "everything they show",
    ),
    Client(
        "Maintainerr",
        "Settings, Radarr",
        "unmonitoring, tags, deleting with and without files",
    ),
    Client(
        "decluttarr, Cleanuparr",
        "`RADARR_URL`, `RADARR_KEY`",
        "the queue, removing with and without blocklist, searching",
    ),
    Client(
        "cross-seed",
        "`radarr:`",
        "looking names up",
    ),
)
_NONE_OF_THEM: Final = "there are none, and so none of them can be asked for or removed"
UNSERVED: Final = (
    Unserved(
        (
            "GET autotagging/{id}",
            "DELETE autotagging/{id}",
            "GET credit/{id}",
            "GET customfilter/{id}",
            "DELETE customfilter/{id}",
            "GET importlist/{id}",
            "DELETE importlist/{id}",
            "DELETE importlist/bulk",
            "POST importlist/action/{name}",
            "POST importlist/movie",
            "GET metadata/{id}",
            "DELETE metadata/{id}",
            "POST metadata/action/{name}",
            "GET notification/{id}",
            "DELETE notification/{id}",
            "POST notification/action/{name}",
            "GET log/file/update/{filename}",
        ),
        _NONE_OF_THEM,
    ),
    Unserved(
        ("GET alttitle/{id}",), "other titles have no numbers; `alttitle` lists those of a movie"
    ),
    Unserved(
        (
            "DELETE system/backup/{id}",
            "POST system/backup/restore/{id}",
            "POST system/backup/restore/upload",
        ),
        "by `reeld backup`, with the daemon stopped",
    ),
    Unserved(
        ("PUT collection", "PUT collection/{id}"),
        "collections are read: their movies are those of the library",
    ),
    Unserved(("DELETE customformat/bulk", "PUT customformat/bulk"), "one at a time"),
    Unserved(
        (
            "DELETE downloadclient/{id}",
            "DELETE downloadclient/bulk",
            "POST downloadclient/action/{name}",
        ),
        "qBittorrent is set in reeld's settings file",
    ),
    Unserved(
        ("DELETE remotepathmapping/{id}",),
        "set `qbittorrent.path_mappings` in reeld's settings file",
    ),
    Unserved(
        (
            "GET localization",
            "GET localization/language",
            "GET system/routes",
            "GET system/routes/duplicate",
        ),
        "the texts and the routes of Radarr's own program; reeld's routes are on this page",
    ),
    Unserved(
        ("POST manualimport",),
        "nobody chooses a file: reeld imports downloads by itself, and `GET manualimport` says why one is not",
    ),
    Unserved(("POST system/shutdown", "POST system/restart"), "by the service manager"),
    Unserved(
        ("GET /login", "POST /login", "GET /logout"),
        "as `initialize.json` would, a form would hand the key to whoever has a cookie; people log in at `/api/login`",
    ),
    Unserved(("GET /content/{path}", "GET /", "GET /{path}"), "reeld has no page of Radarr's"),
)


def served_by(routes: Iterable[Any]) -> dict[str, frozenset[str]]:
    """Return the paths of Radarr's API that routes serve, with their methods; parameters stand as `{}`."""
    found: dict[str, set[str]] = {}
    for route in routes:
        if isinstance(route, HTTPRoute) and not route.path.endswith("{rest:path}"):
            methods = set(route.methods) - {"OPTIONS"}
            found.setdefault(plain(route.path), set()).update(methods)
    return {path: frozenset(methods) for path, methods in found.items()}


def plain(path: str) -> str:
    """Return a path in lower case, with `{}` for each of its parameters."""
    parts = path.lower().split("/")
    return "/".join("{}" if part.startswith("{") else part for part in parts)


def unserved() -> Iterator[tuple[str, str]]:
    """Return the method and the whole path of each operation that is not served."""
    for each in UNSERVED:
        for operation in each.operations:
            method, path = operation.split(" ")
            yield method, path if path.startswith("/") else f"{PREFIX}{path}"


def refused() -> Iterator[tuple[str, str]]:
    """Return the method and the whole path of each operation that is answered 400, with the reason."""
    for name in REFUSED:
        yield "POST", f"{PREFIX}{name}"
        yield from (("PUT", f"{PREFIX}{name}{rest}") for rest in ("", "/{id}", "/bulk"))
        if name not in TRIED:
            yield "POST", f"{PREFIX}{name}/test"


def support_page(served: Mapping[str, frozenset[str]]) -> str:
    """Return the page about Radarr's clients.

    Args:
        served: What `served_by` returns.
    """
    parts = ["# Clients of Radarr\n", _INTRODUCTION, *_clients(), _DIFFERENT]
    return "\n".join([*parts, *_served(served), *_without(), ""])


def _clients() -> Iterator[str]:
    yield from ("| client | where to enter reeld | what works |", "|---|---|---|")
    yield from (f"| {each.names} | {each.where} | {each.works} |" for each in CLIENTS)


def _served(served: Mapping[str, frozenset[str]]) -> Iterator[str]:
    yield "\n## What is served\n"
    yield "Below `/api/v3/`, in any case; `{}` stands for a number or a name.\n"
    yield from ("| path | methods |", "|---|---|")
    empty = {f"{PREFIX}{each.strip('/')}" for each in EMPTY}
    for path, methods in sorted(served.items()):
        shown = f"`{path.removeprefix(PREFIX)}`"
        if path in empty:
            yield f"| {shown} | GET: always empty |"
        elif not _is_refused(path):
            yield f"| {shown} | {', '.join(sorted(methods))} |"


def _is_refused(path: str) -> bool:
    name, _, rest = path.removeprefix(PREFIX).partition("/")
    trials = frozenset() if name in TRIED else {"test", "testall"}
    return name in REFUSED and rest in {"{}", "bulk", *trials}


def _without() -> Iterator[str]:
    yield "\n## What is not supported\n"
    yield "To add, change or test one of these, where it is not said above, is answered 400 in Radarr's shape:\n"
    yield from ("| part | why |", "|---|---|")
    yield from (f"| `{name}` | {why} |" for name, why in sorted(REFUSED.items()))
    yield "\nThese are answered 404, as what Radarr itself does not have, or 405 where the path has other methods:\n"
    yield from ("| operation | why |", "|---|---|")
    for each in UNSERVED:
        yield f"| {', '.join(f'`{operation}`' for operation in each.operations)} | {each.why} |"


_INTRODUCTION: Final = """\
reeld answers Radarr's v3 API under `/api/v3`, so that what people run beside Radarr works with reeld by another address
and another key. It calls itself version 5.28 there.

Make a key for each client, so that one can be revoked alone: `reeld key add NAME --scope operate`; for one that only
reads, `--scope read`. The key goes into the client's field for Radarr's API key. reeld takes it from the `X-Api-Key`
header, from `Authorization: Bearer`, and, under `/api/v3` alone, from `?apikey=`.
"""
_DIFFERENT: Final = """
## What is different

- **Settings** that reeld has too are changed by `PUT config/…`: the templates of names, propers and repacks, free space, sizes,
  availability delay, hardcoded subtitles, permissions, the interval of feeds, backups. What a file or a variable sets is refused
  with 400 and its name, and so is what has no meaning in reeld: nothing is kept that has no effect, but for the fields of an
  indexer that Prowlarr sends. `downloadclient` and `remotepathmapping` are read.
- **A movie's folder** is named by `library.folder_template`: a `path` with another last part is refused. A path in another
  root folder moves the movie there.
- **Removing from the queue** takes the torrent and its files out of qBittorrent, if reeld added it. With
  `removeFromClient=false` the torrent stays and reeld follows it no more; with `changeCategory=true` too, it goes into the
  category of what was imported. With `blocklist=true` another release is taken at once, unless `skipRedownload=true`;
  without it the movie rests until its next search. The order is written down before it is answered: a qBittorrent that is
  away gets it when it is back.
- **What waits** for a delay or for qBittorrent is in the queue under numbers from 1073741824 on. What waits for an indexer is
  there as `delay`; what waits for another release to fail is not shown.
- **`release`** asks for one movie, and shows no links: a `guid` is reeld's own.
- **`release/push`** takes a `.torrent` of an indexer that reeld has, and a magnet link of anybody; a link to a `.torrent` of
  an indexer that it does not have is rejected with a sentence.
- **Commands** become durable work. `RescanMovie` reads the movie's facts anew; `CutoffUnmetMoviesSearch` is the schedule's
  own search. What reeld does without being asked (`Housekeeping`, `CheckHealth` …) is completed at once. A search is completed
  without an indexer that is away, and its `message` names it; reeld asks it again by itself. `RefreshMovie` has failed while
  TMDB is away, and is completed when it is done after all.
- **`rename`** is about the file's own name by `library.file_template`: its folder stays. `RenameFiles` and `RenameMovie` never
  rename over another file: they fail, and say which one is in the way.
- **`manualimport`** lists the videos of downloads that are complete, imported or failed, with what was grabbed and why one
  is not in the library. It looks into no folder: `folder` leaves out the downloads that lie elsewhere. The command
  `ManualImport` is not known.
- **Custom formats** of what was grabbed are those that it had then; of other names they are found anew, by the formats of now.
- **`log`** shows who changed what; the daemon's own log goes to the journal. `log/file` has one file with the last 2000 records.
- **`downloadclient/test`** asks qBittorrent with the values of the settings; a form with other values is refused.
- **`collection`** is read: its movies are those of the library."""
