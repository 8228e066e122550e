"""The public names of the package: a change of this list is a change of the interface."""

from __future__ import annotations

import bridge.protocol

PUBLIC = {
    "BONES",
    "CLOSE_CODES",
    "DEFAULT_ACK_WINDOW",
    "FINGERS",
    "FINGERTIPS",
    "JOINT_NAMES",
    "JOINT_PARENTS",
    "KEYPOINT_NAMES",
    "KEYPOINT_OF_JOINT",
    "KEYPOINT_PARENT_JOINT",
    "MAX_MESSAGE_BYTES",
    "N_BETAS",
    "N_JOINTS",
    "N_KEYPOINTS",
    "PROTOCOL_VERSION",
    "SUBPROTOCOL",
    "Ack",
    "AckWindow",
    "Bye",
    "ClientSession",
    "ClockSync",
    "Close",
    "ErrorMessage",
    "HandPacket",
    "Hello",
    "Message",
    "Ping",
    "Pong",
    "PosePacket",
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
}


def test_all_lists_the_public_names():
    assert set(bridge.protocol.__all__) == PUBLIC


def test_every_public_name_exists():
    assert all(hasattr(bridge.protocol, name) for name in PUBLIC)
