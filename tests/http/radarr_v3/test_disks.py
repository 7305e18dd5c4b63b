"""Root folders and the formats of files, as rows have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any


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
