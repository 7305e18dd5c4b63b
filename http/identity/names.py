"""Names that say who did something, and that nobody may take."""

from __future__ import annotations

import unicodedata
from typing import Final

ADMINISTRATOR: Final = "administrator"
"""The key that opens everything: made at the first start, or given by the settings."""
LOCAL: Final = "local-commands"
"""The name under which the audit knows commands on this machine."""

_RESERVED: Final = frozenset({ADMINISTRATOR, LOCAL})


def is_reserved(name: str) -> bool:
    """Whether a name is one of the daemon's own keys, or looks like it: in capitals, wide letters, or among spaces."""
    return unicodedata.normalize("NFKC", name).casefold().strip() in _RESERVED
