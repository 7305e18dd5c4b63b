"""What formats and profiles share: finding one by name, and taking in files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reeld.cli.client import Daemon
from reeld.cli.output import print_json, say, show, table
from reeld.cli.profiles._files import placed, read_documents
from reeld.domain.errors import NotFound, ReeldError


def named(found: Sequence[Mapping[str, Any]], name: str, what: str) -> dict[str, Any]:
    """Return the one of a name, else of a number.

    Raises:
        NotFound: There is none.
    """
    for matches in (lambda each: each["name"] == name, lambda each: str(each["id"]) == name):
        for each in found:
            if matches(each):
                return dict(each)
    near = [each["name"] for each in found if each["name"].casefold() == name.casefold()]
    hint = f" There is {near[0]!r}." if near else ""
    raise NotFound(f"There is no {what} {name!r}.{hint}")


def import_documents(
    route: str, what: str, files: Sequence[Path], *, dry_run: bool, as_json: bool
) -> int:
    """Send the documents of files to the daemon, all at once, and tell what became of each.

    Raises:
        ReeldError: One is wrong; the sentence names its file and field. Nothing was stored.
    """
    documents = read_documents(files)
    body = [each.value for each in documents]
    try:
        query = "?dry_run=true" if dry_run else ""
        answer = Daemon().post(f"{route}/import{query}", body)
    except ReeldError as error:
        raise placed(error, documents) from None
    if as_json:
        print_json(answer)
        return 0
    changes = [each for each in answer[what] if each["change"] != "unchanged"]
    if changes:
        show(table(("Name", "Change"), ((each["name"], each["change"]) for each in changes)))
    say(_summary(answer[what], what, stored=answer["stored"]))
    return 0


def _summary(told: Sequence[Mapping[str, Any]], what: str, *, stored: bool) -> str:
    counts = Counter(each["change"] for each in told)
    parts = ", ".join(f"{counts[word]} {word}" for word in ("new", "changed", "unchanged"))
    end = "" if stored else " Nothing was stored: this was a dry run."
    called = what.removesuffix("s") if len(told) == 1 else what
    return f"{len(told)} {called}: {parts}.{end}"
