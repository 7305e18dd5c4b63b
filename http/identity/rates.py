"""How many requests a caller may make: a bucket of tokens for each key, person or network, in memory.

The headers are those of draft-ietf-httpapi-ratelimit-headers-10: the policy, what is left of it, and in how many
seconds all of it is there again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, Protocol

import psycopg
import trio
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from reeld.domain.errors import DatabaseUnavailable
from reeld.domain.settings import AccessSettings
from reeld.http.identity.callers import Caller
from reeld.http.identity.hosts import UNCHECKED
from reeld.http.identity.networks import address_of, network_of
from reeld.http.identity.refusals import refuse
from reeld.http.problems import Problem, encoded
from reeld.telemetry import Metrics

WINDOW_SECONDS: Final = 60
MOST_BUCKETS: Final = 4096
"""The bucket that was used longest ago goes first; whoever comes back to it finds it full."""


class Bucket:
    """Tokens that come back evenly.

    Args:
        quota: So many are there at most, and come back within a minute.
        now: In seconds of trio's clock.
    """

    def __init__(self, quota: int, now: float) -> None:
        self.quota = quota
        self._left = float(quota)
        self._at = now

    def take(self, now: float) -> bool:
        """Take one; False when none is left."""
        self.refill(now)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    @property
    def left(self) -> int:
        """How many there are."""
        return int(self._left)

    @property
    def until_full(self) -> int:
        """Seconds until all are there."""
        return ceil((self.quota - self._left) * WINDOW_SECONDS / self.quota)

    @property
    def until_next(self) -> int:
        """Seconds until there is one."""
        return max(ceil((1 - self._left) * WINDOW_SECONDS / self.quota), 1)

    def refill(self, now: float) -> None:
        """Count what has come back since the last look."""
        passed = max(now - self._at, 0.0)
        self._left = min(self._left + passed * self.quota / WINDOW_SECONDS, float(self.quota))
        self._at = now


@dataclass(frozen=True, slots=True)
class Policy:
    """Whose requests are counted together, and how many there may be in a minute.

    Attributes:
        name: `caller` for a key or person, `network` for strangers.
    """

    name: str
    subject: str
    quota: int


class Identifier(Protocol):
    """Says who makes a request."""

    def recognises(self, scope: Scope) -> bool:
        """Whether it comes with what was good when it was looked up last."""

    async def identify(self, scope: Scope) -> Caller | None:
        """Return who it is."""


class Rates:
    """Answers 429 to whoever asks too often, and says in every answer how much is left.

    A stranger whose network has nothing left is refused before anything is looked up; a key or session that was good
    before goes on by a bucket of its own.

    Args:
        app: What answers.
        settings: Say how many requests there may be.
        identifier: Says who makes a request.
        metrics: Counts refusals.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Callable[[], AccessSettings],
        identifier: Identifier,
        metrics: Metrics,
    ) -> None:
        self._app = app
        self._settings = settings
        self._identifier = identifier
        self._metrics = metrics
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != ScopeType.HTTP or scope["path"] in UNCHECKED:
            await self._app(scope, receive, send)
            return
        policy = await self._policy(scope)
        if not policy.quota:
            await self._app(scope, receive, send)
            return
        bucket = self._bucket(policy)
        if bucket.take(trio.current_time()):
            await self._app(scope, receive, _telling(send, policy, bucket))
            return
        self._metrics.add("reeld_http_rate_limited_total", by=policy.name)
        await _refuse(scope, send, policy, bucket)

    async def _policy(self, scope: Scope) -> Policy:
        settings = self._settings()
        network = network_of(address_of(scope))
        stranger = Policy("network", f"network {network}", settings.stranger_requests_per_minute)
        if is_of_metrics(scope["path"]):
            # It shows a token of its own, which is no key.
            return stranger
        if not self._identifier.recognises(scope) and self._is_empty(stranger):
            return stranger
        try:
            caller = await self._identifier.identify(scope)
        except (DatabaseUnavailable, psycopg.Error):
            # The guard of the route asks again, and answers what is to be answered.
            return stranger
        if caller is None:
            return stranger
        return Policy("caller", _subject(caller), settings.requests_per_minute)

    def _is_empty(self, policy: Policy) -> bool:
        if not policy.quota:
            return False
        bucket = self._bucket(policy)
        bucket.refill(trio.current_time())
        return bucket.left < 1

    def _bucket(self, policy: Policy) -> Bucket:
        bucket = self._buckets.pop(policy.subject, None)
        if bucket is None or bucket.quota != policy.quota:
            bucket = Bucket(policy.quota, trio.current_time())
        self._buckets[policy.subject] = bucket
        while len(self._buckets) > MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return bucket


def _subject(caller: Caller) -> str:
    if caller.is_person:
        return f"person {caller.user_id}"
    # A name that somebody chose must not lead to another's bucket.
    return f"key {caller.name}" if caller.key_id is None else f"stored key {caller.key_id}"


def is_of_metrics(path: str) -> bool:
    """Whether a path is one of the metrics."""
    return path == "/metrics" or path.startswith("/metrics/")


def _headers(policy: Policy, bucket: Bucket) -> list[tuple[bytes, bytes]]:
    limit = f'"{policy.name}";q={policy.quota};w={WINDOW_SECONDS}'
    left = f'"{policy.name}";r={bucket.left};t={bucket.until_full}'
    return [(b"ratelimit-policy", limit.encode()), (b"ratelimit", left.encode())]


def _telling(send: Send, policy: Policy, bucket: Bucket) -> Send:
    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_headers(policy, bucket)]
        await send(message)

    return tell


async def _refuse(scope: Scope, send: Send, policy: Policy, bucket: Bucket) -> None:
    wait = bucket.until_next
    sentence = f"Too many requests: {policy.quota} a minute are allowed. Try again in {wait} s."
    body = encoded(Problem("Too Many Requests", 429, "too_many_requests", sentence))
    headers: list[Any] = [*_headers(policy, bucket), (b"retry-after", str(wait).encode())]
    await refuse(scope, send, body, 429, headers)
