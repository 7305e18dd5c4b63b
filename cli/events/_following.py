"""Following events: shown line by line, and resumed when the connection breaks."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from reeld.cli.client import Daemon
from reeld.cli.events._socket import EventSocket, Lost
from reeld.cli.output import complain, printable, say, time_of, to_json
from reeld.domain.errors import ReeldError, Unavailable
from reeld.domain.topics import StreamKind, Topic

AGAIN_SECONDS: Final = 1.0
TRIES: Final = 60
"""How often in a row a lost connection is tried again: a daemon that restarts is back within a minute."""


def follow_events(topics: Sequence[Topic], since: int | None, *, once: bool, as_json: bool) -> int:
    """Show events until Ctrl-C, or until all that is there was shown."""
    follower = _Follower(topics, since, once=once, as_json=as_json)
    tries = 0
    while True:
        before = follower.since
        try:
            follower.follow()
        except (Lost, Unavailable) as error:
            tries = 1 if follower.since != before else tries + 1
            if follower.since is None or tries > TRIES:
                raise _given_up(error) from error
            if tries == 1:
                complain("The connection is lost; it is resumed when the daemon answers again.")
            time.sleep(AGAIN_SECONDS)
        else:
            return 0


def _given_up(error: Lost | Unavailable) -> ReeldError:
    if isinstance(error, Unavailable):
        return error
    return Unavailable(
        f"No daemon answers: {error}. Start one with `reeld run`.", reason="no_daemon"
    )


class _Follower:
    """Shows what it is told, and remembers how far that was.

    Attributes:
        since: The number of the last event that was told; None before the first connection.
    """

    def __init__(
        self, topics: Sequence[Topic], since: int | None, *, once: bool, as_json: bool
    ) -> None:
        self.since = since
        self._topics = topics
        self._once = once
        self._as_json = as_json

    def follow(self) -> None:
        """Show events until all that is there was shown, if only that is wanted.

        Raises:
            Lost: The connection is.
            ReeldError: The daemon refuses.
        """
        asked = {} if self.since is None else {"since": str(self.since)}
        if self._topics:
            asked["topics"] = ",".join(self._topics)
        path = f"/api/events?{urlencode(asked, safe=',')}" if asked else "/api/events"
        with EventSocket(*Daemon().place_of(path)) as opened:
            for text in opened:
                message = msgspec.json.decode(text)
                self.since = message["seq"]
                self._show(message)
                if self._once and message["kind"] == StreamKind.CURRENT:
                    return

    def _show(self, message: Any) -> None:
        if self._as_json:
            sys.stdout.write(to_json(message) + "\n")
        elif message["kind"] == StreamKind.GAP:
            complain("Some events are not kept any more: what follows is not all that happened.")
        elif message["kind"] not in {StreamKind.HELLO, StreamKind.CURRENT}:
            say(_line(message))
        sys.stdout.flush()


def _line(message: Any) -> str:
    told = " ".join(_told(message["data"]))
    return f"{time_of(message['at'])}  {message['kind']:<18}  {told}"


def _told(data: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}={printable(value if isinstance(value, str) else to_json(value))}".replace(
            "\n", " "
        )
        for name, value in data.items()
        if value not in (None, "", [], {})
    ]
