"""Runs the demo."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Final, TextIO

import httpx
import structlog
import trio

from reeld.cli.daemon import Daemon, Started
from reeld.cli.demo._chaos import make_trouble
from reeld.cli.demo._database import make_fresh
from reeld.cli.demo._home import demo_home, read_demo_settings
from reeld.cli.demo._progress import CALL_SECONDS, POLL_SECONDS, DemoFailed, Tour
from reeld.cli.demo._view import View, shown
from reeld.cli.running import sentence_of
from reeld.domain.errors import ReeldError
from reeld.domain.settings import Settings
from reeld.simulators.catalogue import Film
from reeld.simulators.offers import Source
from reeld.simulators.world import World
from reeld.supervisors import Escalated
from reeld.telemetry import configure_logs

log = structlog.get_logger("reeld.cli")

DOWNLOAD_SECONDS: Final = 6.0
FEED_SECONDS: Final = 4.0
"""After how long the feed's releases appear: some movies arrive by search, the others by RSS."""
SPACING_SECONDS: Final = 0.3
"""Between two calls of HDBits; the real one gets its two seconds, the simulator on this machine need not."""
SEARCHED_FILMS: Final = 6
"""So many that HDBits has; those that only the feed has come on top."""
DOWNLOADS_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for."""

    once: bool
    as_json: bool
    chaos: bool
    seconds: float


def run_demo(
    environ: Mapping[str, str],
    *,
    once: bool,
    as_json: bool,
    chaos: bool,
    seconds: float,
    level: str,
) -> int:
    """Run the demo and return its exit code: 0 when all movies are in the library."""
    settings = read_demo_settings(environ)
    show = Show(settings, Wish(once, as_json, chaos, seconds))
    with (
        demo_home(settings.data_dir),
        (settings.data_dir / "demo.log").open("a", encoding="utf-8") as file,
    ):
        # On a terminal the picture has the screen to itself.
        stream: TextIO = sys.stderr if as_json or not sys.stdout.isatty() else file
        configure_logs(level=level if as_json else "warning", stream=stream)
        try:
            trio.run(show.run)
        except* (ReeldError, Escalated, httpx.HTTPError) as group:
            show.fail(group)
    return show.finish()


def _films(world: World) -> list[Film]:
    searched = world.films_from(Source.HDBITS)
    fed = [film for film in world.films_from(Source.RSS) if film not in searched]
    return [*searched[:SEARCHED_FILMS], *fed]


async def _look(tour: Tour) -> None:
    try:
        await tour.look()
    except (DemoFailed, httpx.HTTPError) as error:
        # The next look may succeed; if none does, the time is up one day.
        log.warning("look_failed", error=str(error))


class Show:
    """One run of the demo."""

    def __init__(self, settings: Settings, wish: Wish) -> None:
        self._settings = settings
        self._wish = wish
        self._begun = time.monotonic()
        self._document: dict[str, object] = {"movies": [], "restarts": 0, "dead_letters": 0}
        self._daemon: Daemon | None = None
        self._is_over = False
        self.failure: str | None = None

    def fail(self, error: BaseException) -> None:
        """Note why the demo ended, unless a person ended it: whatever breaks while the daemon stops is no reason."""
        if self._daemon is None or not self._daemon.is_stopping:
            self.failure = self.failure or sentence_of(error)

    def finish(self) -> int:
        """Print the document if it was asked for, or why the demo failed; return the exit code."""
        if self._wish.once and not self._is_over:
            self.failure = self.failure or "Interrupted before every movie was in the library."
        if self._wish.as_json:
            document = {"elapsed_seconds": self._elapsed(), **self._document}
            if self.failure:
                document = {**document, "error": self.failure}
            print(json.dumps(document, ensure_ascii=False))
        if self.failure:
            print(f"reeld demo: {self.failure}", file=sys.stderr)
        return 1 if self.failure else 0

    def _elapsed(self) -> float:
        return round(time.monotonic() - self._begun, 2)

    async def run(self) -> None:
        """Open the world, run the daemon in it, and take the tour."""
        if (url := self._settings.database_url) is not None:
            await make_fresh(url.reveal())
        async with World.open(
            self._settings.data_dir / "world",
            download_seconds=DOWNLOAD_SECONDS,
            rss_after=FEED_SECONDS,
        ) as world:
            world.qbittorrent.core.preferences["max_active_downloads"] = DOWNLOADS_AT_ONCE
            settings = replace(
                self._settings,
                tmdb=world.tmdb_settings(),
                hdbits=world.hdbits_settings(spacing_seconds=SPACING_SECONDS),
                qbittorrent=world.qbittorrent_settings(),
                feeds=(world.feed_settings(),),
            )
            self._daemon = daemon = Daemon(settings)

            async def on_ready(started: Started) -> None:
                await self._tour(started, world)
                if self._wish.once or self.failure:
                    daemon.stop()
                await trio.sleep_forever()

            await daemon.run(on_ready)

    async def _tour(self, started: Started, world: World) -> None:
        headers = {"X-Api-Key": started.local_key.reveal()}
        async with AsyncExitStack() as stack:
            api = await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=started.url, headers=headers, timeout=CALL_SECONDS, trust_env=False
                )
            )
            tour = Tour.of(api, _films(world))
            view = await stack.enter_async_context(shown(tour, silent=self._wish.as_json))
            try:
                await self._follow(tour, world, view)
            finally:
                with trio.move_on_after(5, shield=True):
                    told = await tour.to_json()
                    refused = {each.name: each.refused for each in world.simulators}
                    seconds = self._elapsed()
                    self._document = {**told, "refused_calls": refused, "elapsed_seconds": seconds}
        if not self._wish.as_json:
            self._say_goodbye(started)

    async def _follow(self, tour: Tour, world: World, view: View) -> None:
        try:
            with trio.fail_after(self._wish.seconds):
                await tour.want_all()
                async with trio.open_nursery() as nursery:
                    if self._wish.chaos:
                        nursery.start_soon(make_trouble, tour, world, view)
                    while tour.under_way:
                        await _look(tour)
                        view.update()
                        await trio.sleep(POLL_SECONDS)
            self._is_over = True
        except trio.TooSlowError:
            names = "; ".join(
                f"{each.title}: {each.stage} ({each.note})"
                if each.note
                else f"{each.title}: {each.stage}"
                for each in tour.under_way
            )
            self.failure = f"Not in the library after {self._wish.seconds:g} s: {names}"

    def _say_goodbye(self, started: Started) -> None:
        settings = self._settings
        print()
        print(f"Library    {settings.library.root_folder}")
        if not (self._wish.once or self.failure):
            self._say_how_to_call(started)
        sys.stdout.flush()

    def _say_how_to_call(self, started: Started) -> None:
        print(f"Daemon     {started.url}")
        if self._settings.server.api_key is not None:
            print("API key    the one of REELD_API_KEY")
        elif started.new_key is not None:
            print(f"API key    {started.new_key.reveal()}  (shown this once)")
        if started.new_password is not None:
            print(f"Log in     admin, {started.new_password.reveal()}  (shown this once)")
        print(f"Try        curl -H 'X-Api-Key: ...' {started.url}/api/movies")
        print(f"           REELD_DATA_DIR={self._settings.data_dir} reeld status")
        print("Ctrl-C ends it; everything stays in its folder.")
