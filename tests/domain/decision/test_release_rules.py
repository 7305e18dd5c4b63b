from __future__ import annotations

from dataclasses import replace

import pytest

from reeld.domain.decision import Outcome, Reason, judge
from reeld.domain.delay import DelayProfile
from reeld.domain.profile import default_profiles
from reeld.domain.release_profile import ReleaseProfile
from reeld.domain.settings import DecisionSettings

MIB = 1024 * 1024


def test_a_delay_profile_without_torrents_takes_none(offer, context, reasons) -> None:
    usenet = replace(context, delay=DelayProfile(enable_torrent=False))
    assert reasons(offer(), usenet) == [Reason.PROTOCOL_NOT_WANTED]


def test_a_small_sample_is_rejected_and_a_movie_of_that_name_is_not(
    offer, context, reasons
) -> None:
    name = "Sintel.2010.1080p.WEB-DL.Sample-OPEN"
    assert reasons(offer(name, size=20 * MIB), context) == [Reason.SAMPLE]
    assert judge(offer(name, size=70 * MIB), context).is_accepted
    assert judge(offer(size=20 * MIB), context).is_accepted
    assert judge(offer("Sintel.2010.1080p.Samples.WEB-DL-OPEN", size=MIB), context).is_accepted


HARDCODED = "Sintel.2010.KORSUB.1080p.WEB-DL.H.264-OPEN"


def test_subtitles_in_the_picture_are_rejected_unless_they_are_allowed(
    offer, context, reasons
) -> None:
    assert reasons(offer(HARDCODED), context) == [Reason.HARDCODED_SUBS]
    allowing = replace(context, settings=DecisionSettings(hardcoded_subs_allowed=True))
    assert reasons(offer(HARDCODED), allowing) == []


def test_subtitles_of_a_whitelisted_kind_are_allowed(offer, context, reasons) -> None:
    korean = replace(context, settings=DecisionSettings(hardcoded_subs_whitelist=("korsub",)))
    assert reasons(offer(HARDCODED), korean) == []
    other = replace(context, settings=DecisionSettings(hardcoded_subs_whitelist=("kor",)))
    assert reasons(offer(HARDCODED), other) == [Reason.HARDCODED_SUBS]


@pytest.mark.parametrize(
    "title",
    [
        "Sintel.2010.COMPLETE.BLURAY-OPEN",
        "Sintel.2010.COMPLETE.UHD.BLURAY-OPEN",
        "Sintel 2010 1080p Full Blu-ray AVC DTS-HD MA 5.1-OPEN",
        "Sintel.2010.1080p.BluRay.BDMV-OPEN",
        "Sintel.2010.PAL.DVD.VIDEO_TS-OPEN",
        "Sintel.2010.NTSC.DVD5.iso",
        "Sintel.2010.1080p.BluRay.AVC.m2ts",
    ],
)
def test_a_whole_disc_is_rejected_although_the_profile_allows_it(
    offer, context, reasons, title: str
) -> None:
    anything = replace(context, profile=default_profiles()["Any"])
    assert Reason.RAW_DISK in reasons(offer(title), anything)


@pytest.mark.parametrize(
    "title",
    [
        "Sintel.2010.1080p.BluRay.REMUX.AVC.DTS-HD.MA.5.1-OPEN",
        "Sintel.2010.DVDRip.XviD-OPEN",
        "The.Full.Disclosure.2010.1080p.BluRay.x264-OPEN",
    ],
)
def test_a_film_that_was_taken_from_a_disc_is_none(offer, context, ruling, title: str) -> None:
    assert ruling("raw_disk", offer(title), context).outcome is Outcome.PASSED


def test_a_release_needs_one_of_the_required_terms(offer, context, ruling) -> None:
    profile = ReleaseProfile(name="codecs", required=("x265", "/h\\.?264/i"))
    asked = replace(context, restrictions=[profile])
    assert ruling("release_restrictions", offer(), asked).outcome is Outcome.PASSED
    found = ruling("release_restrictions", offer("Sintel.2010.1080p.WEB-DL.AV1-OPEN"), asked)
    assert found.reason is Reason.REQUIRED_TERM_MISSING
    assert "codecs" in found.sentence
    assert found.values["required"] == ["x265", "/h\\.?264/i"]


def test_every_release_profile_that_applies_is_asked(offer, context, reasons) -> None:
    both = [ReleaseProfile(required=("web",)), ReleaseProfile(required=("x265",))]
    assert reasons(offer(), replace(context, restrictions=both)) == [Reason.REQUIRED_TERM_MISSING]


def test_a_release_with_an_ignored_term_is_rejected(offer, context, ruling) -> None:
    profile = ReleaseProfile(ignored=("HDCAM", "open"))
    found = ruling("release_restrictions", offer(), replace(context, restrictions=[profile]))
    assert found.reason is Reason.IGNORED_TERM
    assert found.values["ignored"] == ["open"]


def test_a_release_profile_is_for_its_tags_and_its_indexer(offer, context, reasons) -> None:
    tagged = ReleaseProfile(ignored=("open",), tags=frozenset({7}))
    assert reasons(offer(), replace(context, restrictions=[tagged])) == []
    has = replace(context, restrictions=[tagged], tags={7: "4k"})
    assert reasons(offer(), has) == [Reason.IGNORED_TERM]
    elsewhere = ReleaseProfile(ignored=("open",), indexer="hdbits")
    assert reasons(offer(), replace(context, restrictions=[elsewhere])) == []
    there = offer(indexer="hdbits")
    assert reasons(there, replace(context, restrictions=[elsewhere])) == [Reason.IGNORED_TERM]
    off = ReleaseProfile(ignored=("open",), enabled=False)
    assert reasons(offer(), replace(context, restrictions=[off])) == []


def test_a_term_that_takes_too_long_counts_as_not_found_and_is_named(
    offer, context, ruling
) -> None:
    title = "Sintel.2010.1080p.WEB-DL-" + "a" * 60 + "!"
    slow = "/(a|a)+(a|aa)+(a|a)+!!/"
    profile = ReleaseProfile(ignored=(slow,))
    found = ruling("release_restrictions", offer(title), replace(context, restrictions=[profile]))
    assert found.outcome is Outcome.PASSED
    assert found.values["gave_up"] == [slow]


def test_nothing_is_taken_from_a_group_that_a_person_blocked(offer, context, reasons) -> None:
    ruled = replace(context, group_rules={"open": "block"})
    assert reasons(offer(), ruled) == [Reason.GROUP_BLOCKED]
    assert reasons(offer("Sintel.2010.1080p.WEB-DL.H.264-OTHER"), ruled) == []
    assert reasons(offer(), replace(context, group_rules={"open": "prefer"})) == []
