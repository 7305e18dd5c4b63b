from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from reeld.domain.decision import Acquiring, Candidate, Context, OwnedFile, Reason, judge
from reeld.domain.matching import Match, MatchedBy, Mismatch, NoMatch
from reeld.domain.parsing import parse_release_name
from reeld.domain.profile import default_profiles
from reeld.domain.quality import Quality, Revision
from reeld.domain.settings import DecisionSettings

MIB = 1024 * 1024
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOWNLOADING = Acquiring("Sintel.2010.1080p.WEBRip-X", Quality.HDTV_1080P)


@dataclass
class BlockedTorrent:
    infohash: str

    def covers(self, indexer: str, guid: str, infohash: str | None) -> bool:
        return infohash == self.infohash


@pytest.fixture
def context(make_movie) -> Context:
    return Context(make_movie(), default_profiles()["HD-1080p"], NOW)


@pytest.fixture
def offer(make_release):
    """A candidate: a release that differs in what is given, parsed, and matched to movie 1."""

    def make(title: str = "Sintel.2010.1080p.WEB-DL.H.264-OPEN", **changes) -> Candidate:
        release = make_release(title=title, **changes)
        return Candidate(release, parse_release_name(title), Match(1, MatchedBy.TITLE))

    return make


def reasons(candidate: Candidate, context: Context) -> list[Reason]:
    return [rejection.reason for rejection in judge(candidate, context).rejections]


def owned(quality: Quality, version: int = 1, **more) -> OwnedFile:
    return OwnedFile(quality, Revision(version=version), **more)


def upgrading(context: Context, file: OwnedFile, profile: str = "HD-1080p") -> Context:
    return replace(context, owned=file, profile=default_profiles(upgrades_allowed=True)[profile])


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
def test_every_mismatch_is_a_reason_of_its_own(offer, context, mismatch: Mismatch) -> None:
    candidate = replace(offer(), match=NoMatch(mismatch, "Why."))
    assert reasons(candidate, context) == [Reason(mismatch.value)]


def test_a_release_of_another_movie_is_rejected(offer, context) -> None:
    candidate = replace(offer(), match=Match(2, MatchedBy.TITLE))
    assert reasons(candidate, context) == [Reason.WRONG_MOVIE]


def test_nothing_is_grabbed_for_a_movie_that_is_not_monitored(offer, context, make_movie) -> None:
    resting = replace(context, movie=make_movie(monitored=False))
    verdict = judge(offer(), resting)
    assert [r.reason for r in verdict.rejections] == [Reason.NOT_MONITORED]
    assert verdict.is_temporary
    assert judge(offer(), replace(resting, searched_by_person=True)).is_accepted


def test_a_quality_outside_the_profile_is_rejected(offer, context) -> None:
    verdict = judge(offer("Sintel.2010.720p.WEB-DL-OPEN"), context)
    assert [r.reason for r in verdict.rejections] == [Reason.QUALITY_NOT_WANTED]
    assert "WEBDL-720p" in verdict.rejections[0].sentence
    assert not verdict.is_temporary


def test_the_release_that_the_file_came_from_is_not_grabbed_again(offer, context) -> None:
    file = owned(Quality.WEBDL_1080P, infohash="ab" * 20, release_title="Another")
    same = offer(infohash="ab" * 20)
    assert Reason.ALREADY_IMPORTED in reasons(same, upgrading(context, file))
    named = owned(Quality.WEBDL_1080P, release_title=same.release.title)
    assert Reason.ALREADY_IMPORTED in reasons(same, upgrading(context, named))


def test_two_unknown_torrents_are_not_the_same(offer, context) -> None:
    file = owned(Quality.HDTV_1080P)
    assert judge(offer(infohash=None), upgrading(context, file)).is_accepted


def test_a_better_quality_replaces_a_file_below_the_cutoff(offer, context) -> None:
    better = offer("Sintel.2010.1080p.BluRay.x264-OPEN")
    assert judge(better, upgrading(context, owned(Quality.WEBDL_1080P))).is_accepted


@pytest.mark.parametrize(
    ("file", "name", "reason"),
    [
        (owned(Quality.BLURAY_1080P), "1080p.BluRay.REMUX.AVC", Reason.QUALITY_CUTOFF_MET),
        (owned(Quality.BLURAY_1080P), "1080p.WEB-DL", Reason.BETTER_QUALITY_OWNED),
        (owned(Quality.WEBDL_1080P), "1080p.WEBRip", Reason.NOT_AN_UPGRADE),
        (owned(Quality.WEBDL_1080P, 2), "1080p.WEB-DL", Reason.BETTER_REVISION_OWNED),
    ],
)
def test_what_is_no_improvement_is_rejected(offer, context, file, name, reason) -> None:
    candidate = offer(f"Sintel.2010.{name}-OPEN")
    assert reasons(candidate, upgrading(context, file)) == [reason]


def test_a_proper_replaces_the_file_that_it_mends(offer, context) -> None:
    proper = offer("Sintel.2010.PROPER.1080p.WEB-DL-OPEN")
    assert judge(proper, upgrading(context, owned(Quality.WEBDL_1080P))).is_accepted


@pytest.mark.parametrize("name", ["1080p.BluRay", "PROPER.1080p.WEBRip"])
def test_a_profile_without_upgrades_keeps_the_file(offer, context, name: str) -> None:
    keeping = replace(context, owned=owned(Quality.WEBDL_1080P))
    candidate = offer(f"Sintel.2010.{name}-OPEN")
    assert reasons(candidate, keeping) == [Reason.UPGRADES_NOT_ALLOWED]


def test_one_release_is_acquired_at_a_time(offer, context) -> None:
    verdict = judge(offer(), replace(context, acquiring=DOWNLOADING))
    assert [r.reason for r in verdict.rejections] == [Reason.ALREADY_ACQUIRING]
    assert verdict.is_temporary


def test_what_failed_before_is_not_grabbed_again(offer, context) -> None:
    blocking = replace(context, blocked=[BlockedTorrent("ab" * 20)])
    assert reasons(offer(infohash="ab" * 20), blocking) == [Reason.BLOCKLISTED]
    assert judge(offer(infohash="cd" * 20), blocking).is_accepted


def test_a_release_needs_seeders_where_their_number_is_known(offer, context) -> None:
    verdict = judge(offer(seeders=0), context)
    assert [r.reason for r in verdict.rejections] == [Reason.TOO_FEW_SEEDERS]
    assert verdict.is_temporary
    assert judge(offer(seeders=None), context).is_accepted
    strict = replace(context, settings=DecisionSettings(minimum_seeders=5))
    assert reasons(offer(seeders=4), strict) == [Reason.TOO_FEW_SEEDERS]


def test_a_small_sample_is_rejected_and_a_movie_of_that_name_is_not(offer, context) -> None:
    name = "Sintel.2010.1080p.WEB-DL.Sample-OPEN"
    assert reasons(offer(name, size=20 * MIB), context) == [Reason.SAMPLE]
    assert judge(offer(name, size=700 * MIB), context).is_accepted
    assert judge(offer(size=20 * MIB), context).is_accepted


def test_a_release_may_not_be_bigger_than_the_settings_allow(offer, context) -> None:
    small = replace(context, settings=DecisionSettings(maximum_bytes=500 * MIB))
    assert reasons(offer(size=501 * MIB), small) == [Reason.TOO_BIG]
    assert judge(offer(size=None), small).is_accepted


def test_all_reasons_are_told_and_not_the_first_alone(offer, context) -> None:
    bad = offer("Sintel.2010.720p.WEB-DL-OPEN", seeders=0)
    assert reasons(bad, replace(context, acquiring=DOWNLOADING)) == [
        Reason.QUALITY_NOT_WANTED,
        Reason.ALREADY_ACQUIRING,
        Reason.TOO_FEW_SEEDERS,
    ]
    assert not judge(bad, context).is_temporary
