"""Where a browser goes before and after a login: only ever to a path of reeld's own."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlencode

LOGIN_PAGE: Final = "/login"
AT_HOME: Final = "/api/schema/reference"
"""Where a person goes who was on the way to nothing else."""
_OWN: Final = re.compile(r"/(?![/\\])[!-\[\]-~]{0,499}", re.ASCII)
"""A path and a query in printable ASCII. What begins with two slashes, or has a backslash, which browsers read as a
slash, leads to another host."""


def own_path(wanted: str | None) -> str:
    """Return the path that was wanted, or the one at home when it could lead anywhere else."""
    is_own = wanted is not None and _OWN.fullmatch(wanted) is not None
    return wanted if is_own and wanted is not None and not _is_login(wanted) else AT_HOME


def login_path(scope: Any) -> str:
    """Return where a browser logs in, to come back to what it asked for."""
    query = scope["query_string"].decode("latin-1")
    asked = scope["path"] + (f"?{query}" if query else "")
    return f"{LOGIN_PAGE}?{urlencode({'next': own_path(asked)})}"


def _is_login(path: str) -> bool:
    return path.partition("?")[0].rstrip("/") == LOGIN_PAGE
