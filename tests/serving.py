"""``ghosthands`` as a process of its own, with a home of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = (sys.executable, "-m", "bridge.cli")


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GHOSTHANDS_")}
    return kept | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")} | more


def run(home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (*COMMAND, *arguments),
        env=environment(home, **more),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def serving(home: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A bridge that asks for tokens; yields its first lines, up to the overview."""
    with subprocess.Popen(
        (*COMMAND, "serve", "--host", "127.0.0.1", "--port", "0", "--insecure", *arguments),
        env=environment(home),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if line.startswith("Overview"):
                break
        try:
            yield printed, process
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()
