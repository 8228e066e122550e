from __future__ import annotations

import asyncio

from bridge.protocol import PosePacket, ShapePacket
from bridge.turns import PoseTurns
from tests.flow.clients import shape


class Player:
    """Poses that came, and those that were handed on, by number."""

    def __init__(self) -> None:
        self.taken: list[int | str] = []
        self.dropped = 0
        self.turns = PoseTurns(self._take, self._drop)

    def _take(self, packet: ShapePacket | PosePacket) -> None:
        self.taken.append(packet.seq if isinstance(packet, PosePacket) else "shape")

    def _drop(self) -> None:
        self.dropped += 1

    def play(self, *numbers: int) -> None:
        for number in numbers:
            self.turns.put(PosePacket(number, 0, ()))


async def test_each_pose_has_a_turn_of_its_own() -> None:
    player = Player()
    player.play(0, 1, 2)
    seen = []
    for _ in range(4):
        seen.append(len(player.taken))
        await asyncio.sleep(0)
    assert seen == [0, 1, 2, 3]
    assert player.taken == [0, 1, 2]


async def test_the_oldest_go_when_too_many_wait() -> None:
    player = Player()
    player.play(*range(20))
    assert player.dropped == 14
    for _ in range(7):
        await asyncio.sleep(0)
    assert player.taken == list(range(14, 20))


async def test_a_shape_does_not_wait_and_overtakes_nothing() -> None:
    player = Player()
    player.play(0, 1)
    player.turns.put(shape())
    assert player.taken == [0, 1, "shape"]
    player.play(2)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert player.taken == [0, 1, "shape", 2]
