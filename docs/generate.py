"""Writes the pages of `docs/` that say what the code says: metrics, crash points, settings, dashboards.

Run it with `make docs`; a test holds that the committed pages are what it writes.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

from reeld.cli.labels import KNOWN_LABELS
from reeld.deploy.prometheus import index_page
from reeld.domain import history, settings
from reeld.domain import topics as topics_module
from reeld.domain.decision import CRITERIA, RULES, Reason, Rule
from reeld.domain.history import EventKind
from reeld.domain.topics import STREAM as STREAM_TOPIC
from reeld.domain.topics import StateKind, StreamKind, Topic, topic_of
from reeld.grafana.board import Board, Link
from reeld.grafana.boards import BOARDS
from reeld.http.radarr_v3 import radarr_routes, served_by, support_page
from reeld.storage.crashpoints import registry
from reeld.telemetry import IMPACTS
from reeld.telemetry.catalogue import AREAS, Free, Given, Known, Label, Living, Metric

HERE = Path(__file__).resolve().parent
WHERE_FROM = """\
The first one wins: command line, `REELD_*` variables, systemd credentials (a credential `tmdb_token` is
`REELD_TMDB_TOKEN`), the TOML file of `REELD_CONFIG` or `~/.config/reeld/reeld.toml`. The file is read again
when it changes; address, data directory, database and keys need a restart.

Settings with a star can be changed while reeld runs too: `reeld config set NAME VALUE`, `PATCH /api/settings`, or `config/…` of
Radarr's API. Such a change is kept in the database, and so in backups. It lies over the default; where a file, a credential or a
variable sets the value, that wins, and the change is refused. `reeld config show` says where each value comes from.
"""
ABOUT_METRICS = """\
`GET /metrics` shows these, as text or as OpenMetrics with exemplars, whichever the scraper asks for; with
`REELD_METRICS_TOKEN` set it wants that token as `Authorization: Bearer`.

Every series whose values are known is there from the start with 0. A value that is not listed counts as `other`, so the
number of series is bounded; routes and statuses of HTTP come from the application. A time of 0 says that it has not
happened yet. Counts of rows come from a query every few seconds, whose age is `reeld_rows_age_seconds`: a scrape costs
the same however large the library is.

With `REELD_METRICS_EXPORTARR=true`, `GET /metrics/exportarr` shows the `radarr_*` names of exportarr beside, so that
dashboards made for it work unchanged.
"""
AT_THE_TOP = """\
At the top of the file: `bind` (`REELD_BIND`, host:port), `ops_bind` (`REELD_OPS_BIND`, host:port: where health, metrics and
control listen instead, off the door that people use), `data_dir` (`REELD_DATA_DIR`), `database_url`
(`REELD_DATABASE_URL`), `api_key` (`REELD_API_KEY`), `metrics_token` (`REELD_METRICS_TOKEN`), `metrics_exportarr`
(`REELD_METRICS_EXPORTARR`, off: `true` shows `/metrics/exportarr`), `rehearsals` (`REELD_REHEARSALS`, off: `true` lets an
administrator have services fail on purpose, through `POST /api/test/circuit-breaker/{service}`), `admin_password`
(`REELD_ADMIN_PASSWORD`: of the user `admin` who is made at the first start), `tls_certificate` and `tls_key`
(`REELD_TLS_CERTIFICATE`, `REELD_TLS_KEY`: PEM files; as systemd credentials `tls_certificate` and `tls_key` they are the
files themselves). See `identity.md`.

Only variables: `REELD_CONFIG` names the file. `REELD_URL` (`http://host:7878`) is for commands such as `reeld status`:
they call the daemon there, with the key of `REELD_API_KEY`, instead of the one that runs on `REELD_DATA_DIR`.
"""
ABOUT_DASHBOARDS = """\
`grafana/` holds nine dashboards for Grafana 10 and newer, and the files by which Grafana finds them and Prometheus by
itself. All of it is set in `grafana/grafana.env`: where the folder lies, where Prometheus answers, how often it
scrapes, where traces are shown. In a container:

```
docker run --rm --network host --env-file grafana/grafana.env \\
  --volume "$PWD/grafana:/usr/share/reeld/grafana:ro" grafana/grafana
```

With Grafana from a package, put the folder where `grafana.env` says, and name that file as `EnvironmentFile=` of
`grafana-server.service`. In a Grafana that has provisioning files of its own, import `grafana/dashboards/*.json`.

Every panel has a sentence behind its (i), and leads to a runbook or to a deeper dashboard. The runbooks are read from
Prometheus (`--web.user-assets=docs`); another place for them is one line in `grafana/links.py`. *Prometheus*, *Job* and
*Instance* at the top choose what is shown. Orange lines mark restarts, purple ones a change of leader. The dots in
graphs of durations are traces; Prometheus keeps them with `--enable-feature=exemplar-storage`. Green needs nobody,
yellow will be green or orange soon, orange can wait until the morning, red cannot, purple is a rehearsal, and blue is a
figure that nothing judges.
"""
NOTE = "<!-- Written by `make docs`. Do not edit. -->\n"

_SECTIONS: tuple[tuple[str, type[Any], str], ...] = (
    ("", settings.ServerSettings, "The HTTP server; these stand at the top of the file."),
    ("tmdb", settings.TmdbSettings, ""),
    ("hdbits", settings.HdbitsSettings, ""),
    ("qbittorrent", settings.QbittorrentSettings, ""),
    ("feeds", settings.FeedSettings, "A list: `[[feeds]]` in the file, JSON in `REELD_FEEDS`."),
    (
        "torznab",
        settings.TorznabSettings,
        "The indexers themselves are entered with `reeld indexer`, over HTTP, or by Prowlarr. See `indexers.md`.",
    ),
    ("library", settings.LibrarySettings, ""),
    ("decision", settings.DecisionSettings, ""),
    ("backup", settings.BackupSettings, ""),
    (
        "access",
        settings.AccessSettings,
        "Lists are written with commas in a variable. See `identity.md`.",
    ),
    ("vault", settings.VaultSettings, "See `secrets.md`."),
    (
        "tracing",
        settings.TracingSettings,
        "Where these say nothing, `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_EXPORTER_OTLP_HEADERS` count. See `tracing.md`.",
    ),
)


def metrics_page() -> str:
    """Return the page of the metrics."""
    parts = [NOTE, "# Metrics\n", ABOUT_METRICS]
    for area, metrics in AREAS.items():
        parts += [
            f"## {area}\n",
            "| metric | type | unit | labels | what it tells |",
            "|---|---|---|---|---|",
        ]
        parts += [_metric_row(metric) for metric in metrics]
        parts.append("")
    parts += ["## Values\n", "| values | are |", "|---|---|"]
    parts += [f"| {name} | {_listed(values)} |" for name, values in sorted(KNOWN_LABELS.items())]
    return "\n".join([*parts, ""])


def _metric_row(metric: Metric) -> str:
    labels = "; ".join(_label_text(label) for label in metric.about) or "-"
    marks = " (with exemplars)" if metric.exemplars else ""
    return (
        f"| `{metric.name}` | {metric.kind.value}{marks} | {metric.unit or '-'} | {labels} |"
        f" {metric.help} |"
    )


def _label_text(label: Label) -> str:
    names = ", ".join(f"`{name}`" for name in label.names)
    match label.domain:
        case Known(values):
            return f"{names}: {', '.join(values)}"
        case Given(name):
            return f"{names}: one of [{name}](#values)"
        case Living(name):
            return f"{names}: each {name} that there is"
        case Free():
            return names


def _listed(values: tuple[str | tuple[str, ...], ...]) -> str:
    return ", ".join(each if isinstance(each, str) else " ".join(each) for each in values)


def crash_points_page() -> str:
    """Return the page of the crash points."""
    rows = [f"| `{point.name}` | {point.case} | {point.guards} |" for point in registry().values()]
    head = ["| point | case | what is true there |", "|---|---|---|"]
    text = (
        "At each of these places the tests kill the daemon, and again during the recovery. S is a search, G are the\n"
        "cases of a grab, I those of an import, F are files that leave or move, T is telling people, L learning of groups,\n"
        "B are the cases of a backup, R those of a restore, K those of a change of keys. Nothing but a test can arm one."
    )
    return "\n".join([NOTE, "# Crash points\n", text, "", *head, *rows, ""])


def settings_page() -> str:
    """Return the page of the settings."""
    parts = [
        NOTE,
        "# Settings\n",
        WHERE_FROM,
        AT_THE_TOP,
    ]
    for section, kind, text in _SECTIONS[1:]:
        parts += _section(section, kind, text)
    return "\n".join(parts)


def dashboards_page() -> str:
    """Return the page of the dashboards."""
    parts = [NOTE, "# Dashboards\n", ABOUT_DASHBOARDS, "| dashboard | question |", "|---|---|"]
    parts += [
        f"| [{board.title}](#{_anchor(board.title)}) | {board.question} |" for board in BOARDS
    ]
    for board in BOARDS:
        parts += _dashboard(board)
    return "\n".join([*parts, ""])


def _dashboard(board: Board) -> Iterator[str]:
    yield f"\n## {board.title}\n"
    yield f"{board.question} (`{board.uid}`)"
    for row in board.rows:
        yield f"\n### {row.title}\n"
        yield "| panel | what it shows | read on |"
        yield "|---|---|---|"
        for panel in row.panels:
            links = ", ".join(_read_on(link) for link in panel.links)
            yield f"| {panel.title} | {panel.sentence} | {links} |"


def _read_on(link: Link) -> str:
    kind, _, name = link.title.partition(": ")
    if kind == "Runbook":
        return f"[{name}](runbooks/{name}.md)"
    return f"[{name}](#{_anchor(name)})"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _section(name: str, kind: type[Any], text: str) -> Iterator[str]:
    meanings = _attributes(inspect.getdoc(kind) or "")
    yield f"## {name}\n"
    summary = (inspect.getdoc(kind) or "").split("\n", 1)[0]
    yield f"{summary} {text}".strip() + "\n"
    yield "| setting | variable | default | meaning |"
    yield "|---|---|---|---|"
    for field in fields(kind):
        variable = "-" if name == "feeds" else f"`REELD_{name}_{field.name}`".upper()
        star = "\\*" if f"{name}.{field.name}" in settings.CHANGEABLE else ""
        yield f"| `{field.name}`{star} | {variable} | {_default(field)} | {meanings.get(field.name, '')} |"
    yield ""


def _default(field: Field[Any]) -> str:
    if field.default is MISSING:
        return "-" if field.default_factory is not MISSING else "must be set"
    if field.default is None or field.default == () or field.default == "":
        return "-"
    return f"`{field.default}`"


def _attributes(docstring: str) -> dict[str, str]:
    meanings: dict[str, str] = {}
    _, _, block = docstring.partition("Attributes:\n")
    for names, meaning in re.findall(r"^    ([\w, ]+): (.*(?:\n        .*)*)", block, re.MULTILINE):
        for name in names.split(", "):
            meanings[name] = re.sub(r"\s+", " ", meaning)
    return meanings


HEALTH = """\
| path | key | answers | fails (503) when |
|---|---|---|---|
| `/health` | no | whether the daemon lives; for liveness probes | the root supervisor has not come round for a minute: the heartbeat that the watchdog of systemd is fed by. Nothing outside the process can make it fail |
| `/ready` | no | whether it can do its work, and a `reason` if not | the schema is not in place, another daemon leads, PostgreSQL has been silent for 15 s, its disk is full, or the daemon stops |
| `/health/detailed` | yes | every check, as `application/health+json` | it is not ready, or a check fails |
| `/info` | yes | version, uptime, what is set up | - |

None of them waits for anybody: HealthActor looks at everything every five seconds, each part with a deadline, and the
answers are what it found last. Services outside are not called for health; a service is judged by its breaker and by
the last call that went well. A hard link from the downloads into the library is really tried, every quarter of an
hour. Each check that can fail is a series of `reeld_health_check_status{check,status}` too; a service has that of its
breaker.

A check is `pass`, `warn` (it works, less well) or `fail`. It has `since`, `time`, `lastSuccess` (from rows where they
know it, so that it survives a restart), `observedValue` with its unit, and the page that helps. One that does not pass
says what is the matter in `output`, which paths are affected in `affectedEndpoints`, and what still works in `notes`.

## While PostgreSQL is away

The breaker `postgresql` opens when the server refuses connections or twice does not answer within two seconds. Calls
are refused at once from then on; DatabaseActor probes it after 1, 2, 4, 8 and then every 10 seconds. Meanwhile:

- `GET` of what was asked before with the same key is answered from memory (8 MiB of the last good answers), with
  `Warning: 110`, `Age` and `X-Reeld-Stale`, in seconds. Never otherwise: an answer without these headers is fresh.
- Everything else that needs rows is refused with 503 and `Retry-After`.
- No work is claimed. What was under way is finished and written down when the server is back, and uses up no attempt.
- Nothing has to be done when it is back. `POST /api/test/circuit-breaker/postgresql` rehearses all of this for a minute,
  or for the `seconds` it names, where `REELD_REHEARSALS=true` allows it; `…/end` ends it before its time.

When a clock is set, nothing waits for it: deadlines, breakers and pauses go by a clock that cannot be set. Rows go by the
server's; one that was set back is noticed by times in rows that lie ahead, within half a minute, and waits are counted
anew from then on. One that was set forward makes what comes round again due once.

When the disk of the data is full, reads go on and `/ready` says `disk_full`. A trial write finds out when there is room.

## What each check means, and what still works when it does not pass
"""


def health_page() -> str:
    """Return the page of the health checks, from the table that the answers are made of."""
    rows = [
        f"| `{impact.check}` | {impact.means} | {impact.still_works} |"
        f" {', '.join(f'`{path}`' for path in impact.endpoints) or '-'} | [{impact.runbook}]({impact.page}) |"
        for impact in IMPACTS
    ]
    head = ["| check | looks at | still works | affected | runbook |", "|---|---|---|---|---|"]
    text = (
        "An entry without a colon is for all checks of that component that have none of their own."
    )
    return "\n".join([NOTE, "# Health\n", HEALTH, *head, *rows, "", text, ""])


DECISIONS = """\
A movie's offers are judged by every rule, so that all reasons are told and not the first alone. A rule rejects with a
reason for machines, a sentence for people and the values that it compared. A temporary rejection (*t*) may be gone
tomorrow without anybody changing a setting; others stay. Rules about the disk are asked only when no other one rejects.
What goes wrong inside a rule is the temporary reason `rule_failed`, which names the error and is counted like the others.

The rules are Radarr's decision specifications, apart from those for usenet alone (minimum age, retention). Where one
differs, the table says how and why.
"""
UPGRADES = """\
## What replaces what

One comparison answers for the library's file, for what is on its way and for what was grabbed lately. In this order:

1. Worse quality in the profile: no. Better quality: yes, until the file meets the cutoff; a file whose score is below the
   cutoff score is then still replaced by one that is better by quality and score.
2. Equal quality and a later revision (proper, repack, REAL): yes, unless `decision.propers` is `do_not_prefer`. Of the
   very quality it mends the file, and so is no upgrade that a profile could forbid; of another quality of the same group it
   is one. An earlier revision: no.
3. Equal revision: a higher score, until the file has the cutoff score, and by the profile's minimum increment at least.

The score here is that of custom formats and of preferred terms of release profiles for every indexer. A file has the
formats and the name of the release it was grabbed as, and its points are those of today's profile. What moves or is lost
on the way into the library, such as a group's reputation or a term for one indexer's releases, is not in it. So whatever
is accepted is greater in one order, and no two releases can replace each other in turns.

## Which right release is taken

Of the releases that no rule rejects the first one in this order is taken. It is Radarr's: what it says of age holds for
usenet alone. The score has the group's reputation in it, weighed by the profile, and terms for one indexer. Ours are the
preferred group, and the last three, which leave no two offers equal.
"""
DUPLICATES = """\
The same torrent, or the same name at another indexer, is one release: the preferred one of them is taken, and the others
are rejected as `duplicate` (*t*), naming it.
"""


def decisions_page() -> str:
    """Return the page of the rules, from what each says of itself."""
    head = ["| rule | asks | reasons | Radarr's name | differs |", "|---|---|---|---|---|"]
    rows = [_rule_row(each) for each in RULES]
    order = [f"{place}. {criterion.name}" for place, criterion in enumerate(CRITERIA, 1)]
    parts = [NOTE, "# Decisions\n", DECISIONS, *head, *rows, "", DUPLICATES, UPGRADES]
    return "\n".join([*parts, *order, ""])


def _rule_row(rule: Rule) -> str:
    asks = re.sub(r"\s+", " ", rule.about)
    reasons = ", ".join(_reason_text(reason) for reason in rule.reasons)
    named = f"`{rule.radarr}`" if rule.radarr else "none: reeld's own"
    return f"| `{rule.name}` | {asks} | {reasons} | {named} | {rule.differs or '-'} |"


def _reason_text(reason: Reason) -> str:
    return f"`{reason.value}`" + " (*t*)" * reason.is_temporary


EVENTS = """\
`/api/events` is a WebSocket (RFC 6455) that tells what happens, as it happens. It is opened with an API key of any scope
in `X-Api-Key` or `Authorization: Bearer`, as everything else; a wrong one is answered 401 before the socket opens.
`reeld events` follows it in a terminal.

Each message is one JSON text:

| field | is |
|---|---|
| `seq` | of an event, its place in the order in which all were committed; of anything else, that of the last event before it |
| `kind` | what happened, or what is so; see below |
| `topic` | what it is about: TOPICS |
| `at` | when it happened, or was seen to be so (UTC) |
| `data` | what the kind says |

## Asking

`?since=12&topics=movie,download` in the URL says what to tell; so does a message `{"since": 12, "topics": ["movie"]}` on the
open socket, at any time. Without topics all are told. What comes then is, in this order: `hello`; every event after `since`;
how everything is at this moment; `current`; and from then on events and changes as they happen. Without `since` it begins
with the present.

## Resuming

Remember the `seq` of the last message, whatever its kind, and open the next socket with it as `since`: nothing is missed and
nothing is told twice, also when the daemon was restarted or killed meanwhile, for as long as events are kept. That is seven
days at least. When some are not there any more, `gap` says so.

## Being closed

| code | means | do |
|---|---|---|
| 1001 | the daemon stops | resume |
| 1008 | the key was revoked or its time is over, or the session ended | log in, or use another key |
| 1009 | a message was longer than 16 KiB | send less |
| 1012 | events are started anew after a fault | resume |
| 1013 | the client left 1000 messages unread, or what it missed cannot be read now | resume |

A client is pinged every 20 seconds. One that answers nothing for two minutes, or takes nothing of what it is sent for ten
seconds, is cut off. Progress of downloads is told once a second at most, all of them in one message, of which a slow client
gets the latest; of anything else nothing is left out. There may be 512 clients: one more is answered 503 with `Retry-After`.

## Events

Each is a row before it is told, committed with what it tells of. `data` has `movie_id` whenever it is about a movie.
"""
STATES = """\
## States

How something is. All are told when a client begins, and each again when it changes; `"state": "gone"` is told of what is not
there any more.
"""
STREAM = """\
## The connection itself

These have the topic `stream`, and are told whatever topics are followed.
"""


_BRACES = re.compile(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
"""A payload, which may hold others."""


def events_page() -> str:
    """Return the page of live events, from what each kind says of itself."""
    topics = ", ".join(f"`{topic}`" for topic in Topic)
    parts = [NOTE, "# Live events\n", EVENTS.replace("TOPICS", topics)]
    parts += _kinds(history, EventKind)
    parts += ["", STATES, *_kinds(topics_module, StateKind)]
    parts += ["", STREAM, *_kinds(topics_module, StreamKind), ""]
    return "\n".join(parts)


def _kinds(module: ModuleType, kinds: type[EventKind | StateKind | StreamKind]) -> Iterator[str]:
    told = _told_of_members(module, kinds.__name__)
    yield "| kind | topic | data |"
    yield "|---|---|---|"
    for kind in kinds:
        topic = STREAM_TOPIC if isinstance(kind, StreamKind) else topic_of(kind)
        yield f"| `{kind}` | `{topic}` | {told[kind.name]} |"


def _told_of_members(module: ModuleType, name: str) -> dict[str, str]:
    """Return what stands below each member of an enum; Python itself forgets it."""
    tree = ast.parse(inspect.getsource(module))
    (body,) = (n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    told: dict[str, str] = {}
    for member, below in pairwise(body):
        match member, below:
            case (
                ast.Assign(targets=[ast.Name(id=member_name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                said = re.sub(r"\s+", " ", text).removesuffix(".")
                told[member_name] = _BRACES.sub(r"`\g<0>`", said)
    return told


def radarr_page() -> str:
    """Return the page of Radarr's API, from its routes and from what is said of those that are missing."""
    (router,) = radarr_routes(MagicMock())
    return f"{NOTE}\n{support_page(served_by(router.routes))}"


PAGES = {
    "radarr.md": radarr_page,
    "events.md": events_page,
    "decisions.md": decisions_page,
    "dashboards.md": dashboards_page,
    "health.md": health_page,
    "metrics.md": metrics_page,
    "crash-points.md": crash_points_page,
    "settings.md": settings_page,
    "runbooks/README.md": index_page,
}


def main() -> None:
    """Write every page; with `--check`, only say which would change."""
    stale = [name for name, page in PAGES.items() if not _is(HERE / name, page())]
    if "--check" in sys.argv:
        sys.exit(f"run `make docs`: {', '.join(stale)}" if stale else 0)
    for name in stale:
        (HERE / name).write_text(PAGES[name](), encoding="utf-8")


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()
