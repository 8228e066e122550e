"""Random numbers by name: what a sample draws depends on its number alone, not on its batch.

A counter-based generator (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): the
hash of seed, sample, name and index is the random number. All samples of a batch are drawn at once,
any batch partition gives the same samples, and a draw that is added changes no other.
"""

from __future__ import annotations

import math
import zlib

import torch
from torch import Tensor

from bridge.errors import InputError

__all__ = ["Draws"]


def _signed(value: int) -> int:
    """A 64-bit constant as torch's int64 holds it."""
    return value - (1 << 64) if value >= 1 << 63 else value


# Steele et al. 2014, "Fast splittable pseudorandom number generators": SplitMix64's constants.
_GOLDEN = _signed(0x9E3779B97F4A7C15)
_MIX_1 = _signed(0xBF58476D1CE4E5B9)
_MIX_2 = _signed(0x94D049BB133111EB)


def _mix(x: Tensor) -> Tensor:
    """SplitMix64's finaliser on int64, whose products wrap as unsigned ones do."""
    x = (x ^ ((x >> 30) & 0x3FFFFFFFF)) * _MIX_1
    x = (x ^ ((x >> 27) & 0x1FFFFFFFFF)) * _MIX_2
    return x ^ ((x >> 31) & 0x1FFFFFFFF)


class Draws:
    """The random numbers of a batch of samples.

    Args:
        seed: Of the data set.
        numbers: Sample numbers, B of them.

    Example::

        draws = Draws(0, [7, 8])
        betas = draws.normal("betas", 10)  # (2, 10); row 0 is sample 7's in every batch

    Raises:
        InputError: There is no sample, or one has a negative number.
    """

    def __init__(self, seed: int, numbers: list[int]) -> None:
        if not numbers or min(numbers) < 0:
            raise InputError(f"a batch needs samples numbered from 0, got {numbers[:8]}")
        start = _mix(torch.tensor([seed], dtype=torch.int64) * _GOLDEN + 1)
        self._keys = _mix(start + torch.tensor(numbers, dtype=torch.int64) * _GOLDEN)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def device(self) -> torch.device:
        """Where the numbers are made."""
        return self._keys.device

    def fork(self, name: str) -> Draws:
        """Numbers apart from these, for a part that draws under names of its own."""
        child = Draws.__new__(Draws)
        child._keys = self._named(name)
        return child

    def spread(self, name: str, count: int) -> Draws:
        """Numbers of ``count`` parts of each sample, its views say: ``B * count`` rows."""
        part = torch.arange(1, count + 1, dtype=torch.int64, device=self._keys.device) * _GOLDEN
        child = Draws.__new__(Draws)
        child._keys = _mix(self._named(name)[:, None] + part).flatten()
        return child

    def pick(self, rows: Tensor) -> Draws:
        """Numbers of some rows only."""
        child = Draws.__new__(Draws)
        child._keys = self._keys[rows]
        return child

    def to(self, device: torch.device | str) -> Draws:
        """The same numbers, made on another device."""
        child = Draws.__new__(Draws)
        child._keys = self._keys.to(device)
        return child

    def uniform(self, name: str, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """``(B, *shape)`` float32, evenly between ``low`` and ``high``.

        Numbers fill the shape row by row: a larger first axis keeps the rows it had.
        """
        return (self._unit(name, shape) * (high - low) + low).float()

    def normal(self, name: str, *shape: int) -> Tensor:
        """``(B, *shape)`` float32, standard normal."""
        return torch.special.ndtri(self._unit(name, shape)).float()

    def below(self, name: str, probability: float, *shape: int) -> Tensor:
        """``(B, *shape)`` bool, true with a probability."""
        return self._unit(name, shape) < probability

    def integers(self, name: str, n: int, *shape: int) -> Tensor:
        """``(B, *shape)`` int64 from 0 to ``n - 1``."""
        return (self._unit(name, shape) * n).long().clamp_(max=n - 1)

    def choice(self, name: str, weights: Tensor, *shape: int) -> Tensor:
        """``(B, *shape)`` indices of ``weights (K,)``, by these weights."""
        bounds = torch.cumsum(weights.to(self._keys.device, torch.float64), 0)
        return torch.searchsorted(bounds / bounds[-1], self._unit(name, shape)).clamp_(
            max=len(weights) - 1
        )

    def rotations(self, name: str, *shape: int) -> Tensor:
        """``(B, *shape, 3, 3)`` rotations, evenly over all."""
        q = torch.nn.functional.normalize(self.normal(name, *shape, 4), dim=-1)
        x, y, z, w = q.unbind(-1)
        rows = (
            (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
            (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
            (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
        )
        return torch.stack([torch.stack(row, -1) for row in rows], -2)

    def _named(self, name: str) -> Tensor:
        return _mix(self._keys ^ (zlib.crc32(name.encode()) * 0x1_0000_0001))

    def _unit(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """``(B, *shape)`` float64 within 0 to 1, neither end included."""
        count = math.prod(shape)
        index = torch.arange(1, count + 1, dtype=torch.int64, device=self._keys.device) * _GOLDEN
        bits = (_mix(self._named(name)[:, None] + index) >> 11) & ((1 << 53) - 1)
        return ((bits.double() + 0.5) * 2.0**-53).reshape(len(self), *shape)
