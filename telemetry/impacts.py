"""What it means that a check does not pass: who is affected, what still works, and which page helps.

One table: the answers of `/health/detailed` and the page `docs/health.md` are both made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Impact:
    """What follows when a check does not pass.

    Attributes:
        check: A check's name, or its component: the part before the colon.
        means: What is looked at.
        still_works: What goes on all the same.
        endpoints: The paths that answer less well, or not at all.
        runbook: The page in `docs/runbooks/` that says what to do.
    """

    check: str
    means: str
    still_works: str
    endpoints: tuple[str, ...]
    runbook: str

    @property
    def page(self) -> str:
        """Where the runbook lies in the documentation."""
        return f"runbooks/{self.runbook}.md"


_ALL_ROWS: Final = ("/api/movies", "/api/queue", "/api/history", "/api/work")
_AWAY: Final = (
    "The daemon stays up. Reads that were answered before are answered again, marked as stale; health, metrics and"
    " the control port work; downloads go on in qBittorrent. Changes are refused, and work waits."
)
_SLOW: Final = "Everything works, more slowly."
_ADDING: Final = ("POST /api/movies", "/api/movies/find")
_FETCHING: Final = "Movies wait for a release; downloads that are under way go on and are imported."

IMPACTS: Final[tuple[Impact, ...]] = (
    Impact(
        "database:answers",
        "PostgreSQL answers",
        _AWAY,
        _ALL_ROWS,
        "ReeldDatabaseDown",
    ),
    Impact(
        "database:writes",
        "PostgreSQL has room to write",
        "Everything can be looked at. Whatever writes waits, and goes on by itself when there is room.",
        ("POST /api/movies", "POST /api/work"),
        "ReeldDatabaseDown",
    ),
    Impact(
        "database:pool",
        "Connections of the pool are free",
        "Requests and work wait for a connection, up to their deadlines.",
        _ALL_ROWS,
        "ReeldDatabasePoolExhausted",
    ),
    Impact(
        "database:migrations",
        "The schema is that of this version",
        "Health, metrics and the control port. Nothing that needs rows begins before the schema is in place.",
        _ALL_ROWS,
        "ReeldNotReady",
    ),
    Impact(
        "database:clock_skew",
        "The clocks of the server and of this machine agree",
        "Everything: what must be fair or exclusive goes by the server's clock alone. Times that are shown may be off.",
        ("/api/history",),
        "ReeldHealthCheckFailing",
    ),
    Impact(
        "database:query_p95",
        "How long 95 of 100 database calls take",
        _SLOW,
        _ALL_ROWS,
        "ReeldDatabaseSlowQueries",
    ),
    Impact(
        "breaker:postgresql",
        "Whether PostgreSQL is called",
        _AWAY,
        _ALL_ROWS,
        "ReeldDatabaseDown",
    ),
    Impact(
        "breaker",
        "Whether a service, a feed or a folder is called",
        "Everything that does not need that service. Its work waits without using up attempts, and is probed for.",
        (),
        "ReeldBreakerOpen",
    ),
    Impact(
        "actor:tmdb",
        "TmdbActor runs",
        "Movies that were added are searched for, downloaded and imported.",
        _ADDING,
        "ReeldActorParked",
    ),
    Impact("actor:hdbits", "HdbitsActor runs", _FETCHING, (), "ReeldActorParked"),
    Impact("actor:rss", "RssActor runs", _FETCHING, (), "ReeldActorParked"),
    Impact(
        "actor:qbit",
        "QbitActor runs",
        "Releases are found and judged; qBittorrent goes on by itself. Nothing is handed to it, and nothing imported.",
        ("/api/queue",),
        "ReeldActorParked",
    ),
    Impact(
        "actor:importer",
        "ImportActor runs",
        "Releases are found and downloaded; what is complete waits to be imported.",
        (),
        "ReeldActorParked",
    ),
    Impact(
        "actor",
        "An actor runs",
        "The others: each has a restart budget of its own. The work of one that rests waits in its rows.",
        (),
        "ReeldActorParked",
    ),
    Impact(
        "supervisor",
        "A supervisor's children run",
        "The children that run, and all other supervisors.",
        (),
        "ReeldSupervisorEscalation",
    ),
    Impact(
        "mailbox",
        "An actor gets its messages done",
        "Everything: messages are hints, and the rows are swept whatever becomes of them.",
        (),
        "ReeldActorMailboxBacklog",
    ),
    Impact(
        "service:tmdb",
        "TMDB answers",
        "Movies that were added go their way with the facts that are stored.",
        _ADDING,
        "ReeldExternalErrors",
    ),
    Impact("service:hdbits", "HDBits answers", _FETCHING, (), "ReeldExternalErrors"),
    Impact(
        "service:qbittorrent",
        "qBittorrent answers",
        "Releases are found and judged. Nothing is handed over and nothing imported until it is back.",
        ("/api/queue",),
        "ReeldExternalErrors",
    ),
    Impact(
        "qbittorrent:preferences",
        "qBittorrent's own settings leave downloads alone",
        "Everything, until a torrent reaches its share limit before it was imported.",
        (),
        "ReeldImportsFailing",
    ),
    Impact("feed", "A feed was read lately", _FETCHING, (), "ReeldRSSFreshnessBudgetBurn"),
    Impact(
        "disk:links",
        "Downloads can be hard-linked into the library",
        "Imports share blocks where the file system can, or copy; with library.import_mode `strict` they wait.",
        (),
        "ReeldHardlinkFallback",
    ),
    Impact(
        "disk:data",
        "The data directory's disk has room",
        "Everything while there is room at all; without it, see `database:writes`.",
        (),
        "ReeldDatabaseDown",
    ),
    Impact(
        "disk",
        "A root folder can be read and has room",
        "Everything but imports into that folder, which wait.",
        (),
        "ReeldLibraryDiskAlmostFull",
    ),
    Impact(
        "work:dead",
        "No work was given up",
        "All other work. What was given up waits for a person.",
        ("/api/work",),
        "ReeldJobsDead",
    ),
    Impact(
        "work:oldest_due",
        "Work is begun when it is due",
        "The queues of all other actors.",
        ("/api/work",),
        "ReeldJobQueueStuck",
    ),
    Impact(
        "schedule",
        "Tasks that come round again are on time",
        "Whatever is asked for by hand.",
        (),
        "ReeldScheduledTaskOverdue",
    ),
    Impact(
        "profiles",
        "The quality profile of movies that name none is there",
        "Movies that name a profile are added, and all movies go on. Others are refused with the names that there are.",
        ("POST /api/movies",),
        "ReeldHealthCheckFailing",
    ),
    Impact("backup", "There is a backup of late", "Everything.", (), "ReeldBackupStale"),
    Impact(
        "leader",
        "This process leads",
        "Reads. Whoever leads does the work.",
        ("POST /api/movies", "POST /api/work"),
        "ReeldNoLeader",
    ),
    Impact(
        "configuration",
        "The settings could be read the last time",
        "Everything, with the settings that were read before.",
        ("POST /control/reload",),
        "ReeldConfigReloadFailed",
    ),
    Impact(
        "tls",
        "The certificate lasts for a fortnight, and is the one in its files",
        "Everything, until it ends: then browsers and programs refuse to talk to reeld.",
        (),
        "ReeldHealthCheckFailing",
    ),
    Impact("loop", "How late the loop's timers run", _SLOW, (), "ReeldEventLoopLag"),
    Impact("messages", "How long messages wait", _SLOW, (), "ReeldActorStalled"),
    Impact(
        "memory",
        "How much memory the daemon holds",
        "Everything.",
        (),
        "ReeldHealthCheckFailing",
    ),
    Impact(
        "process",
        "What the process uses of its limits, and for how long it runs",
        "Everything, until a limit is reached: then connections and files are refused.",
        (),
        "ReeldHealthCheckFailing",
    ),
)


def impact_of(check: str) -> Impact | None:
    """Return what follows when a check does not pass: the entry of its own name, or that of its component."""
    by_name = {impact.check: impact for impact in IMPACTS}
    return by_name.get(check) or by_name.get(check.partition(":")[0])
