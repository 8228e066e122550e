"""SiMA-Hand: whether adaptation helps, and the paper's Tables 5 and 6, again.

    ghosthands data render -n 4096 --seed 2002 -o /tmp/rendered/train
    ghosthands data render -n 600 --seed 1001 --steady -o /tmp/rendered/test
    ghosthands data render -n 256 --seed 2002 -o /tmp/rendered/few
    python benchmarks/simahand.py --rows rendered begun few --runs runs/simahand
    python benchmarks/simahand.py --rows main mvr svr sima seed --runs runs/simahand

``rendered`` learns from a set of hands that ends, as the paper does, and is scored on every view of
every test hand, with several seeds; the networks of ``begun`` begin with the MVR-Hand's weights, so
that chance makes them differ less; those of ``few`` too, and have 256 hands to learn from. The
others learn from simulated landmarks without end, and are scored on the fixed synthetic test set,
MVR-Hands with 4 views, SVR-Hands with the first of them.
Rows of one group are trained alike: the same steps, samples and seed, with one thing changed. A row
that is done is kept in ``--runs``; one that was cut off goes on. About an hour of one core for each
of ``rendered``, ``main``, and all others.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _report import RESULTS, write_report
from numpy.typing import NDArray

from bridge.model.simahand.config import LossWeights
from bridge.model.synthetic import test_set
from bridge.model.synthetic.rendered_set import RenderedSet
from bridge.model.synthetic.sight import sight_of
from bridge.model.training.bootstrap import bootstrap_mean
from bridge.model.training.config import load_config
from bridge.model.training.evaluation import evaluate, fused
from bridge.model.training.run import train
from bridge.model.training.sample import HandViews
from bridge.model.training.weights import load_network

METRICS = {
    "JPE": "root_relative_mm",
    "PA-JPE": "pa_mpjpe_mm",
    "VPE": "root_relative_mpvpe_mm",
    "PA-VPE": "pa_mpvpe_mm",
    "PA-F@5": "f_5",
}
HIDDEN = 1 / 3
"""Share of the 21 keypoints that the hand itself hides in the first view: from here on occluded."""

MVR_STEPS, SVR_STEPS = 250, 300
"""Of the ablations' rows; those of ``main`` have their configurations' own."""


@dataclass(frozen=True)
class Row:
    """A network to train and score.

    Attributes:
        network: Its name.
        changes: To its configuration.
        steps: Instead of the configuration's.
        teacher: The row whose network is the teacher.
        seed: Instead of the configuration's.
        rendered: The rendered set to learn from; scored on another one then.
        begins: The row whose weights it begins with.
    """

    network: str
    changes: dict[str, Any]
    steps: int | None = None
    teacher: str | None = None
    seed: int | None = None
    rendered: str | None = None
    begins: str | None = None


def mvr(**changes: Any) -> Row:
    return Row("simahand-mvr", changes, MVR_STEPS)


def svr(teacher: str | None = None, **changes: Any) -> Row:
    return Row("simahand-svr", changes, SVR_STEPS, teacher)


SEEDS = (0, 1)
RENDERED_MVR, RENDERED_SVR = 3000, 2000
MVR_RENDERED, MVR_FEW = "MVR-Hand, rendered", "MVR-Hand, few"


def rendered(
    seed: int,
    teacher: str | None,
    begins: str | None = None,
    *,
    factor: float = 1.0,
    learned: str = "train",
) -> Row:
    changes = {}
    if factor != 1:
        usual, names = LossWeights(), ("shape_enhancement", "orientation_enhancement")
        changes = {"loss": {name: factor * getattr(usual, name) for name in names}}
    return Row("simahand-svr", changes, RENDERED_SVR, teacher, seed, learned, begins)


GROUPS: dict[str, dict[str, Row]] = {
    "rendered": {
        MVR_RENDERED: Row("simahand-mvr", {}, RENDERED_MVR, seed=0, rendered="train"),
        **{f"SVR-Hand, rendered, seed {k}": rendered(k, None) for k in SEEDS},
        **{f"SiMA-Hand, rendered, seed {k}": rendered(k, MVR_RENDERED) for k in SEEDS},
    },
    # All begin with the teacher's weights: rows differ less by chance.
    "begun": {
        f"{name}-Hand, begun, seed {k}": rendered(k, teacher, MVR_RENDERED)
        for k in SEEDS
        for name, teacher in (("SVR", None), ("SiMA", MVR_RENDERED))
    },
    "weights": {
        "SiMA-Hand, begun, 10 times": rendered(0, MVR_RENDERED, MVR_RENDERED, factor=10),
    },
    "few": {
        MVR_FEW: Row("simahand-mvr", {}, RENDERED_MVR, seed=0, rendered="few"),
        **{
            f"{name}-Hand, few, seed {k}": rendered(k, teacher, MVR_FEW, learned="few")
            for k in SEEDS
            for name, teacher in (("SVR", None), ("SiMA", MVR_FEW))
        },
        **{
            f"SiMA-Hand, few, 10 times, seed {k}": rendered(
                k, MVR_FEW, MVR_FEW, learned="few", factor=10
            )
            for k in SEEDS
        },
    },
    "main": {
        "MVR-Hand": Row("simahand-mvr", {}),
        "SVR-Hand": Row("simahand-svr", {}),
        "SiMA-Hand": Row("simahand-svr", {}, teacher="MVR-Hand"),
    },
    "mvr": {
        "IFF w/o": mvr(image_fusion="none"),
        "JFF w/o": mvr(joint_fusion="none"),
        "JFF cat.": mvr(joint_fusion="cat"),
        "VFF cat.": mvr(vertex_fusion="cat"),
        "VFF pool.": mvr(vertex_fusion="pool"),
        "MVR-Hand, short": mvr(),
    },
    "svr": {
        "OFE w/o": svr(orientation_enhancement="none"),
        "OFE cat.": svr(orientation_enhancement="cat"),
        "SVR-Hand, short": svr(),
    },
    "sima": {
        "f_v, f^_o": svr("MVR-Hand"),
        "f_v": svr("MVR-Hand", distil=["vertex"]),
        "f~_v": svr("MVR-Hand", distil=["vertex_last"]),
        "f_v, f_j": svr("MVR-Hand", distil=["vertex", "joint"]),
        "f_v, f_o": svr("MVR-Hand", distil=["vertex", "orientation"]),
        "VFF cat. + SiMA": svr("VFF cat."),
        "VFF pool. + SiMA": svr("VFF pool."),
    },
    # How much a row differs from itself: the intervals are those of test samples alone.
    "seed": {
        "SVR-Hand, short, seed 1": Row("simahand-svr", {}, SVR_STEPS, seed=1),
        "SiMA-Hand, short, seed 1": Row("simahand-svr", {}, SVR_STEPS, "MVR-Hand", seed=1),
    },
}


def pairs(group: str, times: str = "") -> list[tuple[str, str]]:
    return [(f"SVR-Hand, {group}, seed {k}", f"SiMA-Hand, {group}{times}, seed {k}") for k in SEEDS]


ADAPTED = {
    "rendered": pairs("rendered"),
    "begun": pairs("begun"),
    "few": pairs("few"),
    "few_10_times": pairs("few", ", 10 times"),
}
"""Rows without and with adaptation."""
ON_RENDERED = ("rendered", "begun", "weights", "few")
ROWS = {name: row for group in GROUPS.values() for name, row in group.items()}
AGAINST = {
    "main": "SVR-Hand",
    "mvr": "MVR-Hand, short",
    "svr": "SVR-Hand, short",
    "sima": "SVR-Hand, short",
    "seed": "SVR-Hand, short, seed 1",
    "rendered": "SVR-Hand, rendered, seed 0",
    "begun": "SVR-Hand, begun, seed 0",
    "weights": "SVR-Hand, begun, seed 0",
    "few": "SVR-Hand, few, seed 0",
}
"""The row that a group's rows are compared with, sample by sample."""

RENDERED = {name: Path("/tmp/rendered") / name for name in ("train", "few", "test")}
AS_SEEN = {"images": False, "landmarks": True, "upright": True}

Errors = dict[str, NDArray[np.float64]]


def folder_of(name: str, runs: Path) -> Path:
    return runs / "".join(c if c.isalnum() else "_" for c in name).strip("_").lower()


def scored(name: str, runs: Path) -> Errors:
    """A row's errors on every test sample; trains and scores it if that has not been done."""
    row, folder = ROWS[name], folder_of(name, runs)
    kept = folder / "errors.npz"
    if not kept.exists():
        began = time.perf_counter()
        weights = trained(name, runs)
        network, _ = load_network(weights)
        views = 4 if row.network == "simahand-mvr" else 1
        source = _EveryView(RENDERED["test"]) if row.rendered is not None else test_set()
        found = evaluate(fused(network), source, views=views)
        if found.failed or found.unknown:
            raise SystemExit(f"{name}: {found.failed} predictions are not finite")
        seconds = time.perf_counter() - began
        np.savez(kept, seconds=seconds, **{k: found.per_sample[m] for k, m in METRICS.items()})
    with np.load(kept) as arrays:
        return {k: arrays[k] for k in (*METRICS, "seconds")}


def trained(name: str, runs: Path) -> Path:
    """A row's weights, trained if they are not there."""
    row, folder = ROWS[name], folder_of(name, runs)
    weights = folder / "weights.safetensors"
    if weights.exists():
        return weights
    config = load_config("cpu", network=row.network)
    changes = dict(row.changes)
    if row.teacher is not None:
        changes["teacher"] = str(trained(row.teacher, runs))
    begin = None if row.begins is None else trained(row.begins, runs)
    update = {"changes": config.model.changes | changes, "begin": begin}
    model = config.model.model_copy(update=update)
    schedule = config.schedule
    if row.steps is not None:
        schedule = schedule.model_copy(update={"steps": row.steps})
    if row.seed is not None:
        schedule = schedule.model_copy(update={"seed": row.seed})
    data = config.data
    if row.rendered is not None:
        options = AS_SEEN | {"rotation_deg": 30.0}
        data = data.model_copy(
            update={"source": "rendered", "path": RENDERED[row.rendered], "options": options}
        )
    run = config.model_copy(update={"model": model, "schedule": schedule, "data": data})
    return train(run, folder, device="cpu", on_progress=lambda p: print(name, p.step, flush=True))


class _EveryView:
    """Every view of every hand of a rendered set, as the first one once."""

    def __init__(self, path: Path) -> None:
        self._hands = RenderedSet(path, **AS_SEEN)
        self._views = self._hands.description.views

    def __len__(self) -> int:
        return len(self._hands) * self._views

    def batch(self, numbers: list[int], *, views: int, augment: bool) -> HandViews:
        hands, first = np.divmod(numbers, self._views)
        batch = self._hands.batch(hands.tolist(), views=self._views, augment=augment)
        order = (torch.from_numpy(first)[:, None] + torch.arange(views)) % self._views
        row = torch.arange(len(numbers))[:, None]
        known = {f.name: getattr(batch, f.name) for f in fields(batch)}
        return HandViews(
            **{
                name: value if name in ("pose", "betas") else value[row, order]
                for name, value in known.items()
                if value is not None
            }
        )

    def hidden(self) -> NDArray[np.float64]:
        """Share of each sample's keypoints that something hides from its first view."""
        shown = self._hands.visible(range(len(self._hands)))
        share: NDArray[np.float64] = 1 - shown.flatten(0, 1).double().mean(-1).numpy()
        return share


def adapted(rows: list[tuple[str, str]], runs: Path) -> dict[str, Any]:
    """What adaptation gains in each sample, over pairs of rows (negative is better)."""
    hidden = _EveryView(RENDERED["test"]).hidden() >= HIDDEN
    found: dict[str, Any] = {}
    for metric in METRICS:
        less = np.array([scored(b, runs)[metric] - scored(a, runs)[metric] for a, b in rows])
        found[metric] = parts(less.mean(0), hidden)
        found[metric]["each seed, occluded"] = less[:, hidden].mean(1).round(3).tolist()
    return found


def hidden_share() -> NDArray[np.float64]:
    """``(2000,)`` share of each test hand's keypoints that it hides from its first camera."""
    source = test_set()
    batch = source.batch(list(range(len(source))), views=1, augment=False)
    sight = sight_of(batch.joints_m[:, 0], batch.focal[:, 0], batch.wrist_rotation[:, 0])
    share: NDArray[np.float64] = sight.hidden.double().mean(1).numpy()
    return share


def parts(values: NDArray[np.float64], occluded: NDArray[np.bool_]) -> dict[str, Any]:
    """Means with intervals, of all samples and of the two parts."""
    chosen = {"all": slice(None), "occluded": occluded, "not occluded": ~occluded}
    return {
        part: dict(zip(("mean", "low", "high"), (round(v, 4) for v in interval), strict=True))
        for part, which in chosen.items()
        for interval in [bootstrap_mean(values[which])]
    }


def table(group: str, runs: Path, occluded: NDArray[np.bool_]) -> dict[str, Any]:
    """The rows of a group that are done, each beside the one it is compared with."""
    other = folder_of(AGAINST[group], runs) / "errors.npz"
    base = scored(AGAINST[group], runs) if other.exists() else None
    rows = {}
    for name, row in GROUPS[group].items():
        if not (folder_of(name, runs) / "errors.npz").exists():
            continue
        errors = scored(name, runs)
        rows[name] = {
            "network": row.network,
            "changes": row.changes,
            "teacher": row.teacher,
            "steps": row.steps or load_config("cpu", network=row.network).schedule.steps,
            "views": 4 if row.network == "simahand-mvr" else 1,
            "wall_s": round(float(errors["seconds"])),
            "metrics": {k: parts(errors[k], occluded) for k in METRICS},
        }
        if base is not None and name != AGAINST[group]:
            rows[name][f"less {AGAINST[group]}"] = {
                k: parts(errors[k] - base[k], occluded) for k in METRICS
            }
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="*", default=["main"], help="groups or rows")
    parser.add_argument("--runs", type=Path, default=Path("runs/simahand"))
    asked = parser.parse_args()
    unknown = set(asked.rows) - set(GROUPS) - set(ROWS)
    if unknown:
        parser.error(f"no rows {', '.join(sorted(unknown))}: choose {', '.join(GROUPS)}")
    torch.set_num_threads(1)
    for name in [r for part in asked.rows for r in GROUPS.get(part, [part])]:
        scored(name, asked.runs)
        report(asked.runs)
    report(asked.runs)


def report(runs: Path) -> None:
    """Writes the tables of the rows that are done; other tables stay as they were."""
    file = RESULTS / "simahand.json"
    results = json.loads(file.read_text(encoding="utf-8"))["results"] if file.exists() else {}
    tables = results.get("tables", {})
    for group, rows in GROUPS.items():
        if not any((folder_of(name, runs) / "errors.npz").exists() for name in rows):
            continue
        hidden = _EveryView(RENDERED["test"]).hidden() if group in ON_RENDERED else hidden_share()
        tables[group] = table(group, runs, hidden >= HIDDEN)
    results |= {
        "occluded_from": "a third of the keypoints hidden in the first view",
        "tables": tables,
    }
    for group, rows in ADAPTED.items():
        if all((folder_of(n, runs) / "errors.npz").exists() for pair in rows for n in pair):
            results[f"adaptation_{group}"] = adapted(rows, runs)
    write_report("simahand", results)


if __name__ == "__main__":
    main()
