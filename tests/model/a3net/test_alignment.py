"""Geometric alignment (section 3.2), and what the iterations make of it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from bridge.errors import InputError
from bridge.model.a3net.alignment import GeometricAlignment, to_first
from bridge.model.a3net.regression import HandState, HandUpdate, initial_state
from bridge.model.hand.rotation_torch import rotation_from_axis_angle

EYE = torch.eye(3)


def rotations(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return rotation_from_axis_angle(torch.randn(*shape, 3, generator=generator))


def seen_joints(turns: Tensor, seed: int = 1) -> Tensor:
    """One hand ``(B, 21, 3)`` as views see it that T turns back to the first one's axes."""
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(len(turns), 1, 21, 3, generator=generator)
    return points @ turns


def known_turns(seed: int = 0) -> Tensor:
    turns = rotations(2, 3, seed=seed)
    turns[:, 0] = EYE
    return turns


def test_procrustes_recovers_known_rotations() -> None:
    turns = known_turns()
    joints = seen_joints(turns)
    found, shift = GeometricAlignment("procrustes", 8, 8)(torch.zeros(2, 3, 8), joints, None)
    torch.testing.assert_close(found, turns, atol=1e-5, rtol=0)
    assert not shift.any()
    aligned = to_first(joints, found, shift)
    torch.testing.assert_close(aligned, joints[:, :1].expand_as(aligned), atol=1e-5, rtol=0)


def test_procrustes_passes_no_gradient() -> None:
    joints = seen_joints(known_turns()).requires_grad_()
    found, _ = GeometricAlignment("procrustes", 8, 8)(torch.zeros(2, 3, 8), joints, None)
    assert not found.requires_grad


def test_extrinsics_are_the_truth_or_an_error() -> None:
    align, truth = GeometricAlignment("extrinsics", 8, 8), known_turns(seed=5)
    joints = seen_joints(known_turns())
    found, shift = align(torch.zeros(2, 3, 8), joints, truth)
    torch.testing.assert_close(found, truth)
    assert not shift.any()
    with pytest.raises(InputError, match=r"wrist_rotation.*learned"):
        align(torch.zeros(2, 3, 8), joints, None)


def test_learned_alignment_begins_near_the_identity_and_sees_only_differences() -> None:
    align = GeometricAlignment("learned", 8, 16)
    f_global, joints = torch.randn(2, 3, 8), torch.zeros(2, 3, 21, 3)
    turn, shift = align(f_global, joints, None)
    torch.testing.assert_close(turn, EYE.expand(2, 3, 3, 3), atol=0.3, rtol=0)
    # The first view is the canonical space, exactly.
    assert torch.equal(turn[:, 0], EYE.expand(2, 3, 3))
    assert not shift[:, 0].any()
    # Equation 1 sees f_i - f_0: what all views have in common does not matter.
    again, again_shift = align(f_global + 3.0, joints, None)
    torch.testing.assert_close(again, turn, atol=1e-5, rtol=0)
    torch.testing.assert_close(again_shift, shift, atol=1e-5, rtol=0)
    other, _ = align(f_global * torch.tensor([1.0, 2.0, 1.0])[:, None], joints, None)
    assert (other[:, 1] - turn[:, 1]).abs().max() > 1e-3
    torch.testing.assert_close(turn @ turn.transpose(-1, -2), EYE.expand_as(turn))


def test_points_are_turned_and_shifted() -> None:
    quarter = rotation_from_axis_angle(torch.tensor([0.0, 0.0, torch.pi / 2]))
    moved = to_first(
        torch.tensor([[[[1.0, 0, 0], [0, 2, 0]]]]),
        quarter[None, None],
        torch.tensor([[[0, 0, 5.0]]]),
    )
    expected = torch.tensor([[[[0, 1.0, 5], [-2, 0, 5]]]])
    torch.testing.assert_close(moved, expected, atol=1e-6, rtol=0)


def state_of_views() -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Three views that agree on one hand, the third absent and wrong."""
    turns, pose = known_turns(), rotations(2, 1, 16, seed=3).expand(2, 3, 16, 3, 3).clone()
    wrist = pose[:, :, 0].clone()
    pose[:, :, 0] = turns.transpose(-1, -2) @ wrist
    pose[:, 2], betas = rotations(2, 16, seed=8), torch.full((2, 3, 10), 0.5)
    betas[:, 2] = 9
    present = torch.tensor([[True, True, False]]).expand(2, 3)
    return pose, betas, torch.rand(2, 3, 3), turns, present


def test_the_first_hand_is_the_mean_of_the_present_views() -> None:
    pose, betas, camera, turns, present = state_of_views()
    state = initial_state(pose, betas, camera, turns, present)
    # Views that agree have their agreement as mean, in the first view's axes.
    torch.testing.assert_close(state.rotations, pose[:, 0], atol=1e-5, rtol=0)
    torch.testing.assert_close(state.betas, torch.full((2, 10), 0.5))
    torch.testing.assert_close(state.camera, camera)


def update(*, refine: bool, silent: bool) -> HandState:
    torch.manual_seed(0)
    head = HandUpdate(8, 12, 16, refine=refine)
    for last in (head.hand[-1], head.view[-1]):
        torch.nn.init.normal_(last.weight, std=0.0 if silent else 0.5)
    pose, betas, camera, turns, present = state_of_views()
    state = initial_state(pose, betas, camera, turns, present)
    return head(torch.rand(2, 3, 12), torch.rand(2, 3, 21, 8), torch.rand(2, 21, 3), state, present)


@pytest.mark.parametrize("refine", [False, True])
def test_corrections_are_residuals(refine: bool) -> None:
    pose, _, _, turns, _ = state_of_views()
    same = update(refine=refine, silent=True)
    torch.testing.assert_close(same.rotations, pose[:, 0], atol=1e-5, rtol=0)
    torch.testing.assert_close(same.to_first, turns, atol=1e-5, rtol=0)
    torch.testing.assert_close(same.betas, torch.full((2, 10), 0.5))


def test_only_refinement_corrects_the_alignment_and_never_the_first_view() -> None:
    _, _, _, turns, _ = state_of_views()
    assert torch.equal(update(refine=False, silent=False).to_first, turns)
    refined = update(refine=True, silent=False)
    assert torch.equal(refined.to_first[:, 0], turns[:, 0])
    assert (refined.to_first[:, 1:] - turns[:, 1:]).abs().amax(dim=(2, 3)).min() > 1e-2
    assert (refined.camera[..., 0] > 0).all()
    products = refined.rotations @ refined.rotations.transpose(-1, -2)
    torch.testing.assert_close(products, EYE.expand_as(products), atol=1e-5, rtol=0)
