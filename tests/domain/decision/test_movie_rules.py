from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from reeld.domain.availability import Availability, MinimumAvailability
from reeld.domain.decision import Cause, Reason, judge
from reeld.domain.matching import Match, MatchedBy, Mismatch, NoMatch
from reeld.domain.movie import MovieStatus, ReleaseDates
from reeld.domain.settings import DecisionSettings

OUT_TOMORROW = Availability(dates=ReleaseDates(digital=date(2026, 3, 2)))


def test_an_ordinary_offer_is_accepted(offer, context) -> None:
    verdict = judge(offer(), context)
    assert verdict.is_accepted
    assert verdict.to_json() == {
        "release_id": 1,
        "movie_id": 1,
        "accepted": True,
        "quality": "WEBDL-1080p",
        "revision": 1,
        "rejections": [],
    }


@pytest.mark.parametrize("mismatch", Mismatch)
def test_every_mismatch_is_a_reason_of_its_own(offer, context, reasons, mismatch: Mismatch) -> None:
    candidate = replace(offer(), match=NoMatch(mismatch, "Why."))
    assert reasons(candidate, context) == [Reason(mismatch.value)]


def test_a_release_of_another_movie_is_rejected(offer, context, reasons) -> None:
    candidate = replace(offer(), match=Match(2, MatchedBy.TITLE))
    assert reasons(candidate, context) == [Reason.WRONG_MOVIE]


def test_nothing_is_grabbed_for_a_movie_that_is_not_monitored(offer, context, make_movie) -> None:
    resting = replace(context, movie=make_movie(monitored=False))
    verdict = judge(offer(), resting)
    assert [r.reason for r in verdict.rejections] == [Reason.NOT_MONITORED]
    assert verdict.is_temporary
    assert judge(offer(), replace(resting, searched_by_person=True)).is_accepted
    assert judge(offer(), replace(resting, cause=Cause.PERSON)).is_accepted
    assert not judge(offer(), replace(resting, cause=Cause.SEARCH)).is_accepted


def test_a_movie_that_is_not_out_waits_for_its_day(offer, context) -> None:
    early = replace(context, availability=OUT_TOMORROW)
    verdict = judge(offer(), early)
    assert [r.reason for r in verdict.rejections] == [Reason.NOT_AVAILABLE]
    assert verdict.is_temporary
    assert verdict.rejections[0].sentence == "The movie can be had from 2026-03-02 on."
    assert verdict.rejections[0].values == {"minimum": "released", "since": "2026-03-02"}
    assert judge(offer(), replace(early, searched_by_person=True)).is_accepted


def test_the_availability_delay_moves_the_day(offer, context) -> None:
    early = replace(context, availability=OUT_TOMORROW)
    a_day_before = DecisionSettings(availability_delay_days=-1)
    assert judge(offer(), replace(early, settings=a_day_before)).is_accepted
    out = replace(
        context, availability=Availability(dates=ReleaseDates(physical=date(2026, 2, 28)))
    )
    assert judge(offer(), out).is_accepted
    a_week_after = DecisionSettings(availability_delay_days=7)
    assert not judge(offer(), replace(out, settings=a_week_after)).is_accepted


def test_a_movie_without_a_date_is_rejected_unless_it_is_announced_or_out(
    offer, context, reasons
) -> None:
    nobody_knows = replace(context, availability=Availability())
    assert reasons(offer(), nobody_knows) == [Reason.NOT_AVAILABLE]
    from_the_start = Availability(MinimumAvailability.ANNOUNCED)
    assert reasons(offer(), replace(context, availability=from_the_start)) == []
    released = Availability(status=MovieStatus.RELEASED)
    assert reasons(offer(), replace(context, availability=released)) == []
