"""Python's collector of cyclic garbage, told what a daemon is: much that stays for ever, and little that comes and goes.

By its defaults it looks through everything that is alive each time that a few thousand objects were added, and everything
waits meanwhile: 180 ms each two seconds with fifty clients and 10,000 movies, as `bench/api.py` showed.
"""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 10_000
"""So many new objects make it look through the new ones; an answer under way is some hundreds, and is gone by then."""
MIDDLE: Final = 20
OLD: Final = 50


def keep_what_is_loaded() -> None:
    """Take everything that is alive for something that stays, and look through what comes after it less often.

    Call it once, when a process has loaded what it needs: it looks through everything a last time first, which takes
    some 100 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
