"""Watch a room and print where the right index fingertip is.

export GHOSTHANDS_TOKEN=$(ghosthands token make watch)    # where the bridge asks for one
python examples/watch_live.py https://localhost:8443
"""

from __future__ import annotations

import asyncio
import os
import sys

import sdk_python as sdk

INDEX_TIP = sdk.KEYPOINT_NAMES.index("index4")


async def main(url: str) -> None:
    # insecure: the bridge's own certificate is not known to this machine.
    token = os.environ.get("GHOSTHANDS_TOKEN")
    async with sdk.connect(url, room="lesson", token=token, insecure=True) as poses:
        async for pose in poses:
            x, y, z = pose.joints_m[sdk.Side.RIGHT, INDEX_TIP] * 1000
            print(f"\r{x:7.1f} {y:7.1f} {z:7.1f} mm, {pose.age_s * 1000:5.1f} ms old", end="")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "https://localhost:8443"))
