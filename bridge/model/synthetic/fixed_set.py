"""The fixed test set: 2,000 hands in 4 rendered views each, as the landmark net saw them.

The file has the truth's parameters and the net's landmarks, not the pictures; these are rendered
again, pixel for pixel as the net saw them, where they are asked for.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bridge.errors import InputError, ModelError
from bridge.model.hand.layer import open_hand_layer
from bridge.model.hand.rotation_torch import rotation_from_6d, six_d_from_rotation
from bridge.model.nets import HandNets
from bridge.model.synthetic.cameras import CropCameras
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.images import Studio, look, with_pictures
from bridge.model.synthetic.scene import known_scene, random_scene, true_views
from bridge.model.training.sample import HandViews

__all__ = ["SAMPLES", "SIZE", "VIEWS", "SyntheticTestSet", "make_test_set", "test_set"]

SAMPLES, VIEWS, SIZE = 2000, 4, 256
_SEED = 20_260_101
_FILE = "test_set.npz"
_ARRAYS = {
    "number": ((), np.int32),
    "betas": ((10,), np.float32),
    "angles": ((30,), np.float32),
    "rotation_6d": ((VIEWS, 6), np.float32),
    "translation_m": ((VIEWS, 3), np.float32),
    "focal": ((VIEWS,), np.float32),
    "source_px": ((VIEWS,), np.float32),
    "landmarks": ((VIEWS, 21, 2), np.float16),
    "confidence": ((VIEWS, 21), np.float16),
    "found": ((VIEWS,), np.bool_),
}


class SyntheticTestSet:
    """A `SampleSource` that is the same for ever; ``augment`` is ignored, there are 4 views.

    Args:
        file: What `make_test_set` wrote; None takes the shipped one.
        images: Whether to render the pictures too (a tenth of a second each on a CPU).
        size: Their height and width; only at 256 pixels are they what the net saw.
        device: Where to render; batches are on this device.

    Raises:
        ModelError: The file is missing or damaged.
    """

    def __init__(
        self,
        file: Path | None = None,
        *,
        images: bool = False,
        size: int = SIZE,
        device: torch.device | str = "cpu",
    ) -> None:
        self._data = _read(file)
        self._hand = open_hand_layer()
        self._studio = Studio(self._hand, device=device) if images else None
        self._size = size

    def __len__(self) -> int:
        return len(self._data["number"])

    def batch(self, numbers: Sequence[int], *, views: int, augment: bool = False) -> HandViews:
        """Gives samples with the first of their views; see `SampleSource`.

        Raises:
            InputError: More than 4 views, none, or a number from the set's length on.
        """
        del augment
        if not 1 <= views <= VIEWS:
            raise InputError(f"the synthetic test set has 1 to {VIEWS} views, not {views}")
        if not numbers or not 0 <= min(numbers) <= max(numbers) < len(self):
            raise InputError(f"the synthetic test set has samples 0 to {len(self) - 1}")
        rows = torch.tensor(list(numbers))
        known = {name: value[rows] for name, value in self._data.items()}
        cameras = CropCameras(
            rotation_from_6d(known["rotation_6d"]),
            known["translation_m"],
            known["focal"],
            known["source_px"],
        )
        scene = known_scene(
            self._hand,
            betas=known["betas"],
            angles=known["angles"],
            cameras=cameras.first(views),
            mesh=True,
        )
        found = known["found"][:, :views]
        truth = replace(
            true_views(scene),
            present=found,
            landmarks=known["landmarks"][:, :views].float(),
            confidence=known["confidence"][:, :views].float() * found[..., None],
        )
        if self._studio is None:
            return truth
        draws = Draws(_SEED, known["number"].tolist())
        pictures = self._studio.pictures(draws, scene, size=self._size, wide=True)
        return with_pictures(truth, pictures, self._size)


def test_set(
    file: Path | None = None,  # noqa: PT028 - no test, though its name begins like one
    *,
    images: bool = False,  # noqa: PT028
    size: int = SIZE,  # noqa: PT028
    device: torch.device | str = "cpu",  # noqa: PT028
) -> SyntheticTestSet:
    """Opens the fixed test set; arguments as for `SyntheticTestSet`."""
    return SyntheticTestSet(file, images=images, size=size, device=device)


test_set.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test


def make_test_set(nets: HandNets, numbers: Sequence[int]) -> dict[str, np.ndarray]:
    """Renders candidates and lets the net look; keeps those that it finds in the first view.

    Args:
        nets: The nets.
        numbers: Of the candidates.

    Returns:
        The arrays of the file, for the samples that are kept.
    """
    hand = open_hand_layer()
    studio = Studio(hand)
    draws = Draws(_SEED, list(numbers))
    scene = random_scene(draws, hand, views=VIEWS, augment=False, mesh=True)
    pictures = studio.pictures(draws, scene, size=SIZE, wide=True)
    seen = look(nets, draws, scene, pictures, size=SIZE)
    cameras = scene.cameras
    found = seen.found.unflatten(0, (-1, VIEWS))
    values = {
        "number": torch.tensor(list(numbers)),
        "betas": scene.betas,
        "angles": scene.angles,
        "rotation_6d": six_d_from_rotation(cameras.rotation),
        "translation_m": cameras.translation_m,
        "focal": cameras.focal,
        "source_px": cameras.source_px,
        "landmarks": seen.landmarks.unflatten(0, (-1, VIEWS)),
        "confidence": seen.confidence.unflatten(0, (-1, VIEWS)),
        "found": found,
    }
    return {
        name: value[found[:, 0]].numpy().astype(_ARRAYS[name][1]) for name, value in values.items()
    }


def _read(file: Path | None) -> dict[str, Tensor]:
    source = resources.files(__package__).joinpath("data", _FILE) if file is None else file
    try:
        with source.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            data = {name: arrays[name] for name in _ARRAYS}
        for name, (shape, kind) in _ARRAYS.items():
            if data[name].shape != (len(data["number"]), *shape) or data[name].dtype != kind:
                raise ValueError(f"{name} is {data[name].dtype} {data[name].shape}")
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(
            f"the synthetic test set {source} cannot be read ({error}): "
            "make it with scripts/make_synthetic_test_set.py"
        ) from error
    return {name: torch.from_numpy(value) for name, value in data.items()}
