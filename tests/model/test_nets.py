"""The shipped nets: the same answers as the tflite originals, checked files, silent fallbacks."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bridge.errors import InputError, MissingDependencyError, ModelError
from bridge.model.nets import CROP_SIZE, PALM_SIZE, HandNets, hand_nets, providers

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(str(resources.files("bridge.model.nets")))

# Over all recorded inputs the largest differences are 2.2e-4, 2.9e-5, 1.5e-4, 2.4e-7, 1.8e-6 and
# 4.3e-7: rounding, in fp32, of values up to 128, 14, 182, 1, 1 and 0.1.
TOLERANCE = {
    "boxes": 2e-3,
    "logits": 3e-4,
    "landmarks": 2e-3,
    "presence": 1e-5,
    "right": 2e-5,
    "world": 1e-5,
}

RUNTIMES = ["recorded"]
if importlib.util.find_spec("ai_edge_litert") is not None:
    RUNTIMES.append("live")


@pytest.fixture(scope="module")
def nets() -> HandNets:
    return HandNets(providers=[providers.CPU])


@pytest.fixture(scope="module")
def tflite():
    """The script that recorded the originals' answers; it makes the inputs again."""
    path = ROOT / "scripts" / "tflite_reference.py"
    spec = importlib.util.spec_from_file_location("tflite_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(nets: HandNets, net: str, image: np.ndarray) -> dict[str, np.ndarray]:
    """The ONNX net's answer in the original's shapes."""
    if net == "palm_detection":
        boxes, logits = nets.detect_palms(image)
        return {"boxes": boxes, "logits": logits[..., None]}
    out = nets.find_landmarks(image)
    return {
        "landmarks": out.landmarks.reshape(1, 63),
        "presence": out.presence[:, None],
        "right": out.right[:, None],
        "world": out.world_m.reshape(1, 63),
    }


def assert_parity(nets, tflite, photos: Path | None, expected) -> None:
    for net, (_, side, names) in tflite.NETS.items():
        for key, image in tflite.inputs(photos, side).items():
            found = answer(nets, net, image)
            for name in names:
                np.testing.assert_allclose(
                    tflite.thinned(name, found[name]),
                    expected[f"{key}/{name}"],
                    rtol=0,
                    atol=TOLERANCE[name],
                    err_msg=f"{net} on {key}: {name}",
                )


def test_noise_gives_what_tflite_gives(nets, tflite) -> None:
    recorded = np.load(ROOT / "tests" / "data" / "tflite_answers.npz")
    assert_parity(nets, tflite, None, recorded)


@pytest.mark.shared
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_photos_give_what_tflite_gives(nets, tflite, shared_dir, runtime) -> None:
    photos = shared_dir / "assets" / "photos"
    if runtime == "recorded":
        expected = np.load(ROOT / "tests" / "data" / "tflite_answers.npz")
    else:
        expected = tflite.answers(shared_dir / "assets" / "mediapipe", photos)
    assert_parity(nets, tflite, photos, expected)


def test_a_batch_gives_what_single_crops_give(nets) -> None:
    crops = np.random.default_rng(5).random((5, CROP_SIZE, CROP_SIZE, 3), dtype=np.float32)
    together = nets.find_landmarks(crops)
    for i in range(5):
        alone = nets.find_landmarks(crops[i : i + 1])
        np.testing.assert_allclose(together.landmarks[i], alone.landmarks[0], atol=1e-3)
        np.testing.assert_allclose(together.world_m[i], alone.world_m[0], atol=1e-6)
        np.testing.assert_allclose(together.presence[i], alone.presence[0], atol=1e-6)


def test_several_images_go_through_the_palm_net_at_once(nets) -> None:
    images = np.random.default_rng(6).random((2, PALM_SIZE, PALM_SIZE, 3), dtype=np.float32)
    boxes, logits = nets.detect_palms(images)
    assert boxes.shape == (2, 2016, 18)
    assert logits.shape == (2, 2016)
    np.testing.assert_allclose(boxes[1], nets.detect_palms(images[1:])[0][0], atol=1e-3)


def test_shipped_files_are_small_and_as_the_manifest_says() -> None:
    manifest = json.loads((PACKAGE / "manifest.json").read_text())["nets"]
    assert sorted(manifest) == ["hand_landmarks", "palm_detection"]
    for entry in manifest.values():
        content = (PACKAGE / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert len(content) < 8 * 2**20
    assert "Apache License, Version 2.0" in (PACKAGE / "NOTICE").read_text()


@pytest.mark.shared
def test_the_manifest_names_the_originals(shared_dir) -> None:
    for entry in json.loads((PACKAGE / "manifest.json").read_text())["nets"].values():
        original = shared_dir / "assets" / "mediapipe" / Path(entry["source"]).name
        assert hashlib.sha256(original.read_bytes()).hexdigest() == entry["source_sha256"]


@pytest.fixture
def copied(tmp_path, monkeypatch) -> Path:
    """A copy of the nets' folder, which HandNets reads instead."""
    for name in ("manifest.json", "palm_detection.onnx", "hand_landmarks.onnx"):
        shutil.copy(PACKAGE / name, tmp_path / name)
    monkeypatch.setattr(hand_nets.resources, "files", lambda package: tmp_path)
    return tmp_path


def flip_a_bit(folder: Path) -> None:
    content = bytearray((folder / "palm_detection.onnx").read_bytes())
    content[1000] ^= 1
    (folder / "palm_detection.onnx").write_bytes(content)


def replace_with_text(folder: Path) -> None:
    """A file that its hash fits and that is no net."""
    text = b"no net"
    (folder / "hand_landmarks.onnx").write_bytes(text)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["nets"]["hand_landmarks"]["sha256"] = hashlib.sha256(text).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flip_a_bit, r"palm_detection\.onnx is damaged.*[Rr]einstall"),
        (replace_with_text, "cannot open a net"),
        (
            lambda folder: (folder / "hand_landmarks.onnx").unlink(),
            "hand_landmarks.*cannot be read",
        ),
        (lambda folder: (folder / "manifest.json").unlink(), r"manifest\.json cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text("{"), r"manifest\.json cannot be"),
        (lambda folder: (folder / "manifest.json").write_text('{"nets": {}}'), "cannot be read"),
    ],
)
def test_damaged_nets_are_refused(copied, damage, message) -> None:
    HandNets(providers=[providers.CPU])
    damage(copied)
    with pytest.raises(ModelError, match=message):
        HandNets(providers=[providers.CPU])


def test_loading_is_silent() -> None:
    program = "from bridge.model.nets import HandNets; HandNets(threads=1)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b""
    assert done.stderr == b""


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_are_positive(threads) -> None:
    with pytest.raises(InputError, match="threads"):
        HandNets(threads=threads)


@pytest.mark.parametrize("wanted", [["NoSuchProvider"], []])
def test_an_unknown_provider_is_refused(wanted) -> None:
    with pytest.raises(InputError, match=r"it has .*CPUExecutionProvider"):
        HandNets(providers=wanted)


def fake_onnxruntime() -> SimpleNamespace:
    return SimpleNamespace(
        get_available_providers=lambda: [providers.CUDA, providers.CPU], preload_dlls=lambda: None
    )


@pytest.mark.parametrize(
    ("device", "expected"),
    [(True, [providers.CUDA, providers.CPU]), (False, [providers.CPU])],
)
def test_cuda_is_asked_for_only_where_a_device_is(monkeypatch, device, expected) -> None:
    monkeypatch.setattr(providers, "_has_cuda_device", lambda: device)
    assert providers.usable_providers(fake_onnxruntime()) == expected


def test_cuda_that_does_not_start_gives_way_to_the_cpu_unless_demanded(monkeypatch) -> None:
    cpu_session = SimpleNamespace(get_providers=lambda: [providers.CPU])
    monkeypatch.setattr(hand_nets, "open_session", lambda *arguments: cpu_session)
    monkeypatch.setattr(hand_nets, "_check_providers", lambda *arguments: None)
    monkeypatch.setattr(hand_nets, "usable_providers", lambda ort: [providers.CUDA, providers.CPU])
    assert HandNets().provider == providers.CPU
    with pytest.raises(ModelError, match="does not start"):
        HandNets(providers=[providers.CUDA])


def test_a_missing_onnxruntime_gives_the_line_to_install_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'ghosthands\[bridge\]'"):
        HandNets()
