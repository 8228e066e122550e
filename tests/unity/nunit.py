"""Runs compiled NUnit tests under Mono."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path
from xml.etree import ElementTree

import msgpack
import numpy as np
import pytest

from bridge.model.hand import open_hand
from bridge.model.hand.mesh import mesh_document
from bridge.protocol import Side

from .conftest import NUNIT_NEEDS
from .golden import GOLDEN

FRAMEWORK = Path("/usr/lib/cli/nunit.framework-2.6.3/nunit.framework.dll")
MOST_S = 120


def need_nunit() -> None:
    """Skips a test where Debian's NUnit is not installed."""
    if shutil.which("nunit-console") is None or not FRAMEWORK.exists():
        pytest.skip(NUNIT_NEEDS)


async def run(library: Path, folder: Path, **variables: str) -> dict[str, str]:
    """What each test of a library said: nothing, or why it failed or did not run.

    Args:
        library: The compiled tests.
        folder: For the hand model's files, which tests find by the environment, and the report.
        variables: More of the environment.
    """
    for side in Side:
        document = msgpack.packb(mesh_document(side))
        (folder / f"{side.name.lower()}.msgpack").write_bytes(document)
        (folder / f"{side.name.lower()}.json").write_text(json.dumps(posed(side)))
    report = folder / "results.xml"
    process = await asyncio.create_subprocess_exec(
        *("nunit-console", "-nologo", "-noshadow", f"-xml={report}", str(library)),
        env=os.environ
        | {"GHOSTHANDS_GOLDEN": str(GOLDEN), "GHOSTHANDS_HANDS": str(folder)}
        | variables,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), MOST_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert report.exists(), output.decode()
    return {case.get("name", ""): why(case) for case in ElementTree.parse(report).iter("test-case")}


def posed(side: Side) -> dict[str, object]:
    """A person's hand in some pose, and where the hand model has its vertices then."""
    numbers = np.random.default_rng(3 + side)
    betas = numbers.normal(0, 1, 10)
    quaternions = numbers.normal(0, 0.3, (16, 4)) + np.array([0, 0, 0, 1.2])
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    wrist_m = [0.1, 0.2, -0.4]
    hand = open_hand(side)
    return {
        "betas": betas.tolist(),
        "rest_joints_m": hand.rest_keypoints(betas).tolist(),
        "pose_quat": quaternions.tolist(),
        "wrist_m": wrist_m,
        "vertices_m": hand.vertices(betas, quaternions, wrist_m).tolist(),
    }


def why(case: ElementTree.Element) -> str:
    if case.get("result") == "Success":
        return ""
    message = case.findtext(".//message") or "no reason given"
    return f"{case.get('result')}: {message.strip()}"


def assert_all_passed(results: dict[str, str]) -> None:
    failed = {name: said for name, said in results.items() if said}
    assert not failed, "\n".join(f"{name}: {said}" for name, said in failed.items())


def classes(results: dict[str, str]) -> set[str]:
    """The fixtures that were run."""
    return {name.split("(")[0].rsplit(".", 2)[1] for name in results}
