"""The commands of quality profiles."""

from __future__ import annotations

from typing import Literal

from cyclopts import App

from reeld.cli.declaring import Json, examples
from reeld.cli.profiles._formats_app import WANTS, DryRun, Files

profiles = App(
    name="profiles",
    help="Quality profiles: which qualities and formats are wanted, and when a file is good enough.",
    group=WANTS,
)


@profiles.command(name="list", help_epilogue=examples("reeld profiles list"))
def list_profiles(*, as_json: Json = False) -> int:
    """List the quality profiles."""
    from reeld.cli.profiles._profiles import show_profiles

    return show_profiles(as_json=as_json)


@profiles.command(help_epilogue=examples("reeld profiles show HD-1080p"))
def show(name: str, /, *, as_json: Json = False) -> int:
    """Show a quality profile: its qualities, best first, and its points.

    Args:
        name: Its name, or its number in `reeld profiles list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.profiles._profiles import show_profile

    return show_profile(name, as_json=as_json)


@profiles.command(
    name="import",
    help_epilogue=examples(
        "reeld profiles import Guides/docs/json/radarr/quality-profiles/remux-web-1080p.json --dry-run",
        "curl -s http://radarr:7878/api/v3/qualityprofile -H 'X-Api-Key: …' | reeld profiles import -",
    ),
)
def import_profiles(*files: Files, dry_run: DryRun = False, as_json: Json = False) -> int:
    """Take in quality profiles as Radarr or the TRaSH Guides write them: all, or none when one is wrong.

    One of the same name is replaced. Import the custom formats first: their points come with the profile.

    Args:
        files: JSON files, folders of them, or `-` for standard input.
        dry_run: Only tell what is new, changed and unchanged.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.profiles._profiles import import_files

    return import_files(files, dry_run=dry_run, as_json=as_json)


@profiles.command(
    help_epilogue=examples("reeld profiles export > profiles.json", "reeld profiles export SD")
)
def export(name: str | None = None, /, *, as_json: Json = False) -> int:  # noqa: ARG001
    """Write quality profiles as Radarr does.

    Args:
        name: Only this one, by name or number.
        as_json: What is printed is JSON anyway.
    """
    from reeld.cli.profiles._profiles import export_profiles

    return export_profiles(name)


@profiles.command(help_epilogue=examples("reeld profiles delete SD"))
def delete(name: str, /, *, as_json: Json = False) -> int:
    """Remove a quality profile that no movie uses.

    Args:
        name: Its name, or its number in `reeld profiles list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.profiles._profiles import delete_profile

    return delete_profile(name, as_json=as_json)


@profiles.command(
    name="set",
    help_epilogue=examples(
        "reeld profiles set HD-1080p --upgrades yes --cutoff Bluray-1080p",
        "reeld profiles set HD-1080p --score 'x265 (HD)=-10000' --score HDR10=0",
        "reeld profiles set HD-1080p --reputation-weight 100",
    ),
)
def set_profile(
    name: str,
    /,
    *,
    rename: str | None = None,
    cutoff: str | None = None,
    upgrades: Literal["yes", "no", "by-setting"] | None = None,
    language: str | None = None,
    min_score: int | None = None,
    cutoff_score: int | None = None,
    min_increment: int | None = None,
    reputation_weight: int | None = None,
    score: tuple[str, ...] = (),
    allow: tuple[str, ...] = (),
    refuse: tuple[str, ...] = (),
    as_json: Json = False,
) -> int:
    """Change a quality profile; what is not given stays.

    Args:
        name: Its name, or its number in `reeld profiles list`.
        rename: Its new name; its movies follow.
        cutoff: A quality or a group: once a file is as good, better ones are not looked for.
        upgrades: Whether a file is replaced by a better one; `by-setting` follows `decision.upgrades_allowed`.
        language: any, original, or the name of a language.
        min_score: What a release scores at least.
        cutoff_score: Once a file scores so much, higher scores are not looked for.
        min_increment: By so much an upgrade of the same quality scores more.
        reputation_weight: How many points the best possible reputation of a release group is worth.
        score: Points of a custom format, as FORMAT=POINTS; 0 takes them away.
        allow: A quality or group that may be grabbed.
        refuse: A quality or group that may not.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.profiles._profiles import change_profile

    ways = {"yes": True, "no": False, "by-setting": None}
    given = {
        "name": rename,
        "cutoff": cutoff,
        "language": language,
        "min_format_score": min_score,
        "cutoff_format_score": cutoff_score,
        "min_upgrade_format_score": min_increment,
        "reputation_weight": reputation_weight,
    }
    changes: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    if upgrades is not None:
        changes["upgrades_allowed"] = ways[upgrades]
    return change_profile(name, changes, score, allow, refuse, as_json=as_json)
