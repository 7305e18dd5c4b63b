"""How far long work is, on standard error, so that standard output holds the result alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from reeld.cli.output import bytes_of
from reeld.storage.backup import Step, Tell


@contextmanager
def progress() -> Iterator[Tell]:
    """Show the step under way: moving on a terminal, a line a step elsewhere."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _lines()
        return
    with console.status("") as shown:
        yield lambda step, done: shown.update(f"{step} {bytes_of(done) if done else ''}")


def _lines() -> Tell:
    told: list[Step] = []

    def tell(step: Step, _done: int) -> None:
        if told[-1:] != [step]:
            told.append(step)
            sys.stderr.write(f"{step} ...\n")

    return tell
