"""``ghosthands doctor``: what is missing on this machine, and how to get it."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import typer
from rich.markup import escape
from rich.table import Table

from bridge.commands.console import console
from bridge.errors import GhostHandsError

__all__ = ["doctor"]


class Verdict(Enum):
    """How a check went, with the sign shown for it."""

    GOOD = "[green]ok[/]"
    OPTIONAL = "[yellow]--[/]"
    MISSING = "[red]missing[/]"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was checked, how it went, what was found or what to do."""

    what: str
    verdict: Verdict
    text: str


def doctor() -> None:
    """Check this machine: Python, nets, GPU, ports, certificate, pages, browser."""
    table = Table(box=None, show_header=False, pad_edge=False)
    missing = 0
    for check in (
        _python,
        _packages,
        _nets,
        _providers,
        _pages,
        _certificate,
        _network,
        _port,
        _browser,
        _node,
    ):
        for finding in check():
            missing += finding.verdict is Verdict.MISSING
            table.add_row(finding.what, finding.verdict.value, escape(finding.text))
    console.print(table)
    if missing:
        console.print(f"\n{missing} missing: see above for how to get each.", style="red")
        raise typer.Exit(1)
    console.print("\nAll there. Next: ghosthands demo, or ghosthands serve", style="green")


def _python() -> Iterator[Finding]:
    yield Finding("Python", Verdict.GOOD, f"{platform.python_version()} on {platform.system()}")


def _packages() -> Iterator[Finding]:
    installed = importlib.metadata.packages_distributions()
    for module, extra, only_for in (
        ("aiortc", "bridge", None),
        ("aiohttp", "bridge", None),
        ("cv2", "bridge", None),
        ("torch", "train", "to train networks"),
        ("rerun", "viewer", "to look at recordings in Rerun"),
        ("pyarrow", "export", "to export Parquet"),
    ):
        get = f"pip install 'ghosthands[{extra}]'"
        if module in installed:
            name = installed[module][0]
            yield Finding(module, Verdict.GOOD, f"{name} {importlib.metadata.version(name)}")
        elif only_for is None:
            yield Finding(module, Verdict.MISSING, get)
        else:
            yield Finding(module, Verdict.OPTIONAL, f"only {only_for}: {get}")


def _guarded(what: str, find: Callable[[], str], remedy: str) -> Finding:
    try:
        return Finding(what, Verdict.GOOD, find())
    except (GhostHandsError, OSError) as error:
        return Finding(what, Verdict.MISSING, f"{error}. {remedy}".strip())


def _nets() -> Iterator[Finding]:
    def load() -> str:
        from bridge.model.nets import load_nets

        provider = load_nets().provider.removesuffix("ExecutionProvider")
        return f"load, match their hashes and run on: {provider}"

    yield _guarded("hand nets", load, "Install ghosthands again.")


def _providers() -> Iterator[Finding]:
    import onnxruntime

    offered = onnxruntime.get_available_providers()
    has_driver = shutil.which("nvidia-smi") is not None
    if "CUDAExecutionProvider" in offered and has_driver:
        yield Finding("GPU", Verdict.GOOD, "CUDA")
    else:
        yield Finding("GPU", Verdict.OPTIONAL, "no NVIDIA GPU here: two views run on the CPU")


def _pages() -> Iterator[Finding]:
    from bridge.pages import STATIC_FOLDER

    if (STATIC_FOLDER / "viewer.js").is_file():
        yield Finding("pages", Verdict.GOOD, "built")
    else:
        yield Finding(
            "pages", Verdict.MISSING, "run: make demo (or npm ci && npm run build in bridge/web)"
        )


def _certificate() -> Iterator[Finding]:
    def find() -> str:
        from bridge.commands.paths import data_folder
        from bridge.tls import own_certificate

        return str(own_certificate(data_folder() / "tls")[0])

    yield _guarded("certificate", find, "Give serve your own: --certificate and --private-key.")


def _network() -> Iterator[Finding]:
    from bridge.tls import local_addresses

    addresses = local_addresses()
    if addresses:
        yield Finding("network", Verdict.GOOD, ", ".join(addresses))
    else:
        yield Finding("network", Verdict.OPTIONAL, "no address phones could reach: join a network")


def _port() -> Iterator[Finding]:
    from bridge.config import load_settings

    port = load_settings().port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, sys.platform != "win32")
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104
        except OSError:
            yield Finding("port", Verdict.OPTIONAL, f"{port} is in use: ghosthands serve --port 0")
        else:
            yield Finding("port", Verdict.GOOD, f"{port} is free")


def _browser() -> Iterator[Finding]:
    found = next(
        (
            path
            for name in ("chromium", "google-chrome", "chrome", "msedge", "firefox", "safari")
            if (path := shutil.which(name))
        ),
        None,
    )
    if found or sys.platform in ("darwin", "win32"):
        yield Finding("browser", Verdict.GOOD, found or "the system's own")
    else:
        yield Finding(
            "browser", Verdict.OPTIONAL, "none here: open the viewer page on another device"
        )


def _node() -> Iterator[Finding]:
    if shutil.which("npm"):
        yield Finding("Node", Verdict.GOOD, "npm is there")
    else:
        yield Finding("Node", Verdict.OPTIONAL, "only to rebuild the pages: Node 20 or newer")
