from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reeld.domain.decision import CRITERIA, Candidate, Context, decide, preference, score
from reeld.domain.indexer import IndexerRules
from reeld.domain.profile import default_profiles
from reeld.domain.quality import Quality
from reeld.domain.quality_limits import QualityLimits
from reeld.domain.release import NO_FLAGS, IndexerFlag
from reeld.domain.release_profile import PreferredTerm, ReleaseProfile
from reeld.domain.settings import DecisionSettings, PropersPolicy

MIB = 1024 * 1024
BLURAY = "Sintel.2010.1080p.BluRay.x264-OPEN"
BUILT_FOR_EACH_TEST = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def context(context) -> Context:
    return replace(context, profile=default_profiles()["Any"])


@pytest.fixture
def better(context):
    """By which criterion the first of two candidates is preferred; the other one was seen first."""

    def find(first: Candidate, second: Candidate, where: Context = context) -> str:
        first = replace(first, release=replace(first.release, id=2))
        mine, theirs = preference(first, where), preference(second, where)
        assert mine > theirs
        return next(c.name for c, a, b in zip(CRITERIA, mine, theirs, strict=True) if a != b)

    return find


def test_quality_counts_before_revision_and_revision_before_score(offer, better) -> None:
    assert better(offer(BLURAY), offer("Sintel.2010.PROPER.1080p.WEB-DL-OPEN")) == "quality"
    proper = offer("Sintel.2010.PROPER.1080p.BluRay.x264-OPEN")
    assert better(proper, offer(BLURAY, score=100)) == "revision"
    real = offer("Sintel.2010.REAL.PROPER.1080p.BluRay.x264-OPEN")
    assert better(real, proper) == "revision"
    assert better(offer(BLURAY, score=1), offer(BLURAY, seeders=5000)) == "score"


def test_a_revision_counts_for_nothing_where_propers_are_not_preferred(
    offer, context, better
) -> None:
    plain = replace(context, settings=DecisionSettings(propers=PropersPolicy.DO_NOT_PREFER))
    proper = offer("Sintel.2010.PROPER.1080p.BluRay.x264-OPEN")
    assert better(offer(BLURAY, score=1), proper, plain) == "score"


def test_the_reputation_of_a_group_and_preferred_terms_are_part_of_the_score(
    offer, context, better
) -> None:
    assert better(offer(BLURAY, score=1, reputation=2), offer(BLURAY, score=2)) == "score"
    terms = (PreferredTerm("open", 5), PreferredTerm("/\\bx264\\b/", -2))
    here = replace(context, restrictions=[ReleaseProfile(preferred=terms, indexer="feed")])
    assert score(offer(BLURAY, score=1, reputation=1), here) == 5
    assert better(offer(BLURAY), offer(BLURAY, indexer="other"), here) == "score"


def test_preferred_terms_are_for_the_movies_of_their_tags(offer, context) -> None:
    terms = ReleaseProfile(preferred=(PreferredTerm("open", 5),), tags=frozenset({7}))
    assert score(offer(BLURAY), replace(context, restrictions=[terms])) == 0
    assert score(offer(BLURAY), replace(context, restrictions=[terms], tags={7: "4k"})) == 5


def test_of_equal_scores_a_preferred_group_wins(offer, context, better) -> None:
    ruled = replace(context, group_rules={"mine": "prefer"})
    mine = offer("Sintel.2010.1080p.BluRay.x264-MiNE")
    assert better(mine, offer(BLURAY, seeders=5000), ruled) == "preferred group"
    assert better(offer(BLURAY, score=1), mine, ruled) == "score"


def test_the_indexer_of_the_lower_number_wins_over_seeders(offer, context, better) -> None:
    two = {"feed": IndexerRules("feed", priority=1), "hdbits": IndexerRules("hdbits", priority=2)}
    asked = replace(context, indexers=two)
    there = offer(BLURAY, indexer="hdbits", seeders=5000)
    assert better(offer(BLURAY), there, asked) == "indexer priority"
    unknown = offer(BLURAY, indexer="other", seeders=5000)
    assert better(offer(BLURAY), unknown, asked) == "indexer priority"


def test_flags_count_where_they_are_preferred(offer, context, better) -> None:
    preferring = replace(context, settings=DecisionSettings(prefer_indexer_flags=True))
    free = offer(BLURAY, flags=IndexerFlag.FREELEECH)
    half = offer(BLURAY, flags=IndexerFlag.HALFLEECH)
    scene = offer(BLURAY, flags=IndexerFlag.SCENE, seeders=5000)
    assert better(free, half, preferring) == "indexer flags"
    assert better(half, scene, preferring) == "indexer flags"
    assert better(scene, free, context) == "seeders"


def test_peers_count_after_seeders_by_their_powers_of_ten(offer, better) -> None:
    assert better(offer(BLURAY, seeders=40), offer(BLURAY, seeders=3, leechers=900)) == "seeders"
    assert better(offer(BLURAY, seeders=40, leechers=900), offer(BLURAY, seeders=60)) == "peers"
    assert better(offer(BLURAY, seeders=60), offer(BLURAY, seeders=40)) == "exact seeders"


def test_the_size_nearest_to_the_preferred_one_wins(offer, context, make_movie, better) -> None:
    limits = {Quality.BLURAY_1080P: QualityLimits(0, 50, None)}
    long = replace(context, movie=make_movie(runtime_minutes=100), limits=limits)
    near, big = offer(BLURAY, size=5600 * MIB), offer(BLURAY, size=9000 * MIB)
    assert better(near, big, long) == "size"
    assert better(near, offer(BLURAY, size=1000 * MIB), long) == "size"
    # 5000 MiB are preferred: both are one step of 200 MiB away.
    assert (
        better(offer(BLURAY, size=5200 * MIB, seeders=13), offer(BLURAY, size=4800 * MIB), long)
        == "exact seeders"
    )
    unknown = replace(long, movie=make_movie(runtime_minutes=None))
    assert better(big, near, unknown) == "size"
    assert better(big, near) == "size"


def test_of_equal_offers_the_first_seen_wins(offer, context) -> None:
    # By the guid alone the later one would win.
    first, second = offer(BLURAY, id=3, guid="a"), offer(BLURAY, id=8, guid="b")
    assert decide([second, first], context).best is first


OFFERS = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(
                [BLURAY, "Sintel.2010.REPACK.1080p.WEB-DL-A", "Sintel.2010.720p.WEBRip-B"]
            ),
            "score": st.integers(-2, 2),
            "indexer": st.sampled_from(["feed", "hdbits"]),
            "flags": st.sampled_from([NO_FLAGS, *IndexerFlag]),
            "seeders": st.none() | st.integers(0, 2000),
            "leechers": st.none() | st.integers(0, 2000),
            "size": st.none() | st.integers(0, 9000 * MIB),
        }
    ),
    min_size=3,
    max_size=6,
)


@given(
    OFFERS,
    st.booleans(),
    st.sampled_from(PropersPolicy),
    st.none() | st.floats(1, 200),
    st.integers(1, 50),
)
@BUILT_FOR_EACH_TEST
def test_the_order_is_total_whatever_is_offered(
    offer, context, drawn, flags, propers, preferred, priority
) -> None:
    limits = {quality: QualityLimits(0, preferred, None) for quality in Quality}
    where = replace(
        context,
        limits=limits,
        indexers={"hdbits": IndexerRules("hdbits", priority=priority)},
        settings=DecisionSettings(prefer_indexer_flags=flags, propers=propers),
    )
    offers = [offer(id=number, guid=str(number), **each) for number, each in enumerate(drawn, 1)]
    keys = [preference(each, where) for each in offers]
    assert len(set(keys)) == len(keys)
    for a in keys:
        for b in keys:
            assert (a < b) + (a > b) + (a == b) == 1
            assert all(not (a < b < c) or a < c for c in keys)
