"""Samples with pictures: rendered hands, and what the shipped landmark net sees in them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from bridge.errors import InputError
from bridge.model.hand.layer import HandLayer, open_hand_layer
from bridge.model.nets import HandNets
from bridge.model.synthetic.detector import Detections, detect
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.renderer import Pictures, render
from bridge.model.synthetic.scene import HandScene, random_scene, to_device, true_views
from bridge.model.training.sample import HandViews

__all__ = ["MARGIN", "Studio", "SyntheticImages", "look", "with_pictures"]

MARGIN = 1.375
"""For the landmark net pictures are rendered wider than crops: its regions reach beyond them."""

_LEAST_PX = 32


class SyntheticImages:
    """A `SampleSource` of rendered views with exact truth.

    The same numbers and seed as `SyntheticLandmarks` give the same hands and cameras.

    Args:
        seed: Another seed, other samples.
        epoch: How many samples are called one epoch.
        size: Height and width of the crops, pixels.
        landmarks: Whether the shipped landmark net looks at the pictures too; a view in which it
            finds no hand is then not present, except the first.
        hand: The right hand's model; the open hand where none is given.
        device: Where to render; batches are on this device.
        nets: The nets for ``landmarks``; loaded where None.

    Raises:
        InputError: The size is too small.
    """

    def __init__(
        self,
        seed: int = 0,
        epoch: int = 20_000,
        *,
        size: int = 256,
        landmarks: bool = False,
        hand: HandLayer | None = None,
        device: torch.device | str = "cpu",
        nets: HandNets | None = None,
    ) -> None:
        if size < _LEAST_PX or size % 2:
            raise InputError(f"pictures of {size} pixels: give an even size from {_LEAST_PX}")
        self._seed, self._epoch, self._size = seed, epoch, size
        self._hand = open_hand_layer() if hand is None else hand
        self._studio = Studio(self._hand, device=device)
        self._nets = (nets or HandNets()) if landmarks else None

    def __len__(self) -> int:
        return self._epoch

    def batch(self, numbers: Sequence[int], *, views: int, augment: bool) -> HandViews:
        """Makes one batch; see `SampleSource`."""
        draws = Draws(self._seed, list(numbers))
        scene = random_scene(draws, self._hand, views=views, augment=augment, mesh=True)
        wide = self._nets is not None
        pictures = self._studio.pictures(draws, scene, size=self._size, wide=wide)
        truth = with_pictures(true_views(scene), pictures, self._size)
        if self._nets is None:
            return truth
        seen = look(self._nets, draws, scene, pictures, size=self._size)
        present = seen.found.unflatten(0, truth.present.shape)
        present[:, 0] = True
        confidence = seen.confidence.unflatten(0, truth.present.shape) * present[..., None]
        landmarks = seen.landmarks.unflatten(0, truth.present.shape)
        seen_views = replace(truth, present=present, landmarks=landmarks, confidence=confidence)
        return seen_views.to(truth.focal.device)


class Studio:
    """Renders scenes of one hand model on one device.

    Args:
        hand: The right hand's model.
        device: Where to render.
    """

    def __init__(self, hand: HandLayer, *, device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        self._hand = hand if self._device.type == "cpu" else copy.deepcopy(hand).to(self._device)

    def pictures(self, draws: Draws, scene: HandScene, *, size: int, wide: bool) -> Pictures:
        """Renders every view of a scene.

        Args:
            draws: Random numbers of the scene's samples.
            scene: Hands and cameras, with vertices.
            size: Height and width of the crops, pixels.
            wide: Show what lies around the crops too, `MARGIN` times as wide.
        """
        whole = _whole(size) if wide else size
        return render(
            draws.to(self._device),
            to_device(scene, self._device),
            self._hand,
            size=whole,
            margin=whole / size,
        )


def look(
    nets: HandNets, draws: Draws, scene: HandScene, pictures: Pictures, *, size: int
) -> Detections:
    """Lets the landmark net look at wide pictures; all views of all samples in one row."""
    own = draws.spread("detector", scene.cameras.focal.shape[1])
    exact = scene.cameras.project(scene.keypoints_m).flatten(0, 1)
    images, other = pictures.images.flatten(0, 1), pictures.other.flatten(0, 1)
    return detect(nets, own, images, exact, other, margin=_whole(size) / size)


def with_pictures(truth: HandViews, pictures: Pictures, size: int) -> HandViews:
    """Truth with the crops and masks of pictures, on their device."""
    images, masks = (_centre(part, size) for part in (pictures.images, pictures.masks))
    return replace(truth.to(images.device), images=images, masks=masks)


def _whole(size: int) -> int:
    return 2 * round(size * MARGIN / 2)


def _centre(pictures: Tensor, size: int) -> Tensor:
    spare = (pictures.shape[-1] - size) // 2
    return pictures[..., spare : spare + size, spare : spare + size]
