"""The training objective (eq. 1 and 7): all terms, weighted, by stages.

In the first stage pictures show one centred hand and only the reconstruction is learnt; in the
second they show many and everything is (section IV-A). Which it is, the batch says.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bridge.model.hand.rotation_torch import full_precision
from bridge.model.multihand.config import MultiHandConfig
from bridge.model.multihand.localisation import localisation_terms
from bridge.model.multihand.output import MultiHandOutput
from bridge.model.multihand.reconstruction import (
    bone_directions,
    consistency,
    labelled_unit,
    photometric,
    regularisation,
    reprojection,
    true_hands,
    truth_terms,
)
from bridge.model.multihand.scenes import HandScenes
from bridge.model.training.schedule import Moment

__all__ = ["multihand_loss"]


def multihand_loss(
    output: MultiHandOutput, scenes: HandScenes, config: MultiHandConfig, moment: Moment
) -> dict[str, Tensor]:
    """All terms, each already weighted, and their sum.

    A term of weight 0 is left out. Only ``joints`` and ``vertices`` look at 3D truth.

    Args:
        output: Of the network for ``scenes``.
        scenes: With labels.
        config: Its weights.
        moment: Of the run: the photometric term comes late.

    Returns:
        Scalars: ``total``; ``centre``, ``side``, ``keypoints`` (eq. 2); ``reprojection``, ``bones``
        (eq. 8), ``photometric`` (eq. 9), ``regularisation`` (eq. 10); ``consistency`` (eq. 11);
        ``joints`` and ``vertices``. Those that are not of the stage are left out.
    """
    weights = config.loss
    # In bfloat16 products of rotations would be off by a quarter of a degree.
    with full_precision(output.hands.rotations):
        terms = _terms(output, scenes, config, moment)
    weighted = {
        name: weight * value
        for name, value in terms.items()
        if (weight := float(getattr(weights, name)))
    }
    zero = output.maps.centre.sum() * 0.0
    return {"total": sum(weighted.values(), start=zero), **weighted}


def _terms(
    output: MultiHandOutput, scenes: HandScenes, config: MultiHandConfig, moment: Moment
) -> dict[str, Tensor]:
    """All terms of the stage, not weighted."""
    terms: dict[str, Tensor] = {}
    if not scenes.centred:
        terms |= localisation_terms(output, scenes, config.stride)
    if len(output.picture):
        by_hand = _hand_terms(output, scenes, config)
        terms |= {name: value.mean() for name, value in by_hand.items()}
        if config.loss.photometric and moment.share >= config.photo_from:
            terms["photometric"] = photometric(
                output, scenes, output.hand, pixel=config.photo_px, pictures=config.photo_pictures
            )
    return terms


def _hand_terms(
    output: MultiHandOutput, scenes: HandScenes, config: MultiHandConfig
) -> dict[str, Tensor]:
    """Terms ``(N,)`` that each hand has for itself."""
    weights, hands = config.loss, output.hands
    at = output.picture, output.slot
    labels, box = scenes.keypoints_px[at], scenes.box_px[at]
    unit = labelled_unit(labels, box)
    terms = {"reprojection": reprojection(hands.keypoints_px, labels, unit)}
    if weights.bones:
        terms["bones"] = bone_directions(hands.keypoints_px, labels, unit)
    if weights.regularisation:
        terms["regularisation"] = regularisation(hands, output.limits, weights.shape)
    if weights.consistency and not scenes.centred:
        terms["consistency"] = consistency(
            hands.local_px, hands.keypoints_px, scenes.visible[at], unit
        )
    if weights.joints or weights.vertices:
        truth = true_hands(scenes, *at, output.hand)
        if truth is not None:
            known = torch.isfinite(truth[1]).flatten(1).all(-1)
            found = truth_terms(hands, *(torch.nan_to_num(value) for value in truth))
            terms |= {name: torch.where(known, value, 0.0) for name, value in found.items()}
    return terms
