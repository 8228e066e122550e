"""A scripted scene in place of the nets: what they would say of hands that are known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bridge.model.landmarks import Landmarks
from bridge.model.palm import Palm

IMAGE = np.zeros((720, 1280, 3), np.uint8)


def shape(x: float, y: float) -> np.ndarray:
    """An upright hand of 100 x 140 pixels whose palm's middle is at ``(x, y)``."""
    points = np.zeros((21, 2))
    points[0] = 0, 60
    for finger, dx in enumerate((-50, -25, 0, 25, 50)):
        points[1 + 4 * finger : 5 + 4 * finger] = [(dx, -20 - 20 * k) for k in range(4)]
    return points + np.array([x, y])


@dataclass
class Hand:
    """A hand of the scene, and what the nets will say of it."""

    x: float
    y: float = 360.0
    right: float = 0.99
    presence: float = 0.99
    palms: int = 1


@dataclass
class Scene:
    """Views with hands; stands in for both nets and counts their work."""

    views: dict[str, list[Hand]] = field(default_factory=dict)
    images: dict[str, np.ndarray] = field(default_factory=dict)
    detections: list[list[str]] = field(default_factory=list)
    crops: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.images = {name: IMAGE.copy() for name in self.views}

    def _view_of(self, image: np.ndarray) -> str:
        return next(name for name, known in self.images.items() if known is image)

    def detect(self, nets, images) -> list[list[Palm]]:
        names = [self._view_of(image) for image in images]
        self.detections.append(names)
        return [
            [found for hand in self.views[name] for found in [_palm(hand)] * hand.palms]
            for name in names
        ]

    def find(self, nets, crops) -> list[Landmarks]:
        self.crops.append(len(crops))
        return [self._see(self.views[self._view_of(image)], roi) for image, roi in crops]

    def _see(self, hands: list[Hand], roi) -> Landmarks:
        near = [h for h in hands if np.hypot(h.x - roi.x_px, h.y - roi.y_px) < roi.size_px / 2]
        if not near:
            return Landmarks(np.zeros((21, 2)), np.zeros((21, 3)), 0.01, 0.5)
        hand = min(near, key=lambda h: np.hypot(h.x - roi.x_px, h.y - roi.y_px))
        return Landmarks(shape(hand.x, hand.y), np.zeros((21, 3)), hand.presence, hand.right)


def _palm(hand: Hand) -> Palm:
    points = shape(hand.x, hand.y)[[0, 5, 9, 13, 17, 1, 2]]
    return Palm(0.9, np.array([hand.x, hand.y, 100.0, 100.0]), points)
