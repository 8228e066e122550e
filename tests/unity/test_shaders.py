"""The shaders' programs through a compiler of HLSL, with a stub of Unity's include."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import PACKAGE, TESTS

SHADERS = sorted((PACKAGE / "Runtime" / "Resources").rglob("*.shader"))
STUB = TESTS / "EngineStub~" / "UnityCG.hlsl"
COMPILER = "glslangValidator"
STAGES = (("vert", "Vertex"), ("frag", "Fragment"))

pytestmark = pytest.mark.skipif(
    shutil.which(COMPILER) is None,
    reason="needs glslang: apt-get install --no-install-recommends glslang-tools",
)


def compiled(text: str, stage: str, entry: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Compiles a shader's one program, as HLSL, to SPIR-V."""
    program = re.findall(r"CGPROGRAM\n(.*?)ENDCG", text, re.DOTALL)
    assert len(program) == 1
    included = re.sub(r'#include "UnityCG.cginc"|#pragma .*', "", program[0])
    source = folder / "program.hlsl"
    source.write_text(STUB.read_text(encoding="utf-8") + included, encoding="utf-8")
    return subprocess.run(
        [
            COMPILER,
            "-D",
            "-V",
            "-S",
            stage,
            "-e",
            entry,
            "-o",
            str(folder / "out.spv"),
            str(source),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage[1])
@pytest.mark.parametrize("path", SHADERS, ids=lambda path: path.stem)
def test_a_program_compiles(path: Path, stage: tuple[str, str], tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert f"#pragma {stage[1].lower()} {stage[1]}\n" in text
    done = compiled(text, *stage, tmp_path)
    assert done.returncode == 0, done.stdout


def test_a_name_that_is_none_is_seen(tmp_path: Path) -> None:
    text = SHADERS[0].read_text(encoding="utf-8").replace("input.position", "input.place")
    assert compiled(text, "vert", "Vertex", tmp_path).returncode != 0
