"""The golden vectors, as the tests of the Unity package read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).resolve().parents[2] / "bridge" / "protocol" / "golden"
GOOD_FILES = ("messages.json", "compact.json")


def document(name: str) -> dict[str, Any]:
    """A golden file."""
    content: dict[str, Any] = json.loads((GOLDEN / name).read_text(encoding="utf-8"))
    return content


def vectors(name: str) -> list[dict[str, Any]]:
    """The vectors of a golden file."""
    listed: list[dict[str, Any]] = document(name)["vectors"]
    return listed
