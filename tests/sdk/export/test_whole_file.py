"""Under its name a file is whole or not there."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import sdk_python as sdk
from sdk_python._whole_file import whole_file

ROOT = Path(__file__).resolve().parents[3]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, meanwhile: Callable[[], object]) -> None:
    with whole_file(path, overwrite=False) as file:
        file.write(b"mine")
        meanwhile()


def test_it_appears_at_the_end(tmp_path):
    with whole_file(tmp_path / "a", overwrite=False) as file:
        file.write(b"half")
        assert not (tmp_path / "a").exists()
        file.write(b" whole")
    assert (tmp_path / "a").read_bytes() == b"half whole"
    assert names(tmp_path) == ["a"]


def test_what_is_there_stays_unless_it_is_to_be_replaced(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(sdk.InputError, match="exists already"), whole_file(path, overwrite=False):
        pytest.fail("it must refuse before the work")
    with whole_file(path, overwrite=True) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_a_file_made_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(sdk.InputError, match="exists already"):
        write(path, lambda: path.write_bytes(b"theirs"))
    assert path.read_bytes() == b"theirs"
    assert names(tmp_path) == ["a"]


def test_without_hard_links(tmp_path, monkeypatch):
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    with whole_file(tmp_path / "a", overwrite=False) as file:
        file.write(b"whole")
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, sdk.InputError])
def test_an_error_leaves_nothing(error, tmp_path):
    def fail() -> None:
        raise error

    with pytest.raises(error):
        write(tmp_path / "a", fail)
    assert names(tmp_path) == []


def test_a_full_disk_is_one_clear_error(tmp_path):
    def fail() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(sdk.InputError, match=r"cannot write .*No space left"):
        write(tmp_path / "a", fail)
    assert names(tmp_path) == []


def test_places_where_nothing_can_be_written(tmp_path):
    for path in (tmp_path / "missing" / "a", tmp_path):
        with pytest.raises(sdk.InputError), whole_file(path, overwrite=True):
            pytest.fail("it must refuse")


def test_a_very_long_name(tmp_path):
    """Up to what a file system takes, though the draft's name is longer."""
    path = tmp_path / ("a" * 250 + ".glb")
    with whole_file(path, overwrite=False) as file:
        file.write(b"whole")
    assert names(tmp_path) == [path.name]


SLOW_EXPORT = """
import sys, time, numpy as np, sdk_python as sdk
pose = np.tile([0.0, 0.0, 0.0, 1.0], (20_000, 2, 16, 1))
long = sdk.Recording.from_arrays(
    np.arange(20_000) / 60, pose_quat=pose, wrist_m=np.zeros((20_000, 2, 3))
)
def progress(done, total):
    print(done, flush=True)
    time.sleep(0.05)
sdk.export.to_csv(long, sys.argv[1], overwrite=True, progress=progress)
"""


def test_a_kill_in_the_middle_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_EXPORT, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        watchdog.cancel()
    assert path.read_text() == "old"
    drafts = [name for name in names(tmp_path) if name != "a.csv"]
    assert len(drafts) == 1
    assert drafts[0].startswith(".a.csv.")
    assert drafts[0].endswith(".part")
