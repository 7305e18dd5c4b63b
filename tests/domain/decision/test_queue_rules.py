from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reeld.domain.decision import Acquiring, Cause, Context, Outcome, OwnedFile, Reason, judge
from reeld.domain.delay import DelayProfile, Protocol
from reeld.domain.profile import default_profiles
from reeld.domain.quality import Quality, Revision

HDTV = Acquiring("Sintel.2010.1080p.HDTV-X", Quality.HDTV_1080P, state="downloading")
WEB = Acquiring("Sintel.2010.1080p.WEB-DL-X", Quality.WEBDL_1080P)
BLURAY = "Sintel.2010.1080p.BluRay.x264-OPEN"


@pytest.fixture
def context(context) -> Context:
    return replace(context, profile=default_profiles(upgrades_allowed=True)["HD-1080p"])


def test_one_release_of_a_movie_is_fetched_at_a_time(offer, context, ruling) -> None:
    busy = replace(context, acquiring=HDTV)
    verdict = judge(offer(), busy)
    assert [r.reason for r in verdict.rejections] == [Reason.ALREADY_ACQUIRING]
    assert verdict.is_temporary
    found = ruling("queue", offer(), busy)
    assert found.sentence == (
        "Sintel.2010.1080p.HDTV-X is on its way (downloading); this one is better and is judged again after it."
    )
    assert found.values["because"] is None


def test_what_is_no_improvement_on_what_is_on_its_way_is_told_so(offer, context, ruling) -> None:
    found = ruling("queue", offer(), replace(context, acquiring=WEB))
    assert found.values["because"] == "not_an_upgrade"
    assert found.values["theirs"]["quality"] == "WEBDL-1080p"


def test_a_feed_must_improve_on_what_was_grabbed_within_twelve_hours(
    offer, context, reasons, now
) -> None:
    def grabbed(hours: float, grab: Acquiring = WEB) -> Context:
        lately = replace(grab, grabbed_at=now - timedelta(hours=hours))
        return replace(context, history=[lately])

    assert reasons(offer(), grabbed(11)) == [Reason.GRABBED_LATELY]
    assert judge(offer(), grabbed(11)).is_temporary
    assert reasons(offer(), grabbed(12)) == []
    assert reasons(offer(BLURAY), grabbed(1)) == []
    assert reasons(offer(), replace(grabbed(1), cause=Cause.SEARCH)) == []
    assert reasons(offer(), replace(grabbed(1), searched_by_person=True)) == []
    assert reasons(offer(), replace(context, history=[WEB])) == []


def test_every_grab_within_twelve_hours_counts(offer, context, reasons, now) -> None:
    lately = [replace(each, grabbed_at=now) for each in (HDTV, WEB)]
    assert reasons(offer(), replace(context, history=lately)) == [Reason.GRABBED_LATELY]


def delayed(context: Context, minutes: int = 60, **changes) -> Context:
    return replace(context, delay=DelayProfile(torrent_delay_minutes=minutes, **changes))


def test_a_release_waits_for_a_better_one(offer, context, now, ruling) -> None:
    fresh = offer(published_at=now - timedelta(minutes=15))
    verdict = judge(fresh, delayed(context))
    assert [r.reason for r in verdict.rejections] == [Reason.DELAYED]
    assert verdict.is_temporary
    found = ruling("delay", fresh, delayed(context))
    assert found.sentence == "A better one may come: it waits 60 minutes, 45 minutes more."
    assert found.values == {
        "minutes": 60,
        "due_at": (now + timedelta(minutes=45)).isoformat(),
    }
    assert judge(offer(published_at=now - timedelta(hours=1)), delayed(context)).is_accepted


def test_a_release_that_nobody_dates_waits_from_now_on(offer, context, now, ruling) -> None:
    found = ruling("delay", offer(), delayed(context))
    assert found.values["due_at"] == (now + timedelta(hours=1)).isoformat()


def test_a_clock_that_runs_ahead_makes_nobody_wait_longer(offer, context, now, reasons) -> None:
    tomorrow = now + timedelta(days=1)
    seen = offer(published_at=tomorrow, first_seen_at=now - timedelta(hours=1))
    assert reasons(seen, delayed(context)) == []


def test_when_one_release_has_waited_long_enough_none_waits(offer, context, now, reasons) -> None:
    fresh = offer(published_at=now)
    waited = replace(delayed(context), waiting_since=now - timedelta(hours=1))
    assert reasons(fresh, waited) == []
    not_yet = replace(delayed(context), waiting_since=now - timedelta(minutes=30))
    assert reasons(fresh, not_yet) == [Reason.DELAYED]


def test_a_person_does_not_wait(offer, context, reasons) -> None:
    assert reasons(offer(), replace(delayed(context), searched_by_person=True)) == []
    assert reasons(offer(), replace(delayed(context), cause=Cause.SEARCH)) == [Reason.DELAYED]


def test_the_best_quality_of_the_profile_does_not_wait(offer, context, reasons) -> None:
    remux = offer("Sintel.2010.1080p.BluRay.REMUX.AVC-OPEN")
    assert reasons(remux, delayed(context)) == []
    assert reasons(remux, delayed(context, bypass_if_highest_quality=False)) == [Reason.DELAYED]


def test_a_score_that_is_high_enough_does_not_wait(offer, context, reasons) -> None:
    eager = delayed(context, bypass_from_format_score=50)
    assert reasons(offer(score=50), eager) == []
    assert reasons(offer(score=49), eager) == [Reason.DELAYED]
    assert reasons(offer(score=50), delayed(context)) == [Reason.DELAYED]


def test_a_proper_of_the_librarys_file_does_not_wait(offer, context, reasons) -> None:
    file = OwnedFile(Quality.WEBDL_1080P, Revision())
    mending = replace(delayed(context), owned=file)
    assert reasons(offer("Sintel.2010.PROPER.1080p.WEB-DL-OPEN"), mending) == []


def test_nothing_is_cut_short_for_a_protocol_that_is_not_preferred(offer, context, reasons) -> None:
    usenet = delayed(context, preferred_protocol=Protocol.USENET, bypass_from_format_score=0)
    remux = offer("Sintel.2010.1080p.BluRay.REMUX.AVC-OPEN", score=100)
    assert reasons(remux, usenet) == [Reason.DELAYED]


def test_a_client_that_is_away_takes_nothing_for_now(offer, context, ruling) -> None:
    verdict = judge(offer(), replace(context, client_away=True))
    assert [r.reason for r in verdict.rejections] == [Reason.CLIENT_AWAY]
    assert verdict.is_temporary
    assert ruling("client_available", offer(), context).outcome is Outcome.PASSED
