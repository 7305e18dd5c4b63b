"""What each command does."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import trio

from reeld.cli.output import print_json, say, show, table
from reeld.cli.secrets._place import Strongroom, strongroom
from reeld.cli.secrets._rotating import rotate_keys
from reeld.cli.settings import read_settings
from reeld.storage.resealing import SealedRows, sealed_rows
from reeld.telemetry import configure_logs

Work = Callable[[Strongroom], Awaitable[Any]]


def rotate(*, as_json: bool) -> int:
    """Make a new key, and encrypt everything anew with it."""
    rotated = _run(lambda room: rotate_keys(room, _progress))
    if as_json:
        print_json(asdict(rotated))
        return 0
    made = "A new key encrypts" if rotated.made else "The first of the given keys encrypts"
    say(f"{made} from now on ({rotated.key_id}); {rotated.rows} rows were encrypted anew.")
    if rotated.unopened:
        say(f"{rotated.unopened} rows stay as they are: no key opens them. `reeld secrets status`.")
    if rotated.dropped:
        say(f"Former keys dropped: {rotated.dropped}. Older backups hold a copy of theirs.")
    if rotated.waiting:
        say(f"Former keys still there: {rotated.waiting}. {_until(made=rotated.made)}")
    return 0


def _until(*, made: bool) -> str:
    if made:
        return "The running reeld drops them within half an hour, when no row needs them."
    return "When `reeld secrets status` shows no row for them, take their lines out of vault_key."


def status(*, as_json: bool) -> int:
    """Say where the keys are and what is encrypted with them."""
    document = _run(_status)
    if as_json:
        print_json(document)
        return 0
    say(f"The keys are in {document['place']}.")
    rows = [
        (each["id"], each["use"], *(each["rows"].get(name, 0) for name in _TABLES))
        for each in document["keys"]
    ]
    show(table(("Key", "Use", "Indexers", "Links", "Torrents"), rows))
    say(document["advice"])
    return 0


_TABLES = ("indexer", "release", "acquisition")


async def _status(room: Strongroom) -> dict[str, Any]:
    counted = await sealed_rows(room.connection)
    file = room.keys.saved
    held: tuple[str, ...] = room.keys.given_ids
    if file is not None and file.exists():
        held = (await trio.to_thread.run_sync(room.keys.vault)).key_ids
    lost = sorted({each.key_id for each in counted} - set(held))
    keys = [_key(each, held, counted) for each in (*held, *lost)]
    former = any(key["rows"] for key in keys if key["use"] == "opens")
    return {
        "place": room.keys.name,
        "is_file": file is not None,
        "daemon_runs": not room.alone,
        "keys": keys,
        "rotation_unfinished": former,
        "keys_missing": lost,
        "advice": _advice(former=former, lost=bool(lost)),
    }


def _key(key_id: str, held: tuple[str, ...], counted: list[SealedRows]) -> dict[str, Any]:
    use = "encrypts" if key_id in held[:1] else "opens"
    return {
        "id": key_id,
        "use": use if key_id in held else "is missing",
        "rows": {each.table: each.rows for each in counted if each.key_id == key_id},
    }


def _advice(*, former: bool, lost: bool) -> str:
    if lost:
        return "Some rows need a key that is not here: bring back the key file, or enter the credentials again."
    if former:
        return "Some rows have a former key: `reeld secrets rotate` encrypts them anew."
    return "Everything is encrypted with one key."


def _progress(done: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} rows")
        sys.stderr.flush()


def _run(work: Work) -> Any:
    configure_logs(level="warning", form="auto")
    settings = read_settings()

    async def run() -> Any:
        async with strongroom(settings) as room:
            return await work(room)

    return trio.run(run)
