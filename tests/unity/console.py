"""The console's client as a process, and what it said."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable

from tests.bridge_fixture import until


class Console:
    """A C# client; ``lines`` has all that it printed, oldest first."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.lines: list[str] = []
        self._process = process
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.lines.append(line.decode().rstrip("\n"))

    def said(self, pattern: str, *, since: int = 0) -> list[str]:
        """The lines that begin with a pattern."""
        return [line for line in self.lines[since:] if re.match(pattern, line)]

    async def wait(self, pattern: str, *, since: int = 0, count: int = 1) -> str:
        """Waits for the line that is so manieth of those that begin with a pattern; returns it."""
        await until(
            lambda: len(self.said(pattern, since=since)) >= count or self._listening.done(),
            f"{pattern!r}",
        )
        found = self.said(pattern, since=since)
        assert len(found) >= count, f"{pattern!r} in {self.tail()}"
        return found[count - 1]

    async def wait_until(self, condition: Callable[[], object], what: str) -> None:
        await until(lambda: condition() or self._listening.done(), what)
        assert condition(), f"{what}: {self.tail()}"

    def tell(self, command: str) -> None:
        """One of the client's commands."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())

    async def leave(self) -> list[str]:
        """Ends its input, so that it leaves; returns all that it said."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), 30)
        await self._listening
        assert self._process.returncode == 0, self.tail()
        return self.lines

    def tail(self) -> list[str]:
        """The last lines that are no poses or frames."""
        return [line for line in self.lines if not line.startswith(("pose", "frame"))][-20:]


@contextlib.asynccontextmanager
async def joined(
    client: tuple[str, ...], link: str, *options: str, before: tuple[str, ...] = ()
) -> AsyncIterator[Console]:
    """A client that joins a room; it has left, of itself, when this ends.

    Args:
        client: How to run it.
        link: The room's link.
        options: Further arguments.
        before: What to put before the command.
    """
    process = await asyncio.create_subprocess_exec(
        *before,
        *client,
        link,
        *options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    console = Console(process)
    try:
        yield console
        lines = await console.leave()
        # Whatever happened was told by a line: nothing was thrown, and the connection closed.
        assert lines[-1].startswith(("end", "problem "))
        assert not [line for line in lines if "xception" in line or "does not close" in line]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await asyncio.gather(console._listening, return_exceptions=True)


def link_of(bridge: str, room: str = "lesson", token: str = "") -> str:
    """A room's link, as a bridge prints it."""
    return f"{bridge}/viewer?room={room}" + (f"#token={token}" if token else "")
