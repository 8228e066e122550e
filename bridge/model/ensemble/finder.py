"""The multi-hand network (docs/multihand.md) at work: a picture in, its hands out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError, ModelError
from bridge.model.hand import open_hand
from bridge.model.nets.providers import CPU, default_threads
from bridge.model.nets.session import open_session
from bridge.model.nets.shipped import shipped_net
from bridge.optional import require
from bridge.protocol.joints import Side

__all__ = ["OUTPUTS", "FoundHand", "MultiHand", "fitted"]

Array = NDArray[np.float32]

OUTPUTS = (
    "scores",
    "right",
    "keypoints_px",
    "joints_m",
    "vertices_m",
    "albedo",
    "light",
    "rotations",
    "betas",
)
"""What an exported network gives, in the order of ``MultiHandNet.export_forward``."""

_NET = "multihand/weights/multihand.onnx"
_GREY = 127


@dataclass(frozen=True, slots=True)
class FoundHand:
    """One hand of a picture.

    Places are in the axes of one camera for all hands of the picture (x right, y down, z forward)
    whose focal length the network supposes; where the true one differs, depths scale with it.

    Attributes:
        side: Left or right, if the picture is not mirrored.
        score: How certain it is that there is a hand, 0 to 1.
        right: Probability that it is a right hand.
        keypoints_px: ``(21, 2)`` projected joints, pixels of the picture.
        joints_m: ``(21, 3)`` metres.
        vertices_m: ``(V, 3)`` metres; of a left hand, the right mesh mirrored, faces inside out.
        albedo: ``(V, 3)`` texture, RGB from 0 to 1.
        light: ``(27,)`` spherical harmonics of red, green and blue.
        rotations: ``(16, 3, 3)`` of the right hand that a left one mirrors: the first to the axes
            of the ray through the hand, the others local, MANO order.
        betas: ``(10,)``.
        focal_px: Of the one camera, pixels of the picture; its middle is the picture's.
    """

    side: Side
    score: float
    right: float
    keypoints_px: Array
    joints_m: Array
    vertices_m: Array
    albedo: Array
    light: Array
    rotations: Array
    betas: Array
    focal_px: float


class MultiHand:
    """Finds and reconstructs all hands of a picture in one pass.

    Example::

        for hand in MultiHand()(picture):  # (H, W, 3) uint8 RGB
            print(hand.side, hand.score, hand.joints_m[8])

    Args:
        path: What ``ghosthands models export multihand`` wrote; the shipped network where None.
        threshold: Least score of a hand; the network's own where None.
        threads: CPU threads within one call; None takes the CPUs of this process, at most 4.

    Attributes:
        size: Width and height of the network's pictures, pixels.

    Raises:
        InputError: The threshold is not between 0 and 1.
        MissingDependencyError: onnxruntime is not installed.
        ModelError: The file is missing, damaged or another network's.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        threshold: float | None = None,
        threads: int | None = None,
    ) -> None:
        ort = require("onnxruntime", extra="bridge")
        content = shipped_net("Multi-hand", _NET) if path is None else _read(path)
        file = path or Path(_NET)
        try:
            self._session = open_session(ort, content, [CPU], threads or default_threads())
        except ModelError as error:
            raise ModelError(
                f"{file} cannot be used ({error}): give what ghosthands models export multihand"
                " wrote"
            ) from error
        config = _config(self._session, file)
        self.size = int(config["size"])
        self.threshold = float(config["threshold"]) if threshold is None else threshold
        if not 0 < self.threshold < 1:
            raise InputError(f"a threshold is between 0 and 1, not {threshold}")

    def __call__(self, picture: NDArray[np.uint8]) -> list[FoundHand]:
        """The hands of a picture, the most certain first.

        Args:
            picture: ``(H, W, 3)`` RGB. It is shrunk to fit the network's square.

        Raises:
            InputError: It is no such picture.
            ModelError: The network gave numbers that are not finite, or not those of hands.
        """
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise InputError(
                f"a picture is (H, W, 3) uint8 RGB, not {picture.shape} {picture.dtype}"
            )
        if not min(picture.shape[:2]):
            raise InputError(f"the picture is empty: {picture.shape}")
        small, scale, corner = fitted(picture, self.size)
        batch = small.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
        found = dict(zip(OUTPUTS, self._session.run(OUTPUTS, {"images": batch}), strict=True))
        _check_shapes(found)
        if not all(np.isfinite(value).all() for value in found.values()):
            raise ModelError("the network gives numbers that are not finite: export it again")
        return [
            self._hand({name: value[0, k] for name, value in found.items()}, scale, corner)
            for k in np.flatnonzero(found["scores"][0] >= self.threshold)
        ]

    def _hand(self, told: dict[str, Any], scale: float, corner: Sequence[int]) -> FoundHand:
        right = float(told["right"])
        inside = told["keypoints_px"] - np.asarray(corner, np.float32)
        pixels = (inside + 0.5) / scale - 0.5
        return FoundHand(
            side=Side.RIGHT if right >= 0.5 else Side.LEFT,
            score=float(told["scores"]),
            right=right,
            keypoints_px=pixels.astype(np.float32),
            focal_px=self.size / scale,
            **{name: told[name] for name in OUTPUTS[3:]},
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror or error}): give what ghosthands models "
            "export multihand wrote"
        ) from error


def fitted(picture: NDArray[np.uint8], size: int) -> tuple[NDArray[np.uint8], float, list[int]]:
    """The picture in the middle of a grey square, its scale, and where its corner is.

    The middle stays the middle: it is the one camera's.

    Args:
        picture: ``(H, W, 3)``.
        size: Width and height of the square, pixels.
    """
    height, width = picture.shape[:2]
    scale = size / max(height, width)
    shape = [max(1, round(height * scale)), max(1, round(width * scale))]
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(picture, (shape[1], shape[0]), interpolation=way)
    top, left = ((size - length) // 2 for length in shape)
    square = np.full((size, size, 3), _GREY, np.uint8)
    square[top : top + shape[0], left : left + shape[1]] = small
    return square, scale, [left, top]


def _config(session: Any, file: Path) -> dict[str, Any]:
    """What the file says of its network."""
    try:
        about = json.loads(session.get_modelmeta().custom_metadata_map["ghosthands"])
        names = {output.name for output in session.get_outputs()}
        if names != set(OUTPUTS):
            raise ValueError(f"its outputs are {', '.join(sorted(names))}")
        size, threshold = about["config"]["size"], about["config"]["threshold"]
        shapes = [given.shape for given in session.get_inputs()]
        if shapes != [[1, 3, size, size]]:
            raise ValueError(f"it says that its size is {size}, and takes {shapes}")
        if not 0 < threshold < 1:
            raise ValueError(f"its threshold is {threshold}")
        return {"size": int(size), "threshold": float(threshold)}
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"{file} is not a multi-hand network ({error}): ghosthands models export multihand"
        ) from error


def _check_shapes(found: Mapping[str, NDArray[Any]]) -> None:
    """Refuses what is not of one picture's hands, each as `FoundHand` has it."""
    hands, vertices = found["scores"].size, len(open_hand(Side.RIGHT).weights)
    shapes: dict[str, tuple[int, ...]] = {
        "scores": (),
        "right": (),
        "keypoints_px": (21, 2),
        "joints_m": (21, 3),
        "vertices_m": (vertices, 3),
        "albedo": (vertices, 3),
        "light": (27,),
        "rotations": (16, 3, 3),
        "betas": (10,),
    }
    for name, shape in shapes.items():
        if found[name].shape != (1, hands, *shape):
            raise ModelError(
                f"the network's {name} are {found[name].shape}, not {(1, hands, *shape)}: give "
                "what ghosthands models export multihand wrote"
            )
