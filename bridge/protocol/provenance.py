"""What a recording knows of how it was made: devices, instrument, cameras (SPEC.md, section 11).

Each is JSON text in the file's metadata. It comes from strangers: sizes are bounded before it is
parsed, and what is not as it should be is a ``ValueError``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bridge.errors import ProtocolError
from bridge.protocol.lesson import Anchor

__all__ = [
    "CameraUncertainty",
    "Device",
    "anchor_from_json",
    "anchor_to_json",
    "cameras_from_json",
    "devices_from_json",
    "items_to_json",
    "versions_from_json",
]

MAX_JSON_CHARACTERS = 65_536
_MAX_ITEMS = 64
_MAX_TEXT = 1024
_MAX_NUMBER = 1e9


@dataclass(frozen=True, slots=True)
class Device:
    """A camera of a recording.

    Attributes:
        view: Its name, one of the recording's views.
        width_px: Width of its pictures, 0 where not known.
        height_px: Their height, 0 where not known.
        rate_hz: Pictures a second when the recording began, 0 where not known.
        focal: Focal length in longer image sides, where the device told it.
        name: What it is, in words; may be empty.
    """

    view: str
    width_px: int = 0
    height_px: int = 0
    rate_hz: float = 0.0
    focal: float | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class CameraUncertainty:
    """How well one camera is known: standard deviations, as the bridge's calibration has them.

    Attributes:
        view: Its name.
        turn_rad: Of its orientation, radians.
        place_m: Of its place relative to the first camera, metres.
        focal: Of its focal length, as a share of it.
        shared: Instants at which it sees a hand together with another camera.
        usable: It is known well enough to be used.
    """

    view: str
    turn_rad: float
    place_m: float
    focal: float
    shared: int = 0
    usable: bool = True


def anchor_to_json(anchor: Anchor) -> str:
    """An instrument's anchor as JSON; numbers are those of its float32 arrays."""
    arrays = {name: getattr(anchor, name).tolist() for name in _ANCHOR_ARRAYS}
    return json.dumps({"instrument": anchor.instrument, **arrays})


def anchor_from_json(text: str) -> Anchor:
    """Reads an anchor; keys it does not know are skipped.

    Raises:
        ValueError: It is none.
    """
    document = _parsed(text, dict)
    try:
        return Anchor(document["instrument"], *(document[name] for name in _ANCHOR_ARRAYS))
    except (KeyError, ProtocolError, TypeError) as error:
        raise ValueError(f"the anchor is damaged: {error}") from None


_ANCHOR_ARRAYS = ("size_m", "position_m", "rotation_quat")


def items_to_json(items: tuple[Device, ...] | tuple[CameraUncertainty, ...]) -> str:
    """Devices or cameras as a JSON array of objects; a number that is not finite is null."""
    rows = [
        {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in item.items()}
        for item in map(asdict, items)
    ]
    return json.dumps(rows)


def devices_from_json(text: str) -> tuple[Device, ...]:
    """Reads devices; keys it does not know are skipped.

    Raises:
        ValueError: They are damaged, or too many.
    """
    return tuple(
        Device(
            view=_text(row, "view"),
            width_px=int(_number(row, "width_px", 0)),
            height_px=int(_number(row, "height_px", 0)),
            rate_hz=_number(row, "rate_hz", 0),
            focal=None if row.get("focal") is None else _number(row, "focal", 0),
            name=_text(row, "name"),
        )
        for row in _rows(text)
    )


def cameras_from_json(text: str) -> tuple[CameraUncertainty, ...]:
    """Reads how well cameras are known; keys it does not know are skipped.

    Raises:
        ValueError: They are damaged, or too many.
    """
    return tuple(
        CameraUncertainty(
            view=_text(row, "view"),
            turn_rad=_number(row, "turn_rad", math.inf),
            place_m=_number(row, "place_m", math.inf),
            focal=_number(row, "focal", math.inf),
            shared=int(_number(row, "shared", 0)),
            usable=row.get("usable", True) is True,
        )
        for row in _rows(text)
    )


def versions_from_json(text: str) -> dict[str, str]:
    """Reads names and versions of programs.

    Raises:
        ValueError: They are damaged, or too many.
    """
    document = _parsed(text, dict)
    if len(document) > _MAX_ITEMS:
        raise ValueError(f"more than {_MAX_ITEMS} versions")
    return {_short(name): _short(version) for name, version in document.items()}


def _rows(text: str) -> list[dict[str, Any]]:
    rows = _parsed(text, list)
    if len(rows) > _MAX_ITEMS or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"not a list of at most {_MAX_ITEMS} objects")
    found: list[dict[str, Any]] = rows
    return found


def _parsed(text: str, kind: type) -> Any:
    if len(text) > MAX_JSON_CHARACTERS:
        raise ValueError(f"{len(text)} characters are more than {MAX_JSON_CHARACTERS}")
    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(document, kind):
        raise ValueError(f"not a JSON {'object' if kind is dict else 'array'}")
    return document


def _text(row: Mapping[str, Any], name: str) -> str:
    return _short(row.get(name, ""))


def _short(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise ValueError(f"not text of at most {_MAX_TEXT} characters")
    return value


def _number(row: Mapping[str, Any], name: str, otherwise: float) -> float:
    """A number of a row; ``otherwise`` where it is null or left out."""
    value = row.get(name)
    if value is None:
        return otherwise
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number")
    if not 0 <= value <= _MAX_NUMBER:
        raise ValueError(f"{name} must be from 0 to {_MAX_NUMBER:g}")
    return float(value)
