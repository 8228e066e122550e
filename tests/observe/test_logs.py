from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from bridge.observe import configure_logs


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back afterwards."""
    logger = logging.getLogger()
    handlers, level = list(logger.handlers), logger.level
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.fixture
def stream(root: logging.Logger) -> io.StringIO:
    stream = io.StringIO()
    configure_logs("json", "info", stream=stream)
    return stream


def entries(stream: io.StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_object_a_line_with_what_is_known(stream: io.StringIO) -> None:
    logger = logging.getLogger("bridge.room")
    logger.info("view %s\njoined", "phone", extra={"room": "lesson", "view": "phone"})
    logger.warning("späť")
    first, second = entries(stream)
    assert first | {"time": ""} == {
        "time": "",
        "level": "info",
        "logger": "bridge.room",
        "message": "view phone\njoined",
        "room": "lesson",
        "view": "phone",
    }
    assert first["time"].endswith("Z")
    assert second["message"] == "späť"
    assert set(second) == {"time", "level", "logger", "message"}


def test_levels(stream: io.StringIO, root: logging.Logger) -> None:
    logging.getLogger("bridge").debug("unseen")
    assert entries(stream) == []
    configure_logs("json", "debug", stream=stream)
    logging.getLogger("bridge").debug("seen")
    assert [entry["message"] for entry in entries(stream)] == ["seen"]


def test_exceptions_stay_within_their_line(stream: io.StringIO) -> None:
    try:
        raise ValueError("token=abc.def went wrong")
    except ValueError:
        logging.getLogger("bridge").exception("a frame set failed")
    (entry,) = entries(stream)
    assert entry["level"] == "error"
    assert "ValueError: token=*** went wrong" in entry["error"]


@pytest.mark.parametrize(
    ("message", "clean"),
    [
        ("Authorization: Bearer eyJ.abc-_123", "Authorization: Bearer ***"),
        (
            "GET /capture?room=lesson&token=abc.DEF-1&view=x",
            "GET /capture?room=lesson&token=***&view=x",
        ),
        ("resume=s3cret, then", "resume=***, then"),
        ("Secret='s3cret'", "Secret='***'"),
        ("the token of room lesson expired", "the token of room lesson expired"),
    ],
)
def test_what_looks_like_a_secret_is_left_out(
    stream: io.StringIO, message: str, clean: str
) -> None:
    logging.getLogger("bridge").info("%s", message)
    assert entries(stream)[0]["message"] == clean


def test_text_keeps_the_terminals_handler_and_leaves_secrets_out_too(
    root: logging.Logger,
) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root.handlers[:] = [handler]
    configure_logs("text", "warning")
    configure_logs("text", "warning")
    assert root.handlers == [handler]
    logging.getLogger("bridge").info("unseen")
    logging.getLogger("bridge").warning("token=%s", "abc")
    assert stream.getvalue() == "token=***\n"
