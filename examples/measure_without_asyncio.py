"""How fast do the teacher's fingers move? Cells for a notebook, or a script.

python examples/measure_without_asyncio.py https://localhost:8443 [SECONDS]
"""

from __future__ import annotations

import os
import sys

import numpy as np

import sdk_python as sdk

TIPS = [sdk.KEYPOINT_NAMES.index(f"{finger}4") for finger in sdk.FINGERS]

# %% Join the room. In a notebook: poses = sdk.connect_blocking(...), and poses.close() at the end.
url = sys.argv[1] if len(sys.argv) > 1 else "https://localhost:8443"
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
token = os.environ.get("GHOSTHANDS_TOKEN")

with sdk.connect_blocking(url, timeout_s=10, token=token, insecure=True) as poses:
    # %% Take a few seconds of poses: a plain loop, no asyncio.
    times_s, tips_m = [], []
    for pose in poses:
        times_s.append(pose.time_ns * 1e-9)
        tips_m.append(pose.joints_m[sdk.Side.RIGHT, TIPS])
        if times_s[-1] - times_s[0] >= seconds:
            break

# %% Fingertip speed, metres a second: arrays, as anywhere.
speed = np.linalg.norm(np.diff(tips_m, axis=0), axis=-1) / np.diff(times_s)[:, None]
for finger, fast in zip(sdk.FINGERS, np.nanmedian(speed, axis=0), strict=True):
    print(f"{finger:6} {fast * 1000:6.1f} mm/s")
print(f"{len(times_s)} poses, {poses.missed} missed")
