"""Addresses that no indexer of anybody's has, at both APIs, however they are written."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any, Final

import trio

from reeld.domain.settings import TorznabSettings

LINK_LOCAL: Final = (
    "http://169.254.169.254",
    "http://0xA9FEA9FE",
    "http://2852039166",
    "http://0251.0376.0251.0376",
    "http://169.254.43518",
    "http://[::ffff:169.254.169.254]",
    "http://[::ffff:a9fe:a9fe]",
    "http://[64:ff9b::a9fe:a9fe]",
    "http://[fe80::1]",
    "http://[fd00:ec2::254]",
    "http://0.0.0.0",
    "http://[::]",
)
LOOPBACK: Final = (
    "http://127.0.0.1",
    "http://localhost",
    "http://2130706433",
    "http://0x7f.1",
    "http://0177.0.0.1",
    "http://127.1",
    "http://[::1]",
    "http://[::ffff:127.0.0.1]",
)


async def tried(daemon: Any, url: str) -> tuple[str, str]:
    """Return the reason of our own API, and what Radarr's clients are told."""
    body = {"name": "Open", "base_url": f"{url}:9", "api_key": "planted-secret"}
    ours = await daemon.http.post("/api/indexers/test", json=body)
    reason = ours.json()["reason"]
    schema = (await daemon.http.get("/api/v3/indexer/schema")).json()
    form = next(each for each in schema if each["implementation"] == "Torznab")
    values = {"baseUrl": f"{url}:9", "apiPath": "/api", "apiKey": "planted-secret"}
    fields = [
        each | {"value": values.get(each["name"], each.get("value"))} for each in form["fields"]
    ]
    theirs = await daemon.http.post(
        "/api/v3/indexer/test", json=form | {"name": "Open", "fields": fields}
    )
    assert theirs.status_code == 400, theirs.text
    assert "planted-secret" not in ours.text + theirs.text
    return reason, theirs.text


async def test_nobody_is_sent_to_a_link_local_address(running_daemon: Any) -> None:
    for url in LINK_LOCAL:
        reason, told = await tried(running_daemon, url)
        # What is plain to see is refused as a field, and what a name or a number hides when it is connected to.
        assert reason in {"address_forbidden", "invalid_field", "bad_address"}, url
        assert "address" in told, url


async def test_this_machine_is_reached_only_where_the_setting_allows_it(
    run_daemon: Any, daemon_settings: Any
) -> None:
    settings = replace(daemon_settings, torznab=TorznabSettings(allow_loopback=False))
    async with run_daemon(settings) as daemon:
        for url in LOOPBACK:
            reason, _ = await tried(daemon, url)
            assert reason in {"address_forbidden", "bad_address"}, url


async def test_with_prowlarr_on_this_machine_it_is_reached(running_daemon: Any) -> None:
    reason, _ = await tried(running_daemon, "http://127.0.0.1")
    assert reason not in {"address_forbidden", ""}


class _Rebinding(trio.abc.HostnameResolver):
    """A name that is a harmless address when it is asked for first, and another one ever after."""

    def __init__(self) -> None:
        self.asked = 0

    async def getaddrinfo(self, host: Any, port: Any, *_: Any, **__: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name != "rebinding.example":
            return await trio.to_thread.run_sync(socket.getaddrinfo, host, port)
        self.asked += 1
        address = "192.0.2.1" if self.asked == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, int(port)))]

    async def getnameinfo(self, *_: Any) -> Any:
        raise OSError


async def test_a_name_that_changes_between_looking_and_calling_leads_nowhere(
    running_daemon: Any,
) -> None:
    resolver = _Rebinding()
    trio.socket.set_custom_hostname_resolver(resolver)
    first, _ = await _our_answer(running_daemon, "http://rebinding.example")
    looked = resolver.asked
    second, sentence = await _our_answer(running_daemon, "http://rebinding.example")
    # One look for each connection, and it is the address of that look that was connected to.
    assert (looked, first) == (1, "unreachable")
    assert second == "address_forbidden"
    assert "169.254" not in sentence


async def _our_answer(daemon: Any, url: str) -> tuple[str, str]:
    body = {"name": "Open", "base_url": f"{url}:9", "api_key": "planted-secret"}
    told = (await daemon.http.post("/api/indexers/test", json=body)).json()
    return told["reason"], told["sentence"]
