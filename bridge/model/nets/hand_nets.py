"""The palm and hand landmark nets as two calls on batches of pictures."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError, ModelError
from bridge.model.nets.providers import default_threads, usable_providers
from bridge.model.nets.session import open_session
from bridge.optional import require

__all__ = ["CROP_SIZE", "PALM_SIZE", "HandNets", "LandmarkOutputs", "net_file"]

PALM_SIZE = 192
"""Side of the palm net's input, pixels."""

CROP_SIZE = 224
"""Side of the landmark net's input, pixels."""

_REINSTALL = "Reinstall ghosthands, or rebuild the nets with scripts/convert_mediapipe.py."

_log = logging.getLogger(__name__)

Float32Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LandmarkOutputs:
    """What the landmark net says about N crops.

    Attributes:
        landmarks: ``(N, 21, 3)`` keypoints in crop pixels (x right, y down, z away, scaled as x).
        presence: ``(N,)`` probability that the crop shows a hand.
        right: ``(N,)`` probability that it is a right hand, if the picture is not mirrored.
        world_m: ``(N, 21, 3)`` keypoints in metres, axes of the crop, origin within the hand.
    """

    landmarks: Float32Array
    presence: Float32Array
    right: Float32Array
    world_m: Float32Array


class HandNets:
    """MediaPipe's palm and landmark nets in onnxruntime.

    Safe to use from several threads at once.

    Args:
        providers: onnxruntime execution providers to demand, best first. None takes CUDA where it
            works, else the CPU.
        threads: CPU threads within one call. None takes the CPUs of this process, at most 4.

    Attributes:
        provider: The provider that runs the nets.

    Raises:
        InputError: ``threads`` is not positive, or a demanded provider is not in this onnxruntime.
        MissingDependencyError: onnxruntime is not installed.
        ModelError: A net's file is missing or damaged, or a demanded provider does not start.
    """

    provider: str

    def __init__(
        self, *, providers: Sequence[str] | None = None, threads: int | None = None
    ) -> None:
        if threads is not None and threads < 1:
            raise InputError(f"threads is {threads}: give a number of at least 1")
        ort = require("onnxruntime", extra="bridge")
        _check_providers(ort, providers)
        wanted = list(providers) if providers is not None else usable_providers(ort)
        threads = threads or default_threads()
        self._palm, self._landmark = (
            open_session(ort, net_file(name), wanted, threads)
            for name in ("palm_detection", "hand_landmarks")
        )
        self.provider = self._palm.get_providers()[0]
        if self.provider != wanted[0]:
            if providers is not None:
                raise ModelError(
                    f"{wanted[0]} was demanded and does not start: install its libraries, or leave "
                    "the provider open to use the CPU"
                )
            _log.info("an NVIDIA GPU is here but CUDA does not start: the CPU runs the nets")

    def detect_palms(self, images: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Runs the palm net.

        Args:
            images: ``(N, 192, 192, 3)`` RGB, 0 to 1.

        Returns:
            Raw boxes ``(N, 2016, 18)`` in input pixels relative to their anchors, and logits
            ``(N, 2016)``; ``bridge.model.palm`` decodes them.
        """
        boxes, logits = self._palm.run(("boxes", "logits"), {"image": images})
        return boxes, logits[..., 0]

    def find_landmarks(self, crops: Float32Array) -> LandmarkOutputs:
        """Runs the landmark net on all crops in one call.

        Args:
            crops: ``(N, 224, 224, 3)`` RGB, 0 to 1; the hand upright, its wrist below.
        """
        names = ("landmarks", "presence", "right", "world")
        landmarks, presence, right, world = self._landmark.run(names, {"image": crops})
        return LandmarkOutputs(
            landmarks.reshape(-1, 21, 3), presence[:, 0], right[:, 0], world.reshape(-1, 21, 3)
        )


def _check_providers(ort: ModuleType, providers: Sequence[str] | None) -> None:
    if providers is None:
        return
    known = ort.get_available_providers()
    unknown = [name for name in providers if name not in known]
    if unknown or not providers:
        raise InputError(
            f"execution provider {', '.join(unknown) or '(none)'} is not in this onnxruntime: "
            f"it has {', '.join(known)}"
        )


def _read_manifest(folder: Traversable) -> dict[str, Any]:
    try:
        manifest = json.loads(folder.joinpath("manifest.json").read_text(encoding="utf-8"))
        return dict(manifest["nets"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"the nets' manifest.json cannot be read ({error}). {_REINSTALL}"
        ) from error


def net_file(name: str) -> bytes:
    """The content of a shipped net's ONNX file, checked against the manifest's hash.

    Args:
        name: ``palm_detection`` or ``hand_landmarks``.

    Raises:
        ModelError: It is missing or damaged.
    """
    folder = resources.files("bridge.model.nets")
    manifest = _read_manifest(folder)
    try:
        file, expected = manifest[name]["file"], manifest[name]["sha256"]
        content = folder.joinpath(file).read_bytes()
    except (OSError, KeyError, TypeError) as error:
        raise ModelError(f"the net {name} cannot be read ({error!r}). {_REINSTALL}") from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise ModelError(f"the net {file} is damaged: its SHA-256 is not {expected}. {_REINSTALL}")
    return content
