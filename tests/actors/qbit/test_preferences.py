"""What QbitActor tells of qBittorrent's own settings."""

from __future__ import annotations

from typing import Any

from reeld.actors.database import DatabaseStatus
from reeld.actors.health import HealthActor, Look
from reeld.actors.qbit import QbitActor
from reeld.actors.resources import Resources
from reeld.simulators import World
from reeld.telemetry import Check, HealthBoard, Status


class Told:
    """What a health actor beside the actor of qBittorrent was told."""

    def __init__(self, health: Any, board: HealthBoard) -> None:
        self.health = health
        self.board = board

    async def check(self, name: str) -> Check | None:
        await self.health.address.ask(Look())
        return {each.name: each for each in self.board.checks()}.get(name)


async def test_settings_that_delete_files_are_shown_by_health_and_so_is_their_mending(
    world: World, resources: Resources, run_actor: Any, eventually: Any
) -> None:
    preferences = world.qbittorrent.core.preferences
    preferences.update(max_ratio_act=3, max_ratio_enabled=True, max_ratio=1.0)
    board = HealthBoard()
    status = DatabaseStatus(is_ready=True, answered_at=0.0, epoch=1)
    made: list[QbitActor] = []

    def make() -> QbitActor:
        made.append(QbitActor(resources))
        return made[-1]

    async with (
        run_actor(lambda: HealthActor(resources, board, status)) as health,
        run_actor(make) as cell,
    ):
        told = Told(health, board)
        assert await told.check("qbittorrent:preferences") is None
        async with made[-1].call() as client:
            await client.version()

        async def is_shown() -> bool:
            check = await told.check("qbittorrent:preferences")
            return check is not None and "deletes the files" in check.sentence

        await eventually(is_shown)
        links = await told.check("disk:links")
        assert links is not None

        preferences.update(max_ratio_act=0)
        world.qbittorrent.doorkeeper.sessions.clear()
        async with made[-1].call() as client:
            await client.version()
            await client.categories()

        async def is_mended() -> bool:
            check = await told.check("qbittorrent:preferences")
            return check is not None and check.status is Status.PASS

        await eventually(is_mended)
        assert cell.incarnation_number == 1
