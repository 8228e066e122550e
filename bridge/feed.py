"""Hands as the wire carries them: numbered poses, shapes when they change, the instrument."""

from __future__ import annotations

import numpy as np

from bridge.model import anchor as model
from bridge.model.pose import HandPose, Hands
from bridge.protocol import Anchor, HandPacket, PosePacket, ShapePacket
from bridge.protocol.joints import Side

__all__ = ["PoseFeed", "anchor_message"]

_SHAPE_TOLERANCE_M = 0.0002
"""A shape is sent anew once a rest keypoint has moved this far: shapes converge, then rest."""


class PoseFeed:
    """Turns the hands of one room into packets, in the order in which they must be sent."""

    def __init__(self) -> None:
        self._seq = 0
        self._shapes: dict[Side, ShapePacket] = {}

    @property
    def shapes(self) -> tuple[ShapePacket, ...]:
        """The shapes in force: what a watcher who joins now needs first."""
        return tuple(self._shapes.values())

    def packets(self, hands: Hands) -> tuple[list[ShapePacket], PosePacket]:
        """The shapes that changed, to be sent first, and the pose."""
        present = [pose for pose in hands.hands if pose is not None]
        changed = [shape for pose in present if (shape := self._new_shape(pose)) is not None]
        packet = PosePacket(self._seq, hands.time_ns, tuple(_hand(pose) for pose in present))
        self._seq += 1
        return changed, packet

    def replay(self, packet: ShapePacket | PosePacket) -> ShapePacket | PosePacket:
        """Takes a player's packet into this room's numbering."""
        if isinstance(packet, ShapePacket):
            self._shapes[packet.side] = packet
            return packet
        packet = PosePacket(self._seq, packet.time_ns, packet.hands)
        self._seq += 1
        return packet

    def _new_shape(self, pose: HandPose) -> ShapePacket | None:
        rest = pose.rest_m
        sent = self._shapes.get(pose.side)
        if sent is not None and np.abs(sent.rest_joints_m - rest).max() < _SHAPE_TOLERANCE_M:
            return None
        shape = ShapePacket(pose.side, pose.betas, rest)
        self._shapes[pose.side] = shape
        return shape


def anchor_message(anchor: model.Anchor) -> Anchor:
    """Where an instrument lies once it is the stage: its place in its own frame."""
    instrument = anchor.instrument
    return Anchor(
        instrument.name,
        np.array([instrument.width_m, instrument.depth_m], np.float32)
        * anchor.size.astype(np.float32),
        np.array([instrument.left_m, 0, 0], np.float32),
        np.array([0, 0, 0, 1], np.float32),
    )


def _hand(pose: HandPose) -> HandPacket:
    sign = np.where(pose.pose_quat[:, 3:] < 0, -1.0, 1.0)
    return HandPacket(
        side=pose.side,
        wrist_m=pose.wrist_m,
        pose_quat=pose.pose_quat * sign,
        finger_confidence=np.clip(pose.finger_confidence, 0.0, 1.0),
    )
