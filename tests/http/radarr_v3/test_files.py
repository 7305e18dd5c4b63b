"""What people say of the files in the library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

BLURAY_2160P = {"quality": {"id": 19}, "revision": {"version": 2, "real": 1, "isRepack": True}}
SDTV = {"quality": {"id": 1, "name": "whatever it is called"}}


@pytest.fixture(scope="module")
def file(radarr: Any) -> dict[str, Any]:
    movie = radarr.imported(radarr.add(radarr.films[0])["id"])
    return dict(movie["movieFile"])


@pytest.fixture(scope="module")
def other(radarr: Any) -> dict[str, Any]:
    movie = radarr.imported(radarr.add(radarr.films[1])["id"])
    return dict(movie["movieFile"])


def test_what_is_said_of_a_file_is_kept(radarr: Any, file: dict[str, Any]) -> None:
    path = f"moviefile/{file['id']}"
    said = {
        "quality": BLURAY_2160P,
        "languages": [{"id": 2}, {"id": 4, "name": "German"}],
        "edition": "Director's Cut",
        "releaseGroup": "NTb",
        "indexerFlags": 33,
    }
    answer = radarr.send("PUT", path, said, 202)
    assert answer == radarr.get(path) == radarr.get(f"movie/{file['movieId']}")["movieFile"]
    assert (answer["quality"]["quality"]["name"], answer["quality"]["revision"]) == (
        "Bluray-2160p",
        {"version": 2, "real": 1, "isRepack": True},
    )
    assert [each["name"] for each in answer["languages"]] == ["French", "German"]
    assert (answer["edition"], answer["releaseGroup"]) == ("Director's Cut", "NTb")
    assert answer["indexerFlags"] == 33
    assert answer["path"] == file["path"]


def test_a_document_that_is_sent_back_changes_nothing(radarr: Any, file: dict[str, Any]) -> None:
    path = f"moviefile/{file['id']}"
    there = radarr.get(path)
    assert radarr.send("PUT", path, there, 202) == there
    assert radarr.send("PUT", "moviefile/bulk", [there], 202) == [there]
    assert radarr.send("PUT", path, {"id": file["id"], "edition": None}, 202) == there


def test_files_are_changed_alike_or_each_in_its_own_way(
    radarr: Any, file: dict[str, Any], other: dict[str, Any]
) -> None:
    profile = radarr.get("qualityprofile/1") | {"upgradeAllowed": True, "cutoff": 7}
    radarr.send("PUT", "qualityprofile/1", profile, 202)
    ids = [other["id"], file["id"]]
    alike = {"movieFileIds": ids, "quality": SDTV, "releaseGroup": "BOTH"}
    answers = radarr.send("PUT", "moviefile/editor", alike, 202)
    assert [each["id"] for each in answers] == ids
    assert {each["quality"]["quality"]["name"] for each in answers} == {"SDTV"}
    assert {each["releaseGroup"] for each in answers} == {"BOTH"}
    assert all(each["qualityCutoffNotMet"] for each in answers)
    wanting = radarr.get("wanted/cutoff", monitored="true")["records"]
    assert {file["movieId"], other["movieId"]} <= {each["id"] for each in wanting}
    own = [{"id": file["id"], "edition": "Extended"}, {"id": other["id"], "edition": ""}]
    answers = radarr.send("PUT", "moviefile/bulk", own, 202)
    assert [each.get("edition", "") for each in answers] == ["Extended", ""]
    assert {each["releaseGroup"] for each in answers} == {"BOTH"}


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"quality": {"quality": {"id": 99}}}, "Quality"),
        ({"quality": "best"}, "quality"),
        ({"quality": {"quality": {"id": 1}, "revision": {"version": -1}}}, "Quality"),
        ({"languages": [{"id": -1}]}, "Languages"),
        ({"languages": [7]}, "of"),
        ({"edition": "x" * 201}, "edition"),
        ({"edition": "two\nlines"}, "edition"),
        ({"indexerFlags": 64}, "IndexerFlags"),
        ({"releaseGroup": {}}, "releaseGroup"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(
    radarr: Any, file: dict[str, Any], said: dict[str, Any], name: str
) -> None:
    path = f"moviefile/{file['id']}"
    there = radarr.get(path)
    (failure,) = radarr.send("PUT", path, said, 400)
    assert failure["propertyName"] == name
    assert radarr.get(path) == there


def test_one_file_that_is_not_there_stops_them_all(radarr: Any, file: dict[str, Any]) -> None:
    there = radarr.get(f"moviefile/{file['id']}")
    alike = {"movieFileIds": [file["id"], 2**31 - 1], "edition": "Never"}
    radarr.send("PUT", "moviefile/editor", alike, 404)
    radarr.send("PUT", "moviefile/4242", {"edition": "Never"}, 404)
    radarr.send("PUT", "moviefile/bulk", [], 400)
    assert radarr.get(f"moviefile/{file['id']}") == there


def test_a_file_that_is_called_otherwise_is_renamed(radarr: Any, file: dict[str, Any]) -> None:
    movie = file["movieId"]
    said = {"quality": {"quality": {"id": 3}}}
    before = radarr.send("PUT", f"moviefile/{file['id']}", said, 202)
    (preview,) = radarr.get("rename", movieId=movie)
    assert preview["existingPath"] == before["relativePath"]
    assert "WEBDL-1080p" in preview["newPath"]
    assert (preview["movieId"], preview["movieFileId"]) == (movie, file["id"])
    command = {"name": "RenameFiles", "movieId": movie, "files": [file["id"]]}
    number = radarr.send("POST", "command", command, 201)["id"]
    radarr.until(lambda: radarr.get(f"command/{number}")["status"] == "completed")
    after = radarr.get(f"moviefile/{file['id']}")
    assert after["relativePath"] == preview["newPath"]
    assert Path(after["path"]).stat().st_size == file["size"]
    assert not Path(before["path"]).exists()
    assert radarr.get("rename", movieId=movie) == []
    (told,) = radarr.get("history/movie", movieId=movie, eventType="movieFileRenamed")
    assert told["data"]["path"] == after["path"]


def test_no_file_is_renamed_over_another(radarr: Any, file: dict[str, Any]) -> None:
    before = radarr.send("PUT", f"moviefile/{file['id']}", {"quality": {"quality": {"id": 5}}}, 202)
    (preview,) = radarr.get("rename", movieId=file["movieId"])
    taken = Path(before["path"]).with_name(preview["newPath"])
    taken.write_bytes(b"a person's own")
    body = {"name": "RenameMovie", "movieIds": [file["movieId"]]}
    number = radarr.send("POST", "command", body, 201)["id"]
    failed = radarr.until(
        lambda: each if (each := radarr.get(f"command/{number}"))["status"] == "failed" else None
    )
    assert "move it away" in failed["exception"]
    assert taken.read_bytes() == b"a person's own"
    assert Path(before["path"]).stat().st_size == file["size"]
    taken.unlink()
    radarr.send("POST", "command", {"name": "RenameFiles", "files": [1]}, 400)


def test_what_a_download_holds_is_listed_as_it_was_grabbed(
    radarr: Any, file: dict[str, Any]
) -> None:
    grabbed = radarr.get("history/movie", movieId=file["movieId"], eventType="grabbed")
    download = grabbed[-1]["downloadId"]
    listed = radarr.get("manualimport", downloadId=download)
    (video,) = [each for each in listed if each["size"] == file["size"]]
    assert (video["downloadId"], video["size"]) == (download, file["size"])
    assert (video["movie"]["id"], video["path"][0]) == (file["movieId"], "/")
    assert video["rejections"] == [{"reason": "Movie file already imported", "type": "permanent"}]
    assert video["quality"] == grabbed[-1]["quality"]
    assert video["languages"] == grabbed[-1]["languages"]
    folder = str(Path(video["path"]).parent)
    asked = {"movieId": file["movieId"]}
    assert radarr.get("manualimport", folder=folder, **asked)[0] == video
    for elsewhere in ("/etc", f"{folder}/../../etc", f"{folder}x"):
        assert radarr.get("manualimport", folder=elsewhere, **asked) == []
    assert radarr.get("manualimport", downloadId=download, movieId=2**31 - 1) == []


def test_files_are_deleted_together(
    radarr: Any, file: dict[str, Any], other: dict[str, Any]
) -> None:
    ids = [file["id"], other["id"]]
    radarr.send("DELETE", "moviefile/bulk", {"movieFileIds": [*ids, 2**31 - 1]}, 404)
    assert radarr.get("moviefile", movieFileIds=",".join(map(str, ids)))
    radarr.send("DELETE", "moviefile/bulk", {"movieFileIds": ids})
    for movie in (file["movieId"], other["movieId"]):
        radarr.until(lambda movie=movie: not radarr.get(f"movie/{movie}")["hasFile"])
