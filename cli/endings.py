"""How commands end: their exit codes, and what a person or a reader that went away makes of them."""

from __future__ import annotations

import os
import sys
from typing import Final

EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_DEGRADED: Final = 3
EXIT_INTERRUPTED: Final = 130


def code_of(error: BaseException) -> int:
    """Return the exit code of a command that a person ended, or whose reader went away; raise anything else."""
    # What happens inside a nursery comes in groups.
    group = BaseExceptionGroup("", [error])
    if group.subgroup(KeyboardInterrupt):
        return EXIT_INTERRUPTED
    if group.subgroup(BrokenPipeError):
        _forget_output()
        return EXIT_FAILED
    raise error


def _forget_output() -> None:
    """Let the interpreter end quietly although whoever read our output is gone.

    It flushes its streams at exit; this is the way of Python's manual (signal, "Note on SIGPIPE").
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
