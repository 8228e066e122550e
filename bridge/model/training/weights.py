"""Weights as they are shipped: fp16 safetensors files that say what they are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bridge.errors import GhostHandsError, InputError, ModelError
from bridge.model.hand.layer import HandLayer
from bridge.model.training.checkpoint import load_into, read_tensors, with_prefix, write_tensors
from bridge.model.training.hands import hand_layer
from bridge.model.training.networks import architecture

__all__ = [
    "begin_with",
    "hand_of",
    "load_network",
    "options_of",
    "part_path",
    "read_weights",
    "save_weights",
    "shipped_weights",
]

_PART_BYTES = 16 * 2**20
_PART = "_part"


def save_weights(
    path: Path, network: nn.Module, *, name: str, config: Any, about: Mapping[str, Any]
) -> list[Path]:
    """Writes a network's weights in half precision, in files of at most 16 MiB.

    What does not fit into ``NAME.safetensors`` goes on in ``NAME_part2.safetensors`` and so forth;
    only a single tensor above 16 MiB makes a larger file. Vectors (biases, statistics of batch
    normalisation) stay in float32: they are small, and a variance need not fit half precision.

    Args:
        path: The first file to write; `load_network` takes it.
        network: The network.
        name: Its name in ``NETWORKS``.
        config: Its configuration.
        about: Anything else worth knowing: data, schedule, seed.

    Returns:
        The files written, ``path`` first.

    Raises:
        ModelError: A weight is not finite, or too large for half precision.
    """
    half = {key: _shipped(key, value) for key, value in network.state_dict().items()}
    parts: list[dict[str, Tensor]] = [{}]
    size = 0
    for key, value in half.items():
        bytes_ = value.numel() * value.element_size()
        if parts[-1] and size + bytes_ > _PART_BYTES:
            parts.append({})
            size = 0
        parts[-1][key] = value
        size += bytes_
    described = {"network": name, "config": config.to_dict(), **about}
    described |= {"parts": len(parts), "digest": _digest(half)}
    paths = [path, *(part_path(path, k) for k in range(2, len(parts) + 1))]
    # The first file last: a set that is cut off in the middle does not load.
    for k in reversed(range(len(parts))):
        write_tensors(paths[k], parts[k], described | {"part": k + 1})
    return paths


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """All tensors of a weights file and of its further parts, and what it says of itself.

    Raises:
        ModelError: A file is missing, damaged, or of another set.
    """
    tensors, about = read_tensors(path)
    if about.get("part", 1) != 1:
        raise ModelError(f"{path} is part {about['part']} of its weights: give the first file")
    parts = about.get("parts", 1)
    if not isinstance(parts, int) or not 1 <= parts <= 1000:
        raise ModelError(f"{path} says that it has {parts!r} parts")
    for k in range(2, parts + 1):
        more, said = read_tensors(part_path(path, k))
        if (said.get("part"), said.get("digest")) != (k, about.get("digest")):
            raise ModelError(f"{part_path(path, k)} is not of the same weights as {path}")
        tensors |= more
    if "digest" in about and about["digest"] != _digest(tensors):
        raise ModelError(f"{path} is damaged: its tensors are not those that were written")
    return tensors, about


def load_network(path: Path, hand: HandLayer | None = None) -> tuple[nn.Module, dict[str, Any]]:
    """A network from its weights, ready for inference, and what its file says of it.

    Args:
        path: What `save_weights`, or a training run's checkpoint, wrote.
        hand: The hand model to put it on; None takes the one it was trained with.

    Raises:
        ModelError: The file is missing, damaged, or another network's.
    """
    tensors, about = read_weights(path)
    try:
        entry = architecture(about["network"])
        config = entry.restore(about["config"])
    except (AttributeError, KeyError, TypeError, ValueError, GhostHandsError) as error:
        raise ModelError(f"{path} holds no network that is known here: {error}") from error
    network = entry.build(config, hand or hand_layer(hand_of(about)))
    load_into(network, _network_alone(tensors), str(path))
    return network.eval().requires_grad_(requires_grad=False), about


def begin_with(network: nn.Module, path: Path) -> None:
    """Gives a network that is to be trained the weights of another, where they are the same.

    The other one may be of another kind: an SVR-Hand begins with all of an MVR-Hand but its fusion
    of views.

    Args:
        network: Keeps its own weights where names or sizes differ.
        path: What `save_weights`, or a training run's checkpoint, wrote.

    Raises:
        InputError: Less than half of the network's numbers are in the file, or they are of a
            configuration in which the same numbers mean other hands (``network.meaning``).
        ModelError: The file is missing or damaged.
    """
    tensors, about = read_weights(path)
    trained, own = _network_alone(tensors), network.state_dict()
    same = {k: v for k, v in trained.items() if k in own and v.shape == own[k].shape}
    share = sum(v.numel() for v in same.values()) / sum(v.numel() for v in own.values())
    # Networks of any two kinds share some short vectors: that is no beginning.
    if share < 0.5:
        raise InputError(
            f"{path} is of another network: only {share:.0%} of this one's numbers are in it"
        )
    stored = about.get("config")
    for name, usual in getattr(network, "meaning", {}).items():
        theirs = stored.get(name, usual) if isinstance(stored, dict) else usual
        wanted = getattr(network.config, name)
        if theirs != wanted:
            raise InputError(
                f"{path} was trained with {name} = {theirs}, without which its numbers mean other"
                f" hands: --set model.changes.{name}={theirs}, or begin with other weights"
            )
    load_into(network, own | same, str(path))


def _network_alone(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of a checkpoint, which holds more, the network; the average is the better of the two."""
    return with_prefix(tensors, "average.") or with_prefix(tensors, "network.") or tensors


def hand_of(about: Mapping[str, Any]) -> str:
    """The name of the hand that a network was trained on."""
    try:
        return str(about["run"]["model"]["hand"])
    except (KeyError, TypeError):
        return "open"


def options_of(about: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options of the samples that a network was trained on."""
    try:
        options = about["run"]["data"]["options"]
    except (KeyError, TypeError):
        return {}
    return options if isinstance(options, Mapping) else {}


def shipped_weights(name: str) -> Path:
    """The weights file that is shipped for a network.

    Raises:
        ModelError: None is shipped.
    """
    # Networks of one system, such as simahand-mvr and -svr, lie in one folder.
    folder = Path(str(resources.files("bridge.model"))) / name.partition("-")[0] / "weights"
    begins = f"{name.replace('-', '_')}*.safetensors"
    found = [p for p in folder.glob(begins) if not re.search(rf"{_PART}\d+$", p.stem)]
    if not found:
        raise ModelError(f"no weights of {name} are shipped: give --weights FILE")
    return min(found)


def part_path(path: Path, number: int) -> Path:
    """Where weights go on that do not fit into one file, from number 2 on."""
    return path.with_name(f"{path.stem}{_PART}{number}{path.suffix}")


def _shipped(key: str, value: Tensor) -> Tensor:
    """A tensor in the precision it is shipped in."""
    if not value.is_floating_point():
        return value.detach().cpu()
    small = value.detach().cpu().to(torch.float16 if value.dim() > 1 else torch.float32)
    if not small.isfinite().all():
        raise ModelError(f"the weights {key} overflow in half precision: did the run diverge?")
    return small


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of all names and values, in the order of the names."""
    found = hashlib.sha256()
    for key in sorted(tensors):
        found.update(key.encode())
        found.update(tensors[key].contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()
