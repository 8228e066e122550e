"""A training run as a TOML file: the network, its data, the schedule."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bridge.errors import InputError
from bridge.model.training.hands import HandName

__all__ = ["DataConfig", "ModelConfig", "ScheduleConfig", "TrainConfig", "load_config"]

_CONFIGS = "bridge.model.training"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelConfig(_Part):
    """Which network.

    Attributes:
        preset: The network's sizes to start from.
        changes: What differs from the preset, by the network's own names.
        begin: Weights of a trained network to begin with, where names and sizes are the same: a
            file, or the word ``shipped``; None begins as the network itself does.
        hand: ``open``, or ``mano``: the user's own files, for datasets with MANO labels.
    """

    preset: str = "landmarks"
    hand: HandName = "open"
    changes: dict[str, Any] = Field(default_factory=dict)
    begin: Path | None = None


class DataConfig(_Part):
    """What it is trained on.

    Attributes:
        source: ``synthetic-landmarks``, ``synthetic-images``, ``rendered`` (a set that
            ``ghosthands data render`` made), ``pasted`` (whole pictures with many of such a set's
            hands), or a dataset's name.
        path: The dataset's folder, for rendered sets and real datasets.
        options: Further arguments of the source.
        views: Views of each sample, or the least and the most, drawn batch by batch.
        workers: Threads that make batches ahead; more than one helps where pictures are decoded.
    """

    source: str = "synthetic-landmarks"
    path: Path | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    views: tuple[int, int] = (3, 3)
    workers: int = Field(1, ge=1, le=64)

    @model_validator(mode="before")
    @classmethod
    def _one_number_of_views(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("views"), int):
            return values | {"views": (values["views"], values["views"])}
        return values

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 1 <= self.views[0] <= self.views[1]:
            raise ValueError("views must be at least 1, and the least not above the most")
        return self


class ScheduleConfig(_Part):
    """How long, and how fast.

    Attributes:
        epochs: Passes over the source; its length is its own word for synthetic ones.
        steps: Batches instead of epochs.
        batch: Samples a step, over all processes.
        rate: AdamW's learning rate.
        pretrained_rate: Share of the rate for parameters that begin trained (see ``weights`` of the
            networks' own configurations): a trained encoder forgets at the rate of a new head.
        weight_decay: AdamW's weight decay.
        decay: ``steps`` multiplies the rate by ``gamma`` at each milestone; ``cosine`` lets it
            fall to a hundredth.
        milestones: Shares of the run, 0 to 1, after which the rate falls.
        gamma: Factor at each milestone.
        warm_up: Steps over which the rate rises from zero.
        clip: Largest gradient norm.
        precision: ``bf16`` runs the network in bfloat16 (autocast), the losses in float32.
        average: Decay of the moving average of the weights that is evaluated and shipped; 0 keeps
            none.
        seed: Of the weights, the data and the masks.
        log_every: Steps between two lines of the log.
        save_every: Steps between two checkpoints.
    """

    epochs: int | None = Field(None, ge=1)
    steps: int | None = Field(None, ge=1)
    batch: int = Field(32, ge=1)
    rate: float = Field(1e-4, gt=0)
    pretrained_rate: float = Field(1.0, gt=0, le=1)
    weight_decay: float = Field(0.01, ge=0)
    decay: Literal["steps", "cosine"] = "steps"
    milestones: tuple[float, ...] = (1 / 3, 2 / 3)
    gamma: float = Field(0.1, gt=0, le=1)
    warm_up: int = Field(0, ge=0)
    clip: float = Field(1.0, gt=0)
    precision: Literal["fp32", "bf16"] = "fp32"
    average: float = Field(0.0, ge=0, lt=1)
    seed: int = Field(0, ge=0)
    log_every: int = Field(50, ge=1)
    save_every: int = Field(1000, ge=1)

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.epochs is None) == (self.steps is None):
            raise ValueError("give either epochs or steps")
        return self


class TrainConfig(_Part):
    """A training run; see ``load_config``."""

    network: str = "a3net"
    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    schedule: ScheduleConfig


def load_config(name: str, *, network: str = "a3net", changes: Sequence[str] = ()) -> TrainConfig:
    """Reads a training run's configuration.

    Args:
        name: A shipped one (``paper``, ``gpu``, ``cpu``, ``fixture``), or a TOML file's path.
        network: The network that the shipped ones are for.
        changes: ``key=value`` with dots for tables, values as in TOML: ``schedule.steps=100``.

    Raises:
        InputError: There is no such file, or a key or value cannot be used; the message names it.
    """
    shipped = resources.files(_CONFIGS).joinpath("configs", f"{network}_{name}.toml")
    path = Path(name)
    try:
        text = (shipped if shipped.is_file() else path).read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError as error:
        folder = resources.files(_CONFIGS).joinpath("configs")
        prefix = f"{network}_"
        known = sorted(
            file.name.removeprefix(prefix).removesuffix(".toml")
            for file in folder.iterdir()
            if file.name.startswith(prefix)
        )
        raise InputError(
            f"no configuration {name!r}: choose one of {', '.join(known)}, or give a TOML file"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"the configuration {name} cannot be read: {error}") from error
    for change in changes:
        _apply(values, change)
    try:
        return TrainConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(f"configuration {name}: {key}: {first['msg']}") from error


def _apply(values: dict[str, Any], change: str) -> None:
    """Sets one ``key=value``; a value that is no TOML is taken as text."""
    key, equals, text = change.partition("=")
    *tables, last = key.strip().split(".")
    if not equals or not last:
        raise InputError(f"--set needs key=value, such as schedule.steps=100, not {change!r}")
    try:
        value: Any = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise InputError(f"--set {change}: {table} is not a table")
    # A length replaces the other kind of length.
    if tables == ["schedule"] and last in ("steps", "epochs"):
        values.pop("epochs" if last == "steps" else "steps", None)
    values[last] = value
