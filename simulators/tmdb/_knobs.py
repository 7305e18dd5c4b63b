"""The faults of TMDB."""

from __future__ import annotations

from dataclasses import dataclass, field

from reeld.simulators.faults import Knobs


@dataclass(slots=True)
class TmdbKnobs(Knobs):
    """Faults of the service, beside those of a web server."""

    requests_per_second: int = 0
    """More requests than this in one second answer 429; 0 is no limit."""
    error_next: int = 0
    """So many requests answer `error_code`."""
    error_code: int = 25
    """One of TMDB's own status codes."""
    deleted: list[int] = field(default_factory=list)
    """Movie ids that answer 404, code 34."""
    find_nothing: bool = False
    """No IMDb id is known."""
    find_twice: bool = False
    """Every IMDb id leads to two movies: one was merged into the other."""
    bare: bool = False
    """Every field that may be empty or null is, every one that may be missing is missing."""
    overview_padding: int = 0
    """So many bytes are added to every overview."""
    repeat_across_pages: bool = False
    """Each page repeats the last result of the page before, as happens when popularity changes."""
    claimed_pages: int = 0
    """`total_pages` says this; 0 says the truth."""
    edition: int = 1
    """Part of every ETag: another number changes them all."""
    torn_gzip_next: int = 0
    """So many answers say that they are gzip and are cut short."""
    page_size: int = 20
    """Results on a page."""
