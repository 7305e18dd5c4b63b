"""The faults of a Torznab indexer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reeld.simulators.faults import Knobs

AnswerAs = Literal["page", "doctype", "huge", "not_xml", "html", "endless", "empty"]
CapsAs = Literal["full", "text_only", "bare", "page"]


@dataclass(slots=True)
class TorznabKnobs(Knobs):
    """Faults of the indexer, beside those of a web server."""

    answer_as: AnswerAs = "page"
    """What is sent in place of a page of offers: an entity bomb, 200 MB, bytes that are no XML, a page for people."""
    huge_bytes: int = 200 * 1024 * 1024
    """How long the huge body is; it is streamed."""
    caps_as: CapsAs = "full"
    """What the capabilities say: everything, no search by number, nothing at all; or a page of offers in their place."""
    page_limit: int = 100
    """The most offers on one page."""
    error_next: int = 0
    """So many calls of the API answer `<error>`."""
    error_code: int = 900
    """Its code."""
    error_text: str = "Unknown error"
    """Its description."""
    error_status: int = 200
    """The HTTP status that it comes with."""
    infohashes: bool = True
    """Whether offers carry their infohash."""
    guids: bool = True
    """Whether offers carry a guid."""
    ids: bool = True
    """Whether offers carry the numbers of IMDb and TMDB."""
    magnets: bool = False
    """Whether offers carry a magnet link in place of a .torrent."""
    magnet_redirect_next: int = 0
    """So many downloads lead to a magnet link."""
    usenet: bool = False
    """Whether offers are NZBs."""
    wrong_torrent_next: int = 0
    """So many downloads deliver an HTML page."""
