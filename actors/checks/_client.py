"""The download client's own settings, and whether its downloads can be linked into the library."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import trio

from reeld.actors.importer import LinkProbe, can_link
from reeld.domain.errors import ReeldError
from reeld.telemetry import Check, Status

TRIAL_SECONDS: Final = 10.0


def check_preferences(warnings: tuple[str, ...]) -> Check:
    """Judge qBittorrent's own settings.

    Args:
        warnings: What a person should change there.
    """
    if not warnings:
        return Check("qbittorrent:preferences", Status.PASS)
    return Check("qbittorrent:preferences", Status.WARN, sentence=" ".join(warnings))


def check_links(outcome: LinkProbe | ReeldError | None) -> Check:
    """Judge the trial of a hard link.

    Args:
        outcome: What the trial showed, or why it could not be made; None when it did not end in time.
    """
    check = "disk:links"
    match outcome:
        case LinkProbe(refusal=None):
            return Check(check, Status.PASS, "system", observed="hardlink")
        case LinkProbe(can_reflink=can_reflink, sentence=sentence):
            means = "reflink" if can_reflink else "copy"
            return Check(check, Status.WARN, "system", sentence, means)
        case ReeldError(sentence=sentence):
            return Check(check, Status.WARN, "system", sentence, "not_tried")
        case None:
            sentence = (
                "The downloads' folder or the library does not answer: is its file system mounted?"
            )
            return Check(check, Status.FAIL, "system", sentence, "hangs")


class LinkTrial:
    """Tries real hard links, one at a time, in a thread: a file system that hangs keeps its thread and nothing else."""

    def __init__(self) -> None:
        self._limiter = trio.CapacityLimiter(1)

    async def run(self, downloads: Path, library: Path) -> Check:
        """Try one, within `TRIAL_SECONDS`.

        Args:
            downloads: Where the client saves what is complete, as this machine sees it.
            library: The root folder.
        """
        outcome: LinkProbe | ReeldError | None = None
        with trio.move_on_after(TRIAL_SECONDS):
            try:
                outcome = await trio.to_thread.run_sync(
                    can_link, downloads, library, abandon_on_cancel=True, limiter=self._limiter
                )
            except ReeldError as error:
                outcome = error
        return check_links(outcome)
