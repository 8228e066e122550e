"""The single-stage network (figure 2): a picture goes through once, however many hands it has.

One feature map, and heads on it: maps of centres and keypoints, and what cells say of their hands
(`hand_heads`).
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from bridge.errors import InputError
from bridge.model.hand.articulation import ACTIVE_LIMITS_RAD, LIMITS_RAD
from bridge.model.hand.layer import HandLayer
from bridge.model.hand.limits_torch import JointLimits
from bridge.model.multihand.camera import Camera
from bridge.model.multihand.config import MultiHandConfig
from bridge.model.multihand.decoding import cell_of, peaks
from bridge.model.multihand.encoder import Encoder, convolution
from bridge.model.multihand.hand_heads import HandHeads, Seen
from bridge.model.multihand.output import Maps, MultiHandOutput
from bridge.model.multihand.scenes import HandScenes
from bridge.protocol.joints import N_KEYPOINTS

__all__ = ["MultiHandNet"]

_RARE = -math.log((1 - 0.01) / 0.01)
"""Bias of a map's logits at the start: a hand at one cell in a hundred (Lin et al. 2017)."""


class MultiHandNet(nn.Module):
    """The network, for pictures of any size that 32 divides and any number of hands.

    Example::

        net = MultiHandNet(MultiHandConfig.weak(), open_hand_layer()).eval()
        output = net.detect(images)  # (B, 3, 512, 512)
        output.hands.joints_m  # (N, 21, 3), hand n is in picture output.picture[n]

    Args:
        config: Sizes and switches.
        hand: The right hand's model; its arrays are never part of the state dict.

    Attributes:
        pretrained: How names of parameters begin that began trained.
        meaning: What weights mean depends on these of the configuration: places are told in cells
            of the stride, depths for the one focal length, poses from the mean. What each was
            where a weights file does not tell.
    """

    meaning: ClassVar[dict[str, str | int]] = {"size": 512, "stride": 8, "mean_pose": "flat"}

    def __init__(self, config: MultiHandConfig, hand: HandLayer) -> None:
        super().__init__()
        self.config, self.hand = config, hand
        active = config.limits == "active"
        self.limits = JointLimits(hand.model, ACTIVE_LIMITS_RAD if active else LIMITS_RAD)
        channels = config.channels
        self.encoder = Encoder(config)
        self.centre = _map_head(channels, 1, _RARE)
        self.keypoints = _map_head(channels, N_KEYPOINTS, _RARE)
        self.heads = HandHeads(config, self.encoder.deep, hand)
        self.pretrained = () if config.weights is None else ("encoder.net.",)

    def forward(self, scenes: HandScenes) -> MultiHandOutput:
        """Maps, and the hands at the labelled centres with their labelled sides.

        Raises:
            InputError: A shape does not fit, or the focal length is not the network's.
        """
        self._check(scenes.images)
        shape = (*scenes.valid.shape, N_KEYPOINTS)
        for name, found, wanted in (
            ("valid", scenes.valid.shape, (len(scenes.images), shape[1])),
            ("left", scenes.left.shape, shape[:2]),
            ("keypoints_px", scenes.keypoints_px.shape, (*shape, 2)),
            ("visible", scenes.visible.shape, shape),
            ("box_px", scenes.box_px.shape, (*shape[:2], 4)),
        ):
            if tuple(found) != tuple(wanted):
                raise InputError(f"{name} must be {tuple(wanted)}, not {tuple(found)}")
        if scenes.focal_px != self.config.size:
            raise InputError(
                f"this network's one focal length is {self.config.size} pixels, the pictures' is "
                f"{scenes.focal_px}"
            )
        usable, seen, maps = self._look(scenes.images)
        valid = scenes.valid & usable[:, None] & _labels_finite(scenes)
        picture, slot = valid.nonzero(as_tuple=True)
        shape = (maps.centre.shape[1], maps.centre.shape[2])
        cells = cell_of(scenes.centre_px, self.config.stride, shape)[picture, slot]
        left = scenes.left[picture, slot]
        hands = self.heads(seen, picture, cells, left, scenes.camera)
        score = maps.centre.flatten(1)[picture, cells].sigmoid()
        return MultiHandOutput(maps, hands, picture, slot, score, usable, self.hand, self.limits)

    def detect(self, images: Tensor, threshold: float | None = None) -> MultiHandOutput:
        """Finds and reconstructs all hands of pictures ``(B, 3, H, W)``.

        A picture with a number that is not finite has no hands.

        Args:
            images: RGB, 0 to 1.
            threshold: Least score; the configuration's where None.

        Raises:
            InputError: These are no pictures whose sides 32 divides.
        """
        self._check(images)
        usable, seen, maps = self._look(images)
        score, cells = peaks(maps.centre, self.config.most_hands)
        least = self.config.threshold if threshold is None else threshold
        picture, slot = ((score >= least) & usable[:, None]).nonzero(as_tuple=True)
        cells, score = cells[picture, slot], score[picture, slot]
        hands = self.heads(seen, picture, cells, None, self._camera(images))
        return MultiHandOutput(maps, hands, picture, slot, score, usable, self.hand, self.limits)

    def export_forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Tensors in, tensors out, for ONNX: ``most_hands`` hands of each picture, best first.

        Args:
            images: ``(B, 3, H, W)``.

        Returns:
            Scores ``(B, K)``, 0 where there are no more hands; probability of a right hand
            ``(B, K)``; keypoints ``(B, K, 21, 2)`` pixels; joints ``(B, K, 21, 3)`` and vertices
            ``(B, K, V, 3)`` in the camera's axes, metres; albedo ``(B, K, V, 3)``; light
            ``(B, K, 27)``; rotations ``(B, K, 16, 3, 3)``; betas ``(B, K, 10)``.
        """
        seen, maps = self._encode(images)
        score, cells = peaks(maps.centre, self.config.most_hands)
        count = score.shape[1]
        picture = torch.arange(len(images), device=images.device)[:, None].expand(-1, count)
        hands = self.heads(seen, picture.reshape(-1), cells.reshape(-1), None, self._camera(images))
        right = (hands.side[:, 1] - hands.side[:, 0]).sigmoid()
        parts = (
            right,
            hands.keypoints_px,
            hands.joints_m,
            hands.vertices_m,
            hands.albedo,
            hands.light,
            hands.rotations,
            hands.betas,
        )
        return (score, *(part.unflatten(0, (-1, count)) for part in parts))

    def _look(self, images: Tensor) -> tuple[Tensor, Seen, Maps]:
        """Which pictures are usable, and what is seen of them; of the others it means nothing."""
        usable = images.isfinite().flatten(1).all(1)
        clean = torch.where(usable[:, None, None, None], images, torch.zeros_like(images))
        return usable, *self._encode(clean)

    def _encode(self, images: Tensor) -> tuple[Seen, Maps]:
        features, deep = self.encoder(images)
        maps = Maps(self.centre(features)[:, 0].float(), self.keypoints(features).float())
        return Seen(features, deep, maps.keypoints), maps

    def _camera(self, images: Tensor) -> Camera:
        return Camera(float(self.config.size), *images.shape[-2:])

    def _check(self, images: Tensor) -> None:
        shape = tuple(images.shape)
        if images.ndim != 4 or shape[1] != 3 or not shape[0] or not images.is_floating_point():
            raise InputError(f"pictures (B, 3, H, W) from 0 to 1 are needed, got {shape}")
        if min(shape[2:]) < 32 or shape[2] % 32 or shape[3] % 32:
            raise InputError(f"sides of pictures must be multiples of 32, not {shape[2:]}")


def _labels_finite(scenes: HandScenes) -> Tensor:
    """``(B, K)`` bool, hands whose 2D labels are all numbers."""
    points = scenes.keypoints_px.isfinite().flatten(2).all(-1)
    return points & scenes.box_px.isfinite().all(-1)


def _map_head(channels: int, outputs: int, bias: float) -> nn.Sequential:
    last = nn.Conv2d(channels, outputs, 1)
    nn.init.normal_(last.weight, std=0.01)
    nn.init.constant_(last.bias, bias)  # type: ignore[arg-type]  # a Conv2d has a bias
    return nn.Sequential(convolution(channels, channels, 3), last)
