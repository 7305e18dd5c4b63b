"""Where a request comes from: proxies that are trusted, and what anybody else may say."""

from __future__ import annotations

from typing import Any

import pytest

from reeld.domain.settings import AccessSettings, InvalidSetting
from reeld.http.identity.networks import Forwarded, client_behind, network_of

PROXIES = ("10.0.0.1", "172.16.0.0/12", "fd00::/8")


async def seen_by_the_app(
    peer: str, *headers: tuple[str, str], kind: str = "http"
) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.update(scope)

    scope = {
        "type": kind,
        "scheme": "http" if kind == "http" else "ws",
        "client": (peer, 1234),
        "headers": [(b"host", b"reeld:7878"), *((k.encode(), v.encode()) for k, v in headers)],
    }
    forwarded = Forwarded(app, lambda: AccessSettings(trusted_proxies=PROXIES))
    await forwarded(scope, None, None)  # type: ignore[arg-type]
    return seen


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("192.0.2.9", "203.0.113.5", "192.0.2.9"),
        ("10.0.0.1", "203.0.113.5", "203.0.113.5"),
        # What stands left of the right-most stranger was written by that stranger.
        ("10.0.0.1", "127.0.0.1, 203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "127.0.0.1, 203.0.113.5, 172.16.3.4", "203.0.113.5"),
        ("10.0.0.1", "172.16.3.4, fd00::7", "172.16.3.4"),
        ("10.0.0.1", "203.0.113.5, no address", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.5:4711", "203.0.113.5"),
        ("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "203.0.113.5", "203.0.113.5"),
    ],
)
async def test_only_a_trusted_proxy_says_where_a_request_comes_from(
    peer: str, said: str, client: str
) -> None:
    seen = await seen_by_the_app(peer, ("x-forwarded-for", said))
    assert seen["client"][0] == client


async def test_several_headers_are_read_as_one() -> None:
    seen = await seen_by_the_app(
        "10.0.0.1", ("x-forwarded-for", "127.0.0.1"), ("x-forwarded-for", "203.0.113.5")
    )
    assert seen["client"][0] == "203.0.113.5"


async def test_a_trusted_proxy_says_scheme_and_host_too_and_nobody_else_does() -> None:
    said = (("x-forwarded-proto", "https"), ("x-forwarded-host", "movies.example"))
    trusted = await seen_by_the_app("10.0.0.1", *said)
    assert trusted["scheme"] == "https"
    assert [v for k, v in trusted["headers"] if k == b"host"] == [b"movies.example"]
    stranger = await seen_by_the_app("192.0.2.9", *said)
    assert stranger["scheme"] == "http"
    assert [v for k, v in stranger["headers"] if k == b"host"] == [b"reeld:7878"]
    socket = await seen_by_the_app("10.0.0.1", *said, kind="websocket")
    assert socket["scheme"] == "wss"


def test_a_chain_without_end_is_not_walked() -> None:
    forwarded = ", ".join(["203.0.113.5", *["10.0.0.1"] * 100_000])
    assert client_behind("10.0.0.1", forwarded, PROXIES) == "10.0.0.1"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "unknown"),
    ],
)
def test_neighbours_are_counted_together(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize("proxy", ["everybody", "10.0.0.0/99", ""])
def test_a_proxy_that_is_no_address_is_refused(proxy: str) -> None:
    with pytest.raises(InvalidSetting, match="trusted_proxies"):
        AccessSettings(trusted_proxies=(proxy,))
