from __future__ import annotations

from typing import Any

import pytest
import trio

from reeld.domain.errors import Refused, ServiceDown
from reeld.services.transport import AddressPolicy, Call, Profile, Wire, refuse_address

NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "ff02::1",
]
AT_HOME = [
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "100.64.0.1",
    "fd12:3456::1",
    "2002:7f00:1::1",
]
ABROAD = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"]


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("policy", AddressPolicy)
def test_metadata_and_link_local_addresses_are_never_reached(
    address: str, policy: AddressPolicy
) -> None:
    assert refuse_address(address, policy) is not None


@pytest.mark.parametrize("address", AT_HOME)
def test_the_local_network_is_reached_only_where_the_owner_said_so(address: str) -> None:
    assert refuse_address(address, AddressPolicy.CONFIGURED) is None
    assert refuse_address(address, AddressPolicy.GLOBAL_ONLY) is not None


@pytest.mark.parametrize("address", ABROAD)
@pytest.mark.parametrize("policy", AddressPolicy)
def test_the_open_internet_is_reached(address: str, policy: AddressPolicy) -> None:
    assert refuse_address(address, policy) is None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
    ],
)
async def test_no_spelling_of_a_forbidden_address_is_connected_to(
    host: str, raw_server: Any, closing: Any
) -> None:
    async def converse(stream: trio.SocketStream, request: bytes) -> None:
        raise AssertionError("connected")

    server = await raw_server(converse)
    wire = closing(Wire(Profile("feed", "A feed", policy=AddressPolicy.GLOBAL_ONLY)))
    with pytest.raises(Refused, match="may not be reached") as caught:
        await wire.send(Call("GET", f"http://{host}:{server.port}/"))
    assert caught.value.reason == "address_forbidden"
    assert server.connections == 0


async def test_a_name_that_resolves_to_good_and_bad_is_connected_at_the_good_one(
    raw_server: Any, closing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def converse(stream: trio.SocketStream, request: bytes) -> None:
        await stream.send_all(b"HTTP/1.1 204 No Content\r\n\r\n")

    server = await raw_server(converse)

    async def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", ("169.254.169.254", port)), (0, 0, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(trio.socket, "getaddrinfo", resolve)
    wire = closing(Wire(Profile("thing", "The Thing")))
    answer = await wire.send(Call("GET", f"http://nas.local:{server.port}/"))
    assert answer.status == 204
    assert f"host: nas.local:{server.port}".encode() in server.requests[0].lower()


async def test_the_next_address_is_tried_when_one_refuses(
    raw_server: Any, closing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def converse(stream: trio.SocketStream, request: bytes) -> None:
        await stream.send_all(b"HTTP/1.1 204 No Content\r\n\r\n")

    server = await raw_server(converse)

    async def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", ("127.0.0.2", port)), (0, 0, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(trio.socket, "getaddrinfo", resolve)
    wire = closing(Wire(Profile("thing", "The Thing")))
    assert (await wire.send(Call("GET", f"http://both:{server.port}/"))).status == 204


async def test_a_name_that_takes_too_long_to_resolve_is_down(
    autojump_clock: trio.testing.MockClock, closing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve(host: str, port: int, **_: Any) -> list[Any]:
        await trio.sleep_forever()
        raise AssertionError

    monkeypatch.setattr(trio.socket, "getaddrinfo", resolve)
    wire = closing(Wire(Profile("thing", "The Thing")))
    with pytest.raises(ServiceDown) as caught:
        await wire.send(Call("GET", "http://slow.example/"))
    assert caught.value.reason == "connect_timeout"
