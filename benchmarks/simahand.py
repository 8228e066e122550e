"""SiMA-Hand: whether adaptation helps, and the paper's Tables 5 and 6, again.

    ghosthands data render -n 4096 --seed 2002 -o /tmp/rendered/train
    ghosthands data render -n 600 --seed 1001 --steady -o /tmp/rendered/test
    ghosthands data render -n 256 --seed 2002 -o /tmp/rendered/few
    python benchmarks/simahand.py --rows many begun few apart unlabelled --runs runs/simahand
    python benchmarks/simahand.py --rows fusion enhancement distilled teachers --runs runs/simahand

All rows learn from a set of rendered hands that ends, as the paper does, and are scored on every
view of every test hand, MVR-Hands with 4 views; what the landmark net would lose is absent. Rows
are in ``_simahand_rows.py``, each compared with one that was trained as long. A row that is done is
kept in ``--runs``; one that was cut off goes on. About ten minutes of one core for a row of one
view, a quarter of an hour for one of four.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _report import RESULTS, write_report
from _simahand_rows import ADAPTED, AGAINST, GROUPS, ROWS, Row
from numpy.typing import NDArray

from bridge.model.simahand import SimaHand
from bridge.model.synthetic.rendered_set import RenderedSet
from bridge.model.training.config import load_config
from bridge.model.training.evaluation import evaluate, fused
from bridge.model.training.networks import architecture
from bridge.model.training.run import train
from bridge.model.training.sample import HandViews
from bridge.model.training.weights import load_network, save_weights

METRICS = {
    "JPE": "root_relative_mm",
    "PA-JPE": "pa_mpjpe_mm",
    "VPE": "root_relative_mpvpe_mm",
    "PA-VPE": "pa_mpvpe_mm",
    "PA-F@5": "f_5",
}
HIDDEN = 1 / 3
"""Share of the 21 keypoints that something hides in the first view: from here on occluded."""

RENDERED = {name: Path("/tmp/rendered") / name for name in ("train", "few", "test")}
BEFORE = ("teacher", "begins")
AS_SEEN = {"images": False, "landmarks": True, "upright": True}

Errors = dict[str, NDArray[np.float64]]


def folder_of(name: str, runs: Path) -> Path:
    return runs / "".join(c if c.isalnum() else "_" for c in name).strip("_").lower()


def budget(name: str) -> dict[str, Any]:
    """All that a row's result depends on."""
    row = ROWS[name]
    before = {part: None if (of := getattr(row, part)) is None else budget(of) for part in BEFORE}
    known = {k: v for k, v in asdict(row).items() if v is not None or k in BEFORE}
    base = load_config("cpu", network=row.network)
    model = architecture(row.network).configure(base.model.preset, base.model.changes | row.changes)
    parts = {"schedule": base.schedule.model_dump(mode="json"), "model": model.to_dict()}
    return known | before | parts


def scored(name: str, runs: Path) -> Errors:
    """A row's errors, hands by views; trains and scores it if that has not been done."""
    row, folder = ROWS[name], folder_of(name, runs)
    kept, about = folder / "errors.npz", folder / "row.json"
    wanted = json.dumps(budget(name), indent=2)
    if not kept.exists():
        if folder.exists() and not (about.exists() and about.read_text("utf-8") == wanted):
            raise SystemExit(f"{folder} has another training: remove it, or name other --runs")
        folder.mkdir(parents=True, exist_ok=True)
        about.write_text(wanted, encoding="utf-8")
        began = time.perf_counter()
        weights = trained(name, runs)
        network, _ = load_network(weights)
        source = _EveryView(RENDERED["test"])
        found = evaluate(fused(network), source, views=row.views)
        if found.failed or found.unknown:
            raise SystemExit(f"{name}: {found.failed} predictions are not finite")
        seconds = time.perf_counter() - began
        errors: dict[str, Any] = {
            k: source.by_hand(found.per_sample[m]) for k, m in METRICS.items()
        }
        np.savez(kept, seconds=seconds, **errors)
    elif not about.exists() or about.read_text("utf-8") != wanted:
        raise SystemExit(f"{folder} has another training: remove it, or name other --runs")
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
    if begin is not None and row.afresh is not None:
        begin = partly(begin, row, folder / "begin.safetensors")
    update = {"changes": config.model.changes | changes, "begin": begin}
    model = config.model.model_copy(update=update)
    schedule = config.schedule.model_copy(update={"steps": row.steps, "seed": row.seed})
    options = AS_SEEN | {"rotation_deg": 30.0}
    if row.truth_of is not None:
        options["truth_of"] = row.truth_of
    data = config.data.model_copy(
        update={"source": "rendered", "path": RENDERED[row.learned], "options": options}
    )
    run = config.model_copy(update={"model": model, "schedule": schedule, "data": data})
    return train(run, folder, device="cpu", on_progress=lambda p: print(name, p.step, flush=True))


def partly(weights: Path, row: Row, path: Path) -> Path:
    """Weights without those of one part, which is that of an untrained network of the row."""
    known, _ = load_network(weights)
    torch.manual_seed(row.seed)
    network = SimaHand(replace(known.config, **row.changes), known.hand)
    kept = {k: v for k, v in known.state_dict().items() if not k.startswith(f"{row.afresh}.")}
    network.load_state_dict(kept, strict=False)
    save_weights(path, network, name=row.network, config=network.config, about={})
    return path


class _EveryView:
    """Every view that sees one of a rendered set's hands, as the first one once."""

    def __init__(self, path: Path) -> None:
        self._hands = RenderedSet(path, **AS_SEEN)
        self._views = self._hands.description.views
        every = self._hands.batch(list(range(len(self._hands))), views=self._views, augment=False)
        self._samples = every.present.nonzero().numpy()

    def __len__(self) -> int:
        return len(self._samples)

    def batch(self, numbers: list[int], *, views: int, augment: bool) -> HandViews:
        hands, first = self._samples[numbers].T
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

    def by_hand(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """One value a sample as ``(hands, views)``, NaN where a view sees nothing."""
        table = np.full((len(self._hands), self._views), np.nan)
        table[tuple(self._samples.T)] = values
        return table

    def hidden(self) -> NDArray[np.float64]:
        """Share of the keypoints that something hides from each view, ``(hands, views)``."""
        shown = self._hands.visible(range(len(self._hands)))
        share: NDArray[np.float64] = 1 - shown.double().mean(-1).numpy()
        return share


def adapted(rows: list[tuple[str, str]], hidden: NDArray[np.bool_], runs: Path) -> dict[str, Any]:
    """What adaptation gains in each sample, over pairs of rows (negative is better)."""
    found: dict[str, Any] = {}
    for metric in METRICS:
        less = np.array([scored(b, runs)[metric] - scored(a, runs)[metric] for a, b in rows])
        found[metric] = parts(less.mean(0), hidden)
        found[metric]["each seed, occluded"] = [
            round(float(np.nanmean(one[hidden])), 3) for one in less
        ]
    return found


def parts(values: NDArray[np.float64], occluded: NDArray[np.bool_]) -> dict[str, Any]:
    """Means with intervals, of all samples and of the two parts; hands are resampled."""
    chosen = {"all": np.ones_like(occluded), "occluded": occluded, "not occluded": ~occluded}
    return {
        part: {k: round(v, 4) for k, v in mean_over_hands(np.where(which, values, np.nan)).items()}
        for part, which in chosen.items()
    }


def mean_over_hands(values: NDArray[np.float64]) -> dict[str, float]:
    """Mean of ``(hands, views)``; views of a hand are no independent samples (Efron 1979)."""
    known = np.isfinite(values)
    total, count = np.where(known, values, 0).sum(1), known.sum(1)
    hands = np.random.default_rng(0).multinomial(len(values), [1 / len(values)] * len(values), 2000)
    low, high = np.percentile(hands @ total / (hands @ count), (2.5, 97.5))
    return {"mean": float(total.sum() / count.sum()), "low": float(low), "high": float(high)}


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
            **asdict(row),
            "steps": row.steps,
            "views": row.views,
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
    parser.add_argument("--rows", nargs="*", default=list(GROUPS), help="groups or rows")
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
    tables = {
        name: rows
        for name, rows in results.get("tables", {}).items()
        if set(rows) <= set(GROUPS.get(name, ()))
    }
    hidden = _EveryView(RENDERED["test"]).hidden() >= HIDDEN
    for group, rows in GROUPS.items():
        if any((folder_of(name, runs) / "errors.npz").exists() for name in rows):
            tables[group] = table(group, runs, hidden)
    known = {f"adaptation_{group}" for group in ADAPTED}
    results = {k: v for k, v in results.items() if not k.startswith("adaptation_") or k in known}
    results |= {
        "occluded_from": "a third of the keypoints hidden in the first view",
        "tables": tables,
    }
    for group, both in ADAPTED.items():
        if all((folder_of(n, runs) / "errors.npz").exists() for pair in both for n in pair):
            results[f"adaptation_{group}"] = adapted(both, hidden, runs)
    write_report("simahand", results)


if __name__ == "__main__":
    main()
