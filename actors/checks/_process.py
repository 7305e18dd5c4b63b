"""What the process uses of the machine: memory, processor, open files, threads."""

from __future__ import annotations

import resource

import psutil

from reeld.telemetry import Check, Status

FULL_FILES_RATIO = 0.8


class ProcessWatch:
    """Observes this process; each look takes well under a millisecond."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        # The first reading of the processor's time has nothing to compare with, and returns 0.
        self._process.cpu_percent()

    def checks(self) -> list[Check]:
        """Return what the process uses now."""
        with self._process.oneshot():
            memory = self._process.memory_info().rss
            share = self._process.cpu_percent()
            threads = self._process.num_threads()
        return [
            _figure("memory:resident", memory, "bytes"),
            _figure("process:cpu", round(share, 1), "percent"),
            _figure("process:threads", threads, "threads"),
            _files(self._process.num_fds(), resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        ]


def _files(used: int, limit: int) -> Check:
    check = "process:open_files"
    if limit == resource.RLIM_INFINITY or used < FULL_FILES_RATIO * limit:
        return Check(check, Status.PASS, "system", observed=used, unit="files")
    sentence = f"{used} of at most {limit} files and connections are open. Raise LimitNOFILE."
    return Check(check, Status.WARN, "system", sentence, used, "files")


def _figure(name: str, observed: float, unit: str) -> Check:
    return Check(name, Status.PASS, "system", observed=observed, unit=unit, is_figure=True)
