"""Runs a program under what a unit asks of the kernel, as far as a process can do that to itself without systemd.

    sandbox.py UNIT -- PROGRAM ARGUMENTS

Done: NoNewPrivileges, SystemCallFilter with SystemCallErrorNumber, RestrictAddressFamilies, RestrictNamespaces and
MemoryDenyWriteExecute, all read from the unit. Mounts are the caller's (unshare), as are the users.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import functools
import os
import re
import subprocess
import sys
from pathlib import Path

PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 38, 65
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
EQUAL = 4
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


class Comparison(ctypes.Structure):
    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


def values_of(unit: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit, re.MULTILINE)


@functools.cache
def groups() -> dict[str, set[str]]:
    """What systemd's groups of system calls hold: calls, and other groups."""
    done = subprocess.run(
        ["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True
    )
    found: dict[str, set[str]] = {}
    group = ""
    for line in done.stdout.splitlines():
        if line.startswith("@"):
            group = line.strip()
        elif line.startswith(" ") and not line.lstrip().startswith("#"):
            found.setdefault(group, set()).add(line.strip())
    return found


def members_of(group: str) -> set[str]:
    """The system calls of a group such as @system-service, the groups in it resolved."""
    if not group.startswith("@"):
        return {group}
    return {member for name in groups()[group] for member in members_of(name)}


def allowed_calls(unit: str) -> set[str]:
    """What is left after all SystemCallFilter= lines; @default always is (systemd.exec)."""
    allowed = members_of("@default")
    for value in values_of(unit, "SystemCallFilter"):
        named = {m for group in value.removeprefix("~").split() for m in members_of(group)}
        allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed


class Filter:
    """One seccomp filter, made with libseccomp as systemd does."""

    def __init__(self, otherwise: int) -> None:
        self.library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.library.seccomp_init.restype = ctypes.c_void_p
        self.made = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(otherwise)))

    def add(self, action: int, call: str, *comparisons: Comparison) -> None:
        number = self.library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return  # of another architecture
        array = (Comparison * len(comparisons))(*comparisons)
        done = self.library.seccomp_rule_add_array(
            self.made, ctypes.c_uint32(action), number, len(comparisons), array
        )
        assert done == 0, (call, done)

    def load(self) -> None:
        assert self.library.seccomp_load(self.made) == 0


def restrict(unit: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    if values_of(unit, "MemoryDenyWriteExecute") == ["true"]:
        assert libc.prctl(PR_SET_MDWE, 1, 0, 0, 0) == 0 or ctypes.get_errno() == errno.EINVAL
    calls = Filter(ERRNO | errno.EPERM)
    for name in sorted(allowed_calls(unit)):
        calls.add(ALLOW, name)
    more = Filter(ALLOW)
    families = [FAMILIES[name] for name in values_of(unit, "RestrictAddressFamilies")[0].split()]
    for family in range(64):
        if family not in families:
            more.add(ERRNO | errno.EAFNOSUPPORT, "socket", Comparison(0, EQUAL, family, 0))
    for call in ("unshare", "setns"):
        more.add(ERRNO | errno.EPERM, call)
    more.load()
    calls.load()


def main() -> None:
    unit, dashes, *command = sys.argv[1:]
    assert dashes == "--"
    restrict(Path(unit).read_text(encoding="utf-8"))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
