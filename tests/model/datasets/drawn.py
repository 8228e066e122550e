"""Tiny multi-view pictures for datasets: hands of the open hand, exact cameras, drawn dots.

Each picture shows one keypoint after the other as a disc of its own brightness, so that a test can
find where a keypoint truly is in a crop.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.hand import HandModel, SkinnedHand, mano_hand, open_hand
from bridge.protocol.joints import Side
from tests.model.hand.mano_file import mano_bytes

BRIGHT = 255


@dataclass(frozen=True)
class Camera:
    intrinsics: np.ndarray
    rotation: np.ndarray
    shift_m: np.ndarray
    size_px: tuple[int, int]

    def points(self, world_m: np.ndarray) -> np.ndarray:
        return world_m @ self.rotation.T + self.shift_m

    def pixels(self, world_m: np.ndarray) -> np.ndarray:
        image = self.points(world_m) @ self.intrinsics.T
        return image[:, :2] / image[:, 2:]


def rig(rng: np.random.Generator, count: int, size_px: tuple[int, int]) -> list[Camera]:
    """Cameras around the origin that see it off their middle."""
    width, height = size_px
    cameras = []
    for k in range(count):
        turn = Rotation.from_euler("xyz", [rng.uniform(-0.4, 0.4), 2 * np.pi * k / 8, k * 0.1])
        focal = rng.uniform(1.4, 1.6) * width
        intrinsics = np.array(
            [[focal, 0, width / 2 + 3], [0, focal * 1.02, height / 2 - 2], [0, 0, 1]]
        )
        shift = np.array([rng.uniform(-0.04, 0.04), rng.uniform(-0.03, 0.03), 0.8])
        cameras.append(Camera(intrinsics, turn.as_matrix(), shift, size_px))
    return cameras


@dataclass(frozen=True)
class Posed:
    """A hand around the origin of the world.

    Attributes:
        joints_m: ``(21, 3)``.
        wrist: ``(3,)`` rotation vector of the rest frame in the world.
        local: ``(15, 3)`` rotation vectors of the fingers.
        betas: ``(10,)``.
        origin_m: ``(3,)`` where the model's own origin is; the wrist for the open hand.
    """

    joints_m: np.ndarray
    wrist: np.ndarray
    local: np.ndarray
    betas: np.ndarray
    origin_m: np.ndarray


def random_hand(
    rng: np.random.Generator, hand: HandModel, betas: np.ndarray | None = None
) -> Posed:
    local = rng.normal(0, 0.15, (16, 3))
    local[0] = Rotation.random(random_state=int(rng.integers(2**31))).as_rotvec()
    quats = Rotation.from_rotvec(local).as_quat()
    if betas is None:
        # The open hand's shape is the mean one, so that its palm is the one that is fitted.
        flexible = isinstance(hand, SkinnedHand) and hand.data.pca is not None
        betas = np.round(rng.normal(0, 1, 10), 3) if flexible else np.zeros(10)
    joints = hand.keypoints(betas, quats, np.zeros(3))
    middle = joints.mean(0)
    rest = hand.origin_m(betas) if isinstance(hand, SkinnedHand) else np.zeros(3)
    return Posed(joints - middle, local[0], local[1:], betas, -middle - rest)


def hands(mano: Path | None, fingertips: str = "freihand", **options: Any) -> dict[Side, HandModel]:
    """Both hands: the open hand, or made-up MANO files."""
    if mano is None:
        return {side: open_hand(side) for side in Side}
    return {side: mano_hand(mano, side, fingertips=fingertips, **options) for side in Side}


def write_mano(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for side in Side:
        (folder / f"MANO_{side.name}.pkl").write_bytes(mano_bytes(side))
    return folder


def picture(camera: Camera, world_m: np.ndarray, keypoint: int | None = None) -> np.ndarray:
    """BGR: a disc at each keypoint, or at one; the red channel tells the left half."""
    width, height = camera.size_px
    image = np.full((height, width, 3), 30, np.uint8)
    chosen = range(21) if keypoint is None else [keypoint]
    for k in chosen:
        x, y = camera.pixels(world_m)[k]
        centre = round(x * 16), round(y * 16)
        cv2.circle(image, centre, 3 * 16, (BRIGHT,) * 3, -1, cv2.LINE_AA, 4)
    return image


def save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 98] if path.suffix == ".jpg" else []
    ok, data = cv2.imencode(path.suffix, image, quality)
    assert ok
    path.write_bytes(data.tobytes())


def save_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def mask_of(image: np.ndarray) -> np.ndarray:
    return image[..., 0] > 128


def mean_pose(model: HandModel) -> np.ndarray:
    """MANO's mean pose ``(45,)``; zero for the open hand."""
    if isinstance(model, SkinnedHand) and model.data.pca is not None:
        return model.data.pca.mean
    return np.zeros(45)


def brightest(image: Any) -> np.ndarray:
    """Centre of the brightest spot of a ``(3, S, S)`` crop, in crop coordinates."""
    grey = np.clip(np.asarray(image).mean(0) - 0.5, 0, None)
    y, x = np.indices(grey.shape)
    middle = np.array([(grey * x).sum(), (grey * y).sum()]) / grey.sum()
    return (middle + 0.5) * 2 / grey.shape[0] - 1
