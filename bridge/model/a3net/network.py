"""A3-Net as a whole (figure 2b): single views, geometric alignment, 3D and 2D alignment, iterated.

One reading of the paper that matters: it regresses joints from F_3d, before the 2D alignment of
the same iteration. The last 2D alignment would then serve nothing, but its Table 4 has one
iteration (6.93 mm) well below three without 2D alignment (Table 3: 7.52 mm). So each iteration's
hand is read off the updated F_point, which is F_3d, F_2d and F_glo together (section 3.5).
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from bridge.model.a3net.alignment import GeometricAlignment, to_first
from bridge.model.a3net.config import A3NetConfig
from bridge.model.a3net.output import A3NetOutput, InitialOutput, StageOutput
from bridge.model.a3net.point_features import InitialFeatures
from bridge.model.a3net.regression import HandState, initial_state
from bridge.model.a3net.single_view import UNIT_M, SingleViewNet
from bridge.model.a3net.stage import AlignmentStage, Features, Geometry
from bridge.model.hand.layer import HandLayer
from bridge.model.hand.rotation_torch import six_d_from_rotation
from bridge.model.layers.basic import project, sample_map
from bridge.model.training.inputs import Inputs, checked, cleaned
from bridge.model.training.sample import ROOT, HandViews

__all__ = ["A3Net"]


class A3Net(nn.Module):
    """The network; any number of views from 1.

    Example::

        net = A3Net(A3NetConfig.landmarks(), open_hand_layer()).eval()
        output = net(source.batch([0, 1], views=2, augment=False))
        output.joints_m  # (2, 21, 3)

    Args:
        config: Sizes and switches.
        hand: The hand model; its arrays are never part of the state dict.
    """

    point_index: Tensor

    def __init__(self, config: A3NetConfig, hand: HandLayer) -> None:
        super().__init__()
        self.config, self.hand = config, hand
        channels, size = config.channels, config.global_channels
        self.single_view = SingleViewNet(config)
        self.alignment = GeometricAlignment(config.alignment, size, size)
        self.initial_features = InitialFeatures(
            channels, size, position=config.position, global_context=config.global_context
        )
        self.stages = nn.ModuleList(
            AlignmentStage(config, first=k == 0) for k in range(config.iterations)
        )
        index = hand.point_indices(min(config.points, hand.n_vertices))
        self.register_buffer("point_index", index, persistent=False)

    def check(self, views: HandViews) -> Inputs:
        """Checks a batch, and takes views with numbers that are not finite for absent.

        Raises:
            InputError: No views, wrong shapes, a missing field, or a first view that is unusable.
        """
        config = self.config
        return checked(
            views,
            stem=config.stem,
            crop_px=config.crop_px,
            extrinsics=config.alignment == "extrinsics",
        )

    def forward(self, views: HandViews) -> A3NetOutput:
        """Reconstructs hands from their views; ``views`` is checked first, see ``check``."""
        inputs = self.check(views)
        present = inputs.present
        chance = self.config.view_mask_probability
        if self.training and chance > 0:
            # Section 4.2 is silent; HaMuCo's masking lets one network serve any number of views.
            seen = torch.rand(present.shape, device=present.device) >= chance
            seen[:, 0] = True
            present = present & seen
        return self.run(inputs, present, views.to_first)

    def export_forward(
        self, data: Tensor, confidence: Tensor | None, focal: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Tensors in, tensors out, for ONNX; nothing is checked, but not finite views are absent.

        Args:
            data: Landmarks ``(B, N, 21, 2)`` or images ``(B, N, 3, S, S)``, by the stem.
            confidence: ``(B, N, 21)``; None for images.
            focal: ``(B, N)``.
            present: ``(B, N)`` bool.

        Returns:
            Joints ``(B, 21, 3)`` and vertices ``(B, V, 3)``, metres, relative to joint 9 in the
            first view's axes; rotations ``(B, 16, 3, 3)``; betas ``(B, 10)``; rotations from each
            view to the first ``(B, N, 3, 3)``; cameras ``(B, N, 3)``.
        """
        inputs = cleaned(data, confidence, focal, present)
        out = self.run(inputs, inputs.present, None)
        last = out.stages[-1]
        return (
            last.joints,
            last.vertices,
            last.rotations,
            last.betas,
            last.to_first,
            last.camera,
        )

    def run(self, inputs: Inputs, present: Tensor, truth: Tensor | None) -> A3NetOutput:
        """All of the network on inputs that are known to be good.

        Args:
            inputs: From ``check``.
            present: ``(B, N)`` bool, views to fuse.
            truth: ``(B, N, 3, 3)`` true rotations to the first view, for ``extrinsics``.
        """
        shape, focal = present.shape, inputs.focal
        single = self.single_view(
            tuple(part.flatten(0, 1) for part in inputs.data), focal.flatten()
        )
        f_vis = single.f_vis
        f_global, rotations, betas, camera, joints, keypoints, heat = (
            part.unflatten(0, (-1, shape[1])) for part in single if part is not f_vis
        )
        vertices, mesh_joints = self._mesh(betas, rotations)
        turn, shift = self.alignment(f_global, joints, truth)

        # From here on where things are is given; what they are is learned (see initial_state).
        turned = turn.detach()
        cloud = vertices.detach().index_select(2, self.point_index)
        n_points = cloud.shape[2]
        proxies = torch.cat((cloud, joints.detach()), dim=2)
        images = project(proxies, camera.detach(), focal)
        proxies = to_first(proxies, turned, shift.detach())
        sampled = sample_map(f_vis, images.flatten(0, 1)).unflatten(0, (-1, shape[1]))
        context = torch.cat((f_global, six_d_from_rotation(turned)), dim=-1)
        initial_features = self.initial_features(sampled, proxies, context)

        features = Features(
            initial_features[:, :, :n_points], initial_features[:, :, n_points:], f_global, f_vis
        )
        geometry = Geometry(
            proxies[:, :, :n_points],
            proxies[:, :, n_points:],
            images[:, :, :n_points],
            images[:, :, n_points:],
        )
        observed = inputs.observed
        if observed is None:
            peak = heat.detach().softmax(dim=-1).amax(dim=-1, keepdim=True)
            observed = torch.cat((keypoints.detach(), peak), dim=-1)
        state = initial_state(rotations, betas, camera, turn, present)
        stages = []
        for stage in self.stages:
            features, stage_joints, state, image = stage(
                features, geometry, state, observed, present
            )
            output, geometry = self._look(stage_joints, state, focal)
            if image is not None:
                output = replace(
                    output,
                    heat=image.heat.unflatten(0, (-1, shape[1])),
                    mask=None if image.mask is None else image.mask.unflatten(0, (-1, shape[1])),
                    depth=None if image.depth is None else image.depth.unflatten(0, (-1, shape[1])),
                )
            stages.append(output)
            state = HandState(*(part.detach() for part in state))
        initial = InitialOutput(
            joints=(joints - joints[:, :, ROOT : ROOT + 1]) * UNIT_M,
            rotations=rotations,
            betas=betas,
            camera=camera,
            vertices=vertices * UNIT_M,
            mesh_joints=mesh_joints * UNIT_M,
            reprojection=project(mesh_joints, camera, focal),
            heat=heat,
            to_first=turn,
            shift_m=shift * UNIT_M,
        )
        return A3NetOutput(
            initial=initial, stages=tuple(stages), valid=inputs.present, present=present
        )

    def _look(
        self, joints: Tensor, state: HandState, focal: Tensor
    ) -> tuple[StageOutput, Geometry]:
        """An iteration's hand as output, and where its proxies are for the next iteration.

        All views now share one cloud around one root: T needs no translation any more.
        """
        vertices, mesh_joints = self._mesh(state.betas, state.rotations)

        def seen(places: Tensor, camera: Tensor, rotation: Tensor) -> Tensor:
            return project(places[:, None] @ rotation, camera, focal)

        output = StageOutput(
            joints=joints * UNIT_M,
            rotations=state.rotations,
            betas=state.betas,
            vertices=vertices * UNIT_M,
            mesh_joints=mesh_joints * UNIT_M,
            to_first=state.to_first,
            camera=state.camera,
            reprojection=seen(mesh_joints, state.camera, state.to_first),
        )
        camera, rotation = state.camera.detach(), state.to_first.detach()
        cloud, anchors = vertices.detach().index_select(1, self.point_index), joints.detach()
        geometry = Geometry(
            cloud[:, None],
            anchors[:, None],
            seen(cloud, camera, rotation),
            seen(anchors, camera, rotation),
        )
        return output, geometry

    def _mesh(self, betas: Tensor, rotations: Tensor) -> tuple[Tensor, Tensor]:
        """Vertices ``(..., V, 3)`` and keypoints ``(..., 21, 3)`` around the root, 0.1 m."""
        mesh = self.hand(betas, rotations)
        root = mesh.keypoints[..., ROOT : ROOT + 1, :]
        return (mesh.vertices - root) / UNIT_M, (mesh.keypoints - root) / UNIT_M
