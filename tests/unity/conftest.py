"""The package's protocol and its conformance runner, compiled once by a real compiler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "unity_plugin"
NEEDS = "needs Mono: apt-get install --no-install-recommends mono-mcs mono-runtime"

# Unity 2022 takes C# 9, Debian's compiler 7.2. What has no documentation is a warning, too.
COMPILE = ("mcs", "-nologo", "-langversion:7.2", "-warnaserror", "-warn:4", "-optimize+")


@pytest.fixture(scope="session")
def conformance(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """How to run the conformance runner."""
    if not (shutil.which("mcs") and shutil.which("mono")):
        pytest.skip(NEEDS)
    folder = tmp_path_factory.mktemp("unity")
    library, runner = folder / "GhostHands.Protocol.dll", folder / "conformance.exe"
    sources = [*(PACKAGE / "Runtime" / "Protocol").rglob("*.cs")]
    compile_all(sources, f"-out:{library}", "-target:library", f"-doc:{folder / 'doc.xml'}")
    # Against the library alone: what the runner uses is public, and has no engine.
    sources = [*(PACKAGE / "Tests" / "Conformance~").glob("*.cs")]
    compile_all(sources, f"-out:{runner}", f"-r:{library}", "-r:System.Core.dll")
    return ("mono", str(runner))


def compile_all(sources: list[Path], *options: str) -> None:
    done = subprocess.run(
        [*COMPILE, *options, *map(str, sorted(sources))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
