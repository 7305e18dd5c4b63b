from __future__ import annotations

from reeld.cli import group_gauges
from reeld.cli.group_gauges import GroupGauges
from reeld.cli.labels import KNOWN_LABELS
from reeld.domain.reputation import GroupRule
from reeld.storage import Database
from reeld.storage.repositories import groups
from reeld.telemetry import Metrics


async def learn(database: Database, group: str, kind: str) -> None:
    async with database.transaction() as conn:
        await conn.execute(
            "INSERT INTO group_evidence (group_key, group_name, kind) VALUES (%s, %s, %s)",
            (group, group, kind),
        )


async def rule(database: Database, group: str) -> None:
    async with database.transaction() as conn:
        await groups.set_rule(conn, group, GroupRule.BLOCK)


async def test_groups_are_counted_when_there_is_news_and_not_more_often_than_that(
    database: Database,
) -> None:
    now = [1000.0]
    metrics = Metrics(KNOWN_LABELS)
    gauges = GroupGauges(database, metrics, lambda: now[0])

    async def shown(seconds: float) -> tuple[float, ...]:
        now[0] += seconds
        await gauges.show()
        bands = "reeld_release_group_reputations"
        return (
            metrics.value("reeld_release_groups", rule="none"),
            metrics.value("reeld_release_groups", rule="block"),
            metrics.value(bands, reputation="unproven"),
            metrics.value(bands, reputation="poor"),
        )

    assert await shown(0) == (0, 0, 0, 0)
    await learn(database, "a", "grabbed")
    await learn(database, "b", "wrong_content")
    assert await shown(1) == (0, 0, 0, 0), "it has just looked"
    assert await shown(group_gauges.LOOK_SECONDS) == (2, 0, 1, 1)
    await rule(database, "c")
    assert await shown(group_gauges.LOOK_SECONDS) == (2, 1, 2, 1)
    async with database.transaction() as conn:
        await conn.execute("UPDATE group_evidence SET at = now() - interval '9 years'")
    assert await shown(group_gauges.LOOK_SECONDS) == (2, 1, 2, 1), "there is no news"
    assert await shown(group_gauges.FORGET_SECONDS) == (2, 1, 2, 0)
