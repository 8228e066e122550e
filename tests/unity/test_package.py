"""The Unity package's files: what Unity asks of a package that is added by its git address."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "unity_plugin"
FIELDS = {
    *("name", "version", "displayName", "description", "unity", "unityRelease", "keywords"),
    *("license", "licensesUrl", "documentationUrl", "changelogUrl", "author", "repository"),
    *("dependencies", "samples", "hideInEditor", "type"),
}
"""What a manifest may have; repository is npm's, which Unity reads past."""


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
    """Unity's manual, "Package manifest": names, versions, and what lies where it says."""
    manifest = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    assert manifest["name"] == "com.ghosthands.unity"
    assert len(manifest["name"]) <= 214
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert re.fullmatch(r"\d{4}\.\d", manifest["unity"])
    assert re.fullmatch(r"\d+[abf]\d+", manifest["unityRelease"])
    assert 0 < len(manifest["displayName"]) <= 50
    assert manifest["description"]
    assert all(isinstance(word, str) for word in manifest["keywords"])
    assert manifest["author"]["name"]
    for name, version in manifest["dependencies"].items():
        # Modules are part of every editor: nothing is downloaded.
        assert name.startswith("com.unity.modules."), name
        assert version == "1.0.0"
    assert set(manifest) <= FIELDS
    for name in (
        *("README.md", "CHANGELOG.md", "LICENSE.md", "Third Party Notices.md"),
        "Documentation~/index.md",
    ):
        assert (PACKAGE / name).is_file(), name
    for url in ("documentationUrl", "changelogUrl", "licensesUrl"):
        assert manifest[url].startswith("https://")
        assert (PACKAGE / manifest[url].partition("/unity_plugin/")[2]).is_file()
    changes = (PACKAGE / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"[{manifest['version']}]" in changes or "[Unreleased]" in changes


def test_every_sample_is_where_the_manifest_says():
    manifest = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    listed = {sample["path"] for sample in manifest["samples"]}
    folders = [path for path in (PACKAGE / "Samples~").iterdir() if path.is_dir()]
    assert listed == {f"Samples~/{path.name}" for path in folders}
    for sample in manifest["samples"]:
        assert sample["displayName"]
        assert sample["description"]
        assert list((PACKAGE / sample["path"]).glob("*.unity"))


@pytest.mark.parametrize(
    ("path", "references"),
    [
        ("Runtime", ["GhostHands.Protocol", "GhostHands.Core", "Unity.XR.Hands"]),
        ("Editor", ["GhostHands.Protocol", "GhostHands.Core", "GhostHands"]),
        ("Samples~/FollowAlong", ["GhostHands.Protocol", "GhostHands.Core", "GhostHands"]),
    ],
)
def test_what_has_an_engine(path, references):
    (file,) = (PACKAGE / path).glob("*.asmdef")
    found = definition(file)
    assert found["references"] == references
    assert found["noEngineReferences"] is False
    assert found["includePlatforms"] == (["Editor"] if path == "Editor" else [])
    # XR Hands is used where it is, and missed nowhere.
    defines = [define["define"] for define in found["versionDefines"]]
    assert defines == (["GHOSTHANDS_XR_HANDS"] if path == "Runtime" else [])


def test_xr_hands_are_named_only_where_they_may_be_missing():
    for source in [*(PACKAGE / "Runtime").rglob("*.cs"), *(PACKAGE / "Editor").rglob("*.cs")]:
        text = source.read_text(encoding="utf-8")
        if re.search(r"\bXRHand(?!JointID</c>)", text):
            assert text.startswith("#if GHOSTHANDS_XR_HANDS\n"), source


def test_components_lie_in_files_of_their_names():
    """Otherwise Unity cannot add them, and scenes lose them."""
    for source in [*(PACKAGE / "Runtime").rglob("*.cs"), *(PACKAGE / "Samples~").rglob("*.cs")]:
        for name in re.findall(r"class (\w+) : MonoBehaviour", source.read_text(encoding="utf-8")):
            assert source.stem == name


def test_shaders_are_found_by_the_names_that_are_asked_for():
    """No shader can be compiled without Unity: this sees names and brackets only."""
    folder = PACKAGE / "Runtime" / "Resources"
    asked = {
        name
        for source in (PACKAGE / "Runtime").rglob("*.cs")
        for name in re.findall(r'"(GhostHands/\w+)"', source.read_text(encoding="utf-8"))
    }
    there = {
        path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.shader")
    }
    assert asked == there
    look = (PACKAGE / "Runtime" / "Hands" / "GhostLook.cs").read_text(encoding="utf-8")
    ghost = (folder / "GhostHands" / "Ghost.shader").read_text(encoding="utf-8")
    for name in re.findall(r'PropertyToID\("(\w+)"\)', look):
        assert re.search(rf"^\s+{name} \(", ghost, re.MULTILINE), name
        assert re.search(rf"^\s+float4? {name};", ghost, re.MULTILINE), name
    for path in folder.rglob("*.shader"):
        text = path.read_text(encoding="utf-8")
        assert text.count("{") == text.count("}")
        assert text.count("CGPROGRAM") == text.count("ENDCG") == 1


def definition(path: Path) -> dict[str, object]:
    read: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    assert read["name"] == path.stem
    assert read["allowUnsafeCode"] is False
    return read


@pytest.mark.parametrize(
    ("name", "references"), [("Protocol", []), ("Core", ["GhostHands.Protocol"])]
)
def test_what_has_no_engine(name, references):
    assembly = PACKAGE / "Runtime" / name / f"GhostHands.{name}.asmdef"
    found = definition(assembly)
    assert found["noEngineReferences"] is True
    assert found["references"] == references
    # What IL2CPP cannot compile, or what Debian's compiler would take from elsewhere.
    forbidden = re.compile(r"UnityEngine|\bdynamic\b|Reflection\.Emit|\bunsafe\b")
    for source in assembly.parent.rglob("*.cs"):
        text = source.read_text(encoding="utf-8")
        assert not forbidden.search(text), source
        assert f"namespace GhostHands.{name}" in text or source.name == "AssemblyInfo.cs", source


def test_unity_s_test_runner_finds_the_tests():
    found = definition(PACKAGE / "Tests" / "Editor" / "GhostHands.Tests.asmdef")
    assert found["includePlatforms"] == ["Editor"]
    assert found["overrideReferences"] is True
    assert found["precompiledReferences"] == ["nunit.framework.dll"]
    assert found["autoReferenced"] is False
    assert found["defineConstraints"] == ["UNITY_INCLUDE_TESTS"]
    assert found["references"] == ["GhostHands.Protocol", "GhostHands.Core"]
