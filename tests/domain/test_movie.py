from __future__ import annotations

from reeld.domain.movie import Stage


def test_titles_come_without_repeats_and_the_main_one_first(make_movie) -> None:
    movie = make_movie(
        title="Spirited Away",
        original_title="Sen to Chihiro no kamikakushi",
        alternative_titles=("Spirited Away", "", "Chihiro"),
    )
    assert movie.titles == ("Spirited Away", "Sen to Chihiro no kamikakushi", "Chihiro")


def test_years_hold_the_secondary_year_and_no_unknown_one(make_movie) -> None:
    assert make_movie(year=2010, secondary_year=2011).years == {2010, 2011}
    assert make_movie(year=None, secondary_year=None).years == frozenset()


def test_a_movie_is_under_way_between_decision_and_library() -> None:
    under_way = {stage for stage in Stage if stage.is_under_way}
    assert under_way == {Stage.DECIDED, Stage.GRABBED, Stage.DOWNLOADING, Stage.IMPORTING}
