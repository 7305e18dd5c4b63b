from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml

from reeld.grafana import DASHBOARDS, FOLDER, PROVISIONING
from reeld.grafana.rendering._board import SOURCE_UID

SOURCES: Final = PROVISIONING / "datasources" / "prometheus.yml"
PROVIDERS: Final = PROVISIONING / "dashboards" / "reeld.yml"


def environment() -> dict[str, str]:
    lines = (FOLDER / "grafana.env").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


def expanded(value: Any) -> Any:
    """What Grafana makes of a value: `${NAME}` is the environment's, and `$$` is a dollar."""
    match value:
        case str():
            parts = value.split("$$")
            known = environment()
            return "$".join(re.sub(r"\$\{(\w+)\}", lambda m: known[m[1]], part) for part in parts)
        case dict():
            return {name: expanded(each) for name, each in value.items()}
        case list():
            return [expanded(each) for each in value]
        case _:
            return value


def read(path: Path) -> Any:
    return expanded(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_grafana_finds_prometheus_under_the_name_that_the_dashboards_choose() -> None:
    (source,) = read(SOURCES)["datasources"]
    assert source["uid"] == SOURCE_UID
    assert source["type"] == "prometheus"
    assert source["url"].startswith("http://")
    assert re.fullmatch(r"\d+s", source["jsonData"]["timeInterval"])


def test_our_source_never_claims_to_be_the_default_one() -> None:
    # Grafana does not start with two of them.
    (source,) = read(SOURCES)["datasources"]
    assert source["isDefault"] is False


def test_a_trace_is_found_by_what_our_exemplars_carry() -> None:
    (source,) = read(SOURCES)["datasources"]
    (trace,) = source["jsonData"]["exemplarTraceIdDestinations"]
    assert trace["name"] == "trace_id"
    assert trace["url"].endswith("/${__value.raw}")


def test_grafana_finds_the_dashboards_beside_the_provisioning_files() -> None:
    (provider,) = read(PROVIDERS)["providers"]
    known = environment()
    here = Path(known["GF_PATHS_PROVISIONING"])
    assert here.name == PROVISIONING.name
    assert Path(provider["options"]["path"]) == here.parent / DASHBOARDS.name
    first = Path(known["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert first.parent == Path(provider["options"]["path"])
    assert (DASHBOARDS / first.name).exists()


def test_the_environment_is_read_the_same_by_systemd_docker_and_a_shell() -> None:
    assert all(re.fullmatch(r"[\w./:-]+", value) for value in environment().values())


def test_a_provisioned_dashboard_is_changed_in_the_code_and_nowhere_else() -> None:
    (provider,) = read(PROVIDERS)["providers"]
    assert provider["type"] == "file"
    assert provider["allowUiUpdates"] is False
    assert provider["disableDeletion"] is True


def test_every_variable_of_the_provisioning_files_has_a_value_and_every_value_a_use() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (SOURCES, PROVIDERS))
    used = set(re.findall(r"\$\{(\w+)\}", text.replace("$$", "")))
    assert used == {name for name in environment() if name.startswith("REELD_")}
