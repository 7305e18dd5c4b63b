"""What may be told of an address."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

REDACTED: Final = "REDACTED"
"""The semantic conventions' word for what was taken out of `url.full`."""

_HARMLESS: Final = frozenset(
    {
        "append_to_response",
        "category",
        "external_source",
        "filter",
        "include_adult",
        "include_image_language",
        "include_video_language",
        "language",
        "limit",
        "page",
        "primary_release_year",
        "query",
        "region",
        "sort",
        "year",
    }
)
"""The parameters whose values are shown. A list of the secret ones would miss the next site's name for its key."""
_KEY: Final = re.compile(r"(?=[^/]*\d)[\w-]{20,}", re.ASCII)
"""Long parts of a path with a digit in them are taken for keys; so are some file names, at no loss."""


def safe_url(url: str, *, path_is_secret: bool = False) -> str:
    """Return an address without anything that could open a door.

    Credentials go, and so do fragments, values of all but a few parameters, and parts of the path that look like keys.

    Args:
        url: The address.
        path_is_secret: Keep scheme, host and port only: feeds carry their keys anywhere.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return REDACTED
    host = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    if path_is_secret:
        return origin
    path = _KEY.sub(REDACTED, parts.path)
    query = "&".join(
        f"{quote(name)}={quote(value) if name in _HARMLESS else REDACTED}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return f"{origin}{path}" + (f"?{query}" if query else "")
