"""The commands. Everything heavy is imported by the command that needs it, so that `--help` is quick."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Group, Parameter

from reeld import __version__
from reeld.cli import deciding
from reeld.cli.accounts import people
from reeld.cli.backup import backup
from reeld.cli.choices import LogLevel, StageName, StateName
from reeld.cli.configuring import configuration
from reeld.cli.declaring import ALONE as _ALONE
from reeld.cli.declaring import CALLS as _CALLS
from reeld.cli.declaring import Json
from reeld.cli.declaring import examples as _examples
from reeld.cli.downloads import download
from reeld.cli.endings import EXIT_FAILED, EXIT_USAGE, code_of
from reeld.cli.events import events
from reeld.cli.groups import groups
from reeld.cli.indexers import indexer
from reeld.cli.operate import OPERATING, actor, breaker, dump, key, top
from reeld.cli.profiles import formats, profiles
from reeld.cli.secrets import secrets
from reeld.cli.wanted import wanted
from reeld.domain.errors import ReeldError

_DAEMON = Group("Daemon", sort_key=1)

app = App(
    name="reeld",
    help="A movie-automation daemon: say which movies you want, and watch them arrive.",
    version=__version__,
    version_flags=["--version", "-V"],
    help_format="plaintext",
    help_epilogue=(
        "Settings come from REELD_* variables, systemd credentials and a TOML file: docs/settings.md lists them, and"
        " `reeld doctor` checks those that are in force.\n\n"
        "Commands call the daemon that runs on REELD_DATA_DIR. To call one elsewhere, set REELD_URL"
        " (http://host:7878) and REELD_API_KEY."
    ),
)
movie = App(name="movie", help="Want movies, and see how far they are.", group=_CALLS)
work = App(name="work", help="Durable work: what waits, runs or was given up.", group=_CALLS)
systemd = App(name="systemd", help="Run reeld as a service of systemd.", group=_ALONE)
for _alone in (movie, work, systemd, backup, secrets, configuration, download):
    app.command(_alone)
deciding.register(app, movie, _CALLS)
for _below in (actor, breaker, events, formats, groups, indexer, key, profiles, *people, wanted):
    app.command(_below)
app.command(
    top,
    group=OPERATING,
    help_epilogue=_examples("reeld top", "reeld top --once", "reeld top --json"),
)
app.command(dump, group=OPERATING, help_epilogue=_examples("reeld dump", "reeld dump --json"))


@app.command(
    group=_DAEMON,
    help_epilogue=_examples(
        "reeld run", "reeld run --bind 0.0.0.0:7878 --config /etc/reeld/reeld.toml"
    ),
)
def run(
    *,
    bind: str | None = None,
    data_dir: Path | None = None,
    config: Path | None = None,
    log_level: LogLevel = "info",
    log_format: Literal["auto", "json", "console", "journal"] = "auto",
) -> int:
    """Run the daemon until Ctrl-C or SIGTERM.

    Args:
        bind: Where to listen, as host:port. [env: REELD_BIND, default 127.0.0.1:7878]
        data_dir: Where the database, keys and caches lie. [env: REELD_DATA_DIR]
        config: The TOML file with the settings. [env: REELD_CONFIG]
        log_level: The lowest level that is logged.
        log_format: How log records look; `auto` is for people on a terminal, the journal under systemd, and JSON
            elsewhere.
    """
    from reeld.cli.running import run_daemon

    given = {"REELD_BIND": bind, "REELD_DATA_DIR": data_dir, "REELD_CONFIG": config}
    return run_daemon(_environ(given), level=log_level, form=log_format)


@app.command(
    group=_DAEMON,
    help_epilogue=_examples("reeld demo", "reeld demo --chaos", "reeld demo --once --json"),
)
def demo(
    *,
    once: Annotated[bool, Parameter(negative="")] = False,
    as_json: Json = False,
    chaos: Annotated[bool, Parameter(negative="")] = False,
    timeout: float = 240.0,
    log_level: LogLevel = "info",
) -> int:
    """Watch movies find their way into a library, against simulators of everything outside.

    Args:
        once: End when all movies are in the library, instead of running until Ctrl-C.
        as_json: Print one JSON document about what happened; logs go to standard error.
        chaos: Crash every service actor once, and take HDBits and qBittorrent down for a while.
        timeout: Seconds after which movies that have not arrived count as failed.
        log_level: The lowest level that is logged.
    """
    from reeld.cli.demo import run_demo

    return run_demo(
        _environ({}), once=once, as_json=as_json, chaos=chaos, seconds=timeout, level=log_level
    )


@app.command(group=_CALLS, help_epilogue=_examples("reeld status", "reeld status --json"))
def status(*, as_json: Json = False) -> int:
    """Show the actor tree: states, restarts, breakers, mailboxes."""
    from reeld.cli.commands import show_status

    return show_status(as_json=as_json)


@app.command(group=_CALLS, help_epilogue=_examples("reeld queue"))
def queue(*, as_json: Json = False) -> int:
    """Show what is being fetched."""
    from reeld.cli.commands import show_queue

    return show_queue(as_json=as_json)


@app.command(group=_CALLS, help_epilogue=_examples("reeld history", "reeld history --movie-id 7"))
def history(*, movie_id: int | None = None, limit: int = 25, as_json: Json = False) -> int:
    """Show what happened, newest first.

    Args:
        movie_id: Only of this movie.
        limit: So many entries at most.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.commands import show_history

    return show_history(movie_id, limit, as_json=as_json)


@movie.command(
    name="list", help_epilogue=_examples("reeld movie list", "reeld movie list --stage failed")
)
def list_movies(*, stage: StageName | None = None, as_json: Json = False) -> int:
    """List the movies and how far each is.

    Args:
        stage: Only those at this stage.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.commands import show_movies

    return show_movies(stage, as_json=as_json)


@movie.command(
    help_epilogue=_examples(
        "reeld movie add 10331",
        "reeld movie add tt0063350",
        'reeld movie add "Night of the Living Dead (1968)"',
    )
)
def add(what: str, *, profile: str | None = None, as_json: Json = False) -> int:
    """Want a movie, by its TMDB number, its IMDb number or its title.

    Args:
        what: A TMDB number, an IMDb number, or a title, with its year in parentheses to be certain.
        profile: The quality profile; the default one when left out.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.commands import add_movie

    return add_movie(what, profile, as_json=as_json)


@movie.command(help_epilogue=_examples('reeld movie find "The General"'))
def find(title: str, *, year: int | None = None, as_json: Json = False) -> int:
    """Find movies at TMDB by title or IMDb number.

    Args:
        title: What to look for.
        year: Of the first release.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.commands import find_movies

    return find_movies(title, year, as_json=as_json)


@movie.command(help_epilogue=_examples("reeld movie search 7"))
def search(movie_id: int, *, as_json: Json = False) -> int:
    """Look for releases of a movie now.

    Args:
        movie_id: Its number in `reeld movie list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.commands import search_movie

    return search_movie(movie_id, as_json=as_json)


@movie.command(help_epilogue=_examples("reeld movie releases 7"))
def releases(movie_id: int, *, as_json: Json = False) -> int:
    """Show what was found for a movie, and why each release was taken or not.

    Args:
        movie_id: Its number in `reeld movie list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.commands import show_releases

    return show_releases(movie_id, as_json=as_json)


@work.command(name="list", help_epilogue=_examples("reeld work list --state dead"))
def list_work(
    *,
    state: StateName | None = None,
    queue: str | None = None,
    limit: int = 50,
    as_json: Json = False,
) -> int:
    """List durable work, newest first.

    Args:
        state: Only what is in this state.
        queue: Only that of one actor, such as hdbits, qbit or importer.
        limit: So many rows at most.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.commands import show_work

    return show_work(state, queue, limit, as_json=as_json)


@work.command(help_epilogue=_examples("reeld work retry 42"))
def retry(work_id: int, *, as_json: Json = False) -> int:
    """Try work that was given up again.

    Args:
        work_id: Its number in `reeld work list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.commands import retry_work

    return retry_work(work_id, as_json=as_json)


@work.command(help_epilogue=_examples("reeld work discard 42"))
def discard(work_id: int, *, as_json: Json = False) -> int:
    """Give up work that is dead or still waits.

    Args:
        work_id: Its number in `reeld work list`.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.commands import discard_work

    return discard_work(work_id, as_json=as_json)


@app.command(
    name="log-level",
    group=OPERATING,
    help_epilogue=_examples(
        "reeld log-level",
        "reeld log-level reeld.actors.qbit debug --seconds 600",
        "reeld log-level --reset",
    ),
)
def log_level(
    logger: str | None = None,
    level: LogLevel | None = None,
    /,
    *,
    seconds: float | None = None,
    reset: Annotated[bool, Parameter(negative="")] = False,
    as_json: Json = False,
) -> int:
    """Show what the daemon writes to its log, or change it while it runs.

    Args:
        logger: `reeld` for all, or one of those that are listed.
        level: The lowest level that it writes.
        seconds: How long; until the daemon stops when left out.
        reset: Take all changes back.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.levels import change_level, reset_levels, show_levels

    if reset:
        return reset_levels(as_json=as_json)
    if logger is None:
        return show_levels(as_json=as_json)
    if level is None:
        print("Give a level too: debug, info, warning or error.", file=sys.stderr)
        return EXIT_USAGE
    return change_level(logger, level, seconds, as_json=as_json)


@app.command(group=_ALONE, help_epilogue=_examples("reeld doctor", "reeld doctor --json"))
def doctor(*, config: Path | None = None, as_json: Json = False) -> int:
    """Check every setting and every outside system, and say how to mend what is wrong.

    Ends with 0 when all is well, 3 when something works less well than it could, 1 when something must be mended.

    Args:
        config: The TOML file with the settings. [env: REELD_CONFIG]
        as_json: Print JSON on standard output.
    """
    from reeld.cli.doctor import run_doctor

    return run_doctor(_environ({"REELD_CONFIG": config}), as_json=as_json)


Force = Annotated[bool, Parameter(negative="")]
DryRun = Annotated[bool, Parameter(negative="")]


@systemd.command(
    help_epilogue=_examples(
        "reeld systemd install --media /srv/media --dry-run",
        "sudo /opt/reeld/bin/reeld systemd install --media /srv/media",
        "sudo /opt/reeld/bin/reeld systemd install --user movies --data-dir /srv/reeld",
    ),
)
def install(
    *,
    user: str = "reeld",
    data_dir: Path | None = None,
    media: Path | None = None,
    destination: Path | None = None,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Write the units of reeld and of its backup timer, and say what to do next. Nothing is started.

    Args:
        user: As whom reeld runs.
        data_dir: Where the database, keys and caches lie. [default: /var/lib/reeld]
        media: The one folder that holds both downloads and library: hardlinks work below one path, not across two.
        destination: Where the units go. [default: /etc/systemd/system]
        force: Write over files that reeld did not write, or that were changed by hand.
        dry_run: Only show what would be written.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.systemd import install_units

    return install_units(
        user=user,
        data_dir=data_dir,
        media=media,
        destination=destination,
        force=force,
        dry_run=dry_run,
        as_json=as_json,
    )


@systemd.command(
    help_epilogue=_examples(
        "systemctl disable --now reeld.service", "sudo /opt/reeld/bin/reeld systemd uninstall"
    ),
)
def uninstall(
    *,
    destination: Path | None = None,
    force: Force = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> int:
    """Remove the units that `install` wrote. Data, settings and credentials stay.

    Args:
        destination: Where the units are. [default: /etc/systemd/system]
        force: Remove also those that were changed by hand.
        dry_run: Only show what would be removed.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.systemd import uninstall_units

    return uninstall_units(destination=destination, force=force, dry_run=dry_run, as_json=as_json)


@app.command(
    group=_ALONE,
    help_epilogue=_examples(
        'reeld parse "The.General.1926.1080p.BluRay.x264-GROUP"', "reeld parse --jsonl < names.txt"
    ),
)
def parse(
    name: str | None = None,
    /,
    *,
    jsonl: Annotated[bool, Parameter(negative="")] = False,
    as_json: Json = False,
) -> int:
    """Say what a release name means.

    Args:
        name: The release name.
        jsonl: Read names from standard input, one a line, and write one JSON object a line.
        as_json: Print JSON on standard output.
    """
    from reeld.cli.commands import parse_name, parse_names

    if jsonl:
        return parse_names()
    if name is None:
        print("Give a release name, or --jsonl to read names from standard input.", file=sys.stderr)
        return EXIT_USAGE
    return parse_name(name, as_json=as_json)


def _environ(given: Mapping[str, object]) -> dict[str, str]:
    """Return the environment with what the command line says in front of it."""
    import os

    flags = {name: str(value) for name, value in given.items() if value is not None}
    return {**os.environ, **flags}


def run_app(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        result = app(arguments, exit_on_error=False, print_error=True, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError:
        return EXIT_USAGE
    except ReeldError as error:
        from reeld.cli.output import complain

        complain(error.sentence)
        return EXIT_FAILED
    except (KeyboardInterrupt, BrokenPipeError, BaseExceptionGroup) as error:
        return code_of(error)
    return result if isinstance(result, int) else 0
