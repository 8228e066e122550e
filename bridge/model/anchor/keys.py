"""What the black keys in the picture say of the taps.

Four corners cannot tell which side of a keyboard is the front, and hardly how many keys it has:
another lens takes up much of the difference. The pattern of its black keys can.
"""

from __future__ import annotations

import cv2
import numpy as np

from bridge.errors import InputError
from bridge.model.anchor.drawing import Picture, black_keys_m
from bridge.model.anchor.instruments import INSTRUMENTS, Instrument
from bridge.model.anchor.taps import Taps
from bridge.model.pose import FloatArray

__all__ = ["doubt_of_keys", "key_scores"]

_WIDTH_PX, _DEPTH_PX = 1024, 60
_CREDIBLE, _CLEARLY = 0.3, 0.15


def key_scores(
    picture: Picture, instrument: Instrument, taps: Taps
) -> dict[tuple[str, bool], float]:
    """How well black keys fit, -1 to 1, by instrument and whether tapped from behind.

    Instruments are the given one and, where a whole keyboard was tapped, the other ones.
    """
    size = np.array([_WIDTH_PX, _DEPTH_PX], dtype=np.float32)
    flat = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], dtype=np.float32) * size
    corners = taps.corners_px.astype(np.float32)
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    seen = cv2.warpPerspective(
        grey, cv2.getPerspectiveTransform(corners, flat), (_WIDTH_PX, _DEPTH_PX)
    )
    # Black keys cross the rear 3/5. The outermost rows may show something else; the last third
    # of the other side shows white keys alone.
    rear = slice(_DEPTH_PX // 12, _DEPTH_PX // 3)
    shown = {False: seen[rear].mean(axis=0), True: seen[::-1, ::-1][rear].mean(axis=0)}
    whole = ":" not in instrument.name
    others = [n for n in INSTRUMENTS if n.startswith("piano") and n != instrument.name]
    kinds = [instrument, *(Instrument.parse(n) for n in (others if whole else ()))]
    return {
        (kind.name, behind): _alike(profile, _expected(kind), kind.white_keys)
        for kind in kinds
        for behind, profile in shown.items()
    }


def doubt_of_keys(picture: Picture, instrument: Instrument, taps: Taps) -> str | None:
    """A warning, where the black keys clearly fit another keyboard, or one tapped from behind."""
    if not instrument.white_keys:
        return None
    scores = key_scores(picture, instrument, taps)
    (name, behind), best = max(scores.items(), key=lambda item: item[1])
    said = scores[instrument.name, False]
    if best < max(_CREDIBLE, said + _CLEARLY):
        return None
    if behind:
        return (
            "the black keys lie at the front edge: tap the corners as the player sees them, not "
            "from behind"
        )
    return f"the black keys look like those of {name}, not of {instrument.name}: count the keys"


def _expected(instrument: Instrument) -> FloatArray:
    """1 where a black key is, along the width."""
    if not instrument.white_keys:
        raise InputError(f"{instrument.name} has no keys")
    x = instrument.left_m + (np.arange(_WIDTH_PX) + 0.5) / _WIDTH_PX * instrument.width_m
    tops = black_keys_m(instrument)
    black = (x > tops[:, 0, 0, None]) & (x < tops[:, 1, 0, None])
    expected: FloatArray = black.any(axis=0).astype(float)
    return expected


def _alike(profile: FloatArray, black: FloatArray, white_keys: int) -> float:
    """Correlation of darkness with black keys, at the best shift of up to half a key.

    Black keys are higher than white ones: seen from one side, they seem to lie to the other.
    """
    darkness = -(profile - profile.mean())
    spread = float(np.linalg.norm(darkness))
    if spread < 1e-6:
        return 0.0
    pattern = black - black.mean()
    reach = int(0.5 * _WIDTH_PX / white_keys)
    scores = [float(darkness @ np.roll(pattern, shift)) for shift in range(-reach, reach + 1)]
    return max(scores) / (spread * float(np.linalg.norm(pattern)))
