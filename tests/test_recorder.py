"""Recording: complete when closed, readable when killed, harmless when the disk fails."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

import sdk_python as sdk
from bridge.errors import InputError
from bridge.protocol import HandPacket, PosePacket, ShapePacket, Side, decode
from bridge.recorder import Recorder

ROOT = Path(__file__).resolve().parent.parent
ORIGIN_NS = 5_000_000_000
SHAPE = ShapePacket(Side.RIGHT, np.arange(10) / 10, np.zeros((21, 3)))


def pose(seq: int) -> PosePacket:
    """A pose at 60 a second whose wrist says which it is."""
    quaternions = np.random.default_rng(seq).normal(size=(16, 4))
    quaternions[:, 3] = np.abs(quaternions[:, 3])
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    hand = HandPacket(Side.RIGHT, np.array([seq / 1000, 0, 0]), quaternions, np.full(5, 0.5))
    return PosePacket(seq, ORIGIN_NS + seq * 16_666_667, (hand,))


def recorder(path: Path, **options) -> Recorder:
    settings = {"room": "lesson", "views": ["phone", "tablet"], "origin_ns": ORIGIN_NS} | options
    return Recorder(path, **settings)


def wait_for(condition, timeout_s: float = 20.0):
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return value


def test_a_closed_recording_is_a_complete_mcap_file(tmp_path):
    path = tmp_path / "lesson.mcap"
    with recorder(path, source="files") as rec:
        assert rec.write(SHAPE)
        assert all(rec.write(pose(seq)) for seq in range(200))
    assert (rec.written, rec.dropped, rec.error) == (201, 0, None)
    with path.open("rb") as file:
        reader = make_reader(file)
        summary = reader.get_summary()
        assert summary.statistics.message_count == 201
        assert {c.topic: c.message_encoding for c in summary.channels.values()} == {
            "/hands/pose": "msgpack",
            "/hands/shape": "msgpack",
        }
        metadata = next(reader.iter_metadata())
        assert metadata.name == "ghosthands.recording"
        assert metadata.metadata["views"] == '["phone", "tablet"]'
        assert metadata.metadata["origin_ns"] == str(ORIGIN_NS)
        assert metadata.metadata["source"] == "files"
        messages = [(c.topic, m.log_time, decode(m.data)) for _, c, m in reader.iter_messages()]
    assert messages[0] == ("/hands/shape", ORIGIN_NS, SHAPE)
    assert messages[1:] == [("/hands/pose", pose(k).time_ns, pose(k)) for k in range(200)]


def test_closing_twice_and_writing_after_it(tmp_path):
    rec = recorder(tmp_path / "a.mcap")
    rec.write(SHAPE)
    rec.close()
    rec.close()
    assert not rec.recording
    assert rec.write(pose(0)) is False
    assert (rec.written, rec.dropped) == (1, 1)
    assert not any(thread.name == "recorder" for thread in threading.enumerate())


def test_a_file_that_exists_is_kept_unless_told(tmp_path):
    path = tmp_path / "a.mcap"
    path.write_bytes(b"precious")
    with pytest.raises(InputError, match="exists already"):
        recorder(path)
    assert path.read_bytes() == b"precious"
    recorder(path, overwrite=True).close()
    assert len(sdk.Recording.open(path)) == 0


@pytest.mark.parametrize("where", ["missing/a.mcap", ".", "file/a.mcap"])
def test_an_unwritable_path_is_one_clear_error(tmp_path, where):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot write|exists already"):
        recorder(tmp_path / where)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_is_full_from_the_start(tmp_path):
    with pytest.raises(InputError, match="No space left"):
        recorder(Path("/dev/full"), overwrite=True)
    assert not any(thread.name == "recorder" for thread in threading.enumerate())


class SlowFile:
    """A file whose disk pauses until told to go on."""

    def __init__(self, file):
        self._file = file
        self.go_on = threading.Event()
        self.go_on.set()

    def write(self, data):
        self.go_on.wait(20)
        return self._file.write(data)

    def __getattr__(self, name):
        return getattr(self._file, name)


def test_a_slow_disk_never_blocks_the_caller(tmp_path, monkeypatch):
    """While the disk pauses, the queue fills, the newest are dropped and counted."""
    files = []

    def slow_open(path, *, overwrite):
        files.append(SlowFile(path.open("xb")))
        return files[0]

    monkeypatch.setattr("bridge.recorder._open", slow_open)
    path = tmp_path / "slow.mcap"
    rec = recorder(path, queue_size=50, sync_interval_s=0.0)
    rec.write(SHAPE)
    wait_for(lambda: rec.written == 1)
    files[0].go_on.clear()
    taken = [rec.write(pose(seq)) for seq in range(200)]
    assert 50 <= sum(taken) <= 53
    assert rec.dropped == 200 - sum(taken)
    files[0].go_on.set()
    rec.close()
    assert rec.written == 1 + sum(taken)
    kept = [seq for seq, ok in enumerate(taken) if ok]
    recording = sdk.Recording.open(path)
    np.testing.assert_array_equal(recording.time_ns, [pose(seq).time_ns for seq in kept])


def test_a_caller_that_waits_loses_nothing(tmp_path):
    path = tmp_path / "patient.mcap"
    with recorder(path, queue_size=1) as rec:
        assert all(rec.write(pose(seq), wait=True) for seq in range(100))
    assert rec.dropped == 0
    assert len(sdk.Recording.open(path)) == 100


def test_what_was_written_is_on_the_disk_within_the_sync_interval(tmp_path):
    """Nobody closes: the file still fills, chunk by chunk, and can be read meanwhile."""
    path = tmp_path / "open.mcap"
    rec = recorder(path, sync_interval_s=0.05)
    rec.write(SHAPE)
    rec.write(pose(0))
    recording = wait_for(lambda: sdk.Recording.open(path))  # true once it has a pose
    assert recording.recovered
    rec.close()
    assert not sdk.Recording.open(path).recovered


RECORD_UNTIL_KILLED = """if True:
    import sys, time
    import tests_recorder_module as module
    rec = module.recorder(module.Path(sys.argv[1]))
    rec.write(module.SHAPE)
    start = time.monotonic()
    seq = 0
    while True:
        rec.write(module.pose(seq))
        print(seq, time.monotonic(), flush=True)
        seq += 1
        time.sleep(max(0.0, start + seq / 60 - time.monotonic()))
"""


def child(code: str, *arguments: object) -> subprocess.Popen:
    """A Python process that can import this file as ``tests_recorder_module``."""
    load = f"""if True:
        import importlib.util, sys
        sys.path.insert(0, {str(ROOT)!r})
        spec = importlib.util.spec_from_file_location("tests_recorder_module", {__file__!r})
        module = sys.modules["tests_recorder_module"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    """
    return subprocess.Popen(
        [sys.executable, "-c", f"exec({load!r})\nexec({code!r})", *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_sigkill_loses_at_most_the_last_second(tmp_path):
    path = tmp_path / "killed.mcap"
    process = child(RECORD_UNTIL_KILLED, path)
    try:
        written = {}
        for line in process.stdout:
            seq, at = line.split()
            written[int(seq)] = float(at)
            if int(seq) == 150:  # two and a half seconds in
                break
    finally:
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0].split("\n")
    for line in rest:
        if len(line.split()) == 2:
            seq, at = line.split()
            written[int(seq)] = float(at)
    recording = sdk.Recording.open(path)
    assert recording.recovered
    np.testing.assert_array_equal(
        recording.time_ns, [pose(seq).time_ns for seq in range(len(recording))]
    )
    killed_at = max(written.values())
    lost = [at for seq, at in written.items() if seq >= len(recording)]
    assert not lost or killed_at - min(lost) < 1.0
    np.testing.assert_allclose(recording.wrist_m[:, 1, 0], np.arange(len(recording)) / 1000)


RECORD_UNTIL_FULL = """if True:
    import resource, sys, time
    import tests_recorder_module as module
    rec = module.recorder(module.Path(sys.argv[1]), sync_interval_s=0.02)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
    rec.write(module.SHAPE)
    seq = 0
    deadline = time.monotonic() + 30
    while rec.error is None and time.monotonic() < deadline:
        rec.write(module.pose(seq))
        seq += 1
        time.sleep(0.001)
    for _ in range(5000):
        rec.write(module.pose(seq))
    assert not rec.recording
    rec.close()
    print(type(rec.error).__name__, rec.dropped >= 5000)
"""


def test_a_disk_that_fills_up_ends_the_recording_and_nothing_else(tmp_path):
    path = tmp_path / "full.mcap"
    process = child(RECORD_UNTIL_FULL, path)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.split() == ["OSError", "True"]
    recording = sdk.Recording.open(path)
    assert recording.recovered
    assert len(recording) > 50
    np.testing.assert_array_equal(
        recording.time_ns, [pose(seq).time_ns for seq in range(len(recording))]
    )


class FailingFile(SlowFile):
    def flush(self):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("at_close", [False, True])
def test_an_error_of_the_disk_is_logged_and_kept(tmp_path, monkeypatch, caplog, at_close):
    files = []

    def failing_open(path, *, overwrite):
        files.append(SlowFile(path.open("xb")))
        return files[0]

    monkeypatch.setattr("bridge.recorder._open", failing_open)
    rec = recorder(tmp_path / "a.mcap", sync_interval_s=1000.0 if at_close else 0.0)
    rec.write(SHAPE)
    wait_for(lambda: rec.written == 1)
    with caplog.at_level(logging.ERROR):
        files[0].__class__ = FailingFile
        if not at_close:
            rec.write(pose(0))
            wait_for(lambda: rec.error is not None)
        rec.close()
    assert rec.error.errno == 28
    assert "ended early" in caplog.text
    assert "No space left" in caplog.text
    assert rec.write(pose(1)) is False
    assert not any(thread.name == "recorder" for thread in threading.enumerate())


def test_no_file_handle_is_left(tmp_path):
    fds = Path("/proc/self/fd")
    if not fds.exists():
        pytest.skip("needs /proc")
    before = len(list(fds.iterdir()))
    for k in range(5):
        with recorder(tmp_path / f"{k}.mcap") as rec:
            rec.write(SHAPE)
    assert len(list(fds.iterdir())) == before
