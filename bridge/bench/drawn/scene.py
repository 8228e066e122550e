"""Pictures of a performance: who, where, in what light, and what each device makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.bench.drawn.hiding import Passing, random_passings
from bridge.bench.drawn.table import random_light, random_room
from bridge.demo.body import SKIN_SURFACE, body, body_albedo
from bridge.demo.shadow import darken, soft_shadows
from bridge.demo.solids import Solid, merge
from bridge.demo.surfaces import paint_surfaces
from bridge.model.pose import BoolArray, FloatArray
from bridge.model.render import Camera, Canvas, Light, SkinTone, shade
from bridge.model.synthetic.performance import Performance
from bridge.protocol.joints import Side

__all__ = ["DrawnScene"]

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]

_UPRIGHT = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""A performance's world (z up, player at -y) to the demo's (y up, player at +z)."""

_SAMPLES = 2
_ROOM_BELOW_M = 0.012
_TONES = np.array([tone.value for tone in SkinTone])
_COARSE = 4
_NOBODY, _THING = 0, 3


@dataclass(frozen=True, slots=True)
class _Device:
    """A camera, its empty picture, and its sensor: brightness by channel, noise."""

    camera: Camera
    empty: Canvas
    gain: FloatArray
    grain: FloatArray


class DrawnScene:
    """A performance in a random room, seen by its devices.

    Args:
        played: What is played before which devices.
        rng: Makes skin, clothes, light, table, sensor noise, and what comes between.
        long_side_px: Of every picture; their shapes are the devices'.
        hiding: Whether things come between a device and a hand now and then.
    """

    def __init__(
        self,
        played: Performance,
        rng: np.random.Generator,
        *,
        long_side_px: int = 640,
        hiding: bool = False,
    ) -> None:
        self._played = played
        self._rng = rng
        self._light = random_light(rng)
        self._keypoints = played.keypoints_m @ _UPRIGHT.T
        first, second = _TONES[rng.choice(len(_TONES), 2)]
        tone = first + rng.random() * (second - first)
        cloth = rng.uniform(0.03, 0.6) * (1 + 0.5 * rng.uniform(-1, 1, 3))
        self._albedo = [
            body_albedo(
                side, tone=_colour(tone), cloth=_colour(cloth), rng=rng, betas=played.betas.numpy()
            )
            for side in Side
        ]
        self._room = random_room(rng, float(self._keypoints[..., 1].min()) - _ROOM_BELOW_M)
        self._devices = []
        for camera in _cameras(played, long_side_px):
            empty = paint_surfaces(camera, self._room.surfaces, samples=_SAMPLES, light=self._light)
            gain = _exposure(rng, empty) * (1 + 0.04 * rng.uniform(-1, 1, 3))
            width, height = camera.size_px
            grain = rng.normal(0, rng.uniform(1.5, 5.0), (height + 64, width + 64, 3))
            self._devices.append(_Device(camera, empty, gain, grain.astype(np.float32)))
        self._passings = (
            random_passings(
                rng,
                frames=len(played.time_s),
                rate_hz=float(1 / np.diff(played.time_s[:2])[0]),
                views=len(self._devices),
            )
            if hiding
            else ()
        )

    @property
    def cameras(self) -> list[Camera]:
        """The devices' cameras, y up, player at +z."""
        return [device.camera for device in self._devices]

    def keypoints_px(self, frame: int) -> FloatArray:
        """Where the keypoints are in each picture, ``(V, 2, 21, 2)``, from the picture's corner."""
        return np.stack([c.project(self._keypoints[frame])[0] + 0.5 for c in self.cameras])

    def look(self, frame: int) -> tuple[list[Picture], BoolArray]:
        """The moment as all devices film it.

        Args:
            frame: Which instant of the performance.

        Returns:
            RGB pictures ``(H, W, 3)``, and which keypoints ``(V, 2, 21)`` are in them and behind
            nothing but their own hand and arm.
        """
        bodies = [self._body(side, frame) for side in Side]
        things = [thing for p in self._passings if (thing := self._thing(p, frame)) is not None]
        pictures, shown = [], []
        for device, points in zip(self._devices, self.keypoints_px(frame), strict=True):
            pictures.append(self._picture(device, bodies, things))
            shown.append(_in_sight(device.camera, bodies, things, points))
        return pictures, np.stack(shown)

    def _body(self, side: Side, frame: int) -> Solid:
        vertices = self._played.vertices(side, frame) @ _UPRIGHT.T
        return body(side, vertices, _UPRIGHT @ self._played.turn[side, frame], self._albedo[side])

    def _thing(self, passing: Passing, frame: int) -> Solid | None:
        camera = self._devices[passing.view].camera
        return passing.solid(frame, camera, self._keypoints[frame, passing.side])

    def _picture(self, device: _Device, bodies: list[Solid], things: list[Solid]) -> Picture:
        width, height = device.camera.size_px
        canvas = device.empty.crop(0, 0, width, height)
        for part, left in soft_shadows(
            device.camera,
            merge(*bodies),
            self._light.towards,
            samples=_SAMPLES,
            edge_m=self._room.edge_m,
            top_m=self._room.table_m,
            softness=max(width, height) / 1280,
        ):
            darken(canvas, part, left)
        for solid in bodies:
            _draw(canvas, solid, device.camera, self._light, **SKIN_SURFACE)
        for solid in things:
            _draw(canvas, solid, device.camera, self._light)
        picture = cv2.multiply(canvas.image(), np.append(device.gain, 1.0), dtype=cv2.CV_32F)
        dy, dx = self._rng.integers(0, 64, 2)
        grain = device.grain[dy : dy + height, dx : dx + width]
        return np.asarray(cv2.add(picture, grain, dtype=cv2.CV_8U), np.uint8)


def _draw(canvas: Canvas, solid: Solid, camera: Camera, light: Light, **surface: float) -> None:
    towards = camera.position_m - solid.vertices
    colours = shade(solid.albedo, solid.normals, towards, light, **surface)
    canvas.draw(*camera.project(solid.vertices), solid.faces, colours, cull=True)


def _in_sight(
    camera: Camera, bodies: list[Solid], things: list[Solid], points_px: FloatArray
) -> BoolArray:
    """Which keypoints ``(2, 21)`` are in the picture and behind nothing but their own body.

    Who is in front is drawn at a quarter of the size, as numbers for colours.
    """
    width, height = camera.size_px
    canvas = Canvas((-(-width // _COARSE), -(-height // _COARSE)), samples=1)
    for owner, solid in [*enumerate(bodies, 1), *((_THING, thing) for thing in things)]:
        points, depth = camera.project(solid.vertices)
        colour = np.full((len(points), 3), float(owner))
        canvas.draw((points + 0.5) / _COARSE - 0.5, depth, solid.faces, colour, cull=True)
    inside = ((points_px >= 0) & (points_px < (width, height))).all(-1)
    column, row = (np.where(inside, points_px[..., k], 0).astype(int) // _COARSE for k in (0, 1))
    front = np.rint(canvas.colour[row, column, 0])
    return np.asarray(inside & ((front == _NOBODY) | (front == np.array([[1], [2]]))))


def _cameras(played: Performance, long_side_px: int) -> list[Camera]:
    cameras = []
    for rotation, offset, focal, size in zip(
        played.rotation, played.offset_m, played.focal, played.sizes_px, strict=True
    ):
        width, height = (round(n * long_side_px / max(size)) for n in size)
        middle = ((width - 1) / 2, (height - 1) / 2)
        cameras.append(
            Camera((width, height), focal * long_side_px, middle, rotation @ _UPRIGHT.T, offset)
        )
    return cameras


def _exposure(rng: np.random.Generator, empty: Canvas) -> float:
    """What a device multiplies its picture by to make it neither dark nor pale."""
    return float(np.clip(rng.uniform(0.38, 0.55) / empty.colour.mean(), 0.7, 2.0))


def _colour(rgb: FloatArray) -> tuple[float, float, float]:
    red, green, blue = (float(c) for c in rgb)
    return red, green, blue
