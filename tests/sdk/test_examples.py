"""The examples, each run as a user runs it, against a real bridge or a real recording."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from bridge.protocol.joints import OPENXR_OF_KEYPOINT
from tests.bridge_fixture import running_bridge, until
from tests.flow.clients import playing
from tests.playback.lessons import both, write
from tests.sdk.comparison.takes import lesson_times, take

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@contextlib.asynccontextmanager
async def example(name: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs one; what it says goes through a pipe."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", str(EXAMPLES / name), *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={k: v for k, v in os.environ.items() if k != "GHOSTHANDS_TOKEN"}
        | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: asyncio.subprocess.Process) -> str:
    """All it says until its end, which is a good one."""
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    return out.decode()


async def until_said(process: asyncio.subprocess.Process, pattern: str) -> str:
    out = ""
    async with asyncio.timeout(60):
        while not re.search(pattern, out):
            part = await process.stdout.read(1024)
            assert part, (out, (await process.stderr.read()).decode())
            out += part.decode()
    return out


def test_every_example_is_run() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.rglob("test_*.py"))
    assert all(f'"{path.name}"' in tests for path in EXAMPLES.glob("*.py"))


async def test_watch_live(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path) as bridge,
        playing(bridge),
        example("watch_live.py", bridge) as process,
    ):
        line = await until_said(process, r"mm, +\d+\.\d ms old\r.*ms old")
    # What is played: the wrist at (0, 100, -500) mm and the tip of the index beside it.
    assert re.search(r" 80\.0 +100\.0 +-480\.0 mm", line)


async def test_control_playback(tmp_path: Path) -> None:
    lessons = tmp_path / "lessons"
    lessons.mkdir()
    write(lessons / "etude.mcap", both(501))
    async with running_bridge(tmp_path, lessons=lessons) as bridge, sdk.connect(bridge) as poses:
        async with example("control_playback.py", bridge) as process:
            assert await said(process) == "etude\n"
        async with example("control_playback.py", bridge, "etude", "2", "2.5") as process:
            await until(lambda: poses.playback and poses.playback.playing, "it plays")
            state = poses.playback
            assert (state.recording, state.rate, state.loop_s) == ("etude", 0.5, (2.0, 2.5))
            await until_said(process, r"etude: 10.0 s\n[^$]*2\.4\d s\r +2\.0\d s")
        async with example("control_playback.py", bridge, "etude", "9", "11") as process:
            _, errors = await asyncio.wait_for(process.communicate(), 60)
            assert process.returncode == 1
            assert b"position 11.000 s is not in the recording" in errors
            assert b"Traceback" not in errors


async def test_publish_my_hands(tmp_path: Path) -> None:
    path = write(tmp_path / "take.mcap", both(100))
    async with running_bridge(tmp_path) as bridge, sdk.connect(bridge) as poses:
        async with example("publish_my_hands.py", str(path), bridge) as process:
            out = await said(process)
        name = out.split()[0]
        assert out == f"{name} in lesson\n"
        hands = [await anext(poses.learner_hands) for _ in range(poses.learner_hands.waiting)]
    assert {seen.learner for seen in hands} == {name}
    sent = [round(float(seen.wrist_m[1, 0]) * 100) for seen in hands]
    assert sent[-1] == 99
    assert sent == sorted(sent)
    times_s = [(seen.time_ns - hands[0].time_ns) * 1e-9 for seen in hands]
    assert times_s == pytest.approx([(k - sent[0]) * 0.02 for k in sent], abs=0.02)


async def test_publish_a_headset_s_log(tmp_path: Path) -> None:
    lesson, log = take(lesson_times(1.0)), tmp_path / "quest.jsonl"
    joints = np.zeros((len(lesson), 2, 26, 3))
    joints[:, :, list(OPENXR_OF_KEYPOINT)] = lesson.joints_m
    frames = [
        {"time_s": time_s, "left": left, "right": right}
        for time_s, (left, right) in zip(lesson.time_s, joints.round(5).tolist(), strict=True)
    ]
    log.write_text("".join(f"{json.dumps(frame)}\n" for frame in frames))
    async with running_bridge(tmp_path) as bridge, sdk.connect(bridge) as poses:
        async with example("publish_my_hands.py", str(log), bridge) as process:
            await said(process)
        hands = [await anext(poses.learner_hands) for _ in range(poses.learner_hands.waiting)]
    assert len(hands) > 20
    sent = [int(np.abs(lesson.wrist_m - seen.wrist_m).sum((1, 2)).argmin()) for seen in hands]
    np.testing.assert_allclose([h.wrist_m for h in hands], lesson.wrist_m[sent], atol=1e-4)
    angles = sdk.features.joint_angles(np.stack([seen.pose_quat for seen in hands]))
    expected = sdk.features.joint_angles(lesson.pose_quat[sent])
    assert np.degrees(np.median(np.abs(angles - expected))) < 2


async def test_measure_without_asyncio(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path) as bridge,
        playing(bridge),
        example("measure_without_asyncio.py", bridge, "0.5") as process,
    ):
        lines = (await said(process)).splitlines()
    assert [line.split()[0] for line in lines[:5]] == list(sdk.FINGERS)
    assert {line.split()[1] for line in lines[:5]} == {"0.0"}  # the hand that is played rests
    assert int(lines[5].split()[0]) > 5


async def test_compare_two_takes(tmp_path: Path) -> None:
    bent = sdk.features.ANGLE_NAMES.index("ring_pip_flexion")

    def bend(time_s, angles):
        angles[(time_s > 5) & (time_s < 8), sdk.Side.LEFT, bent] += 0.5
        return angles

    for name, edit in (("teacher", None), ("student", bend)):
        take(lesson_times(12), edit=edit).save(tmp_path / f"{name}.mcap")
    paths = [str(tmp_path / f"{name}.mcap") for name in ("teacher", "student")]
    async with example("compare_two_takes.py", *paths) as process:
        out = await said(process)
    assert "left ring finger's middle joint bent 29° more" in out
    assert re.search(r"loop 4\.\d to 8\.\d s of .*student\.mcap", out)


def test_view_in_rerun(lesson_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "lesson.rrd"
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "view_in_rerun.py"), str(lesson_file), str(out)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if importlib.util.find_spec("rerun") is None:
        assert "pip install 'ghosthands[viewer]'" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert out.read_bytes()[:3] == b"RRF"
