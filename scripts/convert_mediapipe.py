"""Converts MediaPipe's palm and hand landmark nets from TensorFlow Lite to ONNX.

Run it to rebuild what ``bridge/model/nets`` ships::

    uv run --no-project --python 3.11 --with pip --with tflite --with onnx --with numpy \\
        python scripts/convert_mediapipe.py

Without paths it takes the nets out of the wheel ``mediapipe==0.10.21``, fetched by pip. Weights
keep their values: stored as fp16, they stay fp16 initialisers behind a Cast to fp32, which the
runtime folds when it loads the net. What changes is the form:

- inputs keep the layout NHWC, the inside is ONNX's NCHW;
- the batch axis is free, so that several crops go through in one call;
- outputs get names that say what they are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import onnx
from tflite_to_onnx import OPSET, Graph

WHEEL = "mediapipe==0.10.21"
DEFAULT_OUT = Path(__file__).resolve().parent.parent / "bridge" / "model" / "nets"


@dataclass(frozen=True)
class Net:
    """One net to convert.

    Attributes:
        member: Its path inside the wheel.
        outputs: New names of its outputs, in the order of the tflite model.
    """

    member: str
    outputs: tuple[str, ...]


NETS = {
    "palm_detection": Net(
        "mediapipe/modules/palm_detection/palm_detection_full.tflite", ("boxes", "logits")
    ),
    "hand_landmarks": Net(
        "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        ("landmarks", "presence", "right", "world"),
    ),
}


def fetch_nets(folder: Path) -> dict[str, Path]:
    """Takes the nets out of MediaPipe's wheel, fetched by pip into ``folder``."""
    # The nets are the same in every wheel of the release, so any platform's will do.
    platform = [
        "--only-binary=:all:",
        "--platform",
        "manylinux_2_28_x86_64",
        "--python-version",
        "3.11",
    ]
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", *platform, "-d", str(folder)]
    subprocess.run([*pip, WHEEL], check=True)
    (wheel,) = folder.glob("mediapipe-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name: Path(archive.extract(net.member, folder)) for name, net in NETS.items()}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def main() -> None:
    """Converts both nets and writes them with their manifest."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in NETS:
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=Path, metavar="TFLITE", help=f"{name} net to convert")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder to write to")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        given = {name: getattr(arguments, name) for name in NETS}
        missing = [name for name, path in given.items() if path is None]
        fetched = fetch_nets(Path(folder)) if missing else {}
        manifest: dict[str, object] = {
            "producer": f"scripts/convert_mediapipe.py, onnx {onnx.__version__}, opset {OPSET}",
            "nets": {},
        }
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name, net in NETS.items():
            source = (given[name] or fetched[name]).read_bytes()
            content = Graph(source, net.outputs).convert(name).SerializeToString()
            (arguments.out / f"{name}.onnx").write_bytes(content)
            manifest["nets"][name] = {
                "file": f"{name}.onnx",
                "sha256": _sha256(content),
                "source": f"{WHEEL}: {net.member}",
                "source_sha256": _sha256(source),
            }
            print(f"{name}: {len(content)} bytes, sha256 {_sha256(content)}")
        text = json.dumps(manifest, indent=2) + "\n"
        (arguments.out / "manifest.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
