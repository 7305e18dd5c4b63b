from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reeld.actors.importer._failures import (
    DownloadsUnreadable,
    NameTooLong,
    SourceChanged,
    UnsafePath,
)
from reeld.actors.importer._paths import safe_parts
from reeld.actors.importer.scan import DownloadRejected, files_below, scan_download
from reeld.domain.acquisition import DownloadedFile, FailureReason
from reeld.domain.file_kinds import FileKind, kind_of

MB = 2**20


def tick(done: int) -> None:
    pass


def download(root: Path, **sizes: int) -> list[DownloadedFile]:
    """Make sparse files; a double underscore stands for a slash, a single one for a dot."""
    files = []
    for name, size in sizes.items():
        path = name.replace("__", "/").replace("_", ".")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        with (root / path).open("wb") as file:
            file.truncate(size)
        files.append(DownloadedFile(path, size))
    return files


def test_the_movie_is_found_among_its_companions(tmp_path: Path) -> None:
    files = download(
        tmp_path,
        Movie__movie_nfo=10,
        Movie__movie_mkv=900 * MB,
        Movie__Sample__sample_mkv=30 * MB,
        Movie__Featurettes__making_of_mkv=600 * MB,
        Movie__movie_en_srt=100,
        Movie__short_mkv=20 * MB,
    )

    scan = scan_download(tmp_path, files, tick)

    assert scan.movie.path == "Movie/movie.mkv"
    assert scan.movie.size == 900 * MB
    assert len(scan.others) == 5


def rejected(root: Path, files: list[DownloadedFile]) -> DownloadRejected:
    with pytest.raises(DownloadRejected) as error:
        scan_download(root, files, tick)
    assert error.value.sentence
    return error.value


def test_a_download_without_a_video_is_rejected(tmp_path: Path) -> None:
    files = download(tmp_path, readme_txt=5)
    assert rejected(tmp_path, files).failure is FailureReason.NO_VIDEO


def test_packed_movies_are_shown_as_such(tmp_path: Path) -> None:
    files = download(tmp_path, M__m_rar=50 * MB, M__m_r00=50 * MB, M__m_nfo=3)
    assert rejected(tmp_path, files).failure is FailureReason.NEEDS_UNPACKING


def test_a_sample_alone_is_rejected(tmp_path: Path) -> None:
    files = download(tmp_path, M__Sample__m_mkv=30 * MB, M__m_nfo=3)
    assert rejected(tmp_path, files).failure is FailureReason.SAMPLE_ONLY


def test_a_movie_called_sample_is_no_sample(tmp_path: Path) -> None:
    files = download(tmp_path, M__The_Sample_2020_mkv=900 * MB)
    assert scan_download(tmp_path, files, tick).movie.path == "M/The.Sample.2020.mkv"


def test_programs_are_dangerous_whatever_else_is_there(tmp_path: Path) -> None:
    files = download(tmp_path, M__m_mkv=900 * MB, M__codec_EXE=3)
    assert rejected(tmp_path, files).failure is FailureReason.DANGEROUS_FILE


@pytest.mark.parametrize(
    "sizes",
    [
        {"M__one_mkv": 900 * MB, "M__two_mkv": 800 * MB},
        {"M__m_cd1_avi": 700 * MB, "M__m_cd2_avi": 200 * MB},
    ],
)
def test_several_movies_are_for_a_person(tmp_path: Path, sizes: dict[str, int]) -> None:
    error = rejected(tmp_path, download(tmp_path, **sizes))
    assert error.reason == "several_movies"
    assert error.failure is FailureReason.WRONG_CONTENT


@pytest.mark.parametrize(
    "sizes",
    [{"m_iso": 900 * MB}, {"M__BDMV__STREAM__00001_m2ts": 900 * MB, "M__BDMV__index_bdmv": 3}],
)
def test_discs_are_not_movie_files(tmp_path: Path, sizes: dict[str, int]) -> None:
    assert rejected(tmp_path, download(tmp_path, **sizes)).reason == "disc"


@pytest.mark.parametrize("where", ["file", "folder"])
def test_symbolic_links_are_refused_anywhere(tmp_path: Path, where: str) -> None:
    root = tmp_path / "downloads"
    files = download(root, M__m_mkv=900 * MB, M__Subs__m_srt=3)
    victim = root / ("M/Subs/m.srt" if where == "file" else "M/Subs")
    victim.rename(tmp_path / "moved")
    victim.symlink_to(tmp_path / "moved")

    error = rejected(root, files)

    assert error.failure is FailureReason.TORRENT_UNSAFE
    assert error.reason == "unsafe_path"


def test_a_name_that_climbs_is_refused(tmp_path: Path) -> None:
    files = [DownloadedFile("../secret.mkv", 3)]
    (tmp_path / "root").mkdir()
    assert rejected(tmp_path / "root", files).failure is FailureReason.TORRENT_UNSAFE


def test_a_movie_of_another_size_is_not_ready(tmp_path: Path) -> None:
    files = download(tmp_path, m_mkv=900 * MB)
    os.truncate(tmp_path / "m.mkv", 800 * MB)

    with pytest.raises(SourceChanged) as error:
        scan_download(tmp_path, files, tick)

    assert error.value.reason == "wrong_size"


def test_files_that_were_not_downloaded_are_passed_over(tmp_path: Path) -> None:
    files = download(tmp_path, M__m_mkv=900 * MB, M__other_mkv=800 * MB)
    (tmp_path / "M/other.mkv").unlink()

    assert scan_download(tmp_path, files, tick).movie.path == "M/m.mkv"


@pytest.mark.parametrize("missing", ["root", "files"])
def test_a_missing_mount_never_blames_the_release(tmp_path: Path, missing: str) -> None:
    root = tmp_path / "downloads"
    files = download(root, m_mkv=900 * MB)
    (root / "m.mkv").unlink()
    if missing == "root":
        root.rmdir()

    with pytest.raises(DownloadsUnreadable, match="mount"):
        scan_download(root, files, tick)


def test_a_torrent_of_countless_files_is_rejected_unread(tmp_path: Path) -> None:
    files = [DownloadedFile(f"{number}.mkv", 1) for number in range(10_001)]
    assert rejected(tmp_path, files).failure is FailureReason.WRONG_CONTENT


def test_a_folder_is_listed_without_its_hidden_files(tmp_path: Path) -> None:
    download(tmp_path, M__m_mkv=5, M__Subs__m_srt=3)
    (tmp_path / "M/.hidden").write_text("x")

    files = files_below(tmp_path, "M", tick)

    assert files == (DownloadedFile("M/Subs/m.srt", 3), DownloadedFile("M/m.mkv", 5))
    assert files_below(tmp_path, "M/m.mkv", tick) == (DownloadedFile("M/m.mkv", 5),)


def test_listing_a_folder_refuses_links_and_names_what_is_missing(tmp_path: Path) -> None:
    download(tmp_path, M__m_mkv=5)
    with pytest.raises(DownloadsUnreadable):
        files_below(tmp_path, "N", tick)
    (tmp_path / "M/link.mkv").symlink_to("m.mkv")
    with pytest.raises(DownloadRejected):
        files_below(tmp_path, "M", tick)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/b.mkv", FileKind.VIDEO),
        ("b.MKV", FileKind.VIDEO),
        ("Sample/b.mkv", FileKind.SAMPLE),
        ("grp-b-sample.mkv", FileKind.SAMPLE),
        ("Sampler.2020.mkv", FileKind.VIDEO),
        ("extras/b.mkv", FileKind.EXTRA),
        ("b-trailer.mp4", FileKind.EXTRA),
        ("The.Trailer.Park.mkv", FileKind.VIDEO),
        ("VIDEO_TS/VTS_01_1.VOB", FileKind.DISC),
        ("b.part01.rar", FileKind.ARCHIVE),
        ("b.s01", FileKind.ARCHIVE),
        ("b.mkv.exe", FileKind.DANGEROUS),
        ("b.srt", FileKind.OTHER),
        ("b", FileKind.OTHER),
    ],
)
def test_names_tell_what_files_are(path: str, kind: FileKind) -> None:
    assert kind_of(path) is kind


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(max_size=60))
def test_no_path_that_is_called_safe_leaves_its_root(path: str) -> None:
    try:
        parts = safe_parts(path)
    except (UnsafePath, NameTooLong):
        return
    root = "/root/folder"
    assert os.path.normpath(f"{root}/{'/'.join(parts)}").startswith(root + "/")
