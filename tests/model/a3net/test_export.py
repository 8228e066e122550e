"""The network as ONNX: the same numbers, for any number of views."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from bridge.errors import InputError, ModelError
from bridge.model.a3net import A3Net
from bridge.model.a3net.export import INPUTS, OPSET, OUTPUTS, export_onnx, parity
from bridge.model.layers.onnx_files import halve
from bridge.model.nets.providers import CPU
from bridge.model.nets.session import open_session
from tests.model.a3net.tiny import hand, network, pick, samples, tiny


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The tiny landmark network as ONNX: most of a minute on one core."""
    path = tmp_path_factory.mktemp("a3net") / "folder" / "tiny.onnx"
    export_onnx(network(tiny()), path, about={"data": "synthetic"})
    return path.read_bytes()


@pytest.fixture(scope="module")
def session(content: bytes) -> onnxruntime.InferenceSession:
    return open_session(onnxruntime, content, [CPU], 1)


def test_it_says_the_same_as_pytorch_for_one_to_four_views(content: bytes) -> None:
    found = parity(network(tiny()), content)
    assert list(found) == [1, 2, 3, 4]
    assert max(found.values()) < 1e-3


def test_parity_would_notice_another_network(content: bytes) -> None:
    assert min(parity(network(tiny(), seed=1), content, [1, 2]).values()) > 0.01


def test_it_says_the_same_of_hands(session: onnxruntime.InferenceSession) -> None:
    views = samples(3, 4, noise=True)
    net = network(tiny())
    for order in ([0], [2, 0], [1, 2, 3], [0, 1, 2, 3]):
        seen = pick(views, order=order)
        present = seen.confidence.amax(-1) > 0
        seen.present[:] = present  # what nothing is known of, the exported network leaves out
        if not present[:, 0].all():
            continue
        feed = {name: getattr(seen, name).numpy() for name in INPUTS["landmarks"]}
        joints, to_first = session.run(["joints_m", "to_first"], feed)
        with torch.no_grad():
            output = net(seen)
        np.testing.assert_allclose(joints, output.joints_m.numpy(), atol=1e-5)
        np.testing.assert_allclose(to_first, output.to_first.numpy(), atol=1e-4)


def test_a_view_without_confidence_is_not_there(session: onnxruntime.InferenceSession) -> None:
    views = samples(2, 3)
    feed = {name: getattr(views, name).numpy().copy() for name in INPUTS["landmarks"]}
    whole = session.run(["joints_m"], feed)[0]
    two = session.run(["joints_m"], {name: value[:, :2] for name, value in feed.items()})[0]
    feed["confidence"][:, 2] = 0
    feed["landmarks"][:, 2] = np.nan
    np.testing.assert_allclose(session.run(["joints_m"], feed)[0], two, atol=1e-5)
    assert np.abs(whole - two).max() > 1e-3


def test_the_file_says_what_it_is(content: bytes) -> None:
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model)
    assert {(o.domain, o.version) for o in model.opset_import if not o.domain} == {("", OPSET)}
    assert [value.name for value in model.graph.input] == list(INPUTS["landmarks"])
    assert [value.name for value in model.graph.output] == list(OUTPUTS)
    about = json.loads({p.key: p.value for p in model.metadata_props}["ghosthands"])
    assert about == {"data": "synthetic", "config": network(tiny()).config.to_dict()}


def test_weights_that_are_not_numbers_are_found_out(content: bytes) -> None:
    model = onnx.load_from_string(content)
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.name.endswith("single_view.mano.0.weight"):
            weight.CopyFrom(numpy_helper.from_array(np.full_like(values, np.nan), weight.name))
            break
    else:
        pytest.fail("the exporter names weights in another way")
    with pytest.raises(ModelError, match="not finite"):
        parity(network(tiny()), model.SerializeToString(), [1])


def test_what_is_no_onnx_file_is_found_out() -> None:
    with pytest.raises(ModelError, match="cannot open"):
        parity(network(tiny()), b"nothing", [1])


def test_networks_that_cannot_be_exported_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="extrinsics"):
        export_onnx(A3Net(tiny(alignment="extrinsics"), hand()).eval(), tmp_path / "a.onnx")
    with pytest.raises(InputError, match=r"network\.eval\(\)"):
        export_onnx(A3Net(tiny(), hand()).train(), tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())


def test_only_weights_that_lose_nothing_are_stored_as_halves() -> None:
    rng = np.random.default_rng(0)
    halves = rng.normal(size=(40, 40)).astype(np.float16).astype(np.float32)
    weights = {
        "exact": halves,
        "inexact": halves + np.float32(1e-6),
        "large": np.full((40, 40), 1e6, np.float32),
        "few": halves[:2],
    }
    nodes = [
        helper.make_node("MatMul", ["x", name], [f"y_{name}"])
        for name in ("exact", "inexact", "large")
    ]
    nodes.append(helper.make_node("Identity", ["few"], ["y_few"]))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 40])],
        [helper.make_tensor_value_info(f"y_{n}", TensorProto.FLOAT, None) for n in weights],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 10

    def answers() -> list[np.ndarray]:
        opened = open_session(onnxruntime, model.SerializeToString(), [CPU], 1)
        return opened.run(None, {"x": np.ones((1, 40), np.float32)})

    before = answers()
    halve(model)
    kinds = {w.name: w.data_type for w in model.graph.initializer}
    full, half = TensorProto.FLOAT, TensorProto.FLOAT16
    assert kinds == {"exact_fp16": half, "inexact": full, "large": full, "few": full}
    for a, b in zip(before, answers(), strict=True):
        np.testing.assert_array_equal(a, b)
