from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reeld.domain.acquisition import (
    TRANSITIONS,
    AcquisitionState,
    FailureReason,
    IllegalTransition,
    ImportStep,
    advance,
)

S = AcquisitionState
STRAIGHT_WAY = [S.INTENT, S.FETCHED, S.SENT, S.DOWNLOADING, S.COMPLETE, S.IMPORTED]


def test_the_straight_way_leads_from_intent_to_imported() -> None:
    for current, following in pairwise(STRAIGHT_WAY):
        assert advance(current, following) is following


def test_a_repeated_step_changes_nothing() -> None:
    for state in S:
        assert advance(state, state) is state


def test_every_state_that_is_not_final_may_fail() -> None:
    for state in S:
        assert (S.FAILED in TRANSITIONS[state]) is not state.is_final


def test_a_torrent_that_the_client_lost_is_sent_again_from_the_stored_bytes() -> None:
    assert advance(S.DOWNLOADING, S.FETCHED) is S.FETCHED
    assert advance(S.SENT, S.FETCHED) is S.FETCHED


def test_an_adopted_torrent_may_be_complete_at_once() -> None:
    assert advance(S.SENT, S.COMPLETE) is S.COMPLETE


@pytest.mark.parametrize("final", [S.IMPORTED, S.FAILED])
def test_nothing_follows_a_final_state(final: AcquisitionState) -> None:
    for other in set(S) - {final}:
        with pytest.raises(IllegalTransition, match=f"that is {final} cannot become {other}"):
            advance(final, other)


def test_a_step_cannot_be_skipped() -> None:
    with pytest.raises(IllegalTransition) as caught:
        advance(S.INTENT, S.SENT)
    assert caught.value.reason == "illegal_transition"


def test_only_faults_of_the_release_block_it() -> None:
    blameless = {reason for reason in FailureReason if not reason.blames_release}
    assert blameless == {
        FailureReason.MOVIE_REMOVED,
        FailureReason.DISCARDED,
        FailureReason.IGNORED,
        FailureReason.SUPERSEDED,
        FailureReason.NOT_AN_UPGRADE,
    }


def test_an_import_ends_done_or_failed() -> None:
    assert {step for step in ImportStep if step.is_final} == {ImportStep.DONE, ImportStep.FAILED}


class AcquisitionMachine(RuleBasedStateMachine):
    """Any wish whatever: the state moves by the table, and a final one stays."""

    def __init__(self) -> None:
        super().__init__()
        self.state = S.INTENT
        self.seen = [S.INTENT]

    @rule(to=st.sampled_from(S))
    def ask_for(self, to: AcquisitionState) -> None:
        before = self.state
        try:
            self.state = advance(before, to)
        except IllegalTransition:
            assert to not in TRANSITIONS[before]
            return
        self.seen.append(self.state)

    @invariant()
    def nothing_is_complete_that_was_never_sent(self) -> None:
        if S.COMPLETE in self.seen:
            assert S.SENT in self.seen[: self.seen.index(S.COMPLETE)]

    @invariant()
    def nothing_is_imported_and_failed(self) -> None:
        assert not {S.IMPORTED, S.FAILED} <= set(self.seen)

    @invariant()
    def what_is_imported_was_complete(self) -> None:
        if S.IMPORTED in self.seen:
            assert S.COMPLETE in self.seen


TestAcquisitionMachine = AcquisitionMachine.TestCase
TestAcquisitionMachine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
