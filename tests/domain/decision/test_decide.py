from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reeld.domain.decision import (
    RULES,
    Candidate,
    Context,
    Finding,
    Reason,
    decide,
    judge,
    passed,
    preference,
    rejected,
    rule,
    unmatched,
)
from reeld.domain.matching import Match, MatchedBy, Mismatch, NoMatch
from reeld.domain.parsing import parse_release_name
from reeld.domain.profile import default_profiles

GIB = 1024**3
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def context(make_movie) -> Context:
    return Context(make_movie(), default_profiles()["Any"], NOW)


@pytest.fixture
def offer(make_release) -> Callable[..., Candidate]:
    def make(number: int, words: str, **changes) -> Candidate:
        title = f"Sintel.2010.{words}-OPEN"
        release = make_release(id=number, guid=str(number), title=title, **changes)
        return Candidate(release, parse_release_name(title), Match(1, MatchedBy.TITLE))

    return make


def chosen(context: Context, *candidates: Candidate) -> int | None:
    best = decide(candidates, context).best
    return best.release.id if best else None


def test_the_better_quality_wins_over_more_seeders(offer, context) -> None:
    web = offer(1, "1080p.WEB-DL", seeders=5000)
    disc = offer(2, "1080p.BluRay.x264", seeders=2)
    assert chosen(context, web, disc) == 2


def test_of_equal_quality_the_later_revision_wins(offer, context) -> None:
    assert chosen(context, offer(1, "1080p.WEB-DL"), offer(2, "REPACK.1080p.WEBRip")) == 2


def test_ten_times_the_seeders_win_over_size(offer, context) -> None:
    big = offer(1, "1080p.BluRay", seeders=3, size=9 * GIB)
    busy = offer(2, "1080p.BluRay", seeders=300, size=2 * GIB)
    assert chosen(context, big, busy) == 2


def test_seeders_count_more_than_peers(offer, context) -> None:
    wanted = offer(1, "1080p.WEB-DL", seeders=3, leechers=997)
    shared = offer(2, "1080p.WEB-DL", seeders=300, leechers=10)
    assert chosen(context, wanted, shared) == 2


def test_a_few_more_seeders_do_not_win_over_size(offer, context) -> None:
    big = offer(1, "1080p.BluRay", seeders=101, size=9 * GIB)
    busy = offer(2, "1080p.BluRay", seeders=120, size=2 * GIB)
    assert chosen(context, big, busy) == 1


def test_of_two_equal_offers_the_first_seen_wins(offer, context) -> None:
    assert chosen(context, offer(8, "1080p.WEB-DL"), offer(4, "1080p.WEB-DL")) == 4


def test_a_rejected_offer_never_wins(offer, context) -> None:
    poor, good = offer(1, "720p.WEB-DL"), offer(2, "2160p.BluRay.x265", seeders=0)
    decision = decide([poor, good], context)
    assert decision.best is poor
    assert [verdict.release_id for verdict in decision.verdicts] == [1, 2]
    assert decision.verdicts[1].rejections[0].reason is Reason.TOO_FEW_SEEDERS


def test_without_an_acceptable_offer_nothing_is_chosen(offer, context) -> None:
    assert chosen(context) is None
    assert chosen(context, offer(1, "1080p.WEB-DL", seeders=0)) is None


def test_a_further_rule_is_one_more_function(offer, context) -> None:
    @rule(Reason.BLOCKLISTED)
    def refuses_open(candidate: Candidate, _: Context) -> Finding:
        blamed = candidate.parsed.group == "OPEN"
        return rejected(Reason.BLOCKLISTED, "No OPEN.") if blamed else passed()

    decision = decide([offer(1, "1080p.WEB-DL")], context, rules=(*RULES, refuses_open))
    assert decision.best is None


def test_a_release_of_no_wanted_movie_has_a_verdict_too(make_release) -> None:
    title = "Unwanted.Movie.2010.1080p.WEB-DL"
    match = NoMatch(Mismatch.MOVIE_UNKNOWN, "No wanted movie has that title.")
    verdict = unmatched(Candidate(make_release(id=6), parse_release_name(title), match))
    assert (verdict.release_id, verdict.movie_id) == (6, None)
    assert [r.reason for r in verdict.rejections] == [Reason.MOVIE_UNKNOWN]


WORDS = ["720p.WEB-DL", "1080p.WEB-DL", "1080p.WEBRip", "PROPER.1080p.WEB-DL", "1080p.BluRay.x264"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(WORDS),
            st.one_of(st.none(), st.integers(0, 5000)),
            st.one_of(st.none(), st.integers(0, 90 * GIB)),
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_choice_does_not_depend_on_the_order_of_offers(offer, context, drawn, random) -> None:
    candidates = [
        offer(number, words, seeders=seeders, size=size)
        for number, (words, seeders, size) in enumerate(drawn, 1)
    ]
    shuffled = random.sample(candidates, len(candidates))
    straight, mixed = decide(candidates, context), decide(shuffled, context)
    assert straight == mixed
    accepted = [c for c in candidates if judge(c, context).is_accepted]
    if straight.best is None:
        assert not accepted
    else:
        best = preference(straight.best, context)
        assert all(preference(candidate, context) <= best for candidate in accepted)
