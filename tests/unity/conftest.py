"""The package's assemblies and the programs that test them, compiled once by a real compiler."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "unity_plugin"
TESTS = PACKAGE / "Tests"
NEEDS = "needs Mono: apt-get install --no-install-recommends mono-mcs mono-runtime"
NUNIT_NEEDS = (
    "needs NUnit: apt-get install --no-install-recommends nunit-console libnunit-framework2.6.3-cil"
)

# Unity 2022 takes C# 9, Debian's compiler 7.2. What has no documentation is a warning, too.
COMPILE = ("mcs", "-nologo", "-langversion:7.2", "-warnaserror", "-warn:4", "-optimize+")


class Assemblies:
    """The compiled package.

    Attributes:
        folder: Where all that is compiled lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._library("Protocol")
        self._library("Core", "GhostHands.Protocol")

    def _library(self, name: str, *references: str) -> None:
        """With documentation of all that is public, and against nothing of an engine."""
        documentation = f"-doc:{self.folder / name}.xml"
        self.compile(
            f"GhostHands.{name}.dll", PACKAGE / "Runtime" / name, references, documentation
        )

    def compile(
        self, name: str, sources: Path | Iterable[Path], references: Iterable[str], *options: str
    ) -> Path:
        """Compiles a folder, or some files, to a library or program of this name."""
        target = self.folder / name
        files = sources.rglob("*.cs") if isinstance(sources, Path) else sources
        compile_all(
            [*files],
            f"-out:{target}",
            "-target:library" if target.suffix == ".dll" else "-target:exe",
            "-r:System.Core.dll",
            *(f"-r:{self.folder / reference}.dll" for reference in references),
            *options,
        )
        return target


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Assemblies:
    """The package's libraries."""
    if not (shutil.which("mcs") and shutil.which("mono")):
        pytest.skip(NEEDS)
    return Assemblies(tmp_path_factory.mktemp("unity"))


@pytest.fixture(scope="session")
def conformance(assemblies: Assemblies) -> tuple[str, ...]:
    """How to run the conformance runner."""
    # Against the library alone: what the runner uses is public, and has no engine.
    sources = [*(TESTS / "Conformance~").glob("*.cs"), TESTS / "Editor" / "Json.cs"]
    return ("mono", str(assemblies.compile("conformance.exe", sources, ["GhostHands.Protocol"])))


@pytest.fixture(scope="session")
def client(assemblies: Assemblies) -> tuple[str, ...]:
    """How to run the console's client."""
    references = ["GhostHands.Protocol", "GhostHands.Core"]
    return ("mono", str(assemblies.compile("client.exe", TESTS / "Client~", references)))


def compile_all(sources: list[Path], *options: str) -> None:
    done = subprocess.run(
        [*COMPILE, *options, *map(str, sorted(sources))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
