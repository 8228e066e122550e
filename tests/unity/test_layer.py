"""Components, editor and sample, against a stub of the engine; components at a real bridge."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bridge_fixture import running_bridge
from tests.sdk.comparison.takes import lesson_times, take

from . import nunit
from .conftest import COMPILE, TESTS, Assemblies
from .console import link_of
from .layer import Layer, compile_layer, runtime_sources
from .lessons import lesson

SOURCES = TESTS / "Layer~"
SHARED = ("Json.cs", "Vectors.cs", "Allocations.cs")


@pytest.fixture(scope="module")
def layer(assemblies: Assemblies) -> Layer:
    """All of it, for a project that has com.unity.xr.hands."""
    return compile_layer(assemblies, xr_hands=True)


def test_it_compiles_with_xr_hands(assemblies: Assemblies, layer: Layer) -> None:
    assert (assemblies.folder / f"{layer.samples}.dll").exists()


def test_it_compiles_without_xr_hands(assemblies: Assemblies) -> None:
    compile_layer(assemblies, xr_hands=False)


def test_without_an_engine_only_the_core_compiles(assemblies: Assemblies) -> None:
    """The fixture has compiled protocol and core, without the stub."""
    references = [f"-r:{assemblies.folder}/GhostHands.{name}.dll" for name in ("Protocol", "Core")]
    target = f"-out:{assemblies.folder / 'none.dll'}"
    done = subprocess.run(
        [*COMPILE, "-target:library", target, *references, *map(str, runtime_sources())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "CS0246" in done.stderr
    assert "UnityEngine" in done.stderr


@pytest.fixture(scope="module")
def results(
    assemblies: Assemblies, layer: Layer, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What each test of the layer said, while a bridge with a recording ran."""
    nunit.need_nunit()
    folder = tmp_path_factory.mktemp("layer")
    for name in (*layer.runtime, layer.editor, layer.samples):
        shutil.copy(assemblies.folder / f"{name}.dll", folder)
    sources = [*SOURCES.glob("*.cs"), *(TESTS / "Editor" / name for name in SHARED)]
    library = assemblies.compile(
        "GhostHands.LayerTests.dll",
        sources,
        [*layer.runtime, layer.editor, layer.samples],
        f"-r:{nunit.FRAMEWORK}",
    )
    shutil.copy(library, folder)
    return asyncio.run(beside_a_bridge(folder / library.name, folder))


async def beside_a_bridge(library: Path, folder: Path) -> dict[str, str]:
    lessons = folder / "lessons"
    lessons.mkdir()
    # One whose passages differ, so that the bridge can tell where a learner is.
    take(lesson_times(30)).save(lessons / "etude.mcap")
    # Named as what a shell would take apart.
    recording = lesson(folder / "a lesson; $(of) 'two' words.mcap", count=20)
    program = Path(sys.executable).with_name("ghosthands")
    async with running_bridge(folder, lessons=lessons) as url:
        return await nunit.run(
            library,
            folder,
            GHOSTHANDS_LINK=link_of(url),
            GHOSTHANDS_PROGRAM=str(program),
            GHOSTHANDS_RECORDING=str(recording),
        )


def test_the_components_do_what_they_should(results: dict[str, str]) -> None:
    nunit.assert_all_passed(results)


def test_none_is_left_out(results: dict[str, str]) -> None:
    assert nunit.classes(results) == {path.stem for path in SOURCES.glob("*Tests.cs")}
