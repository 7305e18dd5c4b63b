"""Outages on purpose: what a client raises is what the real failure raises, and each ends by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import trio
from trio.testing import MockClock

from reeld.domain.errors import CredentialsRejected, RateLimited, ReeldError, ServiceDown
from reeld.domain.rehearsal import Outage
from reeld.services.transport import Call, Profile, Wire, outages
from reeld.services.transport._rehearsal import SLOW_SECONDS

PROFILE = Profile("thing", "The Thing", deadline=30.0)
CALL = Call("GET", "http://thing.invalid/")


@pytest.fixture(autouse=True)
def _nothing_fails_afterwards() -> Iterator[None]:
    yield
    outages.end("thing")


class Body(httpx.AsyncByteStream):
    """A body that was not read yet, as one from the network."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"well"


class Counted(httpx.AsyncBaseTransport):
    """Answers, and counts what was sent."""

    def __init__(self) -> None:
        self.sent = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        return httpx.Response(200, stream=Body())


@pytest.mark.parametrize(
    ("outage", "error"),
    [
        (Outage.DOWN, ServiceDown),
        (Outage.RATE_LIMITED, RateLimited),
        (Outage.CREDENTIALS, CredentialsRejected),
    ],
)
async def test_a_service_that_fails_on_purpose_is_not_called_until_its_time_is_over(
    autojump_clock: MockClock, outage: Outage, error: type[ReeldError]
) -> None:
    transport = Counted()
    wire = Wire(PROFILE, transport=transport)
    outages.begin("thing", outage, 60)
    with pytest.raises(error, match="rehearses"):
        await wire.send(CALL)
    await trio.sleep(59)
    with pytest.raises(error):
        await wire.send(CALL)
    assert transport.sent == 0
    await trio.sleep(2)
    assert (await wire.send(CALL)).status == 200
    assert outages.left("thing") is None
    await wire.aclose()


async def test_a_slow_service_answers_late_and_truly(autojump_clock: MockClock) -> None:
    wire = Wire(PROFILE, transport=Counted())
    outages.begin("thing", Outage.SLOW, 60)
    begun = trio.current_time()
    assert (await wire.send(CALL)).status == 200
    assert trio.current_time() - begun == pytest.approx(SLOW_SECONDS)
    await wire.aclose()


async def test_an_outage_hits_its_own_service_alone_and_can_be_ended(
    autojump_clock: MockClock,
) -> None:
    other = Wire(Profile("other", "The Other"), transport=Counted())
    outages.begin("thing", Outage.DOWN, 60)
    assert (await other.send(CALL)).status == 200
    found = outages.left("thing")
    assert found is not None
    assert (found[0], found[1]) == (Outage.DOWN, pytest.approx(60))
    assert outages.end("thing")
    assert not outages.end("thing")
    await other.aclose()
