"""Where the hands went: over the keyboard where both recordings know it, else seen from above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import FINGERTIPS, Side
from bridge.protocol.kinematics import matrix_from_quat
from sdk_python.report.markup import section, text
from sdk_python.report.plot import polyline

if TYPE_CHECKING:
    from bridge.protocol.lesson import Anchor
    from sdk_python.recording import Recording

__all__ = ["places"]

Floats = NDArray[np.floating[Any]]

_MOST_POINTS = 600
_MARGIN_CM = 4.0
_WHITE_KEY_CM = 2.35
_LEAST_CM = 16.0
_INDEX_TIP = FINGERTIPS[1]


def places(teacher: Recording, student: Recording) -> str:
    """The section: wrists and index fingertips, from above.

    Args:
        teacher: The lesson.
        student: The student's recording.
    """
    anchors = teacher.metadata.anchor, student.metadata.anchor
    if anchors[0] is not None and anchors[1] is not None:
        tracks = [
            _tracks(recording, anchor)
            for recording, anchor in zip((teacher, student), anchors, strict=True)
            if anchor is not None
        ]
        lead = (
            f"Seen from above, on the {text(anchors[0].instrument)}: both recordings know where it "
            "lies, so places can be compared."
        )
        width, depth = (100 * float(size) for size in anchors[0].size_m)
        kind = "places one"
        keys = _keyboard(width, depth, anchors[0].instrument)
        corners = np.array([[0.0, 0.0], [width, -depth]])
        pictures = _picture("The teacher", tracks[:1], corners, keys, "teacher") + _picture(
            "The student", tracks[1:], corners, keys, "student"
        )
    else:
        lead = (
            "Places cannot be compared: that needs an instrument anchor in both recordings. Each "
            "is seen from above in its own stage, whose axes are its first camera’s: only how far "
            "and in what shape the hands moved can be compared."
        )
        tracks = [_tracks(recording, None) for recording in (teacher, student)]
        span = [_corners([track]) for track in tracks]
        size = np.max([high - low for low, high in span], axis=0)
        kind, pictures = "places", ""
        for name, track, (low, high), whose in zip(
            ("The teacher", "The student"), tracks, span, ("teacher", "student"), strict=True
        ):
            middle = (low + high) / 2
            corners = np.stack([middle - size / 2, middle + size / 2])
            pictures += _picture(name, [track], corners, "", whose)
    return section(
        "places",
        "Where the hands went",
        f'<p class="lead">{lead}</p>',
        f'<div class="{kind}">{pictures}</div>',
        '<p class="soft"><i class="line left"></i> left, <i class="line right"></i> right: wrists '
        "bold, index fingertips fine. The player sits below. The bar is 10 cm.</p>",
    )


def _tracks(recording: Recording, anchor: Anchor | None) -> dict[str, Floats]:
    """``(N, 2)`` centimetres: right, and towards the player; by CSS class."""
    step = max(1, len(recording) // (4 * _MOST_POINTS))
    found = {}
    for side in Side:
        for name, points in (
            ("wrist", recording.wrist_m[::step, side]),
            ("tip", recording.joints_m[::step, side, _INDEX_TIP]),
        ):
            places_m = np.asarray(points, dtype=float)
            if anchor is not None:
                turn = matrix_from_quat(np.asarray(anchor.rotation_quat, dtype=float))
                places_m = (places_m - np.asarray(anchor.position_m, dtype=float)) @ turn
            found[f"{name} {side.name.lower()}"] = 100 * places_m[:, [0, 2]]
    return found


def _corners(tracks: list[dict[str, Floats]]) -> tuple[Floats, Floats]:
    points = np.concatenate([points for track in tracks for points in track.values()])
    points = points[np.isfinite(points).all(1)]
    if not len(points):
        return np.zeros(2), np.ones(2)
    # What a single bad frame throws far away does not make everything else small.
    low, high = np.percentile(points, (0.5, 99.5), axis=0)
    return low, high


def _picture(
    name: str, tracks: list[dict[str, Floats]], corners: Floats, keys: str, kind: str
) -> str:
    low, high = _corners(tracks)
    low = np.minimum(low, corners.min(0)) - _MARGIN_CM
    high = np.maximum(high, corners.max(0)) + _MARGIN_CM
    lines = "".join(
        _line(np.clip(points, low, high), path)
        for track in tracks
        for path, points in sorted(track.items())
    )
    missing = max(_LEAST_CM - (high[1] - low[1]), 0) / 2  # of a picture that would be too flat
    low[1], high[1] = low[1] - missing, high[1] + missing
    (x, y), (width, height) = low, high - low
    bar = f'<path class="scale" d="M{x + 2:.1f} {high[1] - 1.5:.1f}h10"/>'
    return (
        f'<figure class="{kind}"><svg role="img" aria-label="Paths of wrists and index fingertips '
        f'seen from above: {name.lower()}" viewBox="{x:.1f} {y:.1f} {width:.1f} {height:.1f}">'
        f"{keys}{lines}{bar}</svg><figcaption>{name}</figcaption></figure>"
    )


def _line(points: Floats, kind: str) -> str:
    return polyline(points[:, 0], points[:, 1], kind, most=_MOST_POINTS)


def _keyboard(width: float, depth: float, instrument: str) -> str:
    """The instrument's outline; a piano's has its white keys."""
    keys = f'<rect class="keys" x="0" y="{-depth:.1f}" width="{width:.1f}" height="{depth:.1f}"/>'
    if instrument.startswith("piano"):
        count = max(1, round(width / _WHITE_KEY_CM))
        lines = "".join(f"M{k * width / count:.2f} 0v{-depth:.1f}" for k in range(1, count))
        keys += f'<path class="keys" d="{lines}"/>'
    return keys
