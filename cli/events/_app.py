"""The command; what it needs is loaded when it runs."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from reeld.cli.declaring import CALLS, examples
from reeld.domain.topics import Topic

events = App(
    name="events",
    help="What happens, as it happens.",
    group=CALLS,
    help_epilogue=examples(
        "reeld events",
        "reeld events --topic movie --topic download",
        "reeld events --since 0 --json",
    ),
)


@events.default
def follow(
    *,
    topic: Annotated[list[Topic] | None, Parameter(negative="")] = None,
    since: int | None = None,
    once: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Follow events until Ctrl-C; a connection that is lost is resumed where it broke off.

    Args:
        topic: Only what is about this; may be given several times.
        since: Begin after the event with this number, instead of now; 0 shows all that are kept.
        once: End when all that is there has been shown.
        as_json: Print each message as a line of JSON, as docs/events.md describes it.
    """
    from reeld.cli.events._following import follow_events

    return follow_events(topic or [], since, once=once, as_json=as_json)
