from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from reeld.deploy.prometheus import generate, prometheus, rules
from reeld.deploy.prometheus.scraping import RULES_FILE

COMMITTED = Path(generate.__file__).resolve().parent


@pytest.mark.parametrize("name", generate.files())
def test_writing_a_committed_file_again_changes_nothing(name: str) -> None:
    assert (COMMITTED / name).read_text() == generate.files()[name], "run `make deploy`"


def test_a_scale_of_one_is_what_is_committed() -> None:
    assert rules(1) == (COMMITTED / RULES_FILE).read_text()


def test_no_other_file_lies_beside_them() -> None:
    assert {path.name for path in COMMITTED.glob("*.yml")} == set(generate.files())


def test_check_says_what_is_old_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--folder", str(tmp_path)]
    assert generate.main([*folder, "--check"]) == 1
    assert "make deploy" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert generate.main(folder) == 0
    assert generate.main([*folder, "--check"]) == 0


def test_pages_may_lie_elsewhere(tmp_path: Path) -> None:
    given = ["--runbooks", "https://wiki.test/reeld", "--grafana", "https://grafana.test"]
    generate.main(["--folder", str(tmp_path), *given])
    down = yaml.safe_load((tmp_path / RULES_FILE).read_text())["groups"][0]["rules"][0]
    assert down["annotations"]["runbook_url"] == "https://wiki.test/reeld/ReeldDown.md"
    assert down["annotations"]["dashboard_url"] == "https://grafana.test/d/reeld-overview"


def test_prometheus_takes_the_committed_configuration(promtool: Callable[..., str]) -> None:
    printed = promtool(
        "check", "config", "--lint=all", "--lint-fatal", str(COMMITTED / "prometheus.yml")
    )
    assert "1 rule files found" in printed


def test_prometheus_takes_one_with_a_token_another_address_and_another_pace(
    promtool: Callable[..., str], tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("a-token")
    (tmp_path / "faster.yml").write_text(rules(60, scrape_seconds=1))
    text = prometheus(
        target="127.0.0.1:1",
        alertmanager="127.0.0.1:2",
        scrape_seconds=1,
        token_file=str(token),
        rules_file="faster.yml",
    )
    (tmp_path / "prometheus.yml").write_text(text)
    promtool("check", "config", str(tmp_path / "prometheus.yml"))
    job = yaml.safe_load(text)["scrape_configs"][0]
    assert job["job_name"] == "reeld"
    assert job["authorization"] == {"credentials_file": str(token)}


def test_the_token_that_the_comment_shows_is_the_one_that_the_code_writes() -> None:
    shown = [line for line in prometheus().splitlines() if line.startswith("#     ")]
    example = yaml.safe_load("\n".join(line.removeprefix("#     ") for line in shown))
    path = example["authorization"]["credentials_file"]
    written = yaml.safe_load(prometheus(token_file=path))["scrape_configs"][0]
    assert written["authorization"] == example["authorization"]
