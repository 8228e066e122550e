"""SVR-Hand and MVR-Hand (figure 2): one dual-branch network, with or without fusion of views.

SVR-Hand takes every view on its own. MVR-Hand fuses views: one canonical shape for the hand, an
orientation for each view as the target. The orientation branch reads detached features, so what it
learns does not pull at the shape.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

import torch
from torch import Tensor, nn

from bridge.errors import InputError
from bridge.model.hand.layer import HandLayer
from bridge.model.hand.rotation_torch import full_precision
from bridge.model.simahand.config import SimaHandConfig
from bridge.model.simahand.joint_regressor import joint_regressor
from bridge.model.simahand.mesh_decoder import MeshDecoder
from bridge.model.simahand.mesh_levels import mesh_levels
from bridge.model.simahand.orientation_branch import OrientationBranch
from bridge.model.simahand.output import Features, SimaHandOutput
from bridge.model.simahand.shape_branch import ShapeEncoder, lifting_start
from bridge.model.simahand.stems import stem_of
from bridge.model.simahand.view_fusion import MapFusion, VertexFusion
from bridge.model.training.inputs import Inputs, checked, cleaned
from bridge.model.training.sample import HandViews

__all__ = ["UNIT_M", "SimaHand"]

UNIT_M = 0.1
"""Length that the network counts in: hands are about 1 to 2 of it."""


class SimaHand(nn.Module):
    """The network; ``config.views`` makes it an SVR-Hand (1) or an MVR-Hand.

    Example::

        net = SimaHand(SimaHandConfig.landmarks(views=4), open_hand_layer()).eval()
        output = net(source.batch([0, 1], views=2, augment=False))
        output.joints_m  # (2, 21, 3)

    Args:
        config: Sizes and switches.
        hand: The hand model; its arrays are never part of the state dict.
        teacher: A trained MVR-Hand whose features are given beside this network's own while it
            trains; frozen, and never part of the state dict.
    """

    regressor: Tensor

    def __init__(
        self, config: SimaHandConfig, hand: HandLayer, teacher: SimaHand | None = None
    ) -> None:
        super().__init__()
        self.config, self.hand = config, hand
        coarse, levels = mesh_levels(
            hand,
            coarse=config.coarse_vertices,
            count=len(config.decoder_channels),
            length=config.spiral_length,
        )
        start = lifting_start(hand.template[torch.from_numpy(coarse)], hand.rest_points)
        self.stem = stem_of(config)
        self.shape = ShapeEncoder(config, start)
        self.decoder = MeshDecoder(hand, levels, config.vertex_channels, config.decoder_channels)
        self.fuse_image = MapFusion(config.image_fusion, config.channels, config.views)
        self.fuse_joint = MapFusion(config.joint_fusion, config.deep_channels, config.views)
        self.fuse_vertex = (
            VertexFusion(config.vertex_fusion, config.vertex_channels, config.views)
            if config.views > 1
            else None
        )
        self.orientation = OrientationBranch(config)
        self.apply(_start)
        self.shape.start()
        self.decoder.start()
        self.register_buffer("regressor", joint_regressor(hand), persistent=False)
        # In a tuple, so that it is none of this module's own.
        self._teacher = () if teacher is None else (teacher.eval().requires_grad_(False),)

    def check(self, views: HandViews) -> Inputs:
        """Checks a batch, and takes views with numbers that are not finite for absent.

        Raises:
            InputError: No views, more than the network fuses, wrong shapes, a missing field, or a
                first view that is unusable.
        """
        config = self.config
        inputs = checked(views, stem=config.stem, crop_px=config.crop_px)
        count = inputs.present.shape[1]
        for which, network in (("this", self), *(("the teacher", t) for t in self._teacher)):
            most = network.config.views
            if 1 < most < count:
                raise InputError(f"{which} MVR-Hand fuses at most {most} views, not {count}")
        return inputs

    def forward(self, views: HandViews) -> SimaHandOutput:
        """Reconstructs hands from their views; ``views`` is checked first, see ``check``."""
        inputs = self.check(views)
        present = inputs.present
        chance = self.config.view_mask_probability
        if self.training and self.config.views > 1 and chance > 0:
            # One network for any number of views (HaMuCo's masking; the paper always has 8).
            seen = torch.rand(present.shape, device=present.device) >= chance
            seen[:, 0] = True
            present = present & seen
        output = self.run(inputs, present)
        if self.training and self._teacher:
            with torch.no_grad():
                known = self._teacher[0].run(inputs, inputs.present)
            output = replace(output, teacher=known.features)
        return output

    def export_forward(
        self, data: Tensor, confidence: Tensor | None, focal: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tensors in, tensors out, for ONNX; nothing is checked, but not finite views are absent.

        Args:
            data: Landmarks ``(B, N, 21, 2)`` or images ``(B, N, 3, S, S)``, by the stem.
            confidence: ``(B, N, 21)``; None for images.
            focal: ``(B, N)``.
            present: ``(B, N)`` bool.

        Returns:
            Joints ``(B, N, 21, 3)`` in each view's axes and vertices ``(B, V, 3)`` in the first
            one's, metres, relative to keypoint 9; rotations ``(B, N, 3, 3)``.
        """
        inputs = cleaned(data, confidence, focal, present)
        out = self.run(inputs, inputs.present)
        return out.view_joints_m, out.vertices_m, out.rotation

    def run(self, inputs: Inputs, present: Tensor) -> SimaHandOutput:
        """All of the network on inputs that are known to be good.

        Args:
            inputs: From ``check``.
            present: ``(B, N)`` bool, views to fuse.
        """
        views = present.shape[1]
        f_i, start = self.stem(inputs.focal.flatten(), *(p.flatten(0, 1) for p in inputs.data))
        found = self.shape(f_i, start)
        # SVR-Hand: every view is a hand of its own, seen once.
        groups = (-1, 1 if self.fuse_vertex is None else views)
        seen = present.reshape(groups)

        f_v = found.f_v.unflatten(0, groups)
        f_v = f_v[:, 0] if self.fuse_vertex is None else self.fuse_vertex(f_v, seen)
        vertices, vertex_last = self.decoder(f_v, UNIT_M)
        vertices = vertices * UNIT_M
        with full_precision(vertices):
            joints = self.regressor @ vertices

        image = self.fuse_image(f_i.detach().unflatten(0, groups), seen)
        f_j = found.f_j.unflatten(0, groups)
        joint = self.fuse_joint(f_j.detach(), seen).flatten(0, 1)
        # What orientation says stops at f_j; what a teacher's f_j says does not (Table 6).
        follows = self._teacher and "joint" in self.config.distil
        followed = self.fuse_joint(f_j, seen).flatten(0, 1) if follows else joint
        rotation, f_o, enhanced = self.orientation(image.flatten(0, 1), joint)

        def by_view(value: Tensor) -> Tensor:
            return value.unflatten(0, (-1, views))

        def by_shape(value: Tensor) -> Tensor:
            return by_view(value) if self.fuse_vertex is None else value[:, None]

        return SimaHandOutput(
            vertices=by_shape(vertices),
            joints=by_shape(joints),
            rotation=by_view(rotation),
            keypoints=by_view(found.keypoints),
            faces=self.hand.faces,
            features=Features(
                vertex_last=by_shape(vertex_last),
                vertex=by_shape(f_v),
                joint=by_view(followed.flatten(2).transpose(1, 2)),
                orientation=by_view(f_o),
                enhanced=by_view(enhanced),
            ),
            teacher=None,
            valid=inputs.present,
            present=present,
        )

    def _apply(self, fn: Callable[[Any], Any], recurse: bool = True) -> Self:
        """What moves a module to a device moves its teacher too."""
        for teacher in self._teacher:
            teacher._apply(fn, recurse)
        moved: Self = super()._apply(fn, recurse)
        return moved


def _start(module: nn.Module) -> None:
    """Where linear layers and convolutions start (He et al. 2015).

    PyTorch's own start makes layer after layer of an MLP say less and less of its input: with it
    the orientation was after 200 steps where with this one it is after 50.
    """
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
