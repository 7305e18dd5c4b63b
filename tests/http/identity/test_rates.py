"""How often one may ask, in virtual time."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio

from reeld.domain.scope import Scope
from reeld.domain.settings import AccessSettings
from reeld.http.identity import rates
from reeld.http.identity.callers import Caller
from reeld.http.identity.rates import Rates
from reeld.telemetry import Metrics


class Everybody:
    """Knows whoever has a key that begins with `k`, and counts how often it had to look."""

    def __init__(self) -> None:
        self.known: set[bytes] = set()
        self.looked = 0

    def recognises(self, scope: Any) -> bool:
        return key_in(scope) in self.known

    async def identify(self, scope: Any) -> Caller | None:
        self.looked += 1
        key = key_in(scope)
        if not key.startswith(b"k"):
            return None
        self.known.add(key)
        return Caller(key.decode(), Scope.READ)


def key_in(scope: Any) -> bytes:
    return dict(scope["headers"]).get(b"x-api-key", b"")


class Asking:
    def __init__(self, **settings: Any) -> None:
        self.metrics, self.people = Metrics(), Everybody()
        self.app = Rates(
            hello,  # type: ignore[arg-type]
            lambda: AccessSettings(**settings),
            self.people,
            self.metrics,
        )

    async def get(
        self, key: str = "", address: str = "192.0.2.1", path: str = "/x"
    ) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, client=(address, 1))  # type: ignore[arg-type]
        headers = {"X-Api-Key": key} if key else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://reeld") as client:
            return await client.get(path, headers=headers)


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in"})


async def test_every_answer_says_what_is_left_and_too_many_are_refused(autojump_clock: Any) -> None:
    asking = Asking(requests_per_minute=3)
    answers = [await asking.get("k1") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert [each.headers["ratelimit"] for each in answers] == [
        '"caller";r=2;t=20',
        '"caller";r=1;t=40',
        '"caller";r=0;t=60',
        '"caller";r=0;t=60',
    ]
    assert {each.headers["ratelimit-policy"] for each in answers} == {'"caller";q=3;w=60'}
    refused = answers[-1]
    assert refused.headers["retry-after"] == "20"
    assert refused.json()["reason"] == "too_many_requests"
    assert asking.metrics.value("reeld_http_rate_limited_total", by="caller") == 1
    # Another key has a bucket of its own, and this one fills again.
    assert (await asking.get("k2")).status_code == 200
    await trio.sleep(20)
    assert (await asking.get("k1")).status_code == 200
    assert (await asking.get("k1")).status_code == 429


async def test_strangers_of_one_network_share_a_bucket_and_keys_that_were_good_do_not(
    autojump_clock: Any,
) -> None:
    asking = Asking(requests_per_minute=100, stranger_requests_per_minute=2)
    assert (await asking.get("k1")).status_code == 200
    for address in ("192.0.2.1", "192.0.2.99"):
        assert (await asking.get("wrong", address)).status_code == 200
    looked = asking.people.looked
    assert (await asking.get("another", "192.0.2.7")).status_code == 429
    assert (await asking.get("", "192.0.2.7")).status_code == 429
    # Nothing is looked up for whoever has nothing left.
    assert asking.people.looked == looked
    assert (await asking.get("k1", "192.0.2.7")).status_code == 200
    assert (await asking.get("wrong", "198.51.100.7")).status_code == 200


async def test_a_key_that_is_named_like_another_one_uses_up_nothing_of_its_requests(
    autojump_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = Asking(requests_per_minute=1)
    callers = {
        b"own": Caller("local-commands", Scope.ADMIN),
        b"first": Caller("local-commands", Scope.OPERATE, key_id=1),
        b"second": Caller("local-commands", Scope.OPERATE, key_id=2),
        b"third": Caller("2", Scope.OPERATE),
        b"person": Caller("1", Scope.OPERATE, 1, 1),
    }

    async def identify(scope: Any) -> Caller | None:
        return callers[key_in(scope)]

    monkeypatch.setattr(asking.people, "identify", identify)
    for key in callers:
        assert (await asking.get(key.decode())).status_code == 200, key
    for key in callers:
        assert (await asking.get(key.decode())).status_code == 429, key


async def test_probes_are_never_refused() -> None:
    asking = Asking(stranger_requests_per_minute=1)
    for _ in range(5):
        answer = await asking.get(path="/health")
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


async def test_nothing_is_limited_where_the_setting_says_so() -> None:
    asking = Asking(requests_per_minute=0, stranger_requests_per_minute=0)
    for key in ("k1", ""):
        assert "ratelimit" not in (await asking.get(key)).headers


async def test_memory_is_bounded_however_many_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_BUCKETS", 10)
    asking = Asking()
    for number in range(30):
        await asking.get(address=f"10.0.{number}.1")
    assert len(asking.app._buckets) == 10
