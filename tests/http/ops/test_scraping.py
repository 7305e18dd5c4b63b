"""A scrape storm has a clear answer: one render at a time, shared by whoever asks meanwhile."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import trio

from reeld.domain.errors import Unavailable
from reeld.http.ops import scraping
from reeld.http.ops.scraping import Rendered, ScrapeDesk, takes_gzip


class Renderer:
    """Renders slowly, and notes what it did."""

    def __init__(self, seconds: float = 0.02) -> None:
        self.seconds = seconds
        self.truth = 0
        self.seen = 0
        self.rendered: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def refresh(self) -> None:
        self.seen = self.truth

    def render(self, accept: str) -> Rendered:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.seconds)
        with self._lock:
            self.at_once -= 1
        self.rendered.append(accept)
        return str(self.seen).encode(), accept


@pytest.fixture
def renderer() -> Renderer:
    return Renderer()


@pytest.fixture
def desk(renderer: Renderer) -> ScrapeDesk:
    return ScrapeDesk(renderer.refresh, renderer.render, lambda accept: accept.strip())


async def many(number: int, one: Callable[[], Any]) -> None:
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for _ in range(number):
                nursery.start_soon(one)


async def test_a_storm_is_answered_by_a_few_renders(desk: ScrapeDesk, renderer: Renderer) -> None:
    answers: list[Rendered] = []

    async def ask() -> None:
        answers.append(await desk.scrape("text/plain"))

    for _ in range(5):
        await many(100, ask)
    assert len(answers) == 500
    assert desk.renders <= 10
    assert renderer.most_at_once == 1


async def test_nobody_gets_what_is_older_than_the_question(
    desk: ScrapeDesk, renderer: Renderer
) -> None:
    async def ask() -> None:
        asked = renderer.truth
        body, _ = await desk.scrape("text/plain")
        assert int(body) >= asked

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for _ in range(60):
                renderer.truth += 1
                nursery.start_soon(ask)
                await trio.sleep(0.003)
    assert desk.renders < 60


async def test_the_loop_goes_on_while_it_rains(desk: ScrapeDesk) -> None:
    turns, answered = 0, 0

    async def ask() -> None:
        nonlocal answered
        await desk.scrape("text/plain")
        answered += 1

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for _ in range(100):
                nursery.start_soon(ask)
            while answered < 100:
                await trio.lowlevel.checkpoint()
                turns += 1
    assert turns > 100


async def test_between_renders_the_machine_has_time_for_others(
    desk: ScrapeDesk, renderer: Renderer, autojump_clock: trio.testing.MockClock
) -> None:
    began: list[float] = []

    def refresh() -> None:
        began.append(trio.current_time())

    renderer.seconds = 0.0

    async def thread(work: Callable[[str], Rendered], accept: str, *, limiter: object) -> Rendered:
        assert limiter is not None
        await trio.sleep(1.0)
        return work(accept)

    desk = ScrapeDesk(refresh, renderer.render, str)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trio.to_thread, "run_sync", thread)
        patch.setattr(scraping, "PATIENCE_SECONDS", 1000.0)
        for _ in range(3):
            await desk.scrape("text/plain")
    assert began == [0.0, 4.0, 8.0]


async def test_each_format_has_renders_of_its_own(desk: ScrapeDesk, renderer: Renderer) -> None:
    answers: list[str] = []

    async def ask(accept: str) -> None:
        answers.append((await desk.scrape(accept))[1])

    async with trio.open_nursery() as nursery:
        for accept in ("text", " text", "openmetrics", "text"):
            nursery.start_soon(ask, accept)
    assert sorted(set(renderer.rendered)) == sorted(set(answers))
    assert len(renderer.rendered) == 2


async def test_who_takes_gzip_gets_it(desk: ScrapeDesk, renderer: Renderer) -> None:
    plain, _ = await desk.scrape("text/plain")
    packed, content_type = await desk.scrape("text/plain", packed=True)
    assert gzip.decompress(packed) == plain
    assert content_type == "text/plain"


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("br, zstd", False),
        ("x-gzip-not", False),
        ("*", False),
        (";;,=,", False),
    ],
)
def test_gzip_is_used_where_it_is_allowed(header: str, takes: bool) -> None:
    assert takes_gzip(header) is takes


async def test_who_leaves_takes_nobody_along(desk: ScrapeDesk, renderer: Renderer) -> None:
    answers: list[Rendered] = []

    async def ask() -> None:
        answers.append(await desk.scrape("text/plain"))

    first = trio.CancelScope()

    async def impatient() -> None:
        with first:
            await desk.scrape("text/plain")

    renderer.seconds = 0.05
    await desk.scrape("text/plain")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(impatient)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(5):
            nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked(0.001)
        first.cancel()
    assert len(answers) == 5
    assert not desk._next


async def test_a_machine_that_has_no_time_says_so(
    desk: ScrapeDesk, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scraping, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(scraping, "REST_RATIO", 1000.0)
    await desk.scrape("text/plain")
    with pytest.raises(Unavailable) as refused:
        await desk.scrape("text/plain")
    assert refused.value.reason == "scrape_overrun"
    assert not desk._next


async def test_a_render_that_fails_fails_for_those_who_asked_only() -> None:
    broken = True

    def render(accept: str) -> Rendered:
        if broken:
            raise RuntimeError("no metrics today")
        return b"", accept

    desk = ScrapeDesk(lambda: None, render, str)
    with pytest.raises(RuntimeError):
        await desk.scrape("text/plain")
    broken = False
    assert await desk.scrape("text/plain") == (b"", "text/plain")
