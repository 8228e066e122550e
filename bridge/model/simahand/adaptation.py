"""Single-to-multi-view adaptation: a frozen MVR-Hand's features guide an SVR-Hand (eq. 4, 6)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from bridge.errors import InputError
from bridge.model.hand.layer import HandLayer
from bridge.model.simahand.config import SimaHandConfig
from bridge.model.simahand.network import SimaHand
from bridge.model.simahand.output import SimaHandOutput
from bridge.model.training.terms import known_mean

__all__ = ["adaptation_terms", "build_svr", "feature_distance", "teacher_for"]

_OF_SHAPE = ("vertex_last", "vertex")
_TINY = 1e-8


def build_svr(config: SimaHandConfig, hand: HandLayer) -> SimaHand:
    """An SVR-Hand, with its teacher if the configuration names one.

    Raises:
        InputError: The teacher is no MVR-Hand, or one of other sizes.
        ModelError: Its weights are missing or damaged.
    """
    teacher = None if config.teacher is None else teacher_for(config, Path(config.teacher), hand)
    return SimaHand(config, hand, teacher)


def teacher_for(config: SimaHandConfig, path: Path, hand: HandLayer) -> SimaHand:
    """A trained MVR-Hand whose features an SVR-Hand of this configuration can follow.

    Raises:
        InputError: It is another network, of another hand, or its features have other sizes.
        ModelError: The weights are missing or damaged.
    """
    # The registry of networks has this package's: it is asked only now.
    from bridge.model.training.weights import hand_of, load_network

    network, about = load_network(path)
    if not isinstance(network, SimaHand) or network.config.views < 2:
        raise InputError(f"{path} holds {about['network']}; a teacher is a simahand-mvr")
    if not torch.equal(network.hand.template, hand.template):
        raise InputError(f"the teacher {path} was trained on another hand: {hand_of(about)}")
    theirs = network.config
    same = ["stem", "crop_px", "deep_channels", "deep_size", "vertex_channels"]
    if "vertex_last" in config.distil:
        same.append("decoder_channels")
    if "vertex" in config.distil:
        same.append("coarse_vertices")
    wrong = [name for name in same if getattr(theirs, name) != getattr(config, name)]
    if wrong:
        raise InputError(
            f"the teacher {path} has another {', '.join(wrong)} than the network it is to guide"
        )
    return network


def feature_distance(student: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
    """The L2 norm of eq. 4 and 6, over the root of the channels: free of a feature's width.

    Args:
        student: ``(B, N, T, C)``.
        teacher: The same, or ``(B, 1, T, C)``.
        valid: ``(B, N)`` bool, views that count.

    Returns:
        The mean over tokens and views.
    """
    wrong = ((student - teacher).float().square().mean(-1) + _TINY).sqrt()
    return known_mean(wrong, valid[..., None])


def adaptation_terms(
    output: SimaHandOutput, config: SimaHandConfig, *, orientation: bool
) -> dict[str, Tensor]:
    """Beta L_SE and gamma L_OE of eq. 12, by the distilled feature; none without a teacher.

    Args:
        output: Of an SVR-Hand in training.
        config: What is distilled, and the weights.
        orientation: Whether the orientation's features are followed yet.
    """
    if output.teacher is None:
        return {}
    terms = {}
    for name in config.distil:
        shape = name in _OF_SHAPE
        if not (shape or orientation):
            continue
        weights = config.loss
        weight = weights.shape_enhancement if shape else weights.orientation_enhancement
        distance = feature_distance(
            getattr(output.features, name), getattr(output.teacher, name).detach(), output.valid
        )
        terms[f"distil_{name}"] = weight * distance
    return terms
