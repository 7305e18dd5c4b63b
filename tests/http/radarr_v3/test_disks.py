"""Root folders and the formats of files, as rows have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_every_root_folder_is_shown_with_what_no_movie_owns(radarr: Any, tmp_path: Path) -> None:
    other = tmp_path / "more"
    (other / "Unknown (1999)").mkdir(parents=True)
    headers = {"X-Api-Key": radarr.key}
    body = {"path": str(other)}
    added = radarr.stranger.post("/api/rootfolders", json=body, headers=headers)
    assert added.status_code == 201, added.text
    shown = {each["path"]: each for each in radarr.get("rootfolder")}
    assert shown.keys() == {str(radarr.library), str(other)}
    assert [each["name"] for each in shown[str(other)]["unmappedFolders"]] == ["Unknown (1999)"]
    assert radarr.get(f"rootfolder/{shown[str(other)]['id']}")["path"] == str(other)
    assert {str(radarr.library), str(other)} < {each["path"] for each in radarr.get("diskspace")}
    radarr.get("rootfolder/99", status=404)


def test_a_root_folder_is_added_and_forgotten_as_in_radarr(radarr: Any, tmp_path: Path) -> None:
    other = tmp_path / "added"
    other.mkdir()
    made = radarr.send("POST", "rootfolder", {"path": f"{other}/"}, 201)
    assert (made["path"], made["accessible"], made["unmappedFolders"]) == (str(other), True, [])
    (again,) = radarr.send("POST", "rootfolder", {"path": str(other)}, 400)
    assert again["errorMessage"] == "Path is already configured as a root folder"
    for path in ("", "relative", "/etc", "/proc/1", "/", str(tmp_path / "missing"), f"{other}/.."):
        (failure,) = radarr.send("POST", "rootfolder", {"path": path}, 400)
        assert failure["propertyName"] == "Path"
    radarr.send("DELETE", f"rootfolder/{made['id']}", None, 200)
    radarr.send("DELETE", f"rootfolder/{made['id']}", None, 404)
    radarr.send("DELETE", "rootfolder/1", None, 400)
    assert str(other) not in {each["path"] for each in radarr.get("rootfolder")}


def test_who_may_only_read_sees_no_folders_but_what_leads_to_the_library(radarr: Any) -> None:
    headers = {"X-Api-Key": radarr.key}
    order = {"name": "looker", "scope": "read"}
    key = radarr.stranger.post("/api/keys", json=order, headers=headers).json()["key"]

    def seen(path: Path | str, asker: str) -> list[str]:
        query = {"path": str(path)}
        answer = radarr.stranger.get(
            "/api/v3/filesystem", params=query, headers={"X-Api-Key": asker}
        )
        return [each["name"] for each in answer.json()["directories"]]

    library = Path(radarr.library)
    assert seen("/", key) == [library.parts[1]]
    assert len(seen("/", radarr.key)) > 1
    assert seen("/etc", key) == seen(f"{library}/../../../../../../../../etc", key) == []
    (library / "Movie (1999)").mkdir()
    assert "Movie (1999)" in seen(library, key)

    def kind(path: Path | str, asker: str) -> str:
        answer = radarr.stranger.get(
            "/api/v3/filesystem/type", params={"path": str(path)}, headers={"X-Api-Key": asker}
        )
        return str(answer.json()["type"])

    assert (kind(library, radarr.key), kind("/nowhere", radarr.key)) == ("folder", "folder")
    assert kind("/etc/passwd", radarr.key) == "file"
    assert kind("/etc/passwd", key) == kind(f"{library}/../../../../../etc/passwd", key) == "folder"


def test_videos_are_listed_with_where_they_lie(radarr: Any) -> None:
    folder = Path(radarr.library) / "Extras (2001)"
    (folder / "CD1").mkdir(parents=True)
    for name in ("b.MKV", "CD1/a.mp4", "b.srt", "b.nfo", "setup.exe"):
        (folder / name).write_bytes(b"x")
    (folder / "CD1" / "up").symlink_to(folder)
    assert radarr.get("filesystem/mediafiles", path=f"{folder}/../{folder.name}/") == [
        {"path": f"{folder}/b.MKV", "relativePath": "b.MKV", "name": "b.MKV"},
        {"path": f"{folder}/CD1/a.mp4", "relativePath": "CD1/a.mp4", "name": "a.mp4"},
    ]
    assert radarr.get("filesystem/mediafiles", path="/nowhere") == []
    for path in ("", "../etc", "/a\0b"):
        radarr.get("filesystem/mediafiles", 400, path=path)


def test_who_may_only_read_is_shown_no_videos_but_the_librarys(
    radarr: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    order = {"name": "viewer of videos", "scope": "read"}
    made = radarr.stranger.post("/api/keys", json=order, headers={"X-Api-Key": radarr.key})
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "home.mp4").write_bytes(b"x")
    within = Path(radarr.library) / "Shown (2002)"
    within.mkdir()
    (within / "shown.mkv").write_bytes(b"x")

    def names(path: Path, key: str) -> list[str]:
        answer = radarr.stranger.get(
            "/api/v3/filesystem/mediafiles",
            params={"path": str(path)},
            headers={"X-Api-Key": key},
        )
        return [each["name"] for each in answer.json()]

    assert names(elsewhere, radarr.key) == ["home.mp4"]
    assert names(elsewhere, made.json()["key"]) == []
    assert names(within, made.json()["key"]) == ["shown.mkv"]


def test_a_file_has_the_formats_that_its_release_was_grabbed_with(radarr: Any) -> None:
    condition = {
        "name": "sharp",
        "implementation": "ResolutionSpecification",
        "negate": False,
        "required": True,
        "fields": [{"name": "value", "value": 1080}],
    }
    made = radarr.send(
        "POST", "customformat", {"name": "Sharp", "specifications": [condition]}, 201
    )
    profile = radarr.get("qualityprofile/1")
    profile["formatItems"] = [{"format": made["id"], "name": "Sharp", "score": 7}]
    radarr.send("PUT", "qualityprofile/1", profile, 202)
    movie = radarr.imported(radarr.add(radarr.films[0])["id"])
    file = movie["movieFile"]
    assert [each["name"] for each in file["customFormats"]] == ["Sharp"]
    assert file["customFormatScore"] == 7
