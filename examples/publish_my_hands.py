"""Be a learner: send the hands of a recording, or of a headset's log, into a room.

python examples/publish_my_hands.py take.mcap https://localhost:8443
python examples/publish_my_hands.py quest.jsonl https://localhost:8443

Everyone in the room sees them beside the teacher's, and while a lesson is played there, they are
scored. A program in a headset sends its 26 joints a hand as they come: `send_openxr_hands`.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

import numpy as np

import sdk_python as sdk


async def main(path: str, url: str) -> None:
    is_log = path.endswith((".json", ".jsonl"))
    take = sdk.from_xr_joints(path) if is_log else sdk.Recording.open(path)
    token = os.environ.get("GHOSTHANDS_TOKEN")
    # insecure: the bridge's own certificate is not known to this machine.
    async with sdk.connect(
        url, room="lesson", role="learn", reconnect_s=30, token=token, insecure=True
    ) as room:
        print(f"{room.learner} in {room.room}", flush=True)
        begin_s = time.monotonic() - take.time_s[0]
        for time_s, pose, wrist, trust in zip(
            take.time_s, take.pose_quat, take.wrist_m, take.finger_confidence, strict=True
        ):
            due_s = begin_s + time_s
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            await room.send_hands(pose, wrist, trust, time_ns=round(due_s * 1e9))
            if (score := room.scores.last) is not None and score.learner == room.learner:
                worst = np.degrees(np.nanmax(score.finger_error_rad, initial=0))
                print(f"\rmost different finger: {worst:4.0f} degrees", end="", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
