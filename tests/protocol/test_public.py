"""The public names of the package: a change of this list is a change of the interface."""

from __future__ import annotations

import bridge.protocol

PUBLIC = {
    "Ack",
    "AckWindow",
    "Anchor",
    "BONES",
    "Bye",
    "CLOSE_CODES",
    "COMMANDS",
    "ClientSession",
    "ClockSync",
    "Close",
    "DEFAULT_ACK_WINDOW",
    "ErrorMessage",
    "FINGERS",
    "FINGERTIPS",
    "HandPacket",
    "HandScore",
    "Hello",
    "JOINT_NAMES",
    "JOINT_PARENTS",
    "KEYPOINT_NAMES",
    "KEYPOINT_OF_JOINT",
    "KEYPOINT_PARENT_JOINT",
    "LearnerHands",
    "MAX_MESSAGE_BYTES",
    "Message",
    "N_BETAS",
    "N_JOINTS",
    "N_KEYPOINTS",
    "N_OPENXR_JOINTS",
    "OpenXRHand",
    "PROTOCOL_VERSION",
    "Ping",
    "PlaybackControl",
    "PlaybackState",
    "Pong",
    "PosePacket",
    "SUBPROTOCOL",
    "Score",
    "ServerSession",
    "ShapePacket",
    "Side",
    "State",
    "Status",
    "Subscribe",
    "ViewStatus",
    "Welcome",
    "decode",
    "encode",
    "keypoints_from_pose",
    "openxr_joints",
}


def test_all_lists_the_public_names():
    assert set(bridge.protocol.__all__) == PUBLIC


def test_every_public_name_exists():
    assert all(hasattr(bridge.protocol, name) for name in PUBLIC)
