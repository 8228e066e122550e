"""Where an adjustment begins: cameras from hand-space alignment, poses in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.hand.articulation import AT_EASE, N_ANGLES
from bridge.model.pose import FloatArray
from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.skeleton import rest_keypoints, skeleton
from bridge.model.selfcal.terms import Motion
from bridge.model.selfcal.tracks import HandTrack
from bridge.protocol.joints import BONES, Side

__all__ = ["place_cameras", "pose_hands"]

_PARENT, _CHILD = np.array(BONES).T
_PALM = [0, 1, 5, 9, 13, 17]
_DEPTH_TRUST = 0.03
_PLACE_DEPTH_TRUST = 0.01
_ANGLE_FLOOR_RAD = 0.05
_ROBUST_STEPS = 15


def scaled_local(track: HandTrack, shape: FloatArray) -> FloatArray:
    """Each view's own idea of the hand at the person's size ``(T, V, 21, 3)``."""
    return scaled_to(size_m(track.side, shape), track)


def size_m(side: Side, shape: FloatArray) -> float:
    """The length of all of a person's bones together."""
    return float(_all_bones(rest_keypoints(side, shape)))


def scaled_to(bones_m: float, track: HandTrack) -> FloatArray:
    """`scaled_local` for a person whose size is known already."""
    own = _all_bones(track.local_m)
    return track.local_m * (bones_m / np.maximum(own, 1e-6))[..., None, None]


def _all_bones(keypoints_m: FloatArray) -> FloatArray:
    bones = keypoints_m[..., _CHILD, :] - keypoints_m[..., _PARENT, :]
    lengths: FloatArray = np.sqrt((bones * bones).sum(-1)).sum(-1)
    return lengths


def places(track: HandTrack, local_m: FloatArray, focal: FloatArray) -> FloatArray:
    """Where each view sees the hand ``(T, V, 3)``: its centre in that camera's axes, metres.

    Least squares on ``x + t_x = u (z + t_z)`` over keypoints, as ``fusion.camera.place_hand``.
    """
    u = track.image / focal[:, None, None]
    w = track.trust**2
    rhs = u * local_m[..., 2:] - local_m[..., :2]
    normal = np.zeros((*w.shape[:2], 3, 3))
    total = w.sum(-1)
    first = (w[..., None] * u).sum(-2)
    normal[..., 0, 0] = normal[..., 1, 1] = total
    normal[..., :2, 2] = normal[..., 2, :2] = -first
    normal[..., 2, 2] = (w * (u**2).sum(-1)).sum(-1)
    target = np.concatenate(
        [(w[..., None] * rhs).sum(-2), -(w * (u * rhs).sum(-1)).sum(-1)[..., None]], axis=-1
    )
    normal += 1e-9 * np.eye(3)
    solved: FloatArray = np.linalg.solve(normal, target[..., None])[..., 0]
    return solved


def place_cameras(tracks: Sequence[HandTrack], focal: FloatArray, shape: FloatArray) -> Cameras:
    """Cameras from the hands that pairs of them see together, each view's own depth believed.

    Rotations are robust means over time of the hand-space alignments; offsets are medians of the
    differences of where each sees the hands. Cameras are placed one after the other, those first
    that share most with those that are placed; one that shares no hand stays at the origin.

    Args:
        tracks: What is seen.
        focal: ``(V,)``.
        shape: ``(30,)``.
    """
    n_views = len(focal)
    known = [
        (track, local := scaled_local(track, shape), places(track, local, focal))
        for track in tracks
    ]
    common = np.zeros((n_views, n_views))
    for track in tracks:
        seen = track.seen.astype(float)
        common += seen.T @ seen
    cameras = Cameras.unknown(n_views).with_focal(focal)
    rotation, offset = cameras.rotation.copy(), cameras.offset_m.copy()
    placed = [0]
    while len(placed) < n_views:
        rest = [v for v in range(n_views) if v not in placed]
        a, b = max(((a, b) for a in placed for b in rest), key=lambda pair: common[pair])
        placed.append(b)
        if common[a, b] == 0:
            continue
        turn, shift = _between(known, a, b)
        rotation[b] = turn @ rotation[a]
        offset[b] = turn @ offset[a] + shift
    return Cameras(rotation, offset, cameras.focal)


def _between(
    known: Sequence[tuple[HandTrack, FloatArray, FloatArray]], a: int, b: int
) -> tuple[FloatArray, FloatArray]:
    """Rotation ``(3, 3)`` and offset ``(3,)`` from camera ``a``'s axes to camera ``b``'s."""
    turns, from_a, in_b = [], [], []
    for track, local, place in known:
        rows = track.seen[:, a] & track.seen[:, b]
        weight = np.sqrt(track.trust[rows, a] * track.trust[rows, b])[..., None]
        covariance = np.swapaxes(weight * local[rows, b], 1, 2) @ local[rows, a]
        u, _, vt = np.linalg.svd(covariance)
        vt[:, 2] *= np.linalg.det(u @ vt)[:, None]
        turns.append(u @ vt)
        from_a.append(place[rows, a])
        in_b.append(place[rows, b])
    rotations = Rotation.from_matrix(np.concatenate(turns))
    mean = rotations.mean()
    for _ in range(_ROBUST_STEPS):
        off = (mean.inv() * rotations).magnitude()
        mean = rotations.mean(1 / np.maximum(off, _ANGLE_FLOOR_RAD))
    turn = mean.as_matrix()
    offsets = np.concatenate(in_b) - np.concatenate(from_a) @ turn.T
    return turn, np.median(offsets, axis=0)


def pose_hands(track: HandTrack, cameras: Cameras, shape: FloatArray) -> Motion:
    """A first guess at every instant on its own, from the views' ideas of the hand, averaged.

    Views are averaged in hand space, each trusted less along its depth (``HandSpaceFuser``).
    """
    local = scaled_local(track, shape)
    depth = cameras.rotation[:, 2]
    flat = np.eye(3) - (1 - _DEPTH_TRUST) * depth[:, :, None] * depth[:, None]
    placing = np.eye(3) - (1 - _PLACE_DEPTH_TRUST) * depth[:, :, None] * depth[:, None]
    in_stage = local @ cameras.rotation
    information = track.trust[..., None, None] * flat[:, None]
    hand = _mean(information, in_stage)
    centres = cameras.to_stage(places(track, local, cameras.focal)[:, :, None])[:, :, 0]
    trust = track.trust.mean(-1)[..., None, None] * placing
    keypoints = hand + _mean(trust[:, :, None], centres[:, :, None])
    return _posed(track, keypoints, shape)


def _mean(information: FloatArray, values: FloatArray) -> FloatArray:
    """Mean over views (axis 1) of vectors whose weights are matrices."""
    total = information.sum(1) + 1e-9 * np.eye(3)
    pulled = (information @ values[..., None]).sum(1)
    mean: FloatArray = np.linalg.solve(total, pulled)[..., 0]
    return mean


def _posed(track: HandTrack, keypoints: FloatArray, shape: FloatArray) -> Motion:
    """Poses in closed form: the palm's rotation, then each finger's angles."""
    articulation = skeleton(track.side).articulation
    rest = rest_keypoints(track.side, shape)[_PALM]
    palm = keypoints[:, _PALM]
    centre = palm.mean(1, keepdims=True)
    covariance = np.swapaxes(palm - centre, 1, 2) @ (rest - rest.mean(0))
    u, _, vt = np.linalg.svd(covariance)
    vt[:, 2] *= np.linalg.det(u @ vt)[:, None]
    rotation = u @ vt
    wrist = centre[:, 0] - (rotation @ rest.mean(0))
    angles = np.empty((len(track), N_ANGLES))
    for row in range(len(track)):
        angles[row] = articulation.angles_from_keypoints(keypoints[row], rotation[row], AT_EASE)
    return Motion(wrist, rotation, angles)
