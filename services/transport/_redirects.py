"""Which redirects are followed: never to plain HTTP, never to another host with a secret on board."""

from __future__ import annotations

import re

import httpx

from reeld.domain.errors import ProtocolViolation
from reeld.services.transport._answers import Answer

MAX_HOPS = 3

_SHORTEST_SECRET = 8
"""Characters: shorter parts of an address are words and numbers, not keys."""
_KEY_IN_PATH = re.compile(r"[0-9a-fA-F]{32,}")


def next_hop(answer: Answer, *, service: str, label: str, across_hosts: bool = False) -> str:
    """Return the address that a redirect leads to.

    Args:
        answer: A redirect.
        service: The system's name.
        label: The system's name for people.
        across_hosts: Allow another host, as long as no key of the old address travels there.

    Raises:
        ProtocolViolation: The redirect may not be followed; the sentence says why.
    """
    here = httpx.URL(answer.url)
    there = _target(here, answer.headers.get("location", ""))
    why = "an address that is none" if there is None else _refusal(here, there, across_hosts)
    if there is not None and why is None:
        return str(there)
    raise ProtocolViolation(
        f"{label}: {answer.origin} redirects to {why}; that is not followed."
        " Set its address to the final one.",
        service=service,
        reason="redirect_refused",
    )


def _target(here: httpx.URL, location: str) -> httpx.URL | None:
    try:
        there = here.join(location) if location else None
    except (httpx.InvalidURL, ValueError):
        return None
    return there if there is not None and there.host else None


def _refusal(here: httpx.URL, there: httpx.URL, across_hosts: bool) -> str | None:
    if there.scheme not in {"http", "https"} or there.userinfo:
        return "something that is no plain web address"
    if (here.scheme, there.scheme) == ("https", "http"):
        return "an unencrypted address"
    if there.host == here.host:
        moved = here.scheme == there.scheme and here.port != there.port
        return "another port of the same host" if moved else None
    if not across_hosts:
        return f"another host ({there.host})"
    if _shares_a_secret(here, there):
        return f"another host ({there.host}) and takes a key along"
    return None


def _shares_a_secret(here: httpx.URL, there: httpx.URL) -> bool:
    values = [value for value in here.params.values() if len(value) >= _SHORTEST_SECRET]
    values += _KEY_IN_PATH.findall(here.path)
    return any(value in str(there) for value in values)
