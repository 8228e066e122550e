"""Measures the landmark net's errors on rendered hands, and fits the noise model to them.

Renders hands with exact truth (other seeds than the test set's), lets the net look at them as the
tracker does, fits ``bridge/model/synthetic/data/landmark_noise.npz`` to most of them and compares
what the model draws with the rest: ``benchmarks/results/landmark_noise.json``.

Run: ``python scripts/measure_landmark_noise.py`` (a quarter of an hour of one core).
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from bridge.model.hand.layer import open_hand_layer
from bridge.model.nets import HandNets
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.images import Studio, look
from bridge.model.synthetic.noise import (
    QUANTILES,
    LandmarkNoise,
    NoiseParameters,
    to_region,
)
from bridge.model.synthetic.scene import random_scene, true_views
from bridge.model.synthetic.sight import Region, Sight, sight_of
from bridge.protocol.joints import N_KEYPOINTS

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from _report import write_report

SEED, SIZE, VIEWS, AT_ONCE = 71, 256, 4, 8
FILE = Path(__file__).parents[1] / "bridge/model/synthetic/data/landmark_noise.npz"
RIDGE, LONG = 30.0, 0.8
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
GROUPS = {
    "all": list(range(N_KEYPOINTS)),
    "wrist": [0],
    "thumb": [1, 2, 3, 4],
    "knuckles": [5, 9, 13, 17],
    "middle joints": [6, 7, 10, 11, 14, 15, 18, 19],
    "fingertips": [4, 8, 12, 16, 20],
}


@dataclass(frozen=True)
class Rows:
    """P views: how they see their hands, and what the net said of them."""

    sight: Sight
    visible: Tensor
    landmarks: Tensor
    presence: Tensor
    found: Tensor

    @classmethod
    def of(cls, rows: dict[str, np.ndarray], part: slice) -> Rows:
        """Some of the rows that `collect` gives."""
        t = {name: torch.from_numpy(value)[part] for name, value in rows.items()}
        sight = sight_of(t["joints_m"], t["focal"], t["wrist_rotation"])
        return cls(sight, t["visible"], t["landmarks"], t["presence"], t["found"])


def look_at(block: int) -> dict[str, np.ndarray]:
    """Renders one block of hands and lets the net look, on one thread; a row for each view."""
    torch.set_num_threads(1)
    first = block * AT_ONCE
    draws = Draws(SEED, list(range(first, first + AT_ONCE)))
    hand = open_hand_layer()
    nets = HandNets(providers=["CPUExecutionProvider"], threads=1)
    scene = random_scene(draws, hand, views=VIEWS, augment=True, mesh=True)
    pictures = Studio(hand).pictures(draws, scene, size=SIZE, wide=True)
    seen = look(nets, draws, scene, pictures, size=SIZE)
    truth = true_views(scene)
    rows: dict[str, Tensor] = {
        "joints_m": truth.joints_m.flatten(0, 1),
        "focal": truth.focal.flatten(0, 1),
        "wrist_rotation": truth.wrist_rotation.flatten(0, 1),
        "visible": pictures.visible.flatten(0, 1),
        "landmarks": seen.landmarks,
        "presence": seen.presence,
        "found": seen.found,
    }
    return {name: value.numpy() for name, value in rows.items()}


def collect(hands: int, workers: int, cache: Path | None) -> dict[str, np.ndarray]:
    """The rows of all views of some hands."""
    if cache is not None and cache.exists():
        with np.load(cache) as arrays:
            return dict(arrays)
    blocks = range(hands // AT_ONCE)
    parts = []
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for part in pool.imap(look_at, blocks):
            parts.append(part)
            print(f"\r{len(parts)} of {len(blocks)} blocks", end="", flush=True)
    print()
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    if cache is not None:
        np.savez_compressed(cache, **rows)
    return rows


def fit(seen: Rows) -> NoiseParameters:
    """Fits the noise model to what the net said of some views."""
    sight, found, hidden = seen.sight, seen.found, ~seen.visible
    kept = Sight(*(_take(part, found) for part in sight))
    error = to_region(seen.landmarks - sight.exact, sight)[found]

    feature_mean, feature_scale = _standard(kept.features)
    features = (kept.features - feature_mean) / feature_scale
    # Gross errors say nothing of the bias: weigh them down, twice.
    weight = torch.ones(len(error))
    for _ in range(3):
        bias = _ridge(features, error, weight, RIDGE)
        rest = error - features @ bias
        size = rest.square().mean(1)
        weight = 1 / (1 + size / size.median())

    every = torch.cat([sight.summary, hidden.float().mean(1, keepdim=True)], 1)
    summary_mean, summary_scale = _standard(every)
    every = (every - summary_mean) / summary_scale
    summary, hid = every[found], hidden[found]
    # Spreads at length 1, and lengths given the spreads, in turn.
    spread = torch.ones(2, N_KEYPOINTS)
    for _ in range(5):
        each = torch.where(hid, spread[1], spread[0]).repeat_interleave(2, 1)
        length = (rest / each).square().mean(1).log() / 2
        unit = (rest / length.exp()[:, None]).unflatten(1, (N_KEYPOINTS, 2)).square().mean(-1)
        for state, rows in enumerate((~hid, hid)):
            spread[state] = ((unit * rows).sum(0) / rows.sum(0)).sqrt()
        spread /= spread[0].mean()
    slope = _ridge(summary, length[:, None], torch.ones(len(length)), 1.0)[:, 0]
    remains = length - summary @ slope
    direction = rest / each / length.exp()[:, None]
    long_from = length.quantile(LONG)
    factors = [_factor(direction[length < long_from]), _factor(direction[length >= long_from])]

    presence = seen.presence[found].double().clamp(0.5, 1 - 1e-5)
    logit = torch.logit(presence).float()
    known = torch.cat([summary, length[:, None]], 1)
    trust = _ridge(known, logit[:, None], torch.ones(len(logit)), 1.0)[:, 0]
    parameters = NoiseParameters(
        feature_mean=feature_mean,
        feature_scale=feature_scale,
        bias=bias,
        summary_mean=summary_mean,
        summary_scale=summary_scale,
        spread=spread,
        length=slope,
        length_quantiles=_quantiles(remains),
        factors=torch.stack(factors),
        long_from=long_from[None],
        trust=trust,
        trust_quantiles=_quantiles(logit - known @ trust),
        found=_logistic(every, found),
        blocked=torch.zeros(1),
    )
    return _blocking(parameters, sight, hidden)


def _blocking(parameters: NoiseParameters, sight: Sight, hidden: Tensor) -> NoiseParameters:
    """Sets how often something hides keypoints so that as many are hidden as were."""
    always = replace(parameters, blocked=torch.ones(1))
    draws = Draws(SEED, list(range(len(hidden))))
    most = LandmarkNoise(always).draw(draws, sight).hidden.float().mean()
    least, wanted = sight.hidden.float().mean(), hidden.float().mean()
    part = ((wanted - least) / (most - least)).clamp(0, 1)
    return replace(parameters, blocked=part[None])


def _take(part: Tensor | Region, rows: Tensor) -> Tensor | Region:
    if isinstance(part, Region):
        return Region(*(value[rows] for value in part))
    return part[rows]


def _standard(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and scale; a constant stays what it is."""
    mean, scale = values.mean(0), values.std(0)
    constant = scale < 1e-6
    return torch.where(constant, 0.0, mean), torch.where(constant, 1.0, scale)


def _ridge(x: Tensor, y: Tensor, weight: Tensor, damping: float) -> Tensor:
    xw = (x * weight[:, None]).double()
    gram = xw.T @ x.double()
    penalty = damping * torch.eye(len(gram)).double()
    penalty[0, 0] = 1e-6
    return torch.linalg.solve(gram + penalty, xw.T @ y.double()).float()


def _logistic(x: Tensor, y: Tensor) -> Tensor:
    """Logistic regression with a light ridge."""
    xd, yd = x.double().numpy(), y.double().numpy()

    def cost(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = xd @ w
        value = np.logaddexp(0, z) - yd * z
        slope = xd.T @ (1 / (1 + np.exp(-z)) - yd)
        return float(value.sum() + 0.5 * w[1:] @ w[1:]), slope + np.r_[0.0, w[1:]]

    found = minimize(cost, np.zeros(xd.shape[1]), jac=True, method="L-BFGS-B")
    return torch.from_numpy(found.x).float()


def _factor(direction: Tensor) -> Tensor:
    """A square root of the correlation, drawn a little towards none: there are few long errors."""
    x = direction.double()
    correlation = x.T @ x / len(x)
    mixed = 0.95 * correlation + 0.05 * torch.diag(correlation.diagonal())
    return torch.linalg.cholesky(mixed).float()


def _quantiles(values: Tensor) -> Tensor:
    return torch.quantile(values, torch.linspace(0, 1, QUANTILES))


def compare(noise: LandmarkNoise, seen: Rows, repeats: int = 8) -> dict[str, object]:
    """Quantiles of the errors that were measured and of those that the model draws.

    Args:
        noise: The model.
        seen: Views that it was not fitted to.
        repeats: Draws for each view.
    """
    count = len(seen.found)
    many = Sight(*(_take(part, torch.arange(count).repeat(repeats)) for part in seen.sight))
    drawn = noise.draw(Draws(SEED + 1, list(range(count * repeats))), many)
    size = seen.sight.region.size
    true = (seen.landmarks - seen.sight.exact).norm(dim=-1)
    model = (drawn.landmarks - many.exact).norm(dim=-1)
    per = size[:, None], many.region.size[:, None]
    true_hidden = ~seen.visible
    rows: dict[str, object] = {}
    for name, keypoints in GROUPS.items():
        a = true[seen.found][:, keypoints]
        b = model[drawn.found][:, keypoints]
        rows[name] = _both(a, b)
    for name, wanted in (("visible", False), ("hidden", True)):
        a = true[seen.found][true_hidden[seen.found] == wanted]
        b = model[drawn.found][drawn.hidden[drawn.found] == wanted]
        rows[name] = _both(a, b)
    rows["view mean"] = _both(true[seen.found].mean(1), model[drawn.found].mean(1))
    a, b = (true / per[0])[seen.found].mean(1), (model / per[1])[drawn.found].mean(1)
    rows["view mean, in sides of the region"] = _both(a, b)
    trust = drawn.confidence.amax(1)
    rank = _rank_correlation
    return {
        "error_crop_units": rows,
        "presence": _both(seen.presence[seen.found], trust[drawn.found]),
        "found_share": _pair(seen.found.float().mean(), drawn.found.float().mean()),
        "hidden_share": _pair(true_hidden.float().mean(), drawn.hidden.float().mean()),
        "rank_correlation_presence_error": _pair(
            rank(seen.presence[seen.found], true[seen.found].mean(1)),
            rank(trust[drawn.found], model[drawn.found].mean(1)),
        ),
        "bias_share_of_mean_square": _bias_share(noise, seen),
    }


def _bias_share(noise: LandmarkNoise, seen: Rows) -> float:
    """How much of the mean square of typical errors the model's bias explains, in new views."""
    error = to_region(seen.landmarks - seen.sight.exact, seen.sight)[seen.found]
    rest = error - noise.bias(seen.sight)[seen.found]
    typical = error.square().mean(1) < error.square().mean(1).quantile(0.9)
    return round(1 - float(rest[typical].square().mean() / error[typical].square().mean()), 3)


def _rank_correlation(a: Tensor, b: Tensor) -> Tensor:
    ranks = torch.stack([v.argsort().argsort().float() for v in (a, b)])
    return torch.corrcoef(ranks)[0, 1]


def _both(measured: Tensor, drawn: Tensor) -> dict[str, dict[str, float]]:
    levels = torch.tensor(LEVELS)
    rows = [torch.quantile(v.flatten(), levels).tolist() for v in (measured, drawn)]
    return {
        f"{100 * level:g}%": {"measured": round(a, 4), "model": round(b, 4)}
        for level, a, b in zip(LEVELS, *rows, strict=True)
    }


def _pair(measured: Tensor, drawn: Tensor) -> dict[str, float]:
    return {"measured": round(float(measured), 4), "model": round(float(drawn), 4)}


def main() -> None:
    """Renders, fits, compares and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hands", type=int, default=760, help="hands to render, 4 views each")
    parser.add_argument("--held-out", type=int, default=100, help="hands to compare with")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--cache", type=Path, help="file to keep the renders' results in")
    arguments = parser.parse_args()
    rows = collect(arguments.hands, arguments.workers, arguments.cache)
    held_out = VIEWS * arguments.held_out
    seen, rest = Rows.of(rows, slice(held_out, None)), Rows.of(rows, slice(held_out))
    parameters = fit(seen)
    np.savez_compressed(FILE, **{k: v.numpy() for k, v in asdict(parameters).items()})
    results: dict[str, object] = {
        "seed": SEED,
        "views_fitted": len(seen.found),
        "views_compared": len(rest.found),
        **compare(LandmarkNoise(parameters), rest),
    }
    print(write_report("landmark_noise", results))


if __name__ == "__main__":
    main()
