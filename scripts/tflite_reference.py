"""Records what the original tflite nets answer, for the parity test of the shipped ONNX nets.

Run it in an environment of its own::

    uv run --no-project --python 3.11 --with ai-edge-litert --with opencv-python-headless \\
        python scripts/tflite_reference.py NETS PHOTOS --out tests/data/tflite_answers.npz

NETS holds ``palm_detection_full.tflite`` and ``hand_landmark_full.tflite``, PHOTOS some ``.jpg``.
The inputs are not stored: the test makes them again with ``noise`` and ``photo``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

NETS = {
    "palm_detection": ("palm_detection_full.tflite", 192, ("boxes", "logits")),
    "hand_landmarks": (
        "hand_landmark_full.tflite",
        224,
        ("landmarks", "presence", "right", "world"),
    ),
}
"""File, side of the input, and names of the outputs (in the ONNX nets too)."""

NOISE_SEEDS = (0, 1, 2)

ANCHOR_STEP = 16
"""Of the palm net's 2016 anchors the reference keeps each 16th."""


def noise(seed: int, side: int) -> np.ndarray:
    """An input ``(1, side, side, 3)`` of uniform noise, 0 to 1."""
    return np.random.default_rng(seed).random((1, side, side, 3), dtype=np.float32)


def photo(path: Path, side: int) -> np.ndarray:
    """An input ``(1, side, side, 3)`` of a photo's central square.

    Pixels are picked, not interpolated, so that any version of OpenCV gives the same input.
    """
    image = cv2.imread(str(path))[..., ::-1]
    height, width = image.shape[:2]
    square = min(height, width)
    picked = np.arange(side) * square // side
    rows, columns = picked + (height - square) // 2, picked + (width - square) // 2
    return image[rows][:, columns][None].astype(np.float32) / np.float32(255)


def inputs(photos: Path | None, side: int) -> dict[str, np.ndarray]:
    """All inputs of one net by name; without a folder only the noise."""
    made = {f"noise{seed}": noise(seed, side) for seed in NOISE_SEEDS}
    if photos is not None:
        made |= {path.stem: photo(path, side) for path in sorted(photos.glob("*.jpg"))}
    return made


def thinned(name: str, output: np.ndarray) -> np.ndarray:
    """The part of an output that is compared: of the palm net each 16th anchor."""
    return output[:, ::ANCHOR_STEP] if name in ("boxes", "logits") else output


def answers(nets: Path, photos: Path | None) -> dict[str, np.ndarray]:
    """What the tflite nets answer, by ``input/output``."""
    from ai_edge_litert.interpreter import Interpreter

    found = {}
    for file, side, names in NETS.values():
        interpreter = Interpreter(str(nets / file))
        interpreter.allocate_tensors()
        source = interpreter.get_input_details()[0]["index"]
        targets = {d["name"]: d["index"] for d in interpreter.get_output_details()}
        # The interpreter lists outputs in any order; their names number them.
        ordered = [targets[key] for key in sorted(targets)]
        for key, value in inputs(photos, side).items():
            interpreter.set_tensor(source, value)
            interpreter.invoke()
            for name, index in zip(names, ordered, strict=True):
                found[f"{key}/{name}"] = thinned(name, interpreter.get_tensor(index))
    return found


def main() -> None:
    """Writes the reference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("nets", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--out", type=Path, default=Path("tests/data/tflite_answers.npz"))
    arguments = parser.parse_args()
    found = answers(arguments.nets, arguments.photos)
    np.savez_compressed(arguments.out, **found)
    print(f"{arguments.out}: {len(found)} outputs, {arguments.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
