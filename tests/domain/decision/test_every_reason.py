"""Every reason can be given, by a rule that says so, with a sentence for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reeld.domain.availability import Availability
from reeld.domain.decision import (
    RULES,
    Acquiring,
    Candidate,
    Context,
    Finding,
    Outcome,
    OwnedFile,
    Reason,
    Ruling,
    decide,
    judge,
    passed,
    rule,
)
from reeld.domain.delay import DelayProfile
from reeld.domain.indexer import IndexerRules
from reeld.domain.language import Language
from reeld.domain.matching import Match, MatchedBy, Mismatch, NoMatch
from reeld.domain.profile import default_profiles
from reeld.domain.quality import Quality, Revision
from reeld.domain.quality_limits import QualityLimits
from reeld.domain.release import IndexerFlag
from reeld.domain.release_profile import ReleaseProfile
from reeld.domain.settings import DecisionSettings, PropersPolicy

MIB = 1024 * 1024
WEB = Quality.WEBDL_1080P
PROPER = "Sintel.2010.PROPER.1080p.WEB-DL.H.264-OPEN"
REPACK = "Sintel.2010.REPACK.1080p.WEB-DL.H.264-OPEN"
REMUX = "Sintel.2010.1080p.BluRay.REMUX.AVC-OPEN"
UPGRADING = replace(default_profiles(upgrades_allowed=True)["HD-1080p"], cutoff_format_score=100)


class Everything:
    def covers(self, indexer: str, guid: str, infohash: str | None) -> bool:
        return True


class Broken:
    def covers(self, indexer: str, guid: str, infohash: str | None) -> bool:
        raise LookupError("an index that is gone")


@dataclass
class Case:
    """What makes a rule give a reason.

    Attributes:
        offer: What differs from an ordinary offer.
        where: What differs from an ordinary context.
        movie: What differs from an ordinary movie.
        match: What the release was matched to.
    """

    offer: dict[str, Any] = field(default_factory=dict)
    where: dict[str, Any] = field(default_factory=dict)
    movie: dict[str, Any] = field(default_factory=dict)
    match: Match | NoMatch = field(default_factory=lambda: Match(1, MatchedBy.TITLE))


def upgrade(file: OwnedFile, *, profile: Any = UPGRADING, **more: Any) -> dict[str, Any]:
    return {"owned": file, "profile": profile, **more}


def cases(now: Any) -> dict[Reason, Case]:
    old = now - timedelta(days=30)
    return {
        **{Reason(each.value): Case(match=NoMatch(each, "Why.")) for each in Mismatch},
        Reason.WRONG_MOVIE: Case(match=Match(2, MatchedBy.TITLE)),
        Reason.NOT_MONITORED: Case(movie={"monitored": False}),
        Reason.NOT_AVAILABLE: Case(where={"availability": Availability()}),
        Reason.QUALITY_NOT_WANTED: Case({"title": "Sintel.2010.720p.WEB-DL-OPEN"}),
        Reason.LANGUAGE_NOT_WANTED: Case(
            {"title": "Sintel.2010.German.1080p.WEB-DL-OPEN"},
            {"original_language": Language.ENGLISH},
        ),
        Reason.SCORE_TOO_LOW: Case({"score": -1}),
        Reason.TOO_SMALL_FOR_QUALITY: Case(where={"limits": {WEB: QualityLimits(90)}}),
        Reason.TOO_BIG_FOR_QUALITY: Case({"size": 9000 * MIB}),
        Reason.TOO_BIG: Case(where={"settings": DecisionSettings(maximum_bytes=MIB)}),
        Reason.PROTOCOL_NOT_WANTED: Case(where={"delay": DelayProfile(enable_torrent=False)}),
        Reason.SAMPLE: Case({"title": "Sintel.2010.1080p.WEB-DL.Sample-OPEN", "size": MIB}),
        Reason.HARDCODED_SUBS: Case({"title": "Sintel.2010.HC.1080p.WEB-DL.H.264-OPEN"}),
        Reason.RAW_DISK: Case(
            {"title": "Sintel.2010.COMPLETE.BLURAY-OPEN"}, {"profile": default_profiles()["Any"]}
        ),
        Reason.REQUIRED_TERM_MISSING: Case(
            where={"restrictions": [ReleaseProfile(required=("x265",))]}
        ),
        Reason.IGNORED_TERM: Case(where={"restrictions": [ReleaseProfile(ignored=("open",))]}),
        Reason.GROUP_BLOCKED: Case(where={"group_rules": {"open": "block"}}),
        Reason.INDEXER_AWAY: Case(where={"indexers_away": frozenset({"feed"})}),
        Reason.INDEXER_TAGS_DIFFER: Case(
            where={"indexers": {"feed": IndexerRules("feed", tags=frozenset({"4k"}))}}
        ),
        Reason.FLAGS_MISSING: Case(
            where={"indexers": {"feed": IndexerRules("feed", required_flags=IndexerFlag.SCENE)}}
        ),
        Reason.TOO_FEW_SEEDERS: Case({"seeders": 0}),
        Reason.BLOCKLISTED: Case(where={"blocked": [Everything()]}),
        Reason.TORRENT_TAKEN: Case(
            {"infohash": "cd" * 20}, {"torrents_of_others": {"cd" * 20: "Charade"}}
        ),
        Reason.ALREADY_IMPORTED: Case(
            {"infohash": "ab" * 20, "score": 5}, upgrade(OwnedFile(WEB, infohash="ab" * 20))
        ),
        Reason.UPGRADES_NOT_ALLOWED: Case(
            {"score": 1}, upgrade(OwnedFile(WEB), profile=default_profiles()["HD-1080p"])
        ),
        Reason.QUALITY_CUTOFF_MET: Case({"title": REMUX}, upgrade(OwnedFile(Quality.BLURAY_1080P))),
        Reason.SCORE_CUTOFF_MET: Case({"score": 200}, upgrade(OwnedFile(WEB, format_score=100))),
        Reason.BETTER_QUALITY_OWNED: Case(where=upgrade(OwnedFile(Quality.BLURAY_1080P))),
        Reason.BETTER_REVISION_OWNED: Case(where=upgrade(OwnedFile(WEB, Revision(1)))),
        Reason.BETTER_SCORE_OWNED: Case(where=upgrade(OwnedFile(WEB, format_score=5))),
        Reason.SCORE_GAIN_TOO_SMALL: Case(
            {"score": 5},
            upgrade(OwnedFile(WEB), profile=replace(UPGRADING, min_upgrade_format_score=6)),
        ),
        Reason.NOT_AN_UPGRADE: Case(where=upgrade(OwnedFile(WEB))),
        Reason.REPACK_OF_ANOTHER_GROUP: Case(
            {"title": REPACK}, upgrade(OwnedFile(WEB, group="OTHER"))
        ),
        Reason.REPACK_GROUP_UNKNOWN: Case({"title": REPACK}, upgrade(OwnedFile(WEB))),
        Reason.PROPERS_NOT_WANTED: Case(
            {"title": PROPER},
            upgrade(
                OwnedFile(WEB), settings=DecisionSettings(propers=PropersPolicy.DO_NOT_UPGRADE)
            ),
        ),
        Reason.TOO_LATE_FOR_PROPER: Case({"title": PROPER}, upgrade(OwnedFile(WEB, added_at=old))),
        Reason.ALREADY_ACQUIRING: Case(where={"acquiring": Acquiring("Sintel", WEB)}),
        Reason.GRABBED_LATELY: Case(where={"history": [Acquiring("Sintel", WEB, grabbed_at=now)]}),
        Reason.DELAYED: Case(where={"delay": DelayProfile(torrent_delay_minutes=5)}),
        Reason.CLIENT_AWAY: Case(where={"client_away": True}),
        Reason.NO_ROOM: Case(where={"free_bytes": MIB}),
        Reason.RULE_FAILED: Case(where={"blocked": [Broken()]}),
    }


@pytest.fixture
def verdict_of(
    offer, context, make_movie, now
) -> Callable[[Reason], tuple[Candidate, Context, Ruling]]:
    """The only ruling against the candidate of a case, with the two that it is about."""

    def find(reason: Reason) -> tuple[Candidate, Context, Ruling]:
        case = cases(now)[reason]
        candidate = replace(offer(**case.offer), match=case.match)
        where = replace(context, movie=make_movie(**case.movie), **case.where)
        (ruling,) = judge(candidate, where).rejections
        return candidate, where, ruling

    return find


OF_ONE_RELEASE = [each for each in Reason if each is not Reason.DUPLICATE]


@pytest.mark.parametrize("reason", OF_ONE_RELEASE)
def test_every_reason_can_be_given_alone_by_a_rule_that_names_it(verdict_of, reason) -> None:
    *_, ruling = verdict_of(reason)
    assert ruling.reason is reason
    assert ruling.permanent is not reason.is_temporary
    assert ruling.sentence.endswith(".")
    (asked,) = (each for each in RULES if each.name == ruling.rule)
    assert reason in {*asked.reasons, Reason.RULE_FAILED}


def test_the_one_reason_about_two_releases_can_be_given(offer, context) -> None:
    pair = [offer(id=1, infohash="ab" * 20), offer(id=2, infohash="ab" * 20)]
    (rejection,) = decide(pair, context).verdicts[1].rejections
    assert rejection.reason is Reason.DUPLICATE


def test_no_rule_names_a_reason_that_no_case_shows() -> None:
    named = {reason for each in RULES for reason in each.reasons}
    assert named == set(Reason) - {Reason.DUPLICATE, Reason.RULE_FAILED}


def test_every_rule_says_what_it_asks_and_has_a_name_of_its_own() -> None:
    assert len({each.name for each in RULES}) == len(RULES)
    for each in RULES:
        assert each.about, each.name
        assert each.reasons, each.name


def test_what_goes_wrong_in_a_rule_is_a_rejection_that_names_the_error(
    verdict_of, offer, context
) -> None:
    *_, ruling = verdict_of(Reason.RULE_FAILED)
    assert ruling.rule == "blocklist"
    assert ruling.values == {"error": "LookupError"}
    assert "an index" not in ruling.sentence
    assert judge(offer(), context).is_accepted


def test_all_reasons_are_told_and_not_the_first_alone(offer, context, reasons) -> None:
    bad = offer("Sintel.2010.720p.WEB-DL-OPEN", seeders=0)
    busy = replace(context, acquiring=Acquiring("Sintel", WEB))
    assert reasons(bad, busy) == [
        Reason.QUALITY_NOT_WANTED,
        Reason.ALREADY_ACQUIRING,
        Reason.TOO_FEW_SEEDERS,
    ]
    assert not judge(bad, busy).is_temporary


def test_a_rule_may_be_asked_by_itself(offer, context) -> None:
    @rule(Reason.SAMPLE)
    def always(_: Candidate, __: Context) -> Finding:
        """Nothing is asked."""
        return passed(asked=True)

    assert always(offer(), context) == Ruling("always", Outcome.PASSED, values={"asked": True})
    assert judge(offer(), context, (always,)).rulings == (always(offer(), context),)


MIXED = st.lists(st.sampled_from(OF_ONE_RELEASE), min_size=2, max_size=4)


@given(MIXED)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_together_a_rejection_has_a_reason_and_a_sentence(
    offer, context, make_movie, now, mixed: list[Reason]
) -> None:
    drawn = [cases(now)[reason] for reason in mixed]
    changes = {name: value for case in drawn for name, value in case.offer.items()}
    where = {name: value for case in drawn for name, value in case.where.items()}
    movie = {name: value for case in drawn for name, value in case.movie.items()}
    candidate = replace(offer(**changes), match=drawn[0].match)
    verdict = judge(candidate, replace(context, movie=make_movie(**movie), **where))
    assert len(verdict.rulings) == len(RULES)
    for each in verdict.rulings:
        assert (each.reason is not None) is each.is_rejected
        assert each.sentence or not each.is_rejected
        assert each.is_rejected or not each.permanent
