"""The shipped landmark net's convolutions as an encoder that goes on learning.

It has looked at far more hands than anything that is trained here; as ImageNet's weights do for a
residual encoder, its weights let a network on pictures begin with eyes. The net is an
EfficientNet-Lite (Tan and Le 2019): 7 groups of inverted residual blocks (Sandler et al. 2018),
whose normalisations are folded into the convolutions.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bridge.errors import ModelError
from bridge.model.nets import net_file

__all__ = ["LandmarkTrunk"]

_STEM = (24, 16)
_GROUPS = (
    # kernel, stride, blocks, features between, features out
    (3, 2, 1, 64, 24),
    (3, 1, 1, 144, 24),
    (5, 2, 1, 144, 40),
    (5, 1, 1, 240, 40),
    (3, 2, 1, 240, 80),
    (3, 1, 2, 480, 80),
    (5, 1, 1, 480, 112),
    (5, 1, 2, 672, 112),
    (5, 2, 1, 672, 192),
    (5, 1, 3, 1152, 192),
)


class LandmarkTrunk(nn.Module):
    """The landmark net up to its last level, for pictures of any size that 32 divides.

    Args:
        pretrained: Begin with the shipped net's weights; otherwise at random.
        frozen: How many of the four levels do not learn. The first ones take most of the time, and
            see edges whatever the task is.

    Attributes:
        channels: Of the four maps; level k is ``S / 2^(k+1)`` cells wide, from k = 1.

    Raises:
        ModelError: The shipped net is missing, or another.
    """

    channels = (24, 40, 112, 192)

    def __init__(self, *, pretrained: bool = False, frozen: int = 0) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, _STEM[0], 3, stride=2)
        self.first = _Block(_STEM[0], None, _STEM[1], kernel=3, stride=1)
        blocks = []
        inputs = _STEM[1]
        for kernel, stride, repeats, between, outputs in _GROUPS:
            for _ in range(repeats):
                blocks.append(_Block(inputs, between, outputs, kernel=kernel, stride=stride))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        if pretrained:
            _fill(self)
        # Filters of single channels are several times as fast with channels last on a CPU.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        ends = [k for k, block in enumerate(blocks) if k and block.stride == 2] + [len(blocks)]
        if frozen:
            for part in (self.stem, self.first, *blocks[: ends[frozen - 1]]):
                part.requires_grad_(False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Encodes ``(M, 3, S, S)``, 0 to 1."""
        images = images.contiguous(memory_format=torch.channels_last)
        x = self.first(F.relu6(self.stem(_padded(images, 3, 2))))
        maps = []
        for block, following in pairwise((*self.blocks, None)):
            x = block(x)
            if following is None or following.stride == 2:
                maps.append(x)
        first, second, third, fourth = maps
        return first, second, third, fourth


class _Block(nn.Module):
    """Wider, filter every channel by itself, narrower; added to what came in where that fits."""

    def __init__(
        self, inputs: int, between: int | None, outputs: int, *, kernel: int, stride: int
    ) -> None:
        super().__init__()
        self.stride, self._kernel = stride, kernel
        wide = inputs if between is None else between
        self.wider = None if between is None else nn.Conv2d(inputs, wide, 1)
        self.each = nn.Conv2d(wide, wide, kernel, stride=stride, groups=wide)
        self.narrower = nn.Conv2d(wide, outputs, 1)
        self._adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.wider is None else F.relu6(self.wider(x))
        wide = F.relu6(self.each(_padded(wide, self._kernel, self.stride)))
        found: Tensor = self.narrower(wide)
        return x + found if self._adds else found


def _padded(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Padding as TensorFlow's SAME has it, for sides that the stride divides."""
    whole = kernel - stride
    before, after = whole // 2, whole - whole // 2
    return F.pad(x, (before, after, before, after))


def _fill(trunk: LandmarkTrunk) -> None:
    """Takes the convolutions of the shipped ONNX file, which are in the order of the modules."""
    try:
        import onnx
        from onnx import numpy_helper

        graph = onnx.load_from_string(net_file("hand_landmarks")).graph
        tensors = {t.name: t for t in graph.initializer}
        cast = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "Cast"}
        found = [n for n in graph.node if n.op_type == "Conv"]
        own = [m for m in trunk.modules() if isinstance(m, nn.Conv2d)]
        for module, node in zip(own, found, strict=False):
            for parameter, name in zip((module.weight, module.bias), node.input[1:], strict=True):
                array = numpy_helper.to_array(tensors[cast.get(name, name)])
                value = torch.from_numpy(array.astype("float32"))
                if parameter is None or parameter.shape != value.shape:
                    raise ValueError(f"{name} is {tuple(value.shape)}")
                with torch.no_grad():
                    parameter.copy_(value)
    except Exception as error:  # no onnx, no file, another graph
        raise ModelError(f"the shipped landmark net cannot be an encoder: {error}") from error
