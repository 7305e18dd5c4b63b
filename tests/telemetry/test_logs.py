from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from reeld.telemetry import Redaction, configure_logs, counting_records, redaction


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_json_object_with_an_event_a_level_and_a_time() -> None:
    out = io.StringIO()
    configure_logs(stream=out)
    structlog.get_logger("reeld.test").info("torrent_added", movie=7)
    (record,) = lines(out)
    assert record["event"] == "torrent_added"
    assert record["level"] == "info"
    assert record["movie"] == 7
    assert str(record["timestamp"]).endswith("Z")


def test_levels_below_the_configured_one_are_not_written() -> None:
    out = io.StringIO()
    configure_logs(level="warning", stream=out)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [record["event"] for record in lines(out)] == ["loud"]


def test_records_are_counted_by_level_while_somebody_counts() -> None:
    seen: list[str] = []
    configure_logs(stream=io.StringIO())
    structlog.get_logger().error("nobody_counts")
    with counting_records(seen.append):
        structlog.get_logger().error("one")
        structlog.get_logger().info("two")
        structlog.get_logger().debug("not_written")
        logging.getLogger("some.library").warning("three")
    structlog.get_logger().error("nobody_counts")
    assert seen == ["error", "info", "warning"]


def test_an_exception_counts_as_an_error() -> None:
    seen: list[str] = []
    configure_logs(stream=io.StringIO())
    with counting_records(seen.append):
        structlog.get_logger().exception("failed")
    assert seen == ["error"]


def test_records_of_libraries_take_the_same_way() -> None:
    out = io.StringIO()
    configure_logs(stream=out)
    logging.getLogger("some.library").warning("with passkey=abcdef123456")
    (record,) = lines(out)
    assert "abcdef123456" not in json.dumps(record)


def test_the_console_form_is_for_people() -> None:
    out = io.StringIO()
    configure_logs(form="console", stream=out)
    structlog.get_logger().info("torrent_added")
    assert "torrent_added" in out.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(out.getvalue())


@pytest.mark.parametrize(
    "key", ["password", "api_key", "apikey", "passkey", "tmdb_token", "Authorization"]
)
def test_values_under_the_name_of_a_secret_are_masked(key: str) -> None:
    assert Redaction()(None, "info", {"event": "x", key: "hunter2"})[key] == "********"


def test_secrets_in_a_url_are_masked_and_the_rest_stays() -> None:
    text = Redaction().text("GET https://host/download.php?id=7&passkey=s3cr3t&x=1")
    assert text == "GET https://host/download.php?id=7&passkey=********&x=1"


def test_a_registered_value_is_masked_wherever_it_appears() -> None:
    mask = Redaction()
    mask.register(["correct horse", "ab"])
    event = mask(None, "info", {"event": "correct horse", "data": {"list": ["a correct horse", 3]}})
    assert event == {"event": "********", "data": {"list": ["a ********", 3]}}


def test_short_texts_are_not_registered_because_they_would_mask_words() -> None:
    mask = Redaction()
    mask.register(["ab"])
    assert mask.text("cabbage") == "cabbage"


def test_control_characters_cannot_forge_a_line_or_colour_a_terminal() -> None:
    assert Redaction().text("name\x1b[31m\r\x00") == "name[31m"


def test_an_exception_in_a_record_is_redacted_too() -> None:
    out = io.StringIO()
    configure_logs(stream=out)
    redaction.register(["sup3rs3cret"])
    try:
        raise ValueError("sup3rs3cret was rejected")
    except ValueError:
        structlog.get_logger().exception("login_failed")
    assert "sup3rs3cret" not in out.getvalue()
    assert "login_failed" in out.getvalue()
