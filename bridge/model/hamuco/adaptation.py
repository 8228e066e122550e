"""Fine-tuning on a recording without any annotation, and what can be said of it without truth."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bridge.errors import InputError
from bridge.model.hamuco.fusion import fit, fuse
from bridge.model.hamuco.network import HaMuCo
from bridge.model.hamuco.output import PerView
from bridge.model.hamuco.recording import Recorded, RecordedHands
from bridge.model.training.config import DataConfig, ModelConfig, ScheduleConfig, TrainConfig
from bridge.model.training.networks import architecture
from bridge.model.training.sample import HandViews
from bridge.model.training.trainer import Trainer

__all__ = ["Agreement", "adapt", "agreement", "split_in_time"]

_LEAST_LEARNED, _LEAST_HELD_OUT = 40, 10
"""Instants: two hands at one of them make a recording no longer."""

_BATCH = 8
_PIXELS = 128.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a network agrees with the labels, and its views with each other; means.

    None of it is accuracy: labels may be wrong, and views may agree on what is wrong.

    Attributes:
        samples: Hands at instants.
        single_2d_px: The single views' keypoints from the labels, pixels of a 256-pixel crop,
            each by the detector's trust in it.
        interact_2d_px: The same after interaction.
        single_apart_mm: Keypoints of each view's own hand from the mean hand of all views, all
            aligned with scale.
        interact_apart_mm: The same after interaction.
    """

    samples: int
    single_2d_px: float
    interact_2d_px: float
    single_apart_mm: float
    interact_apart_mm: float

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(self).items()}


def split_in_time(hands: Sequence[Recorded], share: float) -> tuple[list[Recorded], list[Recorded]]:
    """The recording's beginning to learn from, and its end to score on.

    In between a second is left out: neighbouring pictures are nearly the same.

    Args:
        hands: In the order of time.
        share: Of the instants that are held out, 0 to 1.

    Raises:
        InputError: There is too little of either.
    """
    times = sorted({hand.time_s for hand in hands})
    cut_s = times[min(round((1 - share) * len(times)), len(times) - 1)] if times else 0.0
    learned = [hand for hand in hands if hand.time_s < cut_s - 1.0]
    held_out = [hand for hand in hands if hand.time_s >= cut_s]
    to_learn, to_check = (len({hand.time_s for hand in part}) for part in (learned, held_out))
    if to_learn < _LEAST_LEARNED or to_check < _LEAST_HELD_OUT:
        raise InputError(
            f"two views saw the same hand at {len(times)} instants: that leaves {to_learn} to learn"
            f" from ({_LEAST_LEARNED} are needed) and, a second later, {to_check} to check"
            f" ({_LEAST_HELD_OUT} are needed). Film for at least half a minute, with the hands in"
            " sight of both cameras"
        )
    return learned, held_out


def agreement(net: HaMuCo, source: RecordedHands, *, views: int) -> Agreement:
    """Scores a network on a recording."""
    net.eval()
    device = next(net.parameters()).device
    sums = torch.zeros(4, dtype=torch.float64)
    hands = len(source)
    for first in range(0, hands, _BATCH):
        numbers = list(range(first, min(first + _BATCH, hands)))
        batch = source.batch(numbers, views=views, augment=False).to(device)
        with torch.inference_mode():
            output = net(batch)
            weight = output.valid.double()
            share = weight / weight.sum(1, keepdim=True)
            for k, hand in enumerate((output.single, output.interact)):
                off = _from_labels_px(hand, batch)
                apart = 1000 * _from_their_mean_m(hand, output.valid)
                sums[k] += (share * off).sum().cpu()
                sums[2 + k] += (share * apart).sum().cpu()
    single_px, interact_px, single_mm, interact_mm = (sums / hands).tolist()
    return Agreement(hands, single_px, interact_px, single_mm, interact_mm)


def _from_labels_px(hand: PerView, views: HandViews) -> Tensor:
    """Distances of each view's keypoints from its labels, weighed by trust, ``(B, N)``."""
    assert views.landmarks is not None  # noqa: S101 - recordings have labels
    assert views.confidence is not None  # noqa: S101
    off = (hand.reprojection - views.landmarks).norm(dim=-1).double() * _PIXELS
    trust = views.confidence.double()
    return (trust * off).sum(-1) / trust.sum(-1).clamp(min=1e-9)


def _from_their_mean_m(hand: PerView, present: Tensor) -> Tensor:
    """Distances of each view's aligned keypoints from the mean over the views, ``(B, N)``."""
    first = hand.joints_m[:, :1].expand_as(hand.joints_m)
    to_first = fit(hand.joints_m, first, None)
    mean = fuse(hand.joints_m, to_first, present)[:, None]
    return (to_first.apply(hand.joints_m) - mean).norm(dim=-1).mean(-1).double()


def adapt(
    net: HaMuCo,
    source: RecordedHands,
    *,
    views: int,
    steps: int,
    rate: float = 1e-4,
    device: torch.device | str = "cpu",
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> TrainConfig:
    """Fine-tunes a network in place, with all of HaMuCo's losses.

    Views are compared by the source's rotations; without them by Procrustes analysis, by which
    views can agree on a hand that is wrong. The network then aligns by the latter, as before.

    Args:
        net: The network.
        source: What to learn from.
        views: How many there are.
        steps: Batches of 8 hands at instants.
        rate: AdamW's learning rate at the start; it falls as a cosine does.
        device: Where to compute.
        on_progress: Called with steps done, and in all.

    Returns:
        The run's configuration, for the weights file.

    Raises:
        InputError: Temporary files cannot be written.
        ModelError: The run diverged.
        KeyboardInterrupt: SIGINT ended it; unlike a training run, it cannot be gone on with.
        SystemExit: SIGTERM did, likewise.
    """
    known = source.rotation is not None
    net.config = replace(net.config, alignment="extrinsics" if known else "procrustes")
    config = TrainConfig(
        network="hamuco",
        model=ModelConfig(preset="cpu", changes=net.config.to_dict()),
        data=DataConfig(source="recording", views=(views, views)),
        schedule=ScheduleConfig(
            epochs=None,
            steps=steps,
            batch=_BATCH,
            rate=rate,
            decay="cosine",
            warm_up=min(50, steps // 10),
            log_every=max(1, steps // 100),
            save_every=steps,
        ),
    )
    net.requires_grad_(requires_grad=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            Trainer(
                config,
                entry=architecture("hamuco"),
                network=net,
                model_config=net.config,
                source=source,
                folder=Path(folder),
                device=device,
                on_progress=lambda progress: on_progress(progress.step, progress.steps),
            ).run()
    except OSError as error:
        raise InputError(
            f"cannot write to the folder for temporary files ({error.strerror or error}): make"
            " room there, or name another in TMPDIR"
        ) from error
    net.config = replace(net.config, alignment="procrustes")
    net.eval()
    return config
