"""I/O binding: the same answers as plain runs, from several threads, and a way back to them.

onnxruntime binds buffers in main memory as it binds a GPU's, so no GPU is needed here.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from types import SimpleNamespace

import numpy as np
import onnxruntime as ort
import pytest

from bridge.model.nets import CROP_SIZE, providers
from bridge.model.nets.session import BoundSession, open_session

NAMES = ("landmarks", "presence", "right", "world")


@pytest.fixture(scope="module")
def session():
    net = resources.files("bridge.model.nets").joinpath("hand_landmarks.onnx").read_bytes()
    return open_session(ort, net, [providers.CPU], 1)


def crops(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((count, CROP_SIZE, CROP_SIZE, 3), dtype=np.float32)


def test_bound_runs_give_what_plain_runs_give(session, caplog) -> None:
    bound = BoundSession(ort, session, device="cpu")
    assert bound.get_providers() == session.get_providers()
    inputs = [crops(2, 1), crops(1, 2), crops(2, 3)]  # the third takes the first one's buffer
    before = [array.copy() for array in inputs]
    found = [bound.run(NAMES, {"image": array}) for array in inputs]
    for array, untouched, answers in zip(inputs, before, found, strict=True):
        np.testing.assert_array_equal(array, untouched)
        expected = session.run(NAMES, {"image": array})
        for one, other in zip(answers, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)
    assert not caplog.records


def test_threads_do_not_mix_their_pictures(session) -> None:
    bound = BoundSession(ort, session, device="cpu")
    pictures = [crops(1, seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda array: bound.run(NAMES, {"image": array})[0], pictures))
    for array, landmarks in zip(pictures, found, strict=True):
        expected = session.run(NAMES[:1], {"image": array})[0]
        np.testing.assert_allclose(landmarks, expected, atol=1e-3)


def test_a_binding_that_fails_gives_way_to_plain_runs_and_says_so_once(session, caplog) -> None:
    def fail():
        raise RuntimeError("no memory")

    unbound = SimpleNamespace(run=session.run, io_binding=fail)
    bound = BoundSession(ort, unbound, device="cpu")
    with caplog.at_level(logging.WARNING):
        for seed in (1, 2):
            found = bound.run(NAMES, {"image": crops(1, seed)})
            expected = session.run(NAMES, {"image": crops(1, seed)})
            np.testing.assert_allclose(found[0], expected[0], atol=1e-4)
    assert [record.getMessage() for record in caplog.records] == [
        "I/O binding does not work here, nets run without: no memory"
    ]


def test_only_sessions_on_cuda_are_bound(session) -> None:
    assert isinstance(session, ort.InferenceSession)

    def fake(provider: str) -> SimpleNamespace:
        opened = SimpleNamespace(get_providers=lambda: [provider])
        return SimpleNamespace(
            SessionOptions=ort.SessionOptions,
            GraphOptimizationLevel=ort.GraphOptimizationLevel,
            set_default_logger_severity=lambda level: None,
            InferenceSession=lambda *arguments, **options: opened,
        )

    assert isinstance(open_session(fake(providers.CUDA), b"", [providers.CUDA], 1), BoundSession)
    assert not isinstance(open_session(fake(providers.CPU), b"", [providers.CPU], 1), BoundSession)
