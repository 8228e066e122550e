"""``ghosthands play`` against a real bridge, in a real terminal and without one."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import sys
import termios
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.commands.transport_keys import TransportKeys, keys_of
from bridge.playback import Playhead
from tests.bridge_fixture import running_bridge, until
from tests.playback.lessons import both, number, write
from tests.playback.watcher import watching

S = 1_000_000_000


# Keys


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b" +-abxq", [" ", "+", "-", "a", "b", "x", "q"]),
        (b"\x1b[A\x1b[B\x1b[C\x1b[D", ["up", "down", "right", "left"]),
        (b"\x1bOD\x1bOC", ["left", "right"]),
        (b"\x1b[1;5D", []),  # control and an arrow
        (b"\x1b[3~ ", [" "]),
        (b"\x1bq", ["q"]),
        (b"\xff", ["\xff"]),
        (b"", []),
    ],
)
def test_keys(data: bytes, keys: list[str]) -> None:
    assert keys_of(data) == (keys, b"")


@given(st.lists(st.sampled_from([b" ", b"q", b"\x1b[A", b"\x1bOC", b"\x1b[1;5D"])), st.data())
def test_keys_that_come_in_pieces(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(parts)
    cut = data.draw(st.integers(0, len(whole)))
    first, rest = keys_of(whole[:cut])
    second, left = keys_of(rest + whole[cut:])
    assert left == b""
    assert (first + second, b"") == keys_of(whole)


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    keys, rest = keys_of(data)
    assert len(keys) + len(rest) <= len(data)


class Desk:
    """Keys, and the playhead that they control."""

    def __init__(self) -> None:
        self.now = 0
        self.head = Playhead(100 * S, clock_ns=lambda: self.now)
        self.keys = TransportKeys(self.head, (10 * S, 90 * S))
        self.head.seek(10 * S)

    def press(self, *keys: str) -> float:
        for key in keys:
            self.keys.press(key)
        return self.head.position_ns / S


def test_space_plays_and_pauses() -> None:
    desk = Desk()
    desk.press(" ")
    assert desk.head.playing
    desk.press(" ")
    assert not desk.head.playing


def test_arrows_seek_within_bounds() -> None:
    desk = Desk()
    assert desk.press("right") == 15
    assert desk.press("left", "left") == 10
    assert desk.press("up") == 70
    assert desk.press("up") == 90
    assert desk.press("down") == 30


def test_plus_and_minus_change_the_rate_within_bounds() -> None:
    desk = Desk()
    rates = []
    for key in "+++++-------------":
        desk.press(key)
        rates.append(desk.head.rate)
    assert rates[:5] == [1.25, 1.5, 1.75, 2.0, 2.0]
    assert rates[5:8] == [1.75, 1.5, 1.25]
    assert rates[-1] == 0.25


def test_a_and_b_make_a_loop_and_x_ends_it() -> None:
    desk = Desk()
    desk.press("right", "a", "right", "b")
    assert desk.head.loop_ns == (15 * S, 20 * S)
    assert desk.head.position_ns == 15 * S
    desk.press("x")
    assert desk.head.loop_ns is None


def test_a_loop_that_ends_before_it_begins_is_said() -> None:
    desk = Desk()
    desk.press("right", "a", "left", "b")
    assert "a loop must last" in desk.keys.note
    assert desk.head.loop_ns is None
    desk.press("?")
    assert desk.keys.note == ""


# The command


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[str]:
    async with running_bridge(tmp_path) as url:
        yield url


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """Ten seconds."""
    return write(tmp_path / "lesson.mcap", both(501))


def command(lesson: Path, bridge: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "bridge.cli", "play", str(lesson), "--url", bridge, *options]


ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("GHOSTHANDS_")} | {
    "COLUMNS": "120",
    "NO_COLOR": "1",
}


async def run(lesson: Path, bridge: str, *options: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *command(lesson, bridge, *options),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
    )
    _, errors = await process.communicate()
    return process.returncode, errors.decode()


async def test_it_plays_a_part_to_all_who_watch(bridge: str, lesson: Path) -> None:
    async with watching(bridge) as watcher:
        code, said = await run(lesson, bridge, "--from", "2", "--to", "4", "--rate", "2")
        assert code == 0, said
        assert "Traceback" not in said
        await until(lambda: number(watcher.poses[-1]) == 200, "the last pose")
    numbers = [number(packet) for packet in watcher.poses]
    assert numbers[0] == 100
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 30
    times = [packet.time_ns for packet in watcher.poses]
    assert times == sorted(set(times))


async def test_it_loops_until_it_is_stopped(bridge: str, lesson: Path) -> None:
    async with watching(bridge) as watcher:
        process = await asyncio.create_subprocess_exec(
            *command(lesson, bridge, "--from", "1", "--to", "1.2", "--loop"),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=ENVIRONMENT,
        )
        await until(lambda: sum(number(p) <= 51 for p in watcher.poses) > 4, "some laps")
        process.terminate()
        _, errors = await process.communicate()
        assert process.returncode == 0
        assert b"Traceback" not in errors
    assert {number(packet) for packet in watcher.poses} <= set(range(50, 60))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "11"), "nothing is between --from 11: the recording lasts 10.000 s"),
        (("--from", "5", "--to", "5"), "nothing is between --from 5 --to 5"),
        (("--from", "5", "--to", "5.05", "--loop"), "a loop must last 0.1 s or more"),
        (("--rate", "3"), "Invalid value for '--rate'"),
        (("--room", "No Room"), "No Room"),
    ],
)
async def test_wrong_options(lesson: Path, options: tuple[str, ...], words: str) -> None:
    code, said = await run(lesson, "http://127.0.0.1:9", *options)
    assert code == 2
    assert words in " ".join(said.split())
    assert "Traceback" not in said


async def test_no_bridge(lesson: Path) -> None:
    code, said = await run(lesson, "http://127.0.0.1:9")
    assert code == 1
    assert "cannot reach" in said
    assert "Traceback" not in said


class Terminal:
    """A process in a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self.said = ""

    async def __aenter__(self) -> Terminal:
        self._own, theirs = pty.openpty()
        self._before = termios.tcgetattr(theirs)

        def take_terminal() -> None:
            os.setsid()
            fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

        self.process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=ENVIRONMENT | {"TERM": "xterm"},
            preexec_fn=take_terminal,
        )
        self._theirs = theirs
        asyncio.get_running_loop().add_reader(self._own, self._read)
        return self

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            self.said += os.read(self._own, 65536).decode(errors="replace")

    def press(self, keys: bytes) -> None:
        os.write(self._own, keys)

    @property
    def is_restored(self) -> bool:
        return termios.tcgetattr(self._theirs) == self._before

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._own)
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        os.close(self._own)
        os.close(self._theirs)


async def test_keys_in_a_terminal(bridge: str, tmp_path: Path) -> None:
    minute = write(tmp_path / "minute.mcap", both(3001))
    async with (
        watching(bridge) as watcher,
        Terminal(*command(minute, bridge, "--rate", "0.25")) as terminal,
    ):
        await until(lambda: "Playing into lesson" in terminal.said, "progress")
        terminal.press(b" ")
        await until(lambda: "Paused into lesson" in terminal.said, "pause")
        terminal.press(b"\x1b[C")
        await until(lambda: 250 <= number(watcher.poses[-1]) <= 500, "five seconds on")
        held = number(watcher.poses[-1])
        terminal.press(b"a\x1b[C" + b"+" * 9)
        await until(lambda: number(watcher.poses[-1]) == held + 250, "five seconds more")
        await until(lambda: "x2" in terminal.said, "the rate")
        terminal.press(b" ")
        await until(lambda: number(watcher.poses[-1]) > held + 260, "playing")
        terminal.press(b"b")
        await until(lambda: re.search(r"loop 0:\d\d\.\d to 0:\d\d\.\d", terminal.said), "a loop")
        await until(lambda: held <= number(watcher.poses[-1]) < held + 50, "back at its begin")
        terminal.press(b"q")
        await asyncio.wait_for(terminal.process.wait(), 20)
        assert terminal.process.returncode == 0, terminal.said
        assert "Traceback" not in terminal.said
        assert terminal.is_restored


async def test_ctrl_c_ends_it_and_gives_the_terminal_back(bridge: str, lesson: Path) -> None:
    async with Terminal(*command(lesson, bridge, "--loop")) as terminal:
        await until(lambda: "Playing into lesson" in terminal.said, "progress")
        terminal.press(b"\x03")
        await asyncio.wait_for(terminal.process.wait(), 20)
        assert terminal.process.returncode == 0, terminal.said
        assert "Traceback" not in terminal.said
        assert terminal.is_restored
