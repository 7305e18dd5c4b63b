from __future__ import annotations

from dataclasses import replace

import pytest

from reeld.domain.decision import Outcome, Reason, judge
from reeld.domain.language import Language
from reeld.domain.profile import default_profiles
from reeld.domain.quality import Quality
from reeld.domain.quality_limits import QualityLimits
from reeld.domain.release_profile import PreferredTerm, ReleaseProfile
from reeld.domain.settings import DecisionSettings

MIB = 1024 * 1024


def test_a_quality_outside_the_profile_is_rejected(offer, context) -> None:
    verdict = judge(offer("Sintel.2010.720p.WEB-DL-OPEN"), context)
    assert [r.reason for r in verdict.rejections] == [Reason.QUALITY_NOT_WANTED]
    assert "WEBDL-720p" in verdict.rejections[0].sentence
    assert not verdict.is_temporary


@pytest.mark.parametrize(
    ("wish", "original", "words", "accepted"),
    [
        ("original", Language.ENGLISH, "", True),
        ("original", Language.ENGLISH, "German.", False),
        ("original", Language.GERMAN, "German.", True),
        ("original", Language.GERMAN, "", True),
        ("original", None, "German.", True),
        ("any", Language.ENGLISH, "German.", True),
        ("French", Language.ENGLISH, "French.", True),
        ("French", Language.ENGLISH, "", False),
        ("French", Language.FRENCH, "", True),
        ("French", None, "German.", False),
    ],
)
def test_the_language_of_the_profile_is_wanted(
    offer, context, reasons, wish: str, original: Language | None, words: str, accepted: bool
) -> None:
    profile = replace(context.profile, language=wish)
    asked = replace(context, profile=profile, original_language=original)
    candidate = offer(f"Sintel.2010.{words}1080p.WEB-DL.H.264-OPEN")
    assert reasons(candidate, asked) == ([] if accepted else [Reason.LANGUAGE_NOT_WANTED])


def test_the_sentence_about_a_language_names_both(offer, context, ruling) -> None:
    english = replace(context, original_language=Language.ENGLISH)
    found = ruling("language", offer("Sintel.2010.German.1080p.WEB-DL-OPEN"), english)
    assert found.sentence == "English, the original language, is wanted, and it has German."
    assert found.values == {"wanted": "English", "found": ["German"]}


def test_formats_must_come_to_the_minimum_score(offer, context, reasons) -> None:
    strict = replace(context, profile=replace(context.profile, min_format_score=10))
    assert reasons(offer(score=9), strict) == [Reason.SCORE_TOO_LOW]
    assert reasons(offer(score=10), strict) == []
    assert reasons(offer(score=9, reputation=50), strict) == [Reason.SCORE_TOO_LOW]


def test_preferred_terms_count_towards_the_minimum_score(offer, context, reasons) -> None:
    strict = replace(
        context,
        profile=replace(context.profile, min_format_score=10),
        restrictions=[ReleaseProfile(preferred=(PreferredTerm("h.264", 10),))],
    )
    assert reasons(offer(), strict) == []
    assert reasons(offer("Sintel.2010.1080p.WEB-DL-OPEN"), strict) == [Reason.SCORE_TOO_LOW]


@pytest.mark.parametrize(
    ("minutes", "mebibytes", "reason"),
    [
        (100, 999, Reason.TOO_SMALL_FOR_QUALITY),
        (100, 1000, None),
        (100, 5000, None),
        (100, 5001, Reason.TOO_BIG_FOR_QUALITY),
        (None, 1099, Reason.TOO_SMALL_FOR_QUALITY),
        (None, 5500, None),
        (None, 5501, Reason.TOO_BIG_FOR_QUALITY),
    ],
)
def test_a_size_must_fit_the_quality_and_the_running_time(
    offer, context, reasons, make_movie, minutes: int | None, mebibytes: int, reason: Reason | None
) -> None:
    limited = replace(
        context,
        movie=make_movie(runtime_minutes=minutes),
        limits={Quality.WEBDL_1080P: QualityLimits(10, 20, 50)},
    )
    found = reasons(offer(size=mebibytes * MIB), limited)
    assert found == ([reason] if reason else [])


def test_a_size_that_nobody_knows_is_accepted(offer, context, ruling) -> None:
    assert ruling("acceptable_size", offer(size=None), context).outcome is Outcome.NOT_ASKED
    assert ruling("acceptable_size", offer(size=0), context).outcome is Outcome.NOT_ASKED
    assert judge(offer(size=None), context).is_accepted


def test_radarrs_limits_hold_where_nobody_set_any(offer, context, ruling) -> None:
    found = ruling("acceptable_size", offer(size=1501 * MIB), context)
    assert found.reason is Reason.TOO_BIG_FOR_QUALITY
    assert found.sentence == "It has 1.5 GiB; WEBDL-1080p of 15 minutes has at most 1.5 GiB."
    assert found.values == {"size": 1501 * MIB, "least": 0, "most": 1500 * MIB, "minutes": 15}
    disc = offer("Sintel.2010.1080p.BluRay.x264-OPEN", size=90_000 * MIB)
    assert ruling("acceptable_size", disc, context).outcome is Outcome.PASSED


def test_a_release_may_not_be_bigger_than_the_settings_allow(offer, context, reasons) -> None:
    small = replace(context, settings=DecisionSettings(maximum_bytes=500 * MIB))
    assert reasons(offer(size=501 * MIB), small) == [Reason.TOO_BIG]
    assert reasons(offer(size=500 * MIB), small) == []
    assert judge(offer(size=None), small).is_accepted


def test_a_profile_of_every_default_accepts_something(offer, context) -> None:
    for profile in default_profiles().values():
        qualities = {q for item in profile.items if item.allowed for q in item.qualities}
        accepted = replace(context, profile=profile)
        titles = [f"Sintel.2010.{q.resolution}p.BluRay.x264-OPEN" for q in qualities]
        assert any(judge(offer(title), accepted).is_accepted for title in titles), profile.name
