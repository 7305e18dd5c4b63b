"""Writing the units: all of them or none, and never over what somebody else wrote."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reeld.cli.systemd._mark import Condition, condition_of, marked
from reeld.cli.systemd._place import BESIDE, Place
from reeld.cli.systemd._rendering import units_for
from reeld.domain.errors import Refused

FOLDER: Final = Path("/etc/systemd/system")
CREDENTIALS: Final = Path("/etc/reeld/credentials")
KEY: Final = CREDENTIALS / "api_key"


@dataclass(frozen=True, slots=True)
class Unit:
    """One file of an installation.

    Attributes:
        path: Where it goes.
        text: What it holds.
        found: What was there before.
        is_new: Whether it differs from what was there.
    """

    path: Path
    text: str
    found: Condition
    is_new: bool


@dataclass(frozen=True, slots=True)
class Installation:
    """What is written, or would be.

    Attributes:
        notes: What a person should know of it.
        commands: What is to be done next, each as one types it.
    """

    units: tuple[Unit, ...]
    notes: tuple[str, ...]
    commands: tuple[str, ...]


def install(place: Place, folder: Path, *, force: bool, dry_run: bool) -> Installation:
    """Write the units of a place into a folder. Starts nothing. Blocks on the disk.

    Args:
        place: Where reeld is on this machine.
        folder: Where units lie.
        force: Also over files that reeld did not write, or that were changed since.
        dry_run: Only say what would be done.

    Raises:
        Refused: A file is in the way, or this user may not write there; nothing was written.
    """
    units = tuple(_looked_at(folder / name, text) for name, text in units_for(place).items())
    in_the_way = [unit for unit in units if _is_in_the_way(unit)]
    if in_the_way and not force:
        raise Refused(_sentence_of(in_the_way), reason="unit_in_the_way")
    if not dry_run:
        for unit in units:
            if unit.is_new:
                _write(unit)
    return Installation(units, tuple(_notes(place)), tuple(_commands(place)))


def _looked_at(path: Path, text: str) -> Unit:
    text = marked(text)
    try:
        found = condition_of(path)
        is_new = found is not Condition.OURS or path.read_text(encoding="utf-8") != text
    except OSError as error:
        raise Refused(
            f"{path} cannot be read ({error.strerror}).", reason="unit_unreadable"
        ) from error
    return Unit(path, text, found, is_new)


def _is_in_the_way(unit: Unit) -> bool:
    return unit.found in {Condition.CHANGED, Condition.FOREIGN}


def _sentence_of(units: list[Unit]) -> str:
    why = {
        Condition.CHANGED: "was changed by hand",
        Condition.FOREIGN: "was not written by reeld",
    }
    named = "; ".join(f"{unit.path} {why[unit.found]}" for unit in units)
    return (
        f"{named}. Nothing was written. Put changes of your own into a drop-in (systemctl edit reeld.service), or"
        " write over them with --force."
    )


def _write(unit: Unit) -> None:
    """Put a file in place as a whole: whoever reads meanwhile finds the old one or the new one."""
    fresh = unit.path.with_name(f".{unit.path.name}.reeld-new")
    try:
        unit.path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(unit.text)
        fresh.replace(unit.path)
    except OSError as error:
        raise Refused(not_writable(unit.path, error), reason="unit_not_written") from error


def not_writable(path: Path, error: OSError) -> str:
    """Return what to say when a file among the units cannot be written or removed."""
    if isinstance(error, PermissionError):
        return (
            f"This user may not write in {path.parent}: run it as root (sudo), or look first at what it would write with"
            " --dry-run or --destination DIR."
        )
    return f"{path} cannot be written ({error.strerror})."


def _notes(place: Place) -> Iterator[str]:
    if place.media is None:
        yield (
            "No media folder was named: until one is, the service may only write in its data directory. Run it again"
            " with --media and the one folder that holds both downloads and library."
        )
    elif not place.media.is_dir():
        yield f"{place.media} does not exist: the service will not start before it does."
    if (closed := place.closed_folder()) is not None:
        yield (
            f"{closed}, on the way to reeld's program, cannot be entered by {place.user}: install reeld elsewhere"
            " (/opt/reeld, say), or open the folder (chmod o+x)."
        )
    if not KEY.is_file():
        yield (
            f"Without {KEY} reeld makes an API key at its first start and shows it once, in the journal. To choose one:"
            f" (umask 077; head -c 24 /dev/urandom | base64 > {KEY})"
        )
    if place.is_in_a_home:
        yield "Something of reeld lies in a home: the service sees homes, and may not write there."
    yield (
        "reeld makes a backup a day by itself. Only where that is switched off (every_hours = 0 in [backup]):"
        " systemctl enable --now reeld-backup.timer"
    )


def _commands(place: Place) -> Iterator[str]:
    if not place.has_user():
        home = shlex.quote(str(place.data_dir))
        yield (
            f"useradd --system --user-group --home-dir {home} --shell /usr/sbin/nologin {place.user}"
        )
    if not CREDENTIALS.is_dir():
        yield f"install -d -m 0700 {CREDENTIALS}"
    if place.state_directory is None and not place.data_dir.is_dir():
        folders = shlex.join([f"{place.data_dir}{end}" for end in ("", *BESIDE)])
        yield f"install -d -m 0700 -o {place.user} {folders}"
    yield "systemctl daemon-reload"
    yield "systemctl enable --now reeld.service"
