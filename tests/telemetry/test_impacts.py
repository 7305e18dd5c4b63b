from __future__ import annotations

from pathlib import Path

import pytest

from reeld.telemetry import IMPACTS, Impact, impact_of

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("impact", IMPACTS, ids=lambda impact: impact.check)
def test_every_page_that_a_check_points_to_exists(impact: Impact) -> None:
    assert (DOCS / impact.page).is_file()


def test_a_checks_own_entry_counts_before_that_of_its_component() -> None:
    own, general = impact_of("breaker:postgresql"), impact_of("breaker:tmdb")
    assert own is not None
    assert general is not None
    assert (own.check, general.check) == ("breaker:postgresql", "breaker")
    assert impact_of("nothing:known") is None


def test_no_check_has_two_entries() -> None:
    assert len({impact.check for impact in IMPACTS}) == len(IMPACTS)
