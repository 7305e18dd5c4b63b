from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reeld.domain.decision import Cause, Context, Outcome, OwnedFile, Reason, judge
from reeld.domain.profile import default_profiles
from reeld.domain.quality import Quality, Revision
from reeld.domain.release_profile import PreferredTerm, ReleaseProfile
from reeld.domain.settings import DecisionSettings, PropersPolicy

PROPER = "Sintel.2010.PROPER.1080p.WEB-DL.H.264-OPEN"
REPACK = "Sintel.2010.REPACK.1080p.WEB-DL.H.264-OPEN"


def owned(quality: Quality = Quality.WEBDL_1080P, version: int = 1, **more) -> OwnedFile:
    return OwnedFile(quality, Revision(version=version), **more)


def upgrading(context: Context, file: OwnedFile, **changes) -> Context:
    profile = replace(default_profiles(upgrades_allowed=True)["HD-1080p"], **changes)
    return replace(context, owned=file, profile=profile)


def with_policy(context: Context, propers: PropersPolicy) -> Context:
    return replace(context, settings=DecisionSettings(propers=propers))


def test_the_release_that_the_file_came_from_is_not_grabbed_again(
    offer, context, reasons, ruling
) -> None:
    file = owned(infohash="ab" * 20, release_title="Another")
    same = offer(infohash="ab" * 20)
    assert Reason.ALREADY_IMPORTED in reasons(same, upgrading(context, file))
    named = upgrading(context, owned(release_title=same.release.title))
    assert ruling("already_imported", same, named).values == {"by": "title"}


def test_two_unknown_torrents_are_not_the_same(offer, context) -> None:
    file = owned(Quality.HDTV_1080P)
    assert judge(offer(infohash=None), upgrading(context, file)).is_accepted


def test_a_better_quality_replaces_a_file_below_the_cutoff(offer, context) -> None:
    better = offer("Sintel.2010.1080p.BluRay.x264-OPEN")
    assert judge(better, upgrading(context, owned())).is_accepted


@pytest.mark.parametrize(
    ("file", "name", "reason"),
    [
        (owned(Quality.BLURAY_1080P), "1080p.BluRay.REMUX.AVC", Reason.QUALITY_CUTOFF_MET),
        (owned(Quality.BLURAY_1080P), "PROPER.1080p.BluRay.REMUX.AVC", Reason.QUALITY_CUTOFF_MET),
        (owned(Quality.BLURAY_1080P), "1080p.WEB-DL", Reason.BETTER_QUALITY_OWNED),
        (owned(), "1080p.WEBRip", Reason.NOT_AN_UPGRADE),
        (owned(format_score=1), "1080p.WEBRip", Reason.BETTER_SCORE_OWNED),
        (owned(version=2), "1080p.WEB-DL", Reason.BETTER_REVISION_OWNED),
    ],
)
def test_what_is_no_improvement_is_rejected(offer, context, reasons, file, name, reason) -> None:
    candidate = offer(f"Sintel.2010.{name}-OPEN")
    assert reasons(candidate, upgrading(context, file)) == [reason]


def test_a_score_replaces_a_file_until_the_cutoff_score_is_met(offer, context, reasons) -> None:
    scored = upgrading(context, owned(format_score=50), cutoff_format_score=100)
    assert reasons(offer(score=51), scored) == []
    assert reasons(offer(score=50), scored) == [Reason.NOT_AN_UPGRADE]
    enough = upgrading(context, owned(format_score=100), cutoff_format_score=100)
    assert reasons(offer(score=500), enough) == [Reason.SCORE_CUTOFF_MET]


def test_a_score_must_gain_as_much_as_the_profile_wants(offer, context, reasons) -> None:
    scored = upgrading(
        context, owned(format_score=50), cutoff_format_score=100, min_upgrade_format_score=10
    )
    assert reasons(offer(score=59), scored) == [Reason.SCORE_GAIN_TOO_SMALL]
    assert reasons(offer(score=60), scored) == []


def test_a_better_quality_is_taken_although_its_score_is_lower(offer, context, reasons) -> None:
    scored = upgrading(context, owned(format_score=50), cutoff_format_score=100)
    assert reasons(offer("Sintel.2010.1080p.BluRay.x264-OPEN", score=5), scored) == []


def test_a_file_that_meets_the_cutoff_by_quality_alone_is_replaced_by_what_is_better_in_both(
    offer, context, reasons
) -> None:
    file = owned(Quality.BLURAY_1080P, format_score=50)
    scored = upgrading(context, file, cutoff_format_score=100)
    remux = "Sintel.2010.1080p.BluRay.REMUX.AVC-OPEN"
    assert reasons(offer(remux, score=60), scored) == []
    assert reasons(offer(remux, score=50), scored) == [Reason.QUALITY_CUTOFF_MET]


def test_the_reputation_of_a_group_replaces_no_file(offer, context, reasons) -> None:
    scored = upgrading(context, owned(), cutoff_format_score=100)
    assert reasons(offer(reputation=90), scored) == [Reason.NOT_AN_UPGRADE]


def test_preferred_terms_count_for_the_file_by_the_name_it_was_grabbed_under(
    offer, context, reasons
) -> None:
    terms = [ReleaseProfile(preferred=(PreferredTerm("h.264", 10),))]
    plain = owned(release_title="Sintel.2010.1080p.WEB-DL-OTHER")
    wanting = replace(upgrading(context, plain, cutoff_format_score=100), restrictions=terms)
    assert reasons(offer(), wanting) == []
    has = replace(wanting, owned=owned(release_title="Sintel.2010.1080p.WEBRip.h.264-OTHER"))
    assert reasons(offer(), has) == [Reason.NOT_AN_UPGRADE]


def test_terms_for_one_indexers_releases_replace_no_file(offer, context, reasons) -> None:
    # Nobody keeps which indexer a file came from, so that the file could never have them.
    terms = [ReleaseProfile(preferred=(PreferredTerm("h.264", 10),), indexer="feed")]
    wanting = upgrading(context, owned(release_title="Other"), cutoff_format_score=100)
    assert reasons(offer(), replace(wanting, restrictions=terms)) == [Reason.NOT_AN_UPGRADE]


@pytest.mark.parametrize("name", ["1080p.BluRay.x264", "PROPER.1080p.WEBRip"])
def test_a_profile_without_upgrades_keeps_the_file(offer, context, reasons, name: str) -> None:
    keeping = replace(context, owned=owned())
    candidate = offer(f"Sintel.2010.{name}-OPEN")
    assert reasons(candidate, keeping) == [Reason.UPGRADES_NOT_ALLOWED]


def test_a_profile_without_upgrades_keeps_a_file_of_a_lower_score(offer, context, reasons) -> None:
    keeping = replace(context, owned=owned())
    assert reasons(offer(score=9), keeping) == [Reason.UPGRADES_NOT_ALLOWED]


def test_a_proper_replaces_the_file_that_it_mends_even_without_upgrades(
    offer, context, reasons
) -> None:
    assert reasons(offer(PROPER), upgrading(context, owned())) == []
    assert reasons(offer(PROPER), replace(context, owned=owned())) == []


def test_a_proper_of_a_file_that_meets_the_cutoff_replaces_it(offer, context, reasons) -> None:
    proper = offer("Sintel.2010.PROPER.1080p.BluRay.x264-OPEN")
    assert reasons(proper, upgrading(context, owned(Quality.BLURAY_1080P))) == []


def test_a_later_revision_of_an_equal_quality_replaces_a_file_until_it_is_good_enough(
    offer, context, reasons
) -> None:
    webrip = offer("Sintel.2010.PROPER.1080p.WEBRip-OPEN")
    assert reasons(webrip, upgrading(context, owned())) == []
    met = upgrading(context, owned(), cutoff=Quality.WEBDL_1080P)
    assert reasons(webrip, met) == [Reason.QUALITY_CUTOFF_MET]


def test_where_propers_are_not_preferred_a_revision_is_worth_nothing(
    offer, context, reasons
) -> None:
    plain = with_policy(upgrading(context, owned()), PropersPolicy.DO_NOT_PREFER)
    assert reasons(offer(PROPER), plain) == [Reason.NOT_AN_UPGRADE]
    scored = replace(plain, profile=replace(plain.profile, cutoff_format_score=10))
    assert reasons(offer(PROPER, score=5), scored) == []
    later = replace(scored, owned=owned(version=2))
    assert reasons(offer(score=5), later) == []


@pytest.mark.parametrize("title", [PROPER, REPACK, "Sintel.2010.PROPER.1080p.WEBRip-OPEN"])
def test_where_propers_replace_nothing_only_a_person_gets_one(
    offer, context, reasons, title: str
) -> None:
    file = owned(group="OPEN")
    policy = with_policy(upgrading(context, file), PropersPolicy.DO_NOT_UPGRADE)
    assert reasons(offer(title), policy) == [Reason.PROPERS_NOT_WANTED]
    assert reasons(offer(title), replace(policy, cause=Cause.SEARCH)) == [Reason.PROPERS_NOT_WANTED]
    assert reasons(offer(title), replace(policy, searched_by_person=True)) == []


def test_a_feeds_proper_comes_too_late_for_a_file_of_more_than_a_week(
    offer, context, reasons, ruling, now
) -> None:
    old = upgrading(context, owned(added_at=now - timedelta(days=8)))
    assert reasons(offer(PROPER), old) == [Reason.TOO_LATE_FOR_PROPER]
    assert "8 days" in ruling("proper", offer(PROPER), old).sentence
    assert reasons(offer(PROPER), replace(old, cause=Cause.SEARCH)) == []
    recent = upgrading(context, owned(added_at=now - timedelta(days=7)))
    assert reasons(offer(PROPER), recent) == []


def test_a_better_quality_is_no_proper_and_never_too_late(offer, context, reasons, now) -> None:
    old = upgrading(context, owned(added_at=now - timedelta(days=800)))
    assert reasons(offer("Sintel.2010.PROPER.1080p.BluRay.x264-OPEN"), old) == []


def test_a_repack_must_be_of_the_group_that_made_the_file(offer, context, reasons) -> None:
    def kept(group: str | None) -> Context:
        return upgrading(context, owned(group=group))

    assert reasons(offer(REPACK), kept("open")) == []
    assert reasons(offer(REPACK), kept("OTHER")) == [Reason.REPACK_OF_ANOTHER_GROUP]
    assert reasons(offer(REPACK), kept(None)) == [Reason.REPACK_GROUP_UNKNOWN]
    anonymous = replace(offer(REPACK), parsed=replace(offer(REPACK).parsed, group=None))
    assert reasons(anonymous, kept("open")) == [Reason.REPACK_GROUP_UNKNOWN]


def test_a_repack_of_better_quality_or_without_preference_is_a_release_like_others(
    offer, context, ruling
) -> None:
    other = upgrading(context, owned(group="OTHER"))
    better = offer("Sintel.2010.REPACK.1080p.BluRay.x264-OPEN")
    assert ruling("repack", better, other).outcome is Outcome.NOT_ASKED
    plain = with_policy(other, PropersPolicy.DO_NOT_PREFER)
    assert ruling("repack", offer(REPACK), plain).outcome is Outcome.NOT_ASKED


def test_a_comparison_shows_both_sides(offer, context, ruling) -> None:
    file = owned(version=2, format_score=7)
    found = ruling("upgrade_disk", offer(score=3), upgrading(context, file))
    assert found.sentence == "The library has WEBDL-1080p v2 (score 7), a later revision."
    assert found.values == {
        "mine": {"quality": "WEBDL-1080p", "revision": 1, "real": 0, "score": 3},
        "theirs": {"quality": "WEBDL-1080p", "revision": 2, "real": 0, "score": 7},
    }
