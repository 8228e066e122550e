"""The Unity package's files: what Unity asks of a package that is added by its git address."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "unity_plugin"


def test_every_asset_has_its_meta_file():
    """Unity ignores what has none in a package that it cannot write to."""
    done = subprocess.run(
        [sys.executable, str(PACKAGE / "Tools~" / "meta.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("damage", ["missing", "orphaned", "repeated"])
def test_the_check_of_meta_files_sees(damage, tmp_path):
    (tmp_path / "Tools~").mkdir()
    script = tmp_path / "Tools~" / "meta.py"
    script.write_text((PACKAGE / "Tools~" / "meta.py").read_text(encoding="utf-8"))
    for name in ("One.cs", "Two.cs", "package.json"):
        (tmp_path / name).write_text("")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run().returncode == 0
    assert run("--check").returncode == 0
    if damage == "missing":
        (tmp_path / "One.cs.meta").unlink()
    elif damage == "orphaned":
        (tmp_path / "One.cs").unlink()
    else:
        (tmp_path / "One.cs.meta").write_text((tmp_path / "Two.cs.meta").read_text())
    done = run("--check")
    assert done.returncode == 1
    assert damage in done.stderr


def test_the_manifest_is_one_that_unity_takes():
    manifest = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    assert manifest["name"] == "com.ghosthands.unity"
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert re.fullmatch(r"\d{4}\.\d", manifest["unity"])
    assert manifest["displayName"]
    assert manifest["description"]
    for name in ("README.md", "CHANGELOG.md", "LICENSE.md"):
        assert (PACKAGE / name).is_file()


def test_the_protocol_has_no_engine():
    assembly = PACKAGE / "Runtime" / "Protocol" / "GhostHands.Protocol.asmdef"
    definition = json.loads(assembly.read_text(encoding="utf-8"))
    assert definition["name"] == assembly.stem
    assert definition["noEngineReferences"] is True
    assert definition["references"] == []
    assert definition["allowUnsafeCode"] is False
    # What IL2CPP cannot compile, or what Debian's compiler would take from elsewhere.
    forbidden = re.compile(r"UnityEngine|\bdynamic\b|Reflection\.Emit|\bunsafe\b")
    for source in assembly.parent.rglob("*.cs"):
        assert not forbidden.search(source.read_text(encoding="utf-8")), source
