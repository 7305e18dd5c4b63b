"""`reeld indexer`: Torznab and Newznab indexers of a running daemon."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from cyclopts import App, Parameter

from reeld.cli.declaring import CALLS, Json, examples

KEY_VARIABLE: Final = "REELD_INDEXER_API_KEY"

indexer = App(name="indexer", help="Where releases come from.", group=CALLS)

Url = Annotated[str, Parameter(help="Its address without the API's path.")]
Path = Annotated[str, Parameter(name="--api-path", help="Where its API is below that.")]
Kind = Annotated[Literal["Torznab", "Newznab"], Parameter(name="--implementation")]
Categories = Annotated[
    tuple[int, ...],
    Parameter(name="--category", negative="", help="Newznab's numbers; movies when left out."),
]
KeyStdin = Annotated[
    bool,
    Parameter(name="--api-key-stdin", negative="", help="Read the API key from standard input."),
]


@indexer.command(name="list", help_epilogue=examples("reeld indexer list"))
def list_indexers(*, as_json: Json = False) -> int:
    """List the indexers: HDBits and the feeds of the settings, and the Torznab and Newznab ones.

    Args:
        as_json: Print JSON on standard output.
    """
    from reeld.cli.client import Daemon
    from reeld.cli.output import print_json, say, show, table, time_of

    found = Daemon().get("/api/indexers")
    if as_json:
        print_json(found)
    elif not found:
        say("There is no indexer. `reeld indexer add` enters one.")
    else:
        rows = (
            (
                each["id"] or "",
                each["name"],
                each["implementation"],
                each["base_url"],
                each["state"]["breaker"],
                time_of(each["state"]["last_read_at"])
                if each["state"]["last_read_at"]
                else "never",
                each["state"]["sentence"],
            )
            for each in found
        )
        show(table(("#", "Name", "Kind", "Address", "Breaker", "Read", "What is wrong"), rows))
    return 0


@indexer.command(
    help_epilogue=examples(
        "reeld indexer add Tracker http://prowlarr:9696/1 --api-key-stdin < key",
        f"{KEY_VARIABLE}=… reeld indexer add Tracker http://127.0.0.1:9117/api/v2.0/indexers/x/results/torznab",
    )
)
def add(
    name: str,
    url: Url,
    /,
    *,
    api_path: Path = "/api",
    implementation: Kind = "Torznab",
    category: Categories = (),
    priority: int = 25,
    api_key_stdin: KeyStdin = False,
    as_json: Json = False,
) -> int:
    """Enter an indexer; it is tried first. Its key comes from standard input or REELD_INDEXER_API_KEY.

    Args:
        name: How it is called.
        url: Its address without the API's path.
        api_path: Where its API is below that.
        implementation: Its protocol.
        category: Newznab's numbers; movies when left out.
        priority: 1 to 50; of equal releases the one of the lower number is taken.
        api_key_stdin: Read the API key from standard input.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.client import Daemon
    from reeld.cli.output import print_json

    body: dict[str, Any] = {
        "name": name,
        "base_url": url,
        "api_path": api_path,
        "implementation": implementation,
        "priority": priority,
        "api_key": _api_key(from_stdin=api_key_stdin),
    }
    if category:
        body["categories"] = list(category)
    daemon = Daemon()
    tried = daemon.post("/api/indexers/test", body)
    if not tried["ok"]:
        return _tell(tried, as_json=as_json)
    made = daemon.post("/api/indexers", body)
    if as_json:
        print_json(made)
    else:
        _warn(f"{name} is indexer {made['id']}, and is asked from now on.", tried)
    return 0


@indexer.command(name="test", help_epilogue=examples("reeld indexer test 1"))
def try_stored(indexer_id: int, /, *, as_json: Json = False) -> int:
    """Try an indexer that is stored, with its stored key.

    Args:
        indexer_id: Its number in `reeld indexer list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.client import Daemon

    daemon = Daemon()
    stored = daemon.get(f"/api/indexers/{indexer_id}")
    stored.pop("state")
    return _tell(daemon.post("/api/indexers/test", stored), as_json=as_json)


@indexer.command(help_epilogue=examples("reeld indexer remove 1"))
def remove(indexer_id: int, /, *, as_json: Json = False) -> int:
    """Remove an indexer; what it found stays, and what waited for it is given up.

    Args:
        indexer_id: Its number in `reeld indexer list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.client import Daemon
    from reeld.cli.output import print_json, say

    Daemon().delete(f"/api/indexers/{indexer_id}")
    if as_json:
        print_json({"removed": indexer_id})
    else:
        say(f"Indexer {indexer_id} is removed.")
    return 0


def _api_key(*, from_stdin: bool) -> str:
    import os
    import sys

    # Not as an argument: every user of the machine sees those.
    return sys.stdin.readline().strip() if from_stdin else os.environ.get(KEY_VARIABLE, "")


def _tell(tried: dict[str, Any], *, as_json: bool) -> int:
    from reeld.cli.output import print_json, say

    if as_json:
        print_json(tried)
    elif tried["ok"]:
        by = ", ".join(tried["searches_by"]) or "words only"
        _warn(
            f"{tried['server'] or 'It'} answers: {tried['offers']} offers of late, searched by {by}.",
            tried,
        )
    else:
        say(tried["sentence"])
    return 0 if tried["ok"] else 1


def _warn(sentence: str, tried: dict[str, Any]) -> None:
    from reeld.cli.output import say

    for each in (sentence, *tried["warnings"]):
        say(each)
