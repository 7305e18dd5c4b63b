"""What bodies of the control port have in common."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

WHY: Final = "a person asked for it"
ReasonText = Annotated[str, msgspec.Meta(max_length=300)]
"""Why somebody acts, in a few words; it goes to the audit and the log."""
