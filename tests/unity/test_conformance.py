"""The Unity package's protocol in C#: golden vectors under Mono, and side by side with Python."""

from __future__ import annotations

import json
import subprocess

import msgpack
import numpy as np
import pytest

from bridge.protocol import (
    PosePacket,
    ServerSession,
    ShapePacket,
    Side,
    encode,
)
from bridge.protocol.packets import HandPacket

from .golden import GOLDEN, document, vectors


@pytest.fixture(scope="module")
def checks(conformance) -> dict[str, str]:
    """What each check of the runner said."""
    done = subprocess.run(
        [*conformance, "check", str(GOLDEN)], capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith("FAIL ")]
    assert done.returncode == (1 if failed else 0), done.stderr
    verdicts = {}
    for line in lines:
        verdict, _, rest = line.partition(" ")
        verdicts[rest] = verdict
    return verdicts


def test_every_check_holds(checks):
    assert [name for name, verdict in checks.items() if verdict != "ok"] == []


@pytest.mark.parametrize("file", ["messages.json", "compact.json", "rejected.json"])
def test_no_vector_is_left_out(checks, file):
    assert {f"{file}: {vector['name']}" for vector in vectors(file)} == {
        name for name in checks if name.startswith(f"{file}:")
    }


def test_no_geometry_is_left_out(checks):
    geometry = document("geometry.json")
    expected = {*geometry["joints"], *geometry["coordinates"], "kinematics"}
    assert {f"geometry.json: {name}" for name in expected} == {
        name for name in checks if name.startswith("geometry.json:")
    }


@pytest.mark.parametrize("part", ["fuzz", "quantising", "session", "clock", "garbage"])
def test_no_part_is_left_out(checks, part):
    assert sum(name.startswith(f"{part}:") for name in checks) >= 2


def test_a_failure_is_told(conformance, tmp_path):
    """A meaning that is wrong, and bytes that should not be refused: the runner finds both."""
    data = msgpack.packb({"type": "ack", "seq": 7})
    ack = {"name": "ack", "hex": data.hex(), "canonical": True}
    wrong = [ack | {"message": {"type": "ack", "seq": 8}}]
    files = {"messages.json": wrong, "compact.json": [], "rejected.json": [ack | {"code": "x"}]}
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps({"vectors": content}), encoding="utf-8")
    (tmp_path / "geometry.json").write_text(json.dumps(document("geometry.json")), encoding="utf-8")
    done = subprocess.run(
        [*conformance, "check", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "FAIL messages.json: ack: .seq: 7" in done.stdout
    assert "FAIL rejected.json: ack: was taken as ack" in done.stdout


def test_a_watcher_in_csharp_talks_to_the_bridge(conformance):
    """Hello, welcome, subscribe, 60 poses through a window of 10, clocks, bye."""
    bridge_ns = 5_000_000_000
    bridge = ServerSession(room="lesson", server="test", clock_ns=lambda: bridge_ns)
    with Watcher(conformance) as watcher:
        assert watcher.deliver(bridge) == ["welcome"]
        assert bridge.subscribed
        for side in Side:
            bridge.send(ShapePacket(side, np.zeros(10), np.zeros((21, 3))))
        turned = np.tile(np.array([0.0, 0.0, 0.0, 1.0]), (16, 1))
        hands = tuple(HandPacket(side, np.zeros(3), turned, np.ones(5)) for side in Side)
        taken = watcher.deliver(bridge)
        for seq in range(60):
            bridge.offer(seq, encode(PosePacket(seq, bridge_ns, hands)))
            taken += watcher.deliver(bridge)
        assert taken == ["shape", "shape"] + 60 * ["pose"]
        assert bridge.window.dropped == 0
        assert bridge.window.in_flight == 0  # the last of 60 ends half a window

        watcher.tell("clock 2000000000", bridge)
        watcher.tell("ping", bridge)
        watcher.deliver(bridge)
        assert watcher.offset_ns == 3_000_000_000
        bridge.ping()
        watcher.deliver(bridge)
        assert bridge.clock.ready
        assert bridge.clock.offset_ns == -3_000_000_000

        watcher.tell("bye", bridge)
        assert watcher.state == "Closed"
        assert bridge.state.value == "closed"
        assert bridge.error is None


class Watcher:
    """The C# session in its own process."""

    def __init__(self, conformance: tuple[str, ...]) -> None:
        self._process = subprocess.Popen(
            [*conformance, "talk"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._sent: list[bytes] = []
        self.state = ""
        self.offset_ns = 0
        self._hear()

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=10)
        assert self._process.returncode == 0

    def deliver(self, bridge: ServerSession) -> list[str]:
        """Carries what waits on both sides; returns the types of what the watcher took."""
        self._pass_on(bridge)
        lines = [f"in {data.hex()}" for data in bridge.outgoing()]
        return [kind for line in lines for kind in self.tell(line, bridge)]

    def tell(self, line: str, bridge: ServerSession) -> list[str]:
        """One line to the watcher; what it sends goes to the bridge at once."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        taken = self._hear()
        self._pass_on(bridge)
        return taken

    def _pass_on(self, bridge: ServerSession) -> None:
        for data in self._sent:
            bridge.receive(data)
        self._sent = []

    def _hear(self) -> list[str]:
        assert self._process.stdout is not None
        taken = []
        while True:
            word, *rest = self._process.stdout.readline().split()
            if word == "out":
                self._sent.append(bytes.fromhex(rest[0]))
            elif word == "got":
                taken.append(rest[0])
            else:
                self.state, self.offset_ns = rest[0], int(rest[1])
                return taken
