"""Anchors as JSON files: one format, versioned, and checked to the last number when read."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from bridge.errors import InputError
from bridge.model.anchor.anchor import Anchor, AnchoredView, ViewPose
from bridge.model.anchor.instruments import Instrument
from bridge.model.anchor.taps import LEAST_TAP_PX, MOST_TAP_PX, Taps
from bridge.model.pose import FloatArray

__all__ = ["FORMAT", "VERSION", "anchor_from_dict", "anchor_to_dict", "load_anchor", "save_anchor"]

FORMAT = "ghosthands-anchor"
VERSION = 1

_MAX_BYTES = 1_000_000
_MAX_VIEWS = 64
_MAX_TEXT = 1_000
_MAX_WARNINGS = 16
_MAX_SIDE_PX = 65_536
_MAX_NUMBER = 1e6
_ORTHONORMAL = 1e-6

_TOP = ("format", "version", "instrument", "size", "size_std", "tap_px", "views")
_POSE = ("rotation", "offset_m", "focal")
_STDS = ("rotation_std_rad", "position_std_m", "focal_std", "reprojection_px")
_VIEW = ("view", "size_px", "corners_px", "known_focal", *_POSE, *_STDS, "rival", "warnings")


def save_anchor(anchor: Anchor, path: Path | str) -> None:
    """Writes an anchor; replaces what is there.

    Raises:
        InputError: The file cannot be written.
    """
    text = json.dumps(anchor_to_dict(anchor), indent=2, allow_nan=False) + "\n"
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def load_anchor(path: Path | str) -> Anchor:
    """Reads an anchor.

    Raises:
        InputError: There is no such file, or it is no anchor of this version.
    """
    try:
        with Path(path).open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > _MAX_BYTES:
        raise InputError(f"{path} is no anchor: it has more than {_MAX_BYTES:,} bytes")
    try:
        data = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no anchor: it is not valid JSON") from error
    try:
        return anchor_from_dict(data)
    except InputError as error:
        raise InputError(f"{path} is no anchor: {error}") from error


def anchor_to_dict(anchor: Anchor) -> dict[str, Any]:
    """An anchor as JSON has it; units are in the keys."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "instrument": anchor.instrument.name,
        "size": anchor.size.tolist(),
        "size_std": anchor.size_std.tolist(),
        "tap_px": anchor.tap_px,
        "views": [_view_to_dict(view) for view in anchor.views],
    }


def anchor_from_dict(data: object) -> Anchor:
    """An anchor from what JSON holds.

    Raises:
        InputError: Something is missing, unknown, of the wrong kind, or impossible.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise InputError(f'it does not say "format": "{FORMAT}"; ghosthands anchor writes one')
    if type(data.get("version")) is not int or data["version"] != VERSION:
        raise InputError(
            f"it is of version {str(data.get('version'))[:20]}, and this program reads version "
            f"{VERSION}: make it again with ghosthands anchor"
        )
    _keys(data, _TOP, "it")
    instrument = Instrument.parse(_text(data["instrument"], "instrument"))
    views = data["views"]
    if not isinstance(views, list) or not 1 <= len(views) <= _MAX_VIEWS:
        raise InputError(f"views must be a list of 1 to {_MAX_VIEWS}")
    read = tuple(_view_from(view, f"views[{i}]") for i, view in enumerate(views))
    if len({view.taps.view for view in read}) != len(read):
        raise InputError("two views have the same name")
    return Anchor(
        instrument,
        read,
        _array(data["size"], (2,), "size", least=0.5, most=2.0),
        _array(data["size_std"], (2,), "size_std", least=0.0),
        _number(data["tap_px"], "tap_px", least=LEAST_TAP_PX, most=MOST_TAP_PX),
    )


def _view_to_dict(view: AnchoredView) -> dict[str, Any]:
    taps = view.taps
    return {
        "view": taps.view,
        "size_px": list(taps.size_px),
        "corners_px": np.asarray(taps.corners_px, dtype=float).tolist(),
        "known_focal": taps.focal,
        **_pose_to_dict(view.pose),
        **{name: getattr(view, name) for name in _STDS},
        "rival": None if view.rival is None else _pose_to_dict(view.rival),
        "warnings": list(view.warnings),
    }


def _pose_to_dict(pose: ViewPose) -> dict[str, Any]:
    return {
        "rotation": pose.rotation.tolist(),
        "offset_m": pose.offset_m.tolist(),
        "focal": pose.focal,
    }


def _view_from(data: Any, where: str) -> AnchoredView:
    _keys(data, _VIEW, where)
    size = data["size_px"]
    if (
        not isinstance(size, list)
        or len(size) != 2
        or not all(type(side) is int and 1 <= side <= _MAX_SIDE_PX for side in size)
    ):
        raise InputError(f"{where}.size_px must be width and height in whole pixels")
    focal, rival, warnings = data["known_focal"], data["rival"], data["warnings"]
    if not isinstance(warnings, list) or len(warnings) > _MAX_WARNINGS:
        raise InputError(f"{where}.warnings must be a list of at most {_MAX_WARNINGS}")
    taps = Taps(
        _text(data["view"], f"{where}.view"),
        (size[0], size[1]),
        _array(data["corners_px"], (4, 2), f"{where}.corners_px", least=0.0, most=max(size)),
        None if focal is None else _number(focal, f"{where}.known_focal", least=1e-3),
    )
    if rival is not None:
        _keys(rival, _POSE, f"{where}.rival")
    return AnchoredView(
        taps=taps,
        pose=_pose_from(data, where),
        rival=None if rival is None else _pose_from(rival, f"{where}.rival"),
        warnings=tuple(_text(w, f"{where}.warnings[{i}]") for i, w in enumerate(warnings)),
        **{name: _number(data[name], f"{where}.{name}", least=0.0) for name in _STDS},
    )


def _pose_from(data: dict[str, Any], where: str) -> ViewPose:
    rotation = _array(data["rotation"], (3, 3), f"{where}.rotation", least=-1.01, most=1.01)
    wrong = np.abs(rotation @ rotation.T - np.eye(3)).max() > _ORTHONORMAL
    if wrong or np.linalg.det(rotation) < 0:
        raise InputError(f"{where}.rotation is no rotation matrix")
    return ViewPose(
        rotation,
        _array(data["offset_m"], (3,), f"{where}.offset_m", least=-_MAX_NUMBER),
        _number(data["focal"], f"{where}.focal", least=1e-3),
    )


def _keys(data: Any, names: tuple[str, ...], where: str) -> None:
    if not isinstance(data, dict):
        raise InputError(f"{where} must be an object")
    missing = [name for name in names if name not in data]
    unknown = [str(name)[:40] for name in data if name not in names]
    if missing or unknown:
        said = f"has no {missing[0]}" if missing else f"has {unknown[0]!r}, which is unknown"
        raise InputError(f"{where} {said}")


def _text(data: Any, where: str) -> str:
    if not isinstance(data, str) or not 0 < len(data) <= _MAX_TEXT:
        raise InputError(f"{where} must be a text of 1 to {_MAX_TEXT} characters")
    return data


def _number(data: Any, where: str, *, least: float, most: float = _MAX_NUMBER) -> float:
    # Comparisons of Python's integers are exact: a huge one never becomes an infinite float.
    if type(data) not in (int, float) or not least <= data <= most or not math.isfinite(data):
        raise InputError(f"{where} must be a number from {least:g} to {most:g}")
    return float(data)


def _array(
    data: Any, shape: tuple[int, ...], where: str, *, least: float, most: float = _MAX_NUMBER
) -> FloatArray:
    """Numbers nested as deep as ``shape`` says."""
    if not isinstance(data, list) or len(data) != shape[0]:
        raise InputError(f"{where} must be a list of {shape[0]}")
    if len(shape) == 1:
        return np.array(
            [_number(n, f"{where}[{i}]", least=least, most=most) for i, n in enumerate(data)]
        )
    return np.stack(
        [
            _array(row, shape[1:], f"{where}[{i}]", least=least, most=most)
            for i, row in enumerate(data)
        ]
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
