from __future__ import annotations

from dataclasses import replace

from reeld.domain.decision import Outcome, Reason, judge
from reeld.domain.settings import DecisionSettings

GIB = 1024**3


def test_a_download_must_leave_room(offer, context) -> None:
    tight = replace(
        context, free_bytes=2 * GIB, settings=DecisionSettings(minimum_free_bytes=GIB + 1)
    )
    verdict = judge(offer(size=GIB), tight)
    assert [r.reason for r in verdict.rejections] == [Reason.NO_ROOM]
    assert verdict.is_temporary
    assert verdict.rejections[0].sentence == (
        "It has 1.0 GiB, 2.0 GiB are free, and 1.0 GiB must stay free."
    )
    assert judge(offer(size=GIB - 1), tight).is_accepted


def test_what_nobody_knows_is_not_asked_about(offer, context, ruling) -> None:
    full = replace(context, free_bytes=0)
    assert ruling("free_space", offer(), context).outcome is Outcome.NOT_ASKED
    assert ruling("free_space", offer(size=None), full).outcome is Outcome.NOT_ASKED


def test_room_is_asked_about_only_when_nothing_else_speaks_against_it(
    offer, context, ruling, reasons
) -> None:
    full = replace(context, free_bytes=0)
    assert reasons(offer(seeders=0), full) == [Reason.TOO_FEW_SEEDERS]
    found = ruling("free_space", offer(seeders=0), full)
    assert (found.outcome, found.sentence) == (Outcome.NOT_ASKED, "Another rule rejects it.")
