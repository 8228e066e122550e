"""The package's components, compiled against a stub of the engine."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from .conftest import PACKAGE, TESTS, Assemblies

STUB = TESTS / "EngineStub~"
CORE = ("GhostHands.Protocol", "GhostHands.Core")
XR_HANDS = "GHOSTHANDS_XR_HANDS"


@dataclasses.dataclass(frozen=True)
class Layer:
    """Names of assemblies: ``GhostHands`` and what it needs, the editor's, the sample's."""

    runtime: tuple[str, ...]
    editor: str
    samples: str


def engine(assemblies: Assemblies, *, xr_hands: bool) -> str:
    """Compiles the stub; returns its name."""
    # Without XR Hands nothing of that package may be named.
    sources = [p for p in STUB.glob("*.cs") if xr_hands or p.name != "XRHands.cs"]
    name = "EngineStub.XRHands" if xr_hands else "EngineStub"
    # Fields of a stub are there to be written by others.
    assemblies.compile(f"{name}.dll", sources, [], "-nowarn:414,649")
    return name


def runtime_sources() -> list[Path]:
    """The sources of the assembly ``GhostHands``: those of no assembly below it."""
    others = (PACKAGE / "Runtime" / "Core", PACKAGE / "Runtime" / "Protocol")
    return [
        path
        for path in (PACKAGE / "Runtime").rglob("*.cs")
        if not any(other in path.parents for other in others)
    ]


def compile_layer(assemblies: Assemblies, *, xr_hands: bool) -> Layer:
    """Compiles components, editor and sample; what is public must be documented."""
    end = ".XRHands" if xr_hands else ""
    defines = (f"-d:{XR_HANDS}",) if xr_hands else ()
    below = (*CORE, engine(assemblies, xr_hands=xr_hands))

    def library(folder: str, sources: list[Path], references: tuple[str, ...]) -> str:
        # In a folder of its own, for friends are found by the assembly's name.
        (assemblies.folder / f"layer{end}").mkdir(exist_ok=True)
        name = f"layer{end}/{folder}"
        documentation = f"-doc:{assemblies.folder / name}.xml"
        assemblies.compile(f"{name}.dll", sources, references, documentation, *defines)
        return name

    runtime = library("GhostHands", runtime_sources(), below)
    references = (*below, runtime)
    editor = library("GhostHands.Editor", [*(PACKAGE / "Editor").rglob("*.cs")], references)
    samples = library("GhostHands.Samples", [*(PACKAGE / "Samples~").rglob("*.cs")], references)
    return Layer(references, editor, samples)
