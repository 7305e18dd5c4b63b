"""The faults of HDBits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reeld.simulators.faults import Knobs


@dataclass(slots=True)
class HdbitsKnobs(Knobs):
    """Faults of the service, beside those of a web server."""

    api_calls_allowed: int = -1
    """After so many more API calls the rate limit is reached; -1 is never."""
    downloads_allowed: int = -1
    """After so many more downloads the rate limit is reached; -1 is never."""
    limit_seconds: float = 900.0
    """How long a reached rate limit lasts."""
    status_next: int = 0
    """So many API calls answer `status`."""
    status: int = 1
    """One of the API's own status codes, 1 to 9."""
    data_as: Literal["list", "object", "null", "missing"] = "list"
    """What `data` is."""
    ids_as_text: bool = False
    """Ids are numeric strings."""
    lower_case_hashes: bool = False
    """Hashes are in lower case instead of upper."""
    no_imdb: bool = False
    """No torrent has its `imdb` object."""
    wrong_torrent_next: int = 0
    """So many downloads deliver another torrent than the one asked for."""
    html_download_next: int = 0
    """So many downloads answer 200 with an HTML page."""
