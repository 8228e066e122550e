"""A network and a source small enough to train in a blink: landmarks to joints, linearly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from bridge.model.training.config import TrainConfig
from bridge.model.training.networks import Architecture
from bridge.model.training.sample import HandViews
from bridge.model.training.schedule import Moment

MIX = torch.linspace(-1, 1, 42 * 63).reshape(42, 63)


class LinearSource:
    """Joints that are a fixed linear function of the first view's landmarks."""

    def __init__(self, poison: frozenset[int] = frozenset()) -> None:
        self.poison = poison
        self.asked: list[list[int]] = []

    def __len__(self) -> int:
        return 40

    def batch(self, numbers: list[int], *, views: int, augment: bool) -> HandViews:
        self.asked.append(list(numbers))
        seeded = [torch.Generator().manual_seed(n % 40) for n in numbers]
        landmarks = torch.stack([torch.randn(views, 21, 2, generator=g) for g in seeded])
        joints = (landmarks.flatten(2) @ MIX).unflatten(2, (21, 3))
        if self.poison & set(numbers):
            joints = joints * float("nan")
        return HandViews(
            focal=torch.ones(len(numbers), views),
            present=torch.ones(len(numbers), views, dtype=torch.bool),
            landmarks=landmarks,
            joints_m=joints,
        )


@dataclass(frozen=True)
class LinearConfig:
    """The linear network has no sizes."""

    def to_dict(self) -> dict[str, Any]:
        return {}


class Linear(nn.Module):
    """Landmarks of the first view to joints, with dropout, so that random numbers matter."""

    def __init__(self, config: LinearConfig, hand: object) -> None:
        super().__init__()
        self.layer = nn.Linear(42, 63)
        self.dropout = nn.Dropout(0.1)

    def forward(self, views: HandViews) -> Tensor:
        return self.layer(self.dropout(views.landmarks[:, 0].flatten(1))).unflatten(1, (21, 3))


def linear_loss(
    output: Tensor, views: HandViews, config: LinearConfig, moment: Moment
) -> dict[str, Tensor]:
    error = (output - views.joints_m[:, 0]).square().mean()
    return {"joints": error, "total": error}


@pytest.fixture
def entry() -> Architecture:
    return Architecture(lambda p, c: LinearConfig(), lambda d: LinearConfig(), Linear, linear_loss)


@pytest.fixture
def source() -> LinearSource:
    return LinearSource()


@pytest.fixture
def config() -> TrainConfig:
    return TrainConfig.model_validate(
        {
            "data": {"views": [1, 2]},
            "schedule": {
                "steps": 12,
                "batch": 8,
                "rate": 0.01,
                "log_every": 1,
                "save_every": 4,
                "average": 0.9,
                "seed": 3,
            },
        }
    )
