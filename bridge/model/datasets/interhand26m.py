"""InterHand2.6M v1.0: one or two hands, some 80 to 140 cameras (Moon et al., ECCV 2020).

Layout as in the owners' README and code (github.com/facebookresearch/InterHand2.6M). Keypoints are
21 of the right and then 21 of the left hand, each finger from its tip to its base and the wrist
last, millimetres, in world axes; a camera at ``campos`` turns them by ``camrot``. MANO's rotation
vectors (NeuralAnnot's fits) are about the mean pose, in world axes, metres.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model.datasets.files import entry, inside, numbers, read_json, unusable
from bridge.model.datasets.labels import LabelledHand, LabelledView, ManoLabel, Split
from bridge.model.pose import FloatArray
from bridge.protocol.joints import Side

__all__ = ["InterHand"]

_ORDER = np.array([20, *(4 * f + 3 - k for f in range(5) for k in range(4))])
"""Place of each of our keypoints among a hand's 21."""

_PALM = [0, 5, 9, 13, 17]
_LEAST = 11
"""Keypoints, more than half, that a picture must show to be a view of the hand."""
_MM = 1e-3


class _Shot(NamedTuple):
    """One picture of one hand."""

    file: str
    camera: str


@dataclass(frozen=True, slots=True)
class _Hand:
    capture: str
    frame: str
    side: Side
    shots: tuple[_Shot, ...]


class InterHand:
    """One split of InterHand2.6M as multi-view hands: a hand in a frame, all cameras that see it.

    Left out are hands whose wrist or a knuckle is not labelled, without which there is no root and
    no orientation, and pictures that show fewer than 11 of a hand's keypoints.

    Args:
        root: The folder with ``annotations`` and ``images``.
        split: Which.
        hands: ``all``, ``single`` (frames of one hand) or ``interacting`` (of two).
        mano: Whether MANO's truth is wanted; hands without are then left out.

    Raises:
        InputError: Files are missing or damaged, or ``hands`` is none of these.
    """

    name = "interhand26m"
    has_masks = False
    fix_left_shapedirs = True

    def __init__(self, root: Path, split: Split, *, hands: str = "all", mano: bool = False) -> None:
        if hands not in ("all", "single", "interacting"):
            raise InputError("interhand26m option hands must be all, single or interacting")
        self._images = root / "images" / split
        self.notes: list[str] = []
        stem = _annotations(root, split) / f"InterHand2.6M_{split}"
        self._cameras = read_json(Path(f"{stem}_camera.json"))
        self._joints = read_json(Path(f"{stem}_joint_3d.json"))
        self._stem = stem
        self._mano = read_json(Path(f"{stem}_MANO_NeuralAnnot.json")) if mano else None
        found = self._index(Path(f"{stem}_data.json"), hands)
        self._hands = [hand for hand in found if self._has_truth(hand)]
        if len(self._hands) < len(found):
            self.notes.append(
                f"{len(found) - len(self._hands)} of {len(found)} hands are left out, which have no"
                " whole palm" + (" or no MANO parameters" if mano else "")
            )
        self.counts = np.array([len(hand.shots) for hand in self._hands], np.int64)
        self.most_views = int(self.counts.max(initial=1))

    def hand(self, index: int) -> LabelledHand:
        """One hand in one frame; see `Reader`."""
        hand = self._hands[index]
        world, valid = self._keypoints(hand)
        mano, origin = None, None
        if self._mano is not None:
            fit = self._fit(hand)
            where = f"{self._stem}_MANO_NeuralAnnot.json"
            pose = numbers(entry(fit, "pose", where), (48,), where)
            betas = numbers(entry(fit, "shape", where), (10,), where)
            origin = numbers(entry(fit, "trans", where), (3,), where)
            mano = ManoLabel(space="mean", wrist=pose[:3], pose=pose[3:], betas=betas)
        views = []
        for shot in hand.shots:
            intrinsics, turn, place = self._camera(hand.capture, shot.camera)
            views.append(
                LabelledView(
                    image=inside(self._images, shot.file),
                    intrinsics=intrinsics,
                    joints_m=(world - place) @ turn.T,
                    joint_valid=valid,
                    turn=turn,
                    shift_m=None if origin is None else turn @ (origin - place),
                )
            )
        return LabelledHand(side=hand.side, views=tuple(views), mano=mano)

    def files(self) -> Iterator[Path]:
        """Pictures; see `Reader`."""
        for hand in self._hands:
            for shot in hand.shots:
                yield inside(self._images, shot.file)

    def _index(self, path: Path, hands: str) -> list[_Hand]:
        """Hands in the order of capture, frame and side; their pictures by camera."""
        data = read_json(path)
        pictures = {}
        for image in _dicts(data, "images", path):
            shot = _Shot(_text(image, "file_name", path), _text(image, "camera", path))
            inside(self._images, shot.file)
            place = _whole(image, "capture", path), _whole(image, "frame_idx", path)
            pictures[_whole(image, "id", path)] = (place, shot)
        found: dict[tuple[int, int, Side], list[_Shot]] = {}
        for note in _dicts(data, "annotations", path):
            kind = note.get("hand_type")
            if (hands == "single" and kind == "interacting") or (
                hands == "interacting" and kind != "interacting"
            ):
                continue
            shows = np.ravel(np.array(entry(note, "joint_valid", path)))
            if shows.shape != (42,):
                raise unusable(path, "a joint_valid has not 42 entries")
            (capture, frame), shot = entry(pictures, _whole(note, "image_id", path), path)
            for side, half in ((Side.RIGHT, shows[:21]), (Side.LEFT, shows[21:])):
                if (half > 0).sum() >= _LEAST:
                    found.setdefault((capture, frame, side), []).append(shot)
        return [
            _Hand(str(capture), str(frame), side, tuple(sorted(shots, key=lambda s: s.camera)))
            for (capture, frame, side), shots in sorted(found.items())
        ]

    def _has_truth(self, hand: _Hand) -> bool:
        """Whether the palm is labelled, and MANO's fit there if it is wanted."""
        _, valid = self._keypoints(hand)
        return bool(valid[_PALM].all()) and (self._mano is None or self._fit(hand) is not None)

    def _keypoints(self, hand: _Hand) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Keypoints ``(21, 3)`` in world axes, metres, and which are labelled."""
        where = f"{self._stem}_joint_3d.json: capture {hand.capture} frame {hand.frame}"
        label = entry(entry(self._joints, hand.capture, where), hand.frame, where)
        half = slice(0, 21) if hand.side is Side.RIGHT else slice(21, 42)
        world = numbers(entry(label, "world_coord", where), (42, 3), where)
        valid = numbers(entry(label, "joint_valid", where), (42,), where) > 0
        return world[half][_ORDER] * _MM, valid[half][_ORDER]

    def _fit(self, hand: _Hand) -> Any:
        """A hand's MANO parameters; None where there are none."""
        fits: Any = self._mano
        for key in (hand.capture, hand.frame, hand.side.name.lower()):
            fits = fits.get(key) if isinstance(fits, dict) else None
        return fits

    def _camera(self, capture: str, camera: str) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Intrinsics, the turn from world axes, and the place, metres."""
        where = f"{self._stem}_camera.json: capture {capture} camera {camera}"
        rows = entry(self._cameras, capture, where)

        def read(key: str, *shape: int) -> FloatArray:
            return numbers(entry(entry(rows, key, where), camera, where), shape, where)

        (fx, fy), (x, y) = read("focal", 2), read("princpt", 2)
        intrinsics = np.array([[fx, 0, x], [0, fy, y], [0, 0, 1]])
        return intrinsics, read("camrot", 3, 3), read("campos", 3) * _MM


def _annotations(root: Path, split: Split) -> Path:
    """Where the labels are: by split in v1.0, ``all`` in the releases before."""
    folder = root / "annotations"
    for name in (split, "all"):
        if (folder / name / f"InterHand2.6M_{split}_data.json").is_file():
            return folder / name
    raise InputError(
        f"{folder / split} has no InterHand2.6M_{split}_data.json: download the annotations of v1.0"
        " (docs/datasets.md)"
    )


def _dicts(data: object, key: str, path: Path) -> list[dict[str, Any]]:
    value = entry(data, key, path)
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise unusable(path, f"{key} is no list of entries")
    return value


def _text(image: dict[str, Any], key: str, path: Path) -> str:
    value = entry(image, key, path)
    if not isinstance(value, (str, int)):
        raise unusable(path, f"a {key} is no text")
    return str(value)


def _whole(image: dict[str, Any], key: str, path: Path) -> int:
    value = entry(image, key, path)
    if not isinstance(value, int):
        raise unusable(path, f"a {key} is no whole number")
    return value
