"""A training run from its configuration to its weights file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

# Imported later, its default arguments would hold on to the process group, whose threads then
# outlive it: one that lets go of a tensor while the interpreter ends aborts the process
# (pytorch/pytorch#190489).
import torch.distributed.nn
from torch import distributed

from bridge.errors import InputError
from bridge.model.training.config import TrainConfig
from bridge.model.training.hands import hand_layer
from bridge.model.training.networks import architecture
from bridge.model.training.sources import open_source
from bridge.model.training.trainer import CHECKPOINT, Progress, Trainer
from bridge.model.training.weights import (
    begin_with,
    options_of,
    read_weights,
    save_weights,
    shipped_weights,
)
from bridge.optional import require

__all__ = ["WEIGHTS", "pick_device", "train"]

WEIGHTS = "weights.safetensors"


def train(
    config: TrainConfig,
    folder: Path,
    *,
    device: str = "auto",
    tensorboard: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Path:
    """Trains a network; a run that was cut off in that folder goes on.

    Args:
        config: The run.
        folder: Where its checkpoint, log and weights are written.
        device: ``auto``, ``cpu`` or ``cuda``.
        tensorboard: Write TensorBoard's event files into the folder too.
        on_progress: Called after every logged step.

    Returns:
        The weights file, in half precision.

    Raises:
        InputError: The configuration does not fit the network, the data or the folder.
        KeyboardInterrupt: A signal ended the run; the same call resumes it.
        ModelError: The run diverged.
    """
    entry = architecture(config.network)
    model_config = entry.configure(config.model.preset, config.model.changes)
    with _processes(device) as (place, first), _events(folder, tensorboard and first) as write:

        def report(progress: Progress) -> None:
            write(progress)
            on_progress(progress)

        # First what is quickly found wrong: building a network may download weights.
        source = open_source(
            config.data, seed=config.schedule.seed, device=place, hand=config.model.hand
        )
        _check_teacher(config)
        torch.manual_seed(config.schedule.seed)
        network = entry.build(model_config, hand_layer(config.model.hand))
        if config.model.begin is not None and not (folder / CHECKPOINT).exists():
            shipped = str(config.model.begin) == "shipped"
            begin_with(network, shipped_weights(config.network) if shipped else config.model.begin)
        trainer = Trainer(
            config,
            entry=entry,
            network=network,
            model_config=model_config,
            source=source,
            folder=folder,
            device=place,
            on_progress=report,
        )
        trainer.run()
        path = folder / WEIGHTS
        if first:
            save_weights(
                path,
                trainer.best_network,
                name=config.network,
                config=model_config,
                about={
                    "run": config.model_dump(mode="json"),
                    "steps": trainer.step,
                    "skipped": trainer.skipped,
                    "torch": torch.__version__,
                },
            )
    return path


def _check_teacher(config: TrainConfig) -> None:
    """Demands that a teacher learned from crops that are turned as its student's are.

    Raises:
        InputError: It did not.
        ModelError: It cannot be read.
    """
    if (teacher := config.model.changes.get("teacher")) is None:
        return
    _, about = read_weights(Path(teacher))
    theirs, ours = (bool(o.get("upright")) for o in (options_of(about), config.data.options))
    if theirs != ours:
        raise InputError(
            f"the teacher {teacher} learned from crops that are{'' if theirs else ' not'} upright:"
            f" set data.options.upright={str(theirs).lower()}, or train another"
        )


def pick_device(device: str) -> torch.device:
    """The device of a name: ``auto`` takes CUDA where it works.

    Raises:
        InputError: Another name, or CUDA where there is none.
    """
    cuda = torch.cuda.is_available()
    if device not in ("auto", "cpu", "cuda"):
        raise InputError(f"unknown device {device!r}: choose auto, cpu or cuda")
    if device == "cuda" and not cuda:
        raise InputError("PyTorch finds no CUDA device here: use --device cpu")
    return torch.device("cuda" if cuda and device != "cpu" else "cpu")


@contextmanager
def _processes(device: str) -> Iterator[tuple[torch.device, bool]]:
    """Joins the other processes that torchrun started; yields the device, and whether first."""
    place = pick_device(device)
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
        yield place, True
        return
    if place.type == "cuda":
        place = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(place)
    distributed.init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield place, distributed.get_rank() == 0
    finally:
        distributed.destroy_process_group()


@contextmanager
def _events(folder: Path, wanted: bool) -> Iterator[Callable[[Progress], None]]:
    """TensorBoard's writer, or nothing."""
    if not wanted:
        yield lambda _: None
        return
    require("tensorboard", extra="train")
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as writer:

        def write(progress: Progress) -> None:
            for name, value in progress.losses.items():
                writer.add_scalar(f"loss/{name}", value, progress.step)
            writer.add_scalar("samples_per_s", progress.samples_per_s, progress.step)

        yield write
