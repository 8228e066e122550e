"""The training loop: plain PyTorch, one process or several, resumable to the same loss curve."""

from __future__ import annotations

import json
import math
import operator
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, distributed, nn, optim
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from bridge.errors import InputError, ModelError
from bridge.model.training.checkpoint import (
    join_optimizer,
    load_into,
    read_tensors,
    split_optimizer,
    with_prefix,
    write_tensors,
)
from bridge.model.training.config import TrainConfig
from bridge.model.training.feed import BatchPlan, batches
from bridge.model.training.networks import Architecture
from bridge.model.training.sample import Batch, SampleSource
from bridge.model.training.schedule import Moment, rate_factor

__all__ = ["CHECKPOINT", "Progress", "Trainer"]

CHECKPOINT = "checkpoint.safetensors"
_LOG = "metrics.jsonl"
_PATIENCE_STEPS = 20
"""Steps in a row whose gradient is not finite before the run is given up."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is.

    Attributes:
        step: Steps done.
        steps: Steps in all.
        losses: The last logged losses.
        samples_per_s: Over the last window.
    """

    step: int
    steps: int
    losses: dict[str, float]
    samples_per_s: float


class _Losses(nn.Module):
    """Network and losses as one module: what DistributedDataParallel wraps."""

    def __init__(self, network: nn.Module, entry: Architecture, config: Any) -> None:
        super().__init__()
        self.network, self._loss, self._config = network, entry.loss, config

    def forward(self, batch: Batch, moment: Moment) -> dict[str, Tensor]:
        return self._loss(self.network(batch), batch, self._config, moment)


class Trainer:
    """Trains one network; see ``run``.

    Started by ``torchrun``, each process takes its share of every batch and gradients are averaged
    (batch normalisation keeps each process's own statistics).

    Args:
        config: The run.
        entry: What training needs of the network.
        network: The network, with initial weights.
        model_config: Its configuration.
        source: Where samples come from.
        folder: Where checkpoint and log are written; a checkpoint that is there is gone on from.
        device: Where to compute.
        on_progress: Called after every logged step, in the first process.
    """

    def __init__(
        self,
        config: TrainConfig,
        *,
        entry: Architecture,
        network: nn.Module,
        model_config: Any,
        source: SampleSource[Any],
        folder: Path,
        device: torch.device | str = "cpu",
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._config, self._schedule = config, config.schedule
        self._model_config, self._source, self._folder = model_config, source, folder
        self._device, self._on_progress = torch.device(device), on_progress
        alone = not distributed.is_initialized()
        self._rank = 0 if alone else distributed.get_rank()
        self.plan = BatchPlan(
            len(source),
            self._schedule.batch,
            config.data.views,
            self._schedule.seed,
            self._rank,
            1 if alone else distributed.get_world_size(),
        )
        if self._schedule.batch % self.plan.processes:
            # Unequal shares would weigh some samples' gradients more than others'.
            raise InputError(
                f"schedule.batch must be a multiple of the {self.plan.processes} processes, not "
                f"{self._schedule.batch}"
            )
        epochs = self._schedule.epochs
        self.steps = self._schedule.steps or (epochs or 0) * self.plan.steps_per_epoch
        self.network = network.to(self._device)
        self._step_module: nn.Module = _Losses(self.network, entry, model_config)
        self._optimizer = optim.AdamW(
            _groups(self.network, self._schedule.pretrained_rate),
            lr=self._schedule.rate,
            weight_decay=self._schedule.weight_decay,
        )
        decay = self._schedule.average
        self._average = (
            AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
            if decay
            else None
        )
        self.step = 0
        self.skipped = 0
        self._skipped_in_a_row = 0
        # Losses since the last line of the log; a checkpoint has them too.
        # Terms come and go with what a batch has (one view has no alignment): each has its count.
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        learned = self.network.state_dict().keys()
        self._statistics = [b for name, b in self.network.named_buffers() if name in learned]
        self._statistics_before = [buffer.clone() for buffer in self._statistics]
        if (folder / CHECKPOINT).exists():
            self._resume()

    @property
    def best_network(self) -> nn.Module:
        """What is to be evaluated and shipped: the moving average, where there is one."""
        return self.network if self._average is None else self._average.module

    def run(self) -> None:
        """Trains to the end, or until SIGINT or SIGTERM; a checkpoint is written either way.

        Raises:
            ModelError: Twenty gradients in a row were not finite.
            KeyboardInterrupt: SIGINT ended the run; it can be resumed.
            SystemExit: SIGTERM did, with code 143 as a shell reports it; likewise.
        """
        self.network.train()
        began, begun = time.perf_counter(), self.step
        stop = 0
        plan, workers = self.plan, self._config.data.workers
        with (
            _signals() as caught,
            self._gradients_averaged(),
            closing(batches(self._source, plan, self.step, self.steps, workers)) as feed,
        ):
            for batch in feed:
                losses = self._one_step(batch.to(self._device))
                if losses is not None:
                    self._collect(losses)
                self.step += 1
                if self.step % self._schedule.log_every == 0 or self.step == self.steps:
                    done = (self.step - begun) * self._schedule.batch
                    self._log(done / (time.perf_counter() - began))
                    began, begun = time.perf_counter(), self.step
                if self.step % self._schedule.save_every == 0:
                    self.save()
                stop = self._agreed(caught)
                if stop:
                    break
        self.save()
        if self.step < self.steps:
            raise KeyboardInterrupt if stop == signal.SIGINT else SystemExit(128 + stop)

    @contextmanager
    def _gradients_averaged(self) -> Iterator[None]:
        """Steps are those of all processes together; the process group is let go of afterwards."""
        alone = self._step_module
        if self.plan.processes > 1:
            # A batch of one view has nothing to align: some weights are then without a gradient.
            self._step_module = DistributedDataParallel(alone, find_unused_parameters=True)
        try:
            yield
        finally:
            self._step_module = alone

    def _agreed(self, caught: list[int]) -> int:
        """The signal to stop at, 0 for none: one process's is all processes'.

        A process that stopped alone would leave the others waiting for its gradients.
        """
        number = max(caught, default=0)
        if self.plan.processes == 1:
            return number
        shared = torch.tensor(number, device=self._device)
        distributed.all_reduce(shared, distributed.ReduceOp.MAX)
        return int(shared)

    def _collect(self, losses: dict[str, Tensor]) -> None:
        for name, loss in losses.items():
            value = loss.detach().float()
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._counts[name] = self._counts.get(name, 0) + 1

    def _one_step(self, batch: Batch) -> dict[str, Tensor] | None:
        """One update and its losses; None where it was left out: its gradient was not finite."""
        schedule = self._schedule
        # Masks and dropout are a function of the step, so that a resumed run draws the same.
        torch.manual_seed((schedule.seed * 1_000_003 + self.step) * 1_009 + self._rank)
        for group in self._optimizer.param_groups:
            rate = schedule.rate * group.get("share", 1.0)
            group["lr"] = rate * rate_factor(schedule, self.step, self.steps)
        _copy(self._statistics, self._statistics_before)
        bf16 = schedule.precision == "bf16"
        with torch.autocast(self._device.type, torch.bfloat16) if bf16 else nullcontext():
            losses: dict[str, Tensor] = self._step_module(batch, Moment(self.step, self.steps))
        self._optimizer.zero_grad(set_to_none=True)
        losses["total"].backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), schedule.clip)
        # Gradients are the same in all processes, so all of them leave out the same steps.
        if math.isfinite(float(norm)):
            self._optimizer.step()
            if self._average is not None:
                self._average.update_parameters(self.network)
            self._skipped_in_a_row = 0
            return losses
        # Batch normalisation's running means saw the same numbers: one infinity would stay in them.
        _copy(self._statistics_before, self._statistics)
        self.skipped += 1
        self._skipped_in_a_row += 1
        if self._skipped_in_a_row >= _PATIENCE_STEPS:
            raise ModelError(
                f"the gradient was not finite {_PATIENCE_STEPS} steps in a row, up to step "
                f"{self.step}: lower schedule.rate, or look at the data"
            )
        return None

    def _log(self, rate: float) -> None:
        losses = {name: float(total) / self._counts[name] for name, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        if self._rank:
            return
        line = {
            "step": self.step,
            "rate": self._optimizer.param_groups[0]["lr"],
            "samples_per_s": round(rate, 1),
            "skipped": self.skipped,
            **losses,
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / _LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self._on_progress(Progress(self.step, self.steps, losses, rate))

    def save(self) -> None:
        """Writes the checkpoint, in the first process."""
        if self._rank:
            return
        moments, groups = split_optimizer(self._optimizer)
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"optimizer.{k}": v for k, v in moments.items()}
        if self._average is not None:
            tensors |= {f"average.{k}": v for k, v in self._average.module.state_dict().items()}
            tensors["averaged"] = self._average.n_averaged
        tensors |= {f"window.{name}": total for name, total in self._sums.items()}
        about = {
            "network": self._config.network,
            "config": self._model_config.to_dict(),
            "run": _description(self._config),
            "step": self.step,
            "skipped": self.skipped,
            "window": self._counts,
            "groups": groups,
        }
        write_tensors(self._folder / CHECKPOINT, tensors, about)

    def _resume(self) -> None:
        path = self._folder / CHECKPOINT
        tensors, about = read_tensors(path)
        run = _description(self._config)
        try:
            # What was not yet there when the run began has its default.
            begun = _description(TrainConfig.model_validate(about.get("run")))
        except ValidationError:
            begun = {}
        differs = [key for key in run if begun.get(key) != run[key]]
        if differs:
            raise InputError(
                f"{self._folder} holds a run with another {', '.join(differs)}: give another "
                "folder, or the same configuration to go on"
            )
        load_into(self.network, with_prefix(tensors, "network."), str(path))
        try:
            join_optimizer(self._optimizer, with_prefix(tensors, "optimizer."), about["groups"])
            if self._average is not None:
                load_into(self._average.module, with_prefix(tensors, "average."), str(path))
                self._average.n_averaged.copy_(tensors["averaged"])
            self.step, self.skipped = (
                operator.index(about["step"]),
                operator.index(about["skipped"]),
            )
            self._counts = {name: operator.index(n) for name, n in about["window"].items()}
            window = with_prefix(tensors, "window.")
            self._sums = {name: window[name].to(self._device) for name in self._counts}
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise ModelError(
                f"{path} is no checkpoint that can be gone on from: {error}"
            ) from error
        if not 0 <= self.step <= self.steps:
            raise ModelError(f"{path} is at step {self.step} of a run of {self.steps}")
        if not self._rank:
            _cut_log(self._folder / _LOG, self.step)


def _groups(network: nn.Module, share: float) -> list[dict[str, Any]]:
    """What the optimiser moves: all alike, or what began trained at a share of the rate."""
    begun = tuple(getattr(network, "pretrained", ()))
    if share == 1 or not begun:
        return [{"params": list(network.parameters())}]
    slow = [p for name, p in network.named_parameters() if name.startswith(begun)]
    others = [p for name, p in network.named_parameters() if not name.startswith(begun)]
    return [{"params": others}, {"params": slow, "share": share}]


def _copy(source: list[Tensor], target: list[Tensor]) -> None:
    if source:
        torch._foreach_copy_(target, source)


def _cut_log(path: Path, step: int) -> None:
    """Drops lines after a checkpoint's step: they are about to be written again."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except (ValueError, KeyError, TypeError):
            continue  # The line that was under way when the run was killed.
    part = path.with_name(f"{path.name}.part")
    part.write_text("".join(kept), encoding="utf-8")
    part.replace(path)


@contextmanager
def _signals() -> Iterator[list[int]]:
    """The numbers of SIGINT and SIGTERM that came: the step under way is finished first.

    The second one does not wait for it.
    """
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return

    def end(number: int, _frame: FrameType | None) -> None:
        if caught:
            raise KeyboardInterrupt
        caught.append(number)

    former = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _description(config: TrainConfig) -> dict[str, Any]:
    """What must be the same for a run to go on; threads do not change what it computes."""
    return config.model_dump(mode="json", exclude={"data": {"workers"}})
