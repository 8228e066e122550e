"""Joint orders, changes of coordinate frames, keypoints and OpenXR joints of posed hands."""

from __future__ import annotations

from typing import Any

import numpy as np

from bridge import protocol
from bridge.protocol import Side, coordinates
from golden.messages import hand, rest_joints


def rounded(array: np.ndarray) -> list[Any]:
    """Without the last bits, in which processors may differ, and without minus zero."""
    return (np.round(np.asarray(array, np.float64), 9) + 0.0).tolist()


def geometry() -> dict[str, Any]:
    """What has no bytes of its own and must still be the same in every implementation."""
    positions = np.array([[1.0, 2.0, 3.0], [-0.25, 0.5, -0.125]])
    quaternions = np.array([[0.1, 0.2, 0.3, 0.927361849549570], [0.5, -0.5, 0.5, 0.5]])
    changes = {
        name: {
            "from": rounded(given),
            "to": rounded(getattr(coordinates, name)(given)),
        }
        for kind, given in (
            ("position", positions), ("orientation", quaternions), ("rotation", quaternions),
        )
        for name in sorted(coordinates.__all__)
        if name.endswith(f"_{kind}")
    }  # fmt: skip
    hands, tracked = [], []
    for side in Side:
        packet, rest = hand(side, 20 + side), rest_joints(side)
        hands.append(
            {
                "rest_joints_m": rest.astype(float).tolist(),
                "pose_quat": packet.pose_quat.astype(float).tolist(),
                "wrist_m": packet.wrist_m.astype(float).tolist(),
                "keypoints_m": rounded(
                    protocol.keypoints_from_pose(rest, packet.pose_quat, packet.wrist_m)
                ),
            }
        )
        joints_m, joint_quat = protocol.openxr_joints(side, rest, packet.pose_quat, packet.wrist_m)
        tracked.append(
            {"side": int(side), "joints_m": rounded(joints_m), "joint_quat": rounded(joint_quat)}
        )
    return {
        "joints": {
            "joint_names": protocol.JOINT_NAMES,
            "joint_parents": protocol.JOINT_PARENTS,
            "keypoint_names": protocol.KEYPOINT_NAMES,
            "keypoint_of_joint": protocol.KEYPOINT_OF_JOINT,
            "keypoint_parent_joint": protocol.KEYPOINT_PARENT_JOINT,
        },
        "coordinates": changes,
        "kinematics": hands,
        "openxr": tracked,
    }
