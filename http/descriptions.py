"""What each parameter of a route means: the framework knows their names and types alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

EVERYWHERE: Final[Mapping[str, str]] = {
    "after": "The `next` of the page before, with the same filters and in the same order; left out for the first page.",
    "before": "The `next` of the page before, or the number of its last entry; left out for the newest.",
    "blocked_id": "The number of an entry of `GET /api/blocklist`.",
    "descending": "Whether the order is turned round.",
    "download_id": "The number of a download.",
    "exclusion_id": "The number of an exclusion.",
    "fields": "Names of fields, with commas between them: these alone are shown, and the number.",
    "format_id": "The number of a custom format.",
    "indexer_id": "The number of an indexer.",
    "key_id": "The number of a key.",
    "letter_id": "The number of a dead letter.",
    "collection_id": "TMDB's number of a collection.",
    "entry_id": "The number of an entry.",
    "limit": "How many entries a page has at most.",
    "movie_id": "reeld's number of a movie.",
    "movieId": "reeld's number of a movie.",
    "profile_id": "The number of a quality profile.",
    "release_id": "The number of a release.",
    "root_id": "The number of a root folder.",
    "session_id": "The number of a session.",
    "tag_id": "The number of a tag.",
    "user_id": "The number of a person.",
    "width": "Pixels; the picture is made anew as wide as that.",
    "work_id": "The number of a piece of durable work.",
    "year": "The year in which movies came out.",
}
"""By the name of the parameter."""

BELOW: Final[Mapping[str, Mapping[str, str]]] = {
    "/api/calendar": {
        "from": "The first day; a month ago when it is left out.",
        "to": "The last day; in a year when it is left out.",
        "token": "The calendar's own token, for programs that cannot send a key.",
        "unmonitored": "Whether movies that nobody waits for are listed too.",
    },
    "/api/commands": {"command": "The number of a command that was asked for."},
    "/api/customformats/import": {
        "dry_run": "Whether it is only shown what would be, and nothing stored."
    },
    "/api/delayprofiles": {"profile_id": "The number of a delay profile."},
    "/api/discover": {
        "genres": "Numbers of TMDB's genres, with commas between them.",
        "language": "The original language, by its two letters.",
        "minimum_rating": "The least rating at TMDB, from 0 to 10.",
        "minimum_votes": "How many people at TMDB must have rated a movie.",
        "page": "Which page, from 1.",
    },
    "/api/downloadclients": {"name": "The name of a download client."},
    "/api/downloads": {
        "blocklist": "Whether the release is not taken again.",
        "delete_files": "Whether what was downloaded goes too.",
    },
    "/api/events": {
        "since": "The `seq` of the last event that was seen: those after it come first.",
        "topics": "What is followed; everything when it is left out.",
    },
    "/api/groups": {
        "limit": "How many entries are shown at most.",
        "name": "The name of a release group.",
        "offset": "How many groups are passed over.",
        "rule": "Which rule of a person's they have.",
        "search": "A part of the name.",
    },
    "/api/history": {
        "kind": "What happened.",
        "movie_id": "reeld's number of the movie that it happened to.",
    },
    "/api/logs": {
        "level": "The least severe level that is shown.",
        "logger": "The name of a logger; those below it are shown too.",
        "text": "What a record must hold, in upper or lower case.",
    },
    "/api/movies": {
        "delete_files": "Whether its files go to the recycle folder.",
        "exclude": "Whether no list may add the movie again.",
        "has_file": "Whether they have a file.",
        "monitored": "Whether releases are grabbed for them.",
        "profile": "The name of their quality profile.",
        "query": "The title, or a part of it.",
        "root_folder": "The path of the root folder that they are to lie in.",
        "stage": "How far they are.",
        "tag": "The number of a tag that they have.",
        "text": "Words of the title or the original title; the last one may be cut short.",
    },
    "/api/feeds": {"name": "The name of a feed."},
    "/api/images": {"name": "The name of a picture, as a movie that was found says it."},
    "/api/profiles/import": {
        "dry_run": "Whether it is only shown what would be, and nothing stored."
    },
    "/api/qualitydefinitions": {"label": "The name of a quality, such as `Bluray-1080p`."},
    "/api/releaseprofiles": {"profile_id": "The number of a release profile."},
    "/api/releases": {
        "cached": "Whether nobody is asked, and only what was found before is shown.",
        "seconds": "How long indexers are waited for.",
    },
    "/api/test/circuit-breaker": {
        "service": "The service that is to fail: `tmdb`, `hdbits`, `qbittorrent` or `postgresql`."
    },
    "/api/wanted": {"after": "The `next` of the page before; 0 for the first page."},
    "/api/work": {
        "queue": "The queue that it is in, which has the name of its actor.",
        "state": "How far it is.",
    },
    "/control/actors": {"name": "The name of an actor, as `GET /control/actors` lists it."},
    "/control/audit": {"target": "What it was done to, as the entries name it."},
    "/control/limits": {"name": "The name of a rate limit, as `GET /control/limits` lists it."},
}
"""By the beginning of the path; what stands here is nearer than `EVERYWHERE`."""


def describe(document: dict[str, Any]) -> None:
    """Say what each parameter means that says nothing itself."""
    for path, parameter in _parameters(document):
        if not parameter.get("description") and (said := meaning_of(path, parameter["name"])):
            parameter["description"] = said


def meaning_of(path: str, name: str) -> str:
    """Return what a parameter of a path means; empty when nobody has said it."""
    for root in sorted(BELOW, key=len, reverse=True):
        if path.startswith(root) and name in BELOW[root]:
            return BELOW[root][name]
    return EVERYWHERE.get(name, "")


def _parameters(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                yield path, parameter
