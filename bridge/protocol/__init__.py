"""The wire: messages, codec, joint orders, coordinate frames, clock sync (SPEC.md).

Sans-I/O: bytes in, messages out. Sockets, clocks and files are the callers'.
"""

from __future__ import annotations

from bridge.protocol.client_session import ClientSession
from bridge.protocol.clock import ClockSync
from bridge.protocol.codec import decode, encode
from bridge.protocol.joints import (
    BONES,
    FINGERS,
    FINGERTIPS,
    JOINT_NAMES,
    JOINT_PARENTS,
    KEYPOINT_NAMES,
    KEYPOINT_OF_JOINT,
    KEYPOINT_PARENT_JOINT,
    N_BETAS,
    N_JOINTS,
    N_KEYPOINTS,
    Side,
)
from bridge.protocol.kinematics import keypoints_from_pose
from bridge.protocol.lesson import (
    COMMANDS,
    N_OPENXR_JOINTS,
    Anchor,
    HandScore,
    LearnerHands,
    OpenXRHand,
    PlaybackControl,
    PlaybackState,
    Score,
)
from bridge.protocol.messages import (
    DEFAULT_ACK_WINDOW,
    MAX_MESSAGE_BYTES,
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    Ack,
    Bye,
    ErrorMessage,
    Hello,
    Message,
    Ping,
    Pong,
    Status,
    Subscribe,
    ViewStatus,
    Welcome,
)
from bridge.protocol.openxr import openxr_joints
from bridge.protocol.packets import HandPacket, PosePacket, ShapePacket
from bridge.protocol.server_session import ServerSession
from bridge.protocol.session import CLOSE_CODES, Close, State
from bridge.protocol.window import AckWindow

__all__ = [
    "BONES",
    "CLOSE_CODES",
    "COMMANDS",
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
    "N_OPENXR_JOINTS",
    "PROTOCOL_VERSION",
    "SUBPROTOCOL",
    "Ack",
    "AckWindow",
    "Anchor",
    "Bye",
    "ClientSession",
    "ClockSync",
    "Close",
    "ErrorMessage",
    "HandPacket",
    "HandScore",
    "Hello",
    "LearnerHands",
    "Message",
    "OpenXRHand",
    "Ping",
    "PlaybackControl",
    "PlaybackState",
    "Pong",
    "PosePacket",
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
]
