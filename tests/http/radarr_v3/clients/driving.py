"""What the scripts share: where reeld is, a say in the world around it, and a note of every method that was called."""

from __future__ import annotations

import json
import sys
from typing import Any

URL, KEY, ROOT, MORE, FIRST, SECOND, TRACKER, TRACKER_KEY = sys.argv[1:]


class Driven:
    """A client whose methods are noted as the script calls them; what a client calls of itself is not.

    Args:
        client: The client, as it is published.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._called: set[str] = set()
        self._unserved: dict[str, str] = {}
        self._unmade: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self._called.add(name)
        return getattr(self._client, name)

    def unserved(self, operation: str, name: str) -> Any:
        """Return a method for which reeld has no use, or no Radarr has: the script sees that it is refused.

        Args:
            operation: What it asks for, as Radarr's document writes it below `/api/v3/`.
            name: The method.
        """
        self._unserved[name] = operation
        return getattr(self._client, name)

    def unmade(self, name: str) -> Any:
        """Return a method that the client has, and that raises `NotImplementedError` by itself."""
        self._unmade.append(name)
        return getattr(self._client, name)

    def report(self) -> None:
        """Tell which methods the client has, which were called, and which ask for what is not served."""
        kind = type(self._client)
        methods = [
            name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))
        ]
        told = {
            "methods": methods,
            "called": sorted(self._called),
            "unserved": self._unserved,
            "unmade": self._unmade,
        }
        _say("REPORT", json.dumps(told))


def world(order: str) -> None:
    """Have the world around reeld changed: `slow` and `quick` downloads, `patient` and `eager` grabbing."""
    _say("WORLD", order)
    assert sys.stdin.readline().strip() == order


def torznab(form: dict[str, Any]) -> dict[str, Any]:
    """Return a form of an indexer, filled in with the tracker that is there."""
    values = {"baseUrl": TRACKER, "apiPath": "/api", "apiKey": TRACKER_KEY, "categories": [2000]}
    fields = [
        each | ({"value": values[each["name"]]} if each["name"] in values else {})
        for each in form["fields"]
    ]
    return form | {"name": "Tracker", "fields": fields}


def _say(what: str, words: str) -> None:
    sys.stdout.write(f"{what} {words}\n")
    sys.stdout.flush()
