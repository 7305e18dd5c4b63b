"""What `reeld systemd install` and `uninstall` print."""

from __future__ import annotations

from pathlib import Path

from reeld.cli.output import print_json, say
from reeld.cli.systemd._installing import FOLDER, Installation, Unit, install
from reeld.cli.systemd._place import STATE, Place, running_command
from reeld.cli.systemd._removing import uninstall


def install_units(
    *,
    user: str,
    data_dir: Path | None,
    media: Path | None,
    destination: Path | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Write the units and say what to do next."""
    place = Place(
        command=running_command(),
        user=user,
        data_dir=(data_dir or STATE / "reeld").expanduser().absolute(),
        media=media and media.expanduser().absolute(),
    )
    made = install(place, (destination or FOLDER).absolute(), force=force, dry_run=dry_run)
    if as_json:
        print_json(_document(made, dry_run=dry_run))
    else:
        _show(made, dry_run=dry_run)
    return 0


def uninstall_units(*, destination: Path | None, force: bool, dry_run: bool, as_json: bool) -> int:
    """Remove the units and say what stays."""
    done = uninstall((destination or FOLDER).absolute(), force=force, dry_run=dry_run)
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "removed": [str(path) for path in done.removed],
                "kept": [str(path) for path in done.kept],
            }
        )
        return 0
    for path in done.removed:
        say(f"{'would remove' if dry_run else 'removed':<14}{path}")
    for path in done.kept:
        say(f"{'kept':<14}{path} (changed by hand, or not written by reeld)")
    if not done.removed and not done.kept:
        say("There is no unit of reeld.")
    elif done.removed:
        say("\nNext:\n  systemctl daemon-reload")
    return 0


def _document(made: Installation, *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "units": [
            {
                "path": str(unit.path),
                "found": str(unit.found),
                "written": unit.is_new and not dry_run,
            }
            | ({"text": unit.text} if dry_run else {})
            for unit in made.units
        ],
        "notes": list(made.notes),
        "next": list(made.commands),
    }


def _show(made: Installation, *, dry_run: bool) -> None:
    for unit in made.units:
        say(f"{_word(unit, dry_run=dry_run):<14}{unit.path}")
        if dry_run and unit.is_new:
            say("".join(f"    {line}".rstrip() + "\n" for line in unit.text.splitlines()))
    for note in made.notes:
        say(f"\nNote: {note}")
    say("\nNext, as root:")
    for command in made.commands:
        say(f"  {command}")


def _word(unit: Unit, *, dry_run: bool) -> str:
    if not unit.is_new:
        return "as it was"
    return "would write" if dry_run else "written"
