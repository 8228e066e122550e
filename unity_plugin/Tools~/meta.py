"""Writes the .meta files that Unity needs for each asset of this package.

``python meta.py`` writes those that are missing and removes those whose asset is gone; with
``--check`` it changes nothing and fails where there is something to do. A GUID is the MD5 of the
asset's path, so it is the same for everyone. A file that was moved by Unity keeps its own.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
NAME = "com.ghosthands.unity"

_TAIL = "  externalObjects: {}\n  userData:\n  assetBundleName:\n  assetBundleVariant:\n"
_SCRIPT = (
    "MonoImporter:\n  externalObjects: {}\n  serializedVersion: 2\n  defaultReferences: []\n"
    "  executionOrder: 0\n  icon: {instanceID: 0}\n"
    "  userData:\n  assetBundleName:\n  assetBundleVariant:\n"
)
_IMPORTERS = {
    ".cs": _SCRIPT,
    ".asmdef": "AssemblyDefinitionImporter:\n" + _TAIL,
    ".md": "TextScriptImporter:\n" + _TAIL,
    ".shader": (
        "ShaderImporter:\n  externalObjects: {}\n  defaultTextures: []\n"
        "  nonModifiableTextures: []\n  preprocessorOverride: 0\n"
        "  userData:\n  assetBundleName:\n  assetBundleVariant:\n"
    ),
}

SAMPLES = "Samples~"
"""Unity does not import this folder, but copies what is in it: that needs .meta files, too."""


def assets() -> list[Path]:
    """What Unity imports or copies, relative to the package.

    No hidden names, and of folders ``*~`` only what is in ``Samples~``.
    """
    return sorted(
        path.relative_to(PACKAGE)
        for path in PACKAGE.rglob("*")
        if path.suffix != ".meta"
        and not any(part.startswith(".") or part.endswith("~") for part in _imported(path))
    )


def meta(asset: Path) -> str:
    """The text of an asset's .meta file."""
    guid = hashlib.md5(f"{NAME}/{asset.as_posix()}".encode(), usedforsecurity=False).hexdigest()
    head = f"fileFormatVersion: 2\nguid: {guid}\n"
    if (PACKAGE / asset).is_dir():
        return f"{head}folderAsset: yes\nDefaultImporter:\n{_TAIL}"
    if asset.as_posix() == "package.json":
        return f"{head}PackageManifestImporter:\n{_TAIL}"
    return head + _IMPORTERS.get(asset.suffix, "DefaultImporter:\n" + _TAIL)


def missing() -> list[Path]:
    """Assets without a .meta file."""
    return [asset for asset in assets() if not _meta_of(asset).exists()]


def orphaned() -> list[Path]:
    """.meta files without an asset."""
    wanted = {_meta_of(asset) for asset in assets()}
    return sorted(path for path in PACKAGE.rglob("*.meta") if path not in wanted)


def repeated() -> list[str]:
    """GUIDs that more than one asset has."""
    guids = Counter(
        path.read_text(encoding="utf-8").split("guid: ")[1].split()[0]
        for path in PACKAGE.rglob("*.meta")
    )
    return sorted(guid for guid, count in guids.items() if count > 1)


def _meta_of(asset: Path) -> Path:
    return PACKAGE / f"{asset}.meta"


def _imported(path: Path) -> tuple[str, ...]:
    parts = path.relative_to(PACKAGE).parts
    return parts[1:] if parts[0] == SAMPLES and len(parts) > 1 else parts


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail on a difference")
    check = parser.parse_args().check
    problems = [f"missing: {asset}.meta" for asset in missing()]
    problems += [f"orphaned: {path.relative_to(PACKAGE)}" for path in orphaned()]
    if not check:
        for asset in missing():
            _meta_of(asset).write_text(meta(asset), encoding="utf-8")
        for path in orphaned():
            path.unlink()
        problems = []
    problems += [f"repeated: {guid}" for guid in repeated()]
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
