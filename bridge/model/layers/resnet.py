"""Residual encoders (He et al. 2016) as torchvision has them, whole or narrower.

Their parts have torchvision's names, so its trained weights fit where the width is 1.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import torch
from torch import Tensor, nn

from bridge.errors import MissingDependencyError, ModelError

__all__ = ["Depth", "ResNet", "torchvision_models"]

Depth = Literal[18, 50]

_BLOCKS = {18: ("BasicBlock", (2, 2, 2, 2)), 50: ("Bottleneck", (3, 4, 6, 3))}

_declared: list[Any] = []


def torchvision_models() -> ModuleType:
    """``torchvision.models``, also where torchvision's C++ operators do not fit this torch.

    PyPI's torchvision is built for CUDA; beside a CPU torch its extension cannot be loaded, and
    importing it stops at two operators that it wants to describe. No model here needs them:
    declaring their names is enough.

    Raises:
        MissingDependencyError: torchvision is not installed.
    """
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise MissingDependencyError(
            "torchvision is not installed. Run: pip install 'ghosthands[train]'"
        )
    if not _declared and not hasattr(torch.ops.torchvision, "nms"):
        try:
            torch.ops.load_library(next(Path(spec.origin).parent.glob("_C.*")))
        except (OSError, StopIteration):
            library = torch.library.Library("torchvision", "FRAGMENT")
            library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            _declared.append(library)  # the names live as long as this object
    import torchvision.models

    models: ModuleType = torchvision.models
    return models


class ResNet(nn.Module):
    """ResNet-18 or -50 without its classifier: the maps of its four levels.

    Args:
        depth: 18 or 50.
        width: Channels as a share of the usual ones; each level's must be whole.
        weights: ``imagenet`` (downloads), a path to torchvision's state dict, or None for random.

    Attributes:
        channels: Of the four maps; level k is ``S / 2^(k+1)`` cells wide, from k = 1.

    Raises:
        MissingDependencyError: torchvision is not installed.
        ModelError: The weights cannot be had, or are another network's.
    """

    mean: Tensor
    spread: Tensor

    def __init__(
        self, depth: Depth = 18, *, width: float = 1.0, weights: str | None = None
    ) -> None:
        super().__init__()
        kind, blocks = _BLOCKS[depth]
        block: Any = getattr(torchvision_models().resnet, kind)
        planes = [round(64 * width * 2**level) for level in range(4)]
        self.channels = tuple(count * block.expansion for count in planes)
        self.conv1 = nn.Conv2d(3, planes[0], 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(planes[0])
        inputs = planes[0]
        for level, (count, repeats) in enumerate(zip(planes, blocks, strict=True)):
            stride = 1 if level == 0 else 2
            layer = _level(block, inputs, count, repeats, stride)
            self.add_module(f"layer{level + 1}", layer)
            inputs = count * block.expansion
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if weights is not None:
            self.load_state_dict(_trained(depth, weights, self.state_dict()))
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), False)
        self.register_buffer("spread", torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1), False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Encodes ``(M, 3, S, S)``, 0 to 1; ImageNet's normalisation is done here."""
        x = self.conv1((images - self.mean) / self.spread)
        x = nn.functional.max_pool2d(self.bn1(x).relu(), 3, stride=2, padding=1)
        maps = []
        for level in range(1, 5):
            x = getattr(self, f"layer{level}")(x)
            maps.append(x)
        first, second, third, fourth = maps
        return first, second, third, fourth


def _level(block: Any, inputs: int, planes: int, repeats: int, stride: int) -> nn.Sequential:
    """One level: blocks of which the first shrinks the map."""
    outputs = planes * block.expansion
    shortcut = None
    if stride != 1 or inputs != outputs:
        convolution = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
        shortcut = nn.Sequential(convolution, nn.BatchNorm2d(outputs))
    blocks = [block(inputs, planes, stride, shortcut)]
    blocks += [block(outputs, planes) for _ in range(repeats - 1)]
    return nn.Sequential(*blocks)


def _trained(depth: Depth, weights: str, own: dict[str, Tensor]) -> dict[str, Tensor]:
    """Torchvision's weights of these names."""
    try:
        if weights == "imagenet":
            models = torchvision_models()
            source = getattr(models, f"ResNet{depth}_Weights").IMAGENET1K_V1
            state = source.get_state_dict(progress=False)
        else:
            state = torch.load(weights, map_location="cpu", weights_only=True)
        found = {name: state[name] for name in own}
        for name, value in own.items():
            if found[name].shape != value.shape:
                raise ValueError(f"{name} is {tuple(found[name].shape)}")
    except Exception as error:  # no network, no file, another pickle, other tensors
        raise ModelError(
            f"ResNet-{depth}'s weights cannot be had from {weights!r} ({error}): give"
            " weights='imagenet' with a network connection, a path to torchvision's state dict,"
            " or nothing"
        ) from error
    return found
