from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reeld.cli.lock import LOCK_FILE, only_daemon_on
from reeld.storage.errors import DataDirectoryBusy


def test_a_directory_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with (
        only_daemon_on(tmp_path),
        pytest.raises(DataDirectoryBusy, match=f"process {os.getpid()}"),
        only_daemon_on(tmp_path),
    ):
        pytest.fail("held twice")
    with only_daemon_on(tmp_path):
        pass


def test_the_lock_of_a_process_that_was_killed_is_gone(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from reeld.cli.lock import only_daemon_on\n"
        "with only_daemon_on(Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert (tmp_path / LOCK_FILE).exists()
    with only_daemon_on(tmp_path):
        pass


def test_a_file_system_without_locks_does_not_keep_the_daemon_from_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with only_daemon_on(tmp_path):
        pass
