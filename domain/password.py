"""What a password may be: long enough, and otherwise whatever its owner likes (ASVS 5.0, 6.2.1 and 6.2.5)."""

from __future__ import annotations

from typing import Final

SHORTEST_PASSWORD: Final = 8
LONGEST_PASSWORD: Final = 1024
"""Characters; nobody types more, and hashing them costs."""
