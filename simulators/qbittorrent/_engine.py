"""The session: what happens to torrents over time, on trio's clock, with real files."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import trio

from reeld.simulators.qbittorrent import _disk
from reeld.simulators.qbittorrent._fields import ratio_of
from reeld.simulators.qbittorrent._knobs import QbittorrentKnobs
from reeld.simulators.qbittorrent._metainfo import read_torrent
from reeld.simulators.qbittorrent._preferences import share_limits
from reeld.simulators.qbittorrent._torrent import Phase, Torrent
from reeld.simulators.torrents import BLOCK, Content

log = structlog.get_logger("reeld.simulators")

_TICK = 0.1
_FAILED = -1
_AT_REST_WHEN_STOPPED = frozenset({Phase.METADATA, Phase.DOWNLOADING, Phase.SEEDING})


@dataclass(frozen=True, slots=True)
class _Move:
    torrent: Torrent
    source: Path
    target: str
    afterwards: Phase


class Engine:
    """Moves torrents through their phases.

    Args:
        contents: By infohash, what its swarm seeds; a torrent that nobody seeds stalls.
        metadata: By infohash, the .torrent that the swarm sends to whoever has a magnet link.
        preferences: The session's settings, read at every step.
        knobs: The faults, read at every step.
    """

    def __init__(
        self,
        contents: _disk.Contents,
        metadata: Mapping[str, bytes],
        preferences: dict[str, Any],
        knobs: QbittorrentKnobs,
    ) -> None:
        self.torrents: dict[str, Torrent] = {}
        self.received = 0
        """Bytes downloaded by all torrents."""
        self._contents = contents
        self._metadata = metadata
        self._preferences = preferences
        self._knobs = knobs
        self.changed: Callable[[], None] = _nobody_listens
        """Called after each step worth keeping."""
        self._disk = trio.CapacityLimiter(4)
        self._moves, self._moving = trio.open_memory_channel[_Move](100)

    async def run(self) -> None:
        """Step through time until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tick)
            async for move in self._moving:
                nursery.start_soon(self._carry_out, move)

    async def _tick(self) -> None:
        before = trio.current_time()
        while True:
            await trio.sleep(_TICK)
            now = trio.current_time()
            self._queue()
            async with trio.open_nursery() as nursery:
                for torrent in tuple(self.torrents.values()):
                    nursery.start_soon(self._step, torrent, now - before)
            before = now

    def start(self, torrent: Torrent) -> None:
        """Take a torrent into the session; it shows up after the visibility delay."""
        torrent.visible_at = trio.current_time() + self._knobs.visibility_delay
        torrent.settled_at = torrent.visible_at + self._knobs.settle_seconds
        self.torrents[torrent.hash] = torrent

    def resume(self, torrent: Torrent) -> None:
        """Take a torrent of a former run into the session, as far as its files got."""
        torrent.done = min(torrent.done, _disk.prefix_there(torrent))
        if torrent.phase is Phase.SEEDING and not _disk.all_there(torrent):
            torrent.phase = Phase.MISSING
        elif torrent.phase is Phase.MOVING:
            torrent.phase = Phase.CHECKING
        self.torrents[torrent.hash] = torrent

    def visible(self) -> list[Torrent]:
        """The torrents that the API lists now, in the order they were added."""
        now = trio.current_time()
        return [torrent for torrent in self.torrents.values() if torrent.visible_at <= now]

    async def forget(self, torrent: Torrent, *, delete_files: bool) -> None:
        """Take a torrent out of the session."""
        self.torrents.pop(torrent.hash, None)
        if delete_files:
            for root in {torrent.save_path, torrent.download_path} - {""}:
                await self._blocking(_disk.remove, torrent, Path(root))

    def relocate(self, torrent: Torrent, source: Path, target: str) -> None:
        """Move a torrent's files to a new save path; it is `moving` for as long as the knob says."""
        self._moves.send_nowait(_Move(torrent, source, target, torrent.phase))
        torrent.phase = Phase.MOVING

    async def _carry_out(self, move: _Move) -> None:
        torrent = move.torrent
        await trio.sleep(self._knobs.moving_seconds)
        await self._blocking(_disk.move, torrent, move.source, Path(move.target))
        torrent.save_path = move.target
        torrent.phase = move.afterwards
        self.changed()

    def _queue(self) -> None:
        room = self._preferences["max_active_downloads"]
        if not self._preferences["queueing_enabled"] or room < 0:
            room = len(self.torrents)
        waiting = [torrent for torrent in self.torrents.values() if torrent.wanted]
        unforced = [torrent for torrent in waiting if not torrent.forced]
        for place, torrent in enumerate(sorted(unforced, key=lambda one: one.position)):
            torrent.queued = place >= room
        for torrent in self.torrents.values():
            if torrent.forced or not torrent.wanted:
                torrent.queued = False

    async def _step(self, torrent: Torrent, seconds: float) -> None:
        torrent.rate = 0.0
        if torrent.stopped and torrent.phase in _AT_REST_WHEN_STOPPED:
            return
        torrent.active_time += seconds
        match torrent.phase:
            case Phase.METADATA:
                self._learn(torrent)
            case Phase.RESUMING if trio.current_time() >= torrent.settled_at:
                await self._settle(torrent)
            case Phase.CHECKING:
                await self._check(torrent)
            case Phase.DOWNLOADING:
                await self._download(torrent, seconds)
            case Phase.SEEDING:
                await self._seed(torrent, seconds)
            case _:
                pass

    def _learn(self, torrent: Torrent) -> None:
        data = self._metadata.get(torrent.meta.infohash)
        is_early = torrent.active_time < self._knobs.metadata_seconds
        if data is None or is_early or torrent.held or self._knobs.stall_all:
            return
        torrent.learn(read_torrent(data))
        torrent.settled_at = trio.current_time() + self._knobs.settle_seconds
        self.changed()

    async def _settle(self, torrent: Torrent) -> None:
        if torrent.skip_checking:
            torrent.done, torrent.unchecked = torrent.size, False
            self._complete(torrent)
        elif torrent.stopped:
            # It is not looked at before it is started.
            torrent.phase = Phase.DOWNLOADING
        else:
            there = await self._blocking(_disk.has_data, torrent)
            torrent.unchecked = False
            torrent.phase = Phase.CHECKING if there else Phase.DOWNLOADING
        self.changed()

    async def _check(self, torrent: Torrent) -> None:
        torrent.done = await self._blocking(_disk.verified, torrent)
        if torrent.complete:
            self._complete(torrent)
        else:
            torrent.phase = Phase.DOWNLOADING
            self.changed()

    async def _download(self, torrent: Torrent, seconds: float) -> None:
        contents = self._contents.get(torrent.meta.infohash)
        torrent.stalled = contents is None or torrent.held or self._knobs.stall_all
        if contents is None or not torrent.downloading:
            return
        if self._knobs.free_space <= 0:
            torrent.phase = Phase.ERROR
            return
        torrent.rate = self._rate(torrent)
        torrent.earned = _earned(torrent, seconds)
        done = await self._blocking(_append, torrent, contents)
        if torrent.phase is not Phase.DOWNLOADING or torrent.hash not in self.torrents:
            return
        if done == _FAILED:
            torrent.phase = Phase.ERROR
        else:
            fresh = max(0, done - torrent.done)
            torrent.downloaded += fresh
            self.received += fresh
            torrent.done = done
        if torrent.complete:
            self._complete(torrent)

    def _rate(self, torrent: Torrent) -> float:
        rate = torrent.size / max(self._knobs.download_seconds, 0.001)
        return min(rate, torrent.dl_limit) if torrent.dl_limit else rate

    def _complete(self, torrent: Torrent) -> None:
        torrent.rate = 0.0
        torrent.phase = Phase.SEEDING
        torrent.completed_on = torrent.completed_on or time.time()
        if torrent.download_path:
            self.relocate(torrent, Path(torrent.download_path), torrent.save_path)
        self.changed()

    async def _seed(self, torrent: Torrent, seconds: float) -> None:
        torrent.seeding_time += seconds
        torrent.uploaded += torrent.size * self._knobs.ratio_per_second * seconds
        if not torrent.forced and self._reached_limit(torrent):
            torrent.stopped = True
            self.changed()

    def _reached_limit(self, torrent: Torrent) -> bool:
        ratio, minutes, inactive = share_limits(self._preferences)
        ratio = ratio if torrent.ratio_limit == -2 else torrent.ratio_limit
        own, quiet = torrent.seeding_time_limit, torrent.inactive_seeding_time_limit
        minutes = minutes if own == -2 else own
        inactive = inactive if quiet == -2 else quiet
        seeded = torrent.seeding_time / 60
        by_ratio = 0 <= ratio <= ratio_of(torrent)
        # Nobody leeches from a simulator: all of its seeding is inactive.
        return by_ratio or 0 <= minutes <= seeded or 0 <= inactive <= seeded

    async def _blocking(self, fn: Callable[..., Any], *args: Any) -> Any:
        return await trio.to_thread.run_sync(partial(fn, *args), limiter=self._disk)


def _nobody_listens() -> None:
    pass


def _earned(torrent: Torrent, seconds: float) -> float:
    """Bytes that should be there by now. Whole blocks are written, so `done` runs ahead of it by one at most."""
    before = max(torrent.earned, torrent.done - BLOCK)
    return min(torrent.size, before + torrent.rate * seconds)


def _append(torrent: Torrent, contents: Sequence[Content]) -> int:
    try:
        if torrent.done == 0:
            _disk.touch_empty(torrent)
        return _disk.write_up_to(torrent, contents, math.ceil(torrent.earned))
    except OSError as error:
        log.warning("simulated_download_failed", torrent=torrent.name, error=str(error))
        return _FAILED
