"""The bridge, publishers and watchers as processes of their own, which a test may kill."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bridge_fixture import until

ROOT = Path(__file__).parents[2]


@dataclass
class Running:
    """A process whose lines of JSON are read as they come.

    Attributes:
        process: The process.
        lines: What it has said so far.
    """

    process: asyncio.subprocess.Process
    lines: list[dict[str, Any]] = field(default_factory=list)

    async def read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            with contextlib.suppress(ValueError):
                self.lines.append(json.loads(line))

    def said(self, text: str) -> list[str]:
        """Messages of its log that contain a text."""
        return [line["message"] for line in self.lines if text in line.get("message", "")]

    async def until(self, condition: Callable[[list[dict[str, Any]]], Any], what: str) -> None:
        """Waits until what it has said meets a condition, and fails if it ends before."""

        def met() -> bool:
            found = bool(condition(self.lines))
            if not found and self.process.returncode is not None:
                raise AssertionError(f"ended before {what}: {self.lines[-5:]}")
            return found

        await until(met, f"{what}; it last said {self.lines[-3:]}" if self.lines else what)

    async def end(self) -> None:
        """Kills it, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


@contextlib.asynccontextmanager
async def running(
    *command: str, log: str = "stdout", env: dict[str, str] | None = None, cwd: Path = ROOT
) -> AsyncIterator[Running]:
    """Runs a command whose ``stdout`` or ``stderr`` are lines of JSON."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GHOSTHANDS_")}
    quiet = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.DEVNULL}
    process = await asyncio.create_subprocess_exec(
        *command,
        **quiet | {log: asyncio.subprocess.PIPE},
        env=environment | {"PYTHONPATH": str(ROOT)} | (env or {}),
        cwd=cwd,
    )
    found = Running(process)
    reading = asyncio.create_task(found.read(getattr(process, log)))
    try:
        yield found
    finally:
        await found.end()
        await reading


@contextlib.asynccontextmanager
async def serving(
    folder: Path,
    *options: str,
    at: tuple[str, ...] = (),
    host: tuple[str, ...] = ("--insecure", "--host", "127.0.0.1", "--port", "0"),
    env: dict[str, str] | None = None,
) -> AsyncIterator[tuple[str, Running]]:
    """``ghosthands serve`` with its log as JSON; yields its address, too.

    Args:
        folder: Where it runs, and keeps its data.
        options: More options.
        at: What stands before the command.
        host: Where it listens.
        env: More environment variables.
    """
    command = (sys.executable, "-m", "bridge.cli", "serve", *host, "--log-format", "json")
    environment = {"XDG_DATA_HOME": str(folder)} | (env or {})
    async with running(*at, *command, *options, log="stderr", env=environment, cwd=folder) as found:
        await found.until(lambda _: found.said("listening on "), "it listens")
        yield found.said("listening on ")[0].removeprefix("listening on "), found


@contextlib.asynccontextmanager
async def publishing(
    url: str,
    video: Path,
    view: str,
    *options: str,
    at: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
) -> AsyncIterator[Running]:
    """``ghosthands publish``, over and over."""
    command = (sys.executable, "-m", "bridge.cli", "publish", str(video), "--loop", "--copy")
    async with running(*at, *command, "--url", url, "--view", view, *options, env=env) as found:
        yield found
