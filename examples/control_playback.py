"""Practise a passage: load a lesson in a room, and loop a few seconds of it at half speed.

python examples/control_playback.py https://localhost:8443 etude 12.5 16

The bridge runs with `--lessons FOLDER`. All who watch the room see it; without a name it lists
what can be loaded.
"""

from __future__ import annotations

import asyncio
import os
import sys

import sdk_python as sdk


async def main(url: str, lesson: str | None, begin_s: float, end_s: float) -> None:
    # insecure: the bridge's own certificate is not known to this machine.
    token = os.environ.get("GHOSTHANDS_TOKEN")
    async with sdk.connect(url, room="lesson", token=token, insecure=True) as poses:
        if lesson is None:
            print(*await poses.control.recordings(), sep="\n")
            return
        state = await poses.control.load(lesson)
        print(f"{lesson}: {state.duration_s:.1f} s")
        await poses.control.rate(0.5)
        await poses.control.loop(begin_s, end_s)
        await poses.control.seek(begin_s)
        await poses.control.play()
        async for _ in poses:
            print(f"\r{poses.control.position_s:6.2f} s", end="", flush=True)


if __name__ == "__main__":
    url, *rest = sys.argv[1:] or ["https://localhost:8443"]
    lesson = rest[0] if rest else None
    begin_s, end_s = map(float, rest[1:3]) if len(rest) >= 3 else (0.0, 4.0)
    try:
        asyncio.run(main(url, lesson, begin_s, end_s))
    except sdk.GhostHandsError as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        print()
