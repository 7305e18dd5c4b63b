"""The commands of custom formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Group, Parameter

from reeld.cli.declaring import Json, examples

WANTS = Group("Deciding what is wanted", sort_key=2)

Files = Annotated[Path, Parameter(allow_leading_hyphen=True)]
"""A hyphen alone is standard input."""

DryRun = Annotated[bool, Parameter(negative="")]

formats = App(
    name="formats",
    help="Custom formats: what you like or dislike about releases, as in Radarr.",
    group=WANTS,
)


@formats.command(name="list", help_epilogue=examples("reeld formats list"))
def list_formats(*, as_json: Json = False) -> int:
    """List the custom formats."""
    from reeld.cli.profiles._formats import show_formats

    return show_formats(as_json=as_json)


@formats.command(help_epilogue=examples("reeld formats show HDR10"))
def show(name: str, /, *, as_json: Json = False) -> int:
    """Show the conditions of a custom format.

    Args:
        name: Its name, or its number in `reeld formats list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.profiles._formats import show_format

    return show_format(name, as_json=as_json)


@formats.command(
    name="import",
    help_epilogue=examples(
        "reeld formats import Guides/docs/json/radarr/cf --dry-run",
        "reeld formats import hdr10.json x265-hd.json",
        "curl -s http://radarr:7878/api/v3/customformat -H 'X-Api-Key: …' | reeld formats import -",
    ),
)
def import_formats(*files: Files, dry_run: DryRun = False, as_json: Json = False) -> int:
    """Take in custom formats as Radarr or the TRaSH Guides write them: all, or none when one is wrong.

    One of the same name, or of the same `trash_id`, is replaced.

    Args:
        files: JSON files, folders of them, or `-` for standard input.
        dry_run: Only tell what is new, changed and unchanged.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.profiles._formats import import_files

    return import_files(files, dry_run=dry_run, as_json=as_json)


@formats.command(
    help_epilogue=examples("reeld formats export > formats.json", "reeld formats export HDR10")
)
def export(name: str | None = None, /, *, as_json: Json = False) -> int:  # noqa: ARG001
    """Write custom formats as Radarr does: what was imported comes out unchanged.

    Args:
        name: Only this one, by name or number.
        as_json: What is printed is JSON anyway.
    """
    from reeld.cli.profiles._formats import export_formats

    return export_formats(name)


@formats.command(help_epilogue=examples("reeld formats delete HDR10"))
def delete(name: str, /, *, as_json: Json = False) -> int:
    """Remove a custom format, and its points in every profile.

    Args:
        name: Its name, or its number in `reeld formats list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.profiles._formats import delete_format

    return delete_format(name, as_json=as_json)


@formats.command(
    name="test",
    help_epilogue=examples(
        'reeld formats test "The.General.1926.1080p.BluRay.REMUX.AVC-GROUP"',
        'reeld formats test "The.General.1926.German.DL.1080p.WEB.h264-GROUP" --only "German DL"',
    ),
)
def try_release(
    release: str,
    /,
    *,
    only: str | None = None,
    size_gb: float | None = None,
    flags: tuple[str, ...] = (),
    original_language: str | None = None,
    as_json: Json = False,
) -> int:
    """Tell which custom formats a release has, and why.

    Args:
        release: The release name.
        only: Show each condition of this format alone, whether it matches or not.
        size_gb: Its size in GB, for conditions on size.
        flags: What its indexer says of it, such as freeleech or internal.
        original_language: The language that the movie was made in, such as English.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.profiles._formats import tell_formats

    facts = {
        "size": None if size_gb is None else int(size_gb * 1024**3),
        "flags": list(flags),
        "original_language": original_language,
    }
    return tell_formats(release, only, facts, as_json=as_json)
