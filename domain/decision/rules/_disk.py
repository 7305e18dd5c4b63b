"""Rules about room on the disk: asked only when nothing else speaks against a release."""

from __future__ import annotations

from typing import Final

from reeld.domain.decision._case import Candidate, Context
from reeld.domain.decision._reason import Reason
from reeld.domain.decision._rule import Rule, rule
from reeld.domain.decision._ruling import Finding, not_asked, passed, rejected
from reeld.domain.decision._units import bytes_text


@rule(
    Reason.NO_ROOM,
    radarr="FreeSpaceSpecification",
    differs=(
        "Where the download is written, not in the root folder: a hardlink needs no room there, and Radarr asks for it all"
        " the same (its issue 8049). A copy checks its own room when it is made. Temporary, since room can be made."
    ),
    is_last=True,
)
def free_space(candidate: Candidate, context: Context) -> Finding:
    """The download must fit, and leave `decision.minimum_free_bytes` free."""
    size, free = candidate.release.size, context.free_bytes
    if not size or free is None:
        return not_asked(
            "Its size is not known." if free is not None else "Nobody knows how much is free."
        )
    least = context.settings.minimum_free_bytes
    if free - size >= least:
        return passed(size=size, free=free, least=least)
    sentence = f"It has {bytes_text(size)}, {bytes_text(free)} are free, and {bytes_text(least)} must stay free."
    return rejected(Reason.NO_ROOM, sentence, size=size, free=free, least=least)


RULES: Final[tuple[Rule, ...]] = (free_space,)
