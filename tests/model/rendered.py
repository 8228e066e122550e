"""Small rendered clips of any number of hands, in any cameras, with exact truth.

The world is the demo's: y up, the player sits at +z and fingers point to -z.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from bridge.demo.body import SKIN_SURFACE, body, body_albedo
from bridge.model.hand import open_hand
from bridge.model.hand.articulation import AT_EASE, LIMITS_RAD, Articulation
from bridge.model.render import Camera, Canvas, Light, SkinTone, shade
from bridge.protocol.joints import N_BETAS, Side

BETAS = np.zeros(N_BETAS)
LIGHT = Light(direction=(-0.25, 1.0, 0.30))
RATE_HZ = 30.0
SIZE_PX = (512, 384)

FRONT = Camera.look_at((-0.25, 0.55, -0.30), (0, 0.06, 0), size_px=SIZE_PX, focal_px=400)
ASIDE = Camera.look_at((0.45, 0.55, 0.10), (0, 0.06, 0), size_px=SIZE_PX, focal_px=380)
ABOVE = Camera.look_at((0.0, 0.70, 0.12), (0, 0.06, 0), size_px=SIZE_PX, focal_px=420)

FORWARD = {
    Side.RIGHT: Rotation.from_rotvec([0.0, -np.pi / 2, 0.0]),
    Side.LEFT: Rotation.from_rotvec([0.0, np.pi / 2, 0.0]),
}
OPPOSITE = Rotation.from_rotvec([0.0, np.pi, 0.0])
"""Where a second person sits."""


@dataclass(frozen=True)
class Moving:
    """A hand over a clip.

    Attributes:
        side: Which hand.
        wrist_m: ``(T, 3)``, of a person at +z.
        turn: T rotations on top of the hand's natural one (fingers to -z, back up).
        curl: ``(T,)`` 0 flat, 1 a loose fist.
        opposite: Whether all of it is turned to a second person, who sits at -z.
        tone: Skin.
    """

    side: Side
    wrist_m: np.ndarray
    turn: Rotation = field(default_factory=lambda: Rotation.identity())
    curl: np.ndarray | float = 0.3
    opposite: bool = False
    tone: SkinTone = SkinTone.LIGHT

    def pose(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Joint rotations ``(16, 4)`` and wrist ``(3,)`` before the person is turned about."""
        turn = self.turn if self.turn.single else self.turn[frame]
        wrist = (turn * FORWARD[self.side]).as_matrix()
        curl = float(np.broadcast_to(self.curl, len(self.wrist_m))[frame])
        angles = np.clip(curl * 3 * AT_EASE, *LIMITS_RAD.T)
        rotations = articulation(self.side).rotations(wrist, angles)
        return Rotation.from_matrix(rotations).as_quat(), self.wrist_m[frame]

    def placed(self, points: np.ndarray) -> np.ndarray:
        return OPPOSITE.apply(points) if self.opposite else points

    def keypoints(self, frame: int) -> np.ndarray:
        """``(21, 3)`` the truth, world metres."""
        return self.placed(open_hand(self.side).keypoints(BETAS, *self.pose(frame)))

    def draw(self, canvas: Canvas, camera: Camera, frame: int) -> None:
        quats, wrist = self.pose(frame)
        hand = open_hand(self.side)
        vertices = np.asarray(hand.vertices(BETAS, quats, wrist), np.float64)
        turn = Rotation.from_quat(quats[0]).as_matrix()
        person = body(self.side, vertices, turn, albedo(self.side, self.tone))
        points = self.placed(person.vertices)
        towards = camera.position_m - points
        colours = shade(person.albedo, self.placed(person.normals), towards, LIGHT, **SKIN_SURFACE)
        canvas.draw(*camera.project(points), person.faces, colours, cull=True)


def wander(seed: int, frames: int, middle_m, reach_m=(0.05, 0.02, 0.03)) -> np.ndarray:
    """A smooth path ``(T, 3)`` about a place."""
    rng = np.random.default_rng(seed)
    rates, phases = rng.uniform(0.3, 0.9, (2, 3)), rng.uniform(0, 2 * np.pi, (2, 3))
    time = np.arange(frames)[:, None, None] / RATE_HZ
    waves = np.sin(2 * np.pi * rates * time + phases).mean(1)
    return np.asarray(middle_m) + np.asarray(reach_m) * waves


def sway(seed: int, frames: int, reach_deg=(15.0, 15.0, 12.0)) -> Rotation:
    """Smooth turns, T of them."""
    return Rotation.from_rotvec(np.radians(wander(seed, frames, (0, 0, 0), reach_deg)))


def render(hands, camera: Camera, frame: int) -> np.ndarray:
    """The picture ``(H, W, 3)`` of one frame."""
    canvas = Canvas(camera.size_px, samples=2)
    canvas.colour[:] = background(camera.size_px)
    for hand in hands:
        hand.draw(canvas, camera, frame)
    picture = canvas.image()
    grain = np.random.default_rng(frame).normal(0, 2, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def truth_px(hands, camera: Camera, frame: int) -> np.ndarray:
    """``(hands, 21, 2)`` where keypoints are in the picture, counted from its corner."""
    return np.stack([camera.project(hand.keypoints(frame))[0] for hand in hands]) + 0.5


def cover(picture: np.ndarray, points: np.ndarray, *, more: float = 0.3) -> np.ndarray:
    """The picture with a grey board before some points."""
    low, high = points.min(0), points.max(0)
    margin = more * (high - low).max()
    a, b = (low - margin).astype(int).tolist(), (high + margin).astype(int).tolist()
    return cv2.rectangle(picture.copy(), a, b, (96, 104, 110), -1)


@cache
def articulation(side: Side) -> Articulation:
    return Articulation(open_hand(side))


@cache
def background(size_px: tuple[int, int]) -> np.ndarray:
    """A table top ``(2 H, 2 W, 3)``, 0 to 1."""
    width, height = size_px
    rng = np.random.default_rng(3)
    grain = cv2.GaussianBlur(rng.normal(size=(2 * height, 2 * width)), (0, 0), 12, 2)
    grain = 0.03 * grain / grain.std()
    return (np.array([0.42, 0.45, 0.47]) + grain[..., None]).astype(np.float32)


@cache
def albedo(side: Side, tone: SkinTone) -> np.ndarray:
    rng = np.random.default_rng(7)
    return body_albedo(side, tone=tone, cloth=(0.05, 0.08, 0.16), rng=rng)
