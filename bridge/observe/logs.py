"""Logs: for people on a terminal, or one JSON object a line for machines.

A logger's ``extra`` may hold ``room``, ``view`` and ``client``; they become fields. Whatever looks
like a secret is left out, should one ever come into a message.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import IO, Literal

__all__ = ["FIELDS", "JsonFormatter", "WithoutSecrets", "configure_logs"]

FIELDS = ("room", "view", "client")

_SECRET = re.compile(
    r"""(?i)\b(bearer\s+|(?:token|secret|session|resume|join|join_code|password)=["']?)"""
    r"""[^\s&"',;)]+"""
)


class WithoutSecrets(logging.Filter):
    """Blots out bearer tokens, and values after ``token=`` and the like, in every message."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Changes the record; never drops it."""
        message = record.getMessage()
        clean = _SECRET.sub(r"\1***", message)
        if clean != message:
            record.msg, record.args = clean, ()
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, then room, view, client if known.

    ``time`` is ISO 8601 in UTC with milliseconds. An exception's traceback is in ``error``.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {name: str(getattr(record, name)) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            entry["error"] = _SECRET.sub(r"\1***", self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def configure_logs(
    log_format: Literal["text", "json"], level: str, *, stream: IO[str] | None = None
) -> None:
    """Sets what is logged from here on, and how.

    Args:
        log_format: ``json`` writes objects to ``stream``; ``text`` keeps the handlers that the
            command line has set.
        level: ``debug``, ``info``, ``warning`` or ``error``.
        stream: Where JSON goes; standard error if None.
    """
    root = logging.getLogger()
    root.setLevel(level.upper())
    if log_format == "json":
        lines = logging.StreamHandler(stream or sys.stderr)
        lines.setFormatter(JsonFormatter())
        root.handlers[:] = [lines]
    for handler in root.handlers:
        if not any(isinstance(entry, WithoutSecrets) for entry in handler.filters):
            handler.addFilter(WithoutSecrets())
