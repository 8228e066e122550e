"""The process that adjusts cameras: same results, no leftovers, no matter who is killed."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import psutil
import pytest

from bridge.model.selfcal.worker import adjust, end_worker, in_process
from bridge.model.synthetic.clips import simulate_clip


@pytest.fixture(scope="module")
def clip():
    return simulate_clip(4, seconds=4.0, noise=0.5)


@pytest.fixture
def worker():
    yield
    end_worker()
    assert not multiprocessing.active_children()


def some_keyframes(clip):
    frames = zip(clip.time_s[::6], clip.frame_sets[::6], strict=True)
    return [(float(t), views) for t, views in frames], ("cam0", "cam1")


def test_adjusting_in_another_process_gives_the_same(clip, worker) -> None:
    keyframes, names = some_keyframes(clip)
    here, there = adjust(keyframes, names), in_process(keyframes, names).result(timeout=120)
    assert here is not None
    assert there is not None
    np.testing.assert_allclose(here.cameras.rotation, there.cameras.rotation, atol=1e-6)


def test_a_worker_that_was_killed_is_replaced(clip, worker) -> None:
    keyframes, names = some_keyframes(clip)
    assert in_process([], names).result(timeout=60) is None
    (process,) = multiprocessing.active_children()
    lost = in_process(keyframes, names)
    process.kill()
    with pytest.raises(BrokenProcessPool):
        lost.result(timeout=60)
    assert in_process(keyframes, names).result(timeout=120) is not None


def test_a_worker_ends_in_the_middle_of_an_adjustment(clip, worker) -> None:
    keyframes, names = some_keyframes(clip)
    assert in_process([], names).result(timeout=60) is None
    (process,) = multiprocessing.active_children()
    in_process(keyframes * 20, names)
    end_worker()
    assert process.exitcode == 0


def test_a_worker_does_not_outlive_its_bridge(clip) -> None:
    keyframes, names = some_keyframes(clip)
    told, tell = multiprocessing.Pipe(duplex=False)
    bridge = multiprocessing.get_context("spawn").Process(
        target=_adjust_until_killed, args=(keyframes * 20, names, tell)
    )
    bridge.start()
    assert told.poll(60)
    worker_pid = told.recv()
    bridge.kill()
    bridge.join()
    deadline = time.monotonic() + 10
    while psutil.pid_exists(worker_pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(worker_pid)


def _adjust_until_killed(keyframes, names, tell) -> None:
    in_process([], names).result(timeout=60)
    in_process(keyframes, names)
    tell.send(multiprocessing.active_children()[0].pid)
    time.sleep(60)
