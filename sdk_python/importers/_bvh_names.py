"""Which joints of a skeleton are those of hands, by what animation programs call them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bridge.protocol.joints import FINGERS, N_KEYPOINTS

__all__ = ["keypoints_of"]

_WORDS = {
    "thumb": "thumb",
    "index": "index",
    "middle": "middle",
    "mid": "middle",
    "ring": "ring",
    "pinky": "little",
    "pinkie": "little",
    "little": "little",
}
_PALM = ("metacarpal", "meta", "carpal", "inhand", "palm")


def keypoints_of(joints: Sequence[tuple[str, int]]) -> dict[int, list[int]]:
    """The joint of each of the 21 keypoints of the hands there are.

    Args:
        joints: Name, empty for an end site, and parent of each joint, parents first.
    """
    found: dict[int, list[int]] = {}
    for side in (0, 1):
        chains = {finger: _chain(joints, side, finger) for finger in FINGERS}
        if not all(chains.values()):
            continue
        indices = [0] * N_KEYPOINTS
        for number, finger in enumerate(FINGERS):
            indices[4 * number + 1 : 4 * number + 5] = chains[finger]
        wrist = _wrist(joints, [chain[0] for chain in chains.values()])
        if wrist is not None:
            indices[0] = wrist
            found[side] = indices
    return found


def _chain(joints: Sequence[tuple[str, int]], side: int, finger: str) -> list[int]:
    """Three joints of a finger and its tip; empty if it has none."""
    named = [k for k, (name, _) in enumerate(joints) if _meaning(name) == (side, finger)]
    if finger != "thumb":
        named = [k for k in named if not any(word in joints[k][0].lower() for word in _PALM)]
    chain: list[int] = []
    for k in named:  # parents come first: one finger is a line, each joint the next one's parent
        if not chain or joints[k][1] == chain[-1]:
            chain.append(k)
    if len(chain) == 3:
        ends = (k for k, (name, parent) in enumerate(joints) if parent == chain[2] and not name)
        chain += [next(ends, -1)]
    if len(chain) < 4 or chain[3] < 0:
        return []
    return chain[:4]


def _meaning(name: str) -> tuple[int, str] | None:
    """Side and finger in a joint's name."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    lower = [word.lower() for word in words]
    finger = next((_WORDS[word] for word in lower if word in _WORDS), None)
    sides = {"left": 0, "l": 0, "right": 1, "r": 1}
    side = next((sides[word] for word in lower if word in sides), None)
    if side is None and lower and lower[0][:1] in ("l", "r") and lower[0][1:] in _WORDS:
        side, finger = sides[lower[0][0]], _WORDS[lower[0][1:]]  # lindex
    return None if side is None or finger is None else (side, finger)


def _wrist(joints: Sequence[tuple[str, int]], knuckles: list[int]) -> int | None:
    """The nearest joint from which all fingers come."""

    def ancestors(k: int) -> list[int]:
        line = []
        while (k := joints[k][1]) >= 0:
            line.append(k)
        return line

    lines = [ancestors(k) for k in knuckles]
    return next((k for k in lines[0] if all(k in line for line in lines)), None)
