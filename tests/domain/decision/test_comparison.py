"""No two releases of a profile can replace each other in turns, whatever the profile says."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from reeld.domain.decision import Reason, Worth, is_good_enough, objection
from reeld.domain.profile import ProfileItem, QualityProfile
from reeld.domain.quality import Quality, Revision
from reeld.domain.settings import PropersPolicy

# Few values, so that equal ones are drawn often.
WORTHS = st.builds(
    Worth,
    st.sampled_from(list(Quality)[10:24]),
    st.builds(Revision, real=st.integers(0, 1), version=st.integers(1, 3)),
    st.integers(-20, 20),
)
POLICIES = st.sampled_from(PropersPolicy)


@st.composite
def profiles(draw: st.DrawFn) -> QualityProfile:
    """A profile of groups in any order, with any of its qualities allowed and any cutoff among those."""
    qualities = draw(st.permutations(list(Quality)[10:24]))
    cuts = sorted(draw(st.sets(st.integers(1, len(qualities) - 1), max_size=8)))
    groups = [
        tuple(qualities[a:b]) for a, b in itertools.pairwise([0, *cuts, len(qualities)]) if a < b
    ]
    allowed = draw(st.sets(st.integers(0, len(groups) - 1), min_size=1))
    items = tuple(
        ProfileItem(group, place in allowed, f"group {place}" if len(group) > 1 else "")
        for place, group in enumerate(groups)
    )
    cutoff = draw(st.sampled_from([q for place in sorted(allowed) for q in groups[place]]))
    return QualityProfile(
        "any",
        items,
        cutoff,
        upgrades_allowed=draw(st.booleans()),
        cutoff_format_score=draw(st.integers(-20, 40)),
        min_upgrade_format_score=draw(st.integers(1, 10)),
    )


@given(profiles(), POLICIES, WORTHS, WORTHS)
def test_no_two_releases_replace_each_other(
    profile: QualityProfile, policy: PropersPolicy, a: Worth, b: Worth
) -> None:
    there = objection(a, b, profile, policy) is None
    back = objection(b, a, profile, policy) is None
    assert not (there and back)


@given(profiles(), POLICIES, WORTHS)
def test_nothing_replaces_itself(
    profile: QualityProfile, policy: PropersPolicy, worth: Worth
) -> None:
    assert objection(worth, worth, profile, policy) is Reason.NOT_AN_UPGRADE


@given(profiles(), POLICIES, st.lists(WORTHS, min_size=3, max_size=12))
def test_a_library_that_is_offered_the_same_releases_for_ever_comes_to_rest(
    profile: QualityProfile, policy: PropersPolicy, offers: list[Worth]
) -> None:
    owned, grabs = offers[0], 0
    for offer in offers * len(offers):
        if objection(offer, owned, profile, policy) is None:
            owned, grabs = offer, grabs + 1
    assert grabs < len(offers)
    assert all(objection(offer, owned, profile, policy) is not None for offer in offers)


@given(profiles(), WORTHS, WORTHS)
def test_what_is_good_enough_is_replaced_by_a_proper_of_it_alone(
    profile: QualityProfile, offer: Worth, owned: Worth
) -> None:
    if is_good_enough(owned, profile):
        replaces = objection(offer, owned, profile, PropersPolicy.PREFER_AND_UPGRADE) is None
        assert not replaces or offer.quality is owned.quality
        assert objection(offer, owned, profile, PropersPolicy.DO_NOT_PREFER) is not None
