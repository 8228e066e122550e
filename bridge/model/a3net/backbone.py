"""The encoder-decoder of section 3.1: a crop to the feature map F_vis and the pooled feature.

The paper does not name its backbone. ResNet-18 with a light top-down decoder at 32 x 32 cells fits
its 30.58 M parameters and 13.11 GFLOPs; ResNet-50 does not.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bridge.errors import MissingDependencyError, ModelError

__all__ = ["ImageStem", "torchvision_models"]

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


def _resnet18(weights: str | None) -> nn.Module:
    models = torchvision_models()
    net: nn.Module = models.resnet18()
    if weights is None:
        return net
    try:
        if weights == "imagenet":
            state = models.ResNet18_Weights.IMAGENET1K_V1.get_state_dict(progress=False)
        else:
            state = torch.load(weights, map_location="cpu", weights_only=True)
        net.load_state_dict(state)
    except Exception as error:  # no network, no file, another pickle, other tensors
        raise ModelError(
            f"ResNet-18's weights cannot be had from {weights!r} ({error}): give weights='imagenet'"
            " with a network connection, a path to torchvision's state dict, or nothing"
        ) from error
    return net


class ImageStem(nn.Module):
    """RGB crops ``(M, 3, S, S)`` to F_vis ``(M, C, S/8, S/8)`` and a feature ``(M, 512)``.

    Args:
        channels: C, features of a cell of F_vis.
        weights: See ``A3NetConfig.weights``.
    """

    features = 512
    mean: Tensor
    spread: Tensor

    def __init__(self, channels: int, weights: str | None = None) -> None:
        super().__init__()
        net: Any = _resnet18(weights)
        self.stem = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
        self.layers = nn.ModuleList([net.layer1, net.layer2, net.layer3, net.layer4])
        self.top = _convolution(512, 256, 1)
        self.side16 = nn.Conv2d(256, 256, 1)
        self.merge16 = _convolution(256, channels, 3)
        self.side32 = nn.Conv2d(128, channels, 1)
        self.merge32 = _convolution(channels, channels, 1)
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1))
        self.register_buffer("spread", torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Encodes and decodes.

        Args:
            images: ``(M, 3, S, S)``, 0 to 1; ImageNet's normalisation is done here.

        Returns:
            F_vis ``(M, C, S/8, S/8)`` and the pooled encoder feature ``(M, 512)``.
        """
        x = self.stem((images - self.mean) / self.spread)
        levels = []
        for layer in self.layers:
            x = layer(x)
            levels.append(x)
        y = _double(self.top(x)) + self.side16(levels[2])
        y = _double(self.merge16(y)) + self.side32(levels[1])
        return self.merge32(y), x.mean(dim=(2, 3))


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def _convolution(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
