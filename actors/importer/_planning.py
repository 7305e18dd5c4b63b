"""From a finished download to the plan of its import: which file it is, and where it goes."""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePosixPath

import trio

from reeld.actors.importer._journal import probe_json
from reeld.actors.importer._naming import destination, naming_facts
from reeld.actors.importer._orders import local_folder
from reeld.actors.importer._quality import mended
from reeld.actors.importer._samples import is_sample
from reeld.actors.importer._subject import Subject
from reeld.actors.importer._threads import FileWork
from reeld.actors.importer.probe import Prober
from reeld.actors.importer.scan import Candidate, DownloadRejected, files_below, scan_download
from reeld.domain.acquisition import Acquisition, DownloadedFile, FailureReason
from reeld.domain.errors import Unavailable
from reeld.domain.media import MediaFacts
from reeld.domain.naming import formats_shown
from reeld.domain.parsing import ParsedRelease, parse_release_name
from reeld.domain.quality import Quality
from reeld.domain.settings import Settings
from reeld.storage.repositories.imports import NewImport

_NEVER_SAMPLES = frozenset({".flv", ".m2ts", ".ts"})
"""Their lengths cannot be trusted; Radarr names .flv and .m2ts."""


async def understood(title: str) -> ParsedRelease:
    """Read a release name, off the loop's thread: it takes milliseconds."""
    return await trio.to_thread.run_sync(parse_release_name, title)


def downloads_of(acquisition: Acquisition, settings: Settings) -> Path:
    """Return the folder that the acquisition's files are relative to, as this machine sees it.

    Raises:
        Unavailable: The client has not said where it is.
    """
    if acquisition.save_path is None:
        raise Unavailable(
            "The download client has not said where the files are: they are asked for again.",
            reason="save_path_unknown",
        )
    client = settings.qbittorrent
    return local_folder(acquisition.save_path, () if client is None else client.path_mappings)


class Planner:
    """Looks at downloads and decides what is to be done with them; touches nothing.

    Args:
        files: Threads for looking.
        prober: Reads what is inside a video.
    """

    def __init__(self, files: FileWork, prober: Prober) -> None:
        self._files = files
        self._prober = prober

    async def plan(self, subject: Subject, settings: Settings) -> NewImport:
        """Find the movie's file in a download and say where it goes.

        Raises:
            DownloadRejected: There is no movie to import in it, for good.
            Unreadable: Nobody could play it.
            ReeldError: It cannot be looked at for now.
        """
        downloads = downloads_of(subject.acquisition, settings)
        file = await self._find(subject.acquisition, downloads)
        facts = await self._prober.probe(downloads, file.path)
        _require_whole_movie(file, facts, subject)
        parsed = await understood(subject.release.title)
        quality = mended(parsed.quality, facts)
        _require_as_promised(subject, parsed.quality, quality)
        root = Path(subject.movie.root_folder or settings.library.root_folder)
        source = PurePosixPath(file.path)
        movie, title = subject.movie, subject.release.title
        shown = formats_shown(subject.acquisition.formats, subject.formats_in_names)
        naming = naming_facts(movie, subject.details, title, parsed, quality, facts, source, shown)
        path = destination(naming, source, settings.library)
        return _plan(subject, downloads / source, file.size, root, path, facts)

    async def _find(self, acquisition: Acquisition, downloads: Path) -> Candidate:
        key = f"scan:{acquisition.id}"
        files = acquisition.files or await self._listed(acquisition, downloads, key)
        scan = await self._files.run(key, partial(scan_download, downloads, files))
        return scan.movie

    async def _listed(
        self, acquisition: Acquisition, downloads: Path, key: str
    ) -> tuple[DownloadedFile, ...]:
        content, folder = acquisition.content_path, acquisition.save_path
        if content is None or folder is None or not PurePosixPath(content).is_relative_to(folder):
            raise Unavailable(
                "The download client has not said which files it has: they are asked for again.",
                reason="files_unknown",
            )
        relative = str(PurePosixPath(content).relative_to(folder))
        return await self._files.run(key, partial(files_below, downloads, relative))


def _require_whole_movie(file: Candidate, facts: MediaFacts, subject: Subject) -> None:
    seconds = facts.runtime_seconds
    if seconds is None or PurePosixPath(file.path).suffix.casefold() in _NEVER_SAMPLES:
        return
    if is_sample(seconds, subject.movie.runtime_minutes):
        raise DownloadRejected(
            FailureReason.SAMPLE_ONLY,
            f"{file.path} runs {seconds / 60:.1f} minutes: that is a sample of the movie.",
        )


def _require_as_promised(subject: Subject, promised: Quality, real: Quality) -> None:
    """Refuse a file that is worse than its name said and than the one the movie has."""
    old = subject.old
    if old is not None and real.weight < promised.weight and real.weight < old.quality.weight:
        raise DownloadRejected(
            FailureReason.WRONG_CONTENT,
            f"The release promised {promised.label} and holds {real.label}, which is worse than "
            f"the {old.quality.label} that the movie has.",
            reason="worse_than_promised",
        )


def _plan(
    subject: Subject, source: Path, size: int, root: Path, path: str, facts: MediaFacts
) -> NewImport:
    old = subject.old
    return NewImport(
        acquisition_id=subject.acquisition.id,
        movie_id=subject.movie.id,
        source=str(source),
        root_folder=str(root),
        destination=path,
        size=size,
        old_file_id=None if old is None else old.id,
        old_path=None if old is None else str(Path(old.root_folder) / old.relative_path),
        probe=probe_json(facts),
    )
