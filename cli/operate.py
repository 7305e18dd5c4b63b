"""The commands of whoever operates a daemon: actors, breakers, keys, a live picture, a dump."""

from __future__ import annotations

from typing import Literal

from cyclopts import App, Group

from reeld.cli.declaring import Json, examples

OPERATING = Group("Operating a running daemon", sort_key=3)

actor = App(name="actor", help="Act on one actor while the daemon runs.", group=OPERATING)
breaker = App(name="breaker", help="Circuit breakers by hand.", group=OPERATING)
key = App(name="key", help="API keys: who may do what.", group=OPERATING)

WHY = "a person asked for it"


@actor.command(help_epilogue=examples("reeld actor restart qbit --reason 'new network'"))
def restart(name: str, /, *, reason: str = WHY, as_json: Json = False) -> int:
    """Stop an actor in order and start it again; one that is parked is started.

    Args:
        name: As `reeld status` shows it.
        reason: For the audit.
        as_json: Print JSON on standard output.
    """
    return _change(name, "restart", reason, as_json=as_json)


@actor.command(help_epilogue=examples("reeld actor unpark hdbits"))
def unpark(name: str, /, *, reason: str = WHY, as_json: Json = False) -> int:
    """Start an actor that rests, with its whole restart budget.

    Args:
        name: As `reeld status` shows it.
        reason: For the audit.
        as_json: Print JSON on standard output.
    """
    return _change(name, "unpark", reason, as_json=as_json)


@actor.command(help_epilogue=examples("reeld actor pause importer --reason 'the disk moves'"))
def pause(name: str, /, *, reason: str = WHY, as_json: Json = False) -> int:
    """Hold an actor's messages back until it is resumed; what it has begun goes on.

    Args:
        name: As `reeld status` shows it.
        reason: For the audit.
        as_json: Print JSON on standard output.
    """
    return _change(name, "pause", reason, as_json=as_json)


@actor.command(help_epilogue=examples("reeld actor resume importer"))
def resume(name: str, /, *, reason: str = WHY, as_json: Json = False) -> int:
    """Let an actor's messages through again.

    Args:
        name: As `reeld status` shows it.
        reason: For the audit.
        as_json: Print JSON on standard output.
    """
    return _change(name, "resume", reason, as_json=as_json)


@actor.command(help_epilogue=examples("reeld actor drain importer --seconds 50"))
def drain(name: str, /, *, seconds: float = 30.0, reason: str = WHY, as_json: Json = False) -> int:
    """Have an actor finish what it has begun and begin nothing new, until it is resumed.

    Args:
        name: As `reeld status` shows it.
        seconds: How long to wait for that, 55 at most; it goes on draining after them.
        reason: For the audit.
        as_json: Print JSON on standard output.
    """
    return _change(name, "drain", reason, as_json=as_json, seconds=min(seconds, 55.0))


@breaker.command(
    help_epilogue=examples("reeld breaker reset qbit", "reeld breaker reset rss rss:my-feed")
)
def reset(
    actor_name: str, name: str | None = None, /, *, reason: str = WHY, as_json: Json = False
) -> int:
    """Have a breaker forget what it has seen: the next call is a probe.

    Args:
        actor_name: Whose breaker, as `reeld status` shows it.
        name: The breaker's; the actor's own when left out.
        reason: For the audit.
        as_json: Print JSON on standard output.
    """
    return _breaker(actor_name, name, "reset", reason, as_json=as_json)


@breaker.command(
    name="open", help_epilogue=examples("reeld breaker open hdbits --reason maintenance")
)
def hold_open(
    actor_name: str, name: str | None = None, /, *, reason: str = WHY, as_json: Json = False
) -> int:
    """Have a breaker refuse all calls until it is reset.

    Args:
        actor_name: Whose breaker, as `reeld status` shows it.
        name: The breaker's; the actor's own when left out.
        reason: For the audit.
        as_json: Print JSON on standard output.
    """
    return _breaker(actor_name, name, "open", reason, as_json=as_json)


@breaker.command(help_epilogue=examples("reeld breaker disable tmdb"))
def disable(
    actor_name: str, name: str | None = None, /, *, reason: str = WHY, as_json: Json = False
) -> int:
    """Have a breaker let all calls through, whatever becomes of them, until it is reset.

    Args:
        actor_name: Whose breaker, as `reeld status` shows it.
        name: The breaker's; the actor's own when left out.
        reason: For the audit.
        as_json: Print JSON on standard output.
    """
    return _breaker(actor_name, name, "disable", reason, as_json=as_json)


@key.command(name="list", help_epilogue=examples("reeld key list"))
def list_keys(*, as_json: Json = False) -> int:
    """List the valid API keys, without their texts."""
    from reeld.cli.operations import show_keys

    return show_keys(as_json=as_json)


@key.command(
    name="add",
    help_epilogue=examples(
        "reeld key add grafana",
        "reeld key add phone --scope operate",
        "reeld key add guest --expires 30d",
    ),
)
def add_key(
    name: str,
    /,
    *,
    scope: Literal["read", "operate", "admin"] = "read",
    expires: str | None = None,
    as_json: Json = False,
) -> int:
    """Make an API key and print it: it can be read this once.

    Args:
        name: Whose or what for.
        scope: read looks, operate restarts and retries, admin may do everything.
        expires: After how long it ends, such as 12h, 90d or 6w; never when left out.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.operations import add_key

    return add_key(name, scope, expires, as_json=as_json)


@key.command(name="revoke", help_epilogue=examples("reeld key revoke 3"))
def revoke_key(key_id: int, /, *, as_json: Json = False) -> int:
    """Make an API key invalid for ever, at once.

    Args:
        key_id: Its number in `reeld key list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.operations import revoke_key

    return revoke_key(key_id, as_json=as_json)


def dump(*, as_json: Json = False) -> int:
    """Show every task and thread of the daemon with its stack: what it does, or hangs in, right now."""
    from reeld.cli.operations import show_dump

    return show_dump(as_json=as_json)


def top(*, once: bool = False, seconds: float = 1.0, as_json: Json = False) -> int:
    """Watch the daemon live: actors, mailboxes, breakers, downloads, and what needs a person. Ctrl-C ends it.

    Args:
        once: Show it once.
        seconds: Between two looks.
        as_json: Print one JSON document on standard output.
    """
    from reeld.cli.top import show_top

    return show_top(once=once, seconds=seconds, as_json=as_json)


def _change(name: str, action: str, reason: str, *, as_json: bool, **more: object) -> int:
    from reeld.cli.operations import change_actor

    return change_actor(name, action, {"reason": reason, **more}, as_json=as_json)


def _breaker(actor_name: str, name: str | None, action: str, reason: str, *, as_json: bool) -> int:
    from reeld.cli.operations import change_breaker

    return change_breaker(actor_name, name or actor_name, action, reason, as_json=as_json)
