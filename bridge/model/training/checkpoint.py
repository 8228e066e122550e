"""Files of weights and of a run's state: safetensors and JSON, never pickles.

A checkpoint is one file, written whole under another name and renamed, so that a run killed at any
moment leaves the last whole one. Tensors that are no tensors of the network (AdamW's moments, the
moving average) lie beside the network's under a prefix.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn, optim

from bridge.errors import ModelError

__all__ = [
    "join_optimizer",
    "load_into",
    "read_tensors",
    "split_optimizer",
    "with_prefix",
    "write_tensors",
]

_KEY = "ghosthands"


def write_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Writes tensors and a description in one atomic step.

    Args:
        path: A safetensors file; replaced whole, or not at all.
        tensors: By name.
        about: Anything that JSON can hold.
    """
    # safetensors refuses tensors that share memory, or are not contiguous.
    plain = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    content = save(plain, metadata={_KEY: json.dumps(about)})
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Reads what `write_tensors` wrote.

    Raises:
        ModelError: The file is missing, damaged, or not from here.
    """
    if not path.is_file():
        raise ModelError(f"there is no weights file {path}: give a .safetensors file")
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path} is damaged or no safetensors file ({error})") from error
    except KeyError as error:
        raise ModelError(
            f"{path} was not written by ghosthands: it does not say which network it holds"
        ) from error
    if not isinstance(about, dict):
        raise ModelError(f"{path} was not written by ghosthands")
    return tensors, about


def load_into(network: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Gives a network its weights.

    Raises:
        ModelError: They are another network's; the message names what differs.
    """
    own = network.state_dict()
    wrong = [
        *(f"{name} is missing" for name in own if name not in tensors),
        *(f"{name} is unknown" for name in tensors if name not in own),
        *(
            f"{name} is {tuple(tensors[name].shape)}, not {tuple(value.shape)}"
            for name, value in own.items()
            if name in tensors and tensors[name].shape != value.shape
        ),
        *(
            f"{name} has values that are not finite"
            for name, value in tensors.items()
            if value.is_floating_point() and not value.isfinite().all()
        ),
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ModelError(f"{source} has another network's weights: {'; '.join(wrong[:3])}{more}")
    network.load_state_dict({name: tensors[name].to(own[name].dtype) for name in own})


def with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, without it."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def split_optimizer(optimizer: optim.Optimizer) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """An optimiser's state as tensors by name, and its groups' settings."""
    state = optimizer.state_dict()
    tensors = {
        f"{index}.{name}": value
        for index, values in state["state"].items()
        for name, value in values.items()
    }
    return tensors, state["param_groups"]


def join_optimizer(
    optimizer: optim.Optimizer, tensors: Mapping[str, Tensor], groups: list[dict[str, Any]]
) -> None:
    """Gives an optimiser what `split_optimizer` took from one.

    Raises:
        ValueError: It is of another optimiser: names, shapes or groups differ.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, _, field = name.partition(".")
        shape = parameters[int(index)].shape
        # A moment is as its parameter is; AdamW's count of steps is one number.
        if value.shape != shape and value.dim():
            raise ValueError(f"the optimiser's {name} is {tuple(value.shape)}, not {tuple(shape)}")
        state.setdefault(int(index), {})[field] = value
    optimizer.load_state_dict({"state": state, "param_groups": groups})
