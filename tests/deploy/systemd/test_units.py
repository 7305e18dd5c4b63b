"""The units that are shipped, judged by systemd's own tools."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

NAMES = ("reeld.service", "reeld-backup.service", "reeld-backup.timer")


def assert_clean(analyze: Any, unit: Path) -> None:
    """systemd ends with 0 on keys that it does not know and only complains: silence is the proof."""
    verdict = analyze("verify", "--man=no", "--recursive-errors=yes", unit)
    assert (verdict.code, verdict.out, verdict.err) == (0, "", "")


@pytest.mark.parametrize("name", NAMES)
def test_systemd_understands_every_line(analyze: Any, shipped: Path, name: str) -> None:
    assert_clean(analyze, shipped / name)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("reeld.service", "NoSuchKey=4\n"),
        ("reeld.service", "SystemCallFilter=@nonsense\n"),
        ("reeld.service.d/media.conf", "ReadWritePath=/srv\n"),
    ],
)
def test_the_check_would_find_a_line_that_systemd_does_not_know(
    analyze: Any, shipped: Path, name: str, line: str
) -> None:
    file = shipped / name
    file.write_text(file.read_text().replace("[Service]\n", f"[Service]\n{line}"))
    verdict = analyze("verify", "--man=no", "--recursive-errors=yes", shipped / "reeld.service")
    assert line.partition("=")[2].strip() in verdict.err or "Unknown key" in verdict.err


@pytest.mark.parametrize("name", ["reeld.service", "reeld-backup.service"])
def test_little_is_exposed(analyze: Any, shipped: Path, name: str) -> None:
    # The threshold is in tenths: 1.5.
    verdict = analyze("security", "--offline=true", "--threshold=15", shipped / name)
    assert verdict.code == 0, verdict.out


def test_a_backup_looks_for_the_socket_of_the_daemon_where_the_daemon_puts_it(
    shipped: Path,
) -> None:
    line = "\nEnvironment=XDG_RUNTIME_DIR=%t/reeld\n"
    assert all(line in (shipped / name).read_text() for name in NAMES[:2])
    backup = (shipped / "reeld-backup.service").read_text()
    assert "\nReadWritePaths=-%t/reeld\n" in backup
    # A RuntimeDirectory of its own would be removed under the daemon when the backup is done.
    assert "RuntimeDirectory=" not in backup


def test_what_still_is_exposed_is_what_reeld_needs(analyze: Any, shipped: Path) -> None:
    verdict = analyze("security", "--offline=true", "--json=short", shipped / "reeld.service")
    rows = json.loads(verdict.out)
    exposed = {row["json_field"] for row in rows if float(row["exposure"] or 0) > 0}
    assert exposed <= {
        "PrivateNetwork",
        "RestrictAddressFamilies_AF_INET_INET6",
        "RestrictAddressFamilies_AF_UNIX",
        "IPAddressDeny",
        # A group that qBittorrent shares with reeld has to mean the same inside.
        "PrivateUsers",
        "RootDirectoryOrRootImage",
        # fs.protected_hardlinks is read there, and the start time of the process.
        "ProcSubset",
        "DeviceAllow",
        "UMask",
        "RemoveIPC",
    }


def test_the_reload_of_newer_systemds_is_an_example_that_does_nothing_by_itself(
    analyze: Any, shipped: Path
) -> None:
    example = shipped / "reeld.service.d" / "notify-reload.conf.example"
    assert_clean(analyze, shipped / "reeld.service")
    shutil.copy(example, example.with_name("notify-reload.conf"))
    version = int(re.findall(r"systemd (\d+)", analyze("--version").out)[0])
    verdict = analyze("verify", "--man=no", shipped / "reeld.service")
    assert ("notify-reload" in verdict.err) == (version < 253)


def test_the_media_folder_is_one_path(shipped: Path) -> None:
    text = (shipped / "reeld.service.d" / "media.conf").read_text()
    (paths,) = re.findall(r"^ReadWritePaths=(.*)$", text, re.MULTILINE)
    assert len(paths.split()) == 1
    assert "ReadWritePaths=/" not in (shipped / "reeld.service").read_text()


def test_the_backup_timer_names_a_time_that_systemd_knows(analyze: Any, shipped: Path) -> None:
    text = (shipped / "reeld-backup.timer").read_text()
    (when,) = re.findall(r"^OnCalendar=(.*)$", text, re.MULTILINE)
    assert analyze("calendar", when).code == 0
    assert "\nPersistent=true\n" in text
    assert "\nRandomizedDelaySec=30m\n" in text


def test_nobody_but_the_main_process_speaks_for_the_service_and_only_it_gets_the_signal(
    shipped: Path,
) -> None:
    lines = (shipped / "reeld.service").read_text().splitlines()
    wanted = {
        "Type=notify",
        "NotifyAccess=main",
        "KillMode=mixed",
        "ExecReload=/bin/kill -HUP $MAINPID",
    }
    assert wanted <= set(lines)
    (seconds,) = [line.partition("=")[2] for line in lines if line.startswith("WatchdogSec=")]
    assert int(seconds) > 0
