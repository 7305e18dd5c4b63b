"""One render at a time, however many scrape: whoever asks while one is under way shares the next."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import trio

from reeld.domain.errors import Unavailable

Rendered: TypeAlias = tuple[bytes, str]
"""The exposition and its content type."""
Form: TypeAlias = tuple[str, bool]
"""What equal answers have in common: the content type, and whether it is packed."""

REST_RATIO: Final = 3.0
"""After a render so many times its length without one: rendering takes a quarter of a core at most."""
_PACKING: Final = 1
"""zlib's quickest: the text repeats itself so much that better ones gain little."""
_NEVER: Final = frozenset({"q=0", "q=0.0", "q=0.00", "q=0.000"})
PATIENCE_SECONDS: Final = 10.0
"""Prometheus' own deadline, by default."""


@dataclass(eq=False, slots=True)
class _Batch:
    """Those who wait for one render."""

    ended: trio.Event = field(default_factory=trio.Event)
    result: Rendered | None = None


class ScrapeDesk:
    """Answers scrapes with what is true when they are rendered, never with something older than the question.

    A hundred scrapes a second cost what a few cost, and nothing piles up but the requests themselves.

    Args:
        refresh: Sets what is read at scrape time; called on the loop, must be quick.
        render: Makes the exposition for an `Accept` header; called in a worker thread, by one at a time.
        key: Tells which `Accept` headers get the same answer.
    """

    def __init__(
        self,
        refresh: Callable[[], None],
        render: Callable[[str], Rendered],
        key: Callable[[str], str],
    ) -> None:
        self._refresh = refresh
        self._render = render
        self._key = key
        self._turn = trio.Lock()
        self._thread = trio.CapacityLimiter(1)
        self._next: dict[Form, _Batch] = {}
        self._rested_at = -math.inf
        self.renders = 0
        """How often something was rendered."""

    async def scrape(self, accept: str, *, packed: bool = False) -> Rendered:
        """Return the metrics in the format that a scraper asks for.

        Args:
            accept: Its header of that name.
            packed: Whether it takes gzip. Packing is shared as well, and makes a tenth of the body.

        Raises:
            Unavailable: It takes too long: the machine has no time left.
        """
        with trio.move_on_after(PATIENCE_SECONDS):
            while True:
                result = await self._share((self._key(accept), packed), accept)
                if result is not None:
                    return result
        raise Unavailable(
            "The metrics could not be rendered in time: this machine is overloaded.",
            reason="scrape_overrun",
            retry_after=PATIENCE_SECONDS,
        )

    async def _share(self, key: Form, accept: str) -> Rendered | None:
        """Render for everybody who waits, or wait for who does; None when that one left before it was done."""
        waiting = self._next.get(key)
        if waiting is not None:
            await waiting.ended.wait()
            return waiting.result
        batch = self._next[key] = _Batch()
        try:
            async with self._turn:
                await trio.sleep_until(self._rested_at)
                self._close(key, batch)
                batch.result = await self._render_now(accept, packed=key[1])
            return batch.result
        finally:
            self._close(key, batch)
            batch.ended.set()

    def _close(self, key: Form, batch: _Batch) -> None:
        """Let nobody else join: what they ask for may have changed since the render began."""
        if self._next.get(key) is batch:
            del self._next[key]

    async def _render_now(self, accept: str, *, packed: bool) -> Rendered:
        begun = trio.current_time()
        self.renders += 1
        try:
            self._refresh()
            work = self._render_packed if packed else self._render
            return await trio.to_thread.run_sync(work, accept, limiter=self._thread)
        finally:
            now = trio.current_time()
            self._rested_at = now + REST_RATIO * (now - begun)

    def _render_packed(self, accept: str) -> Rendered:
        body, content_type = self._render(accept)
        return gzip.compress(body, _PACKING, mtime=0), content_type


def takes_gzip(accept_encoding: str) -> bool:
    """Tell whether an `Accept-Encoding` header allows gzip (RFC 9110, 12.5.3); `*` alone is taken for no."""
    for each in accept_encoding.lower().split(","):
        coding, _, quality = each.partition(";")
        if coding.strip() == "gzip":
            return quality.replace(" ", "") not in _NEVER
    return False
