"""The paper's Tables 1 to 4 on the synthetic test set: every row trained alike, and shortly.

    python benchmarks/a3net_tables.py --steps 1500 --jobs 2

Each row is A3-Net's landmark stem with one thing changed, trained from the same seed on the same
samples for the same number of steps, and scored on the fixed test set with three views. A row that
is done is kept in the folder ``--runs``; together they become results/a3net_tables.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch
from _report import write_report

VIEWS = 3
ROWS: dict[str, dict[str, Any]] = {
    "full": {},
    "visual": {"position": False, "global_context": False},
    "visual+position": {"global_context": False},
    "alignment: procrustes": {"alignment": "procrustes"},
    "alignment: extrinsics": {"alignment": "extrinsics"},
    "fusion: mlp": {"fusion": "mlp"},
    "fusion: transformer": {"fusion": "transformer"},
    "2d: none": {"image_alignment": "none"},
    "2d: unsupervised": {"image_alignment": "unsupervised"},
    "2d: segmentation": {"image_alignment": "segmentation"},
    "2d: heatmap2.5d": {"image_alignment": "heatmap2.5d"},
    "iterations: 1": {"iterations": 1},
    "iterations: 2": {"iterations": 2},
    "iterations: 4": {"iterations": 4},
}
"""What each row changes in the landmark preset; ``full`` stands in every table."""

TABLES: dict[str, dict[str, tuple[str, float]]] = {
    "2 initial features": {
        "visual": ("visual", 7.95),
        "+ position": ("visual+position", 7.02),
        "+ global": ("full", 6.62),
    },
    "3 geometric alignment": {
        "Procrustes": ("alignment: procrustes", 7.00),
        "learned": ("full", 6.62),
        "true extrinsics": ("alignment: extrinsics", 6.31),
    },
    "3 fusion": {
        "MLP": ("fusion: mlp", 7.11),
        "transformer": ("fusion: transformer", 6.80),
        "pooled GCN": ("full", 6.62),
    },
    "3 2D alignment": {
        "none": ("2d: none", 7.52),
        "no supervision": ("2d: unsupervised", 7.01),
        "segmentation": ("2d: segmentation", 6.83),
        "2.5D heatmap": ("2d: heatmap2.5d", 7.22),
        "2D heatmap": ("full", 6.62),
    },
    "4 iterations": {
        "1": ("iterations: 1", 6.93),
        "2": ("iterations: 2", 6.71),
        "3": ("full", 6.62),
        "4": ("iterations: 4", 6.70),
    },
}
"""Rows of each table: ours, and the paper's MPJPE on DexYCB, mm."""


def run_row(name: str, steps: int, seed: int, folder: Path) -> None:
    """Trains and scores one row on one thread; writes ``result.json`` into its folder."""
    from bridge.model.a3net.complexity import complexity

    from bridge.model.a3net.baselines import BASELINES
    from bridge.model.hand.layer import open_hand_layer
    from bridge.model.synthetic import test_set
    from bridge.model.training.config import load_config
    from bridge.model.training.evaluation import evaluate, fused
    from bridge.model.training.networks import architecture
    from bridge.model.training.run import train
    from bridge.model.training.weights import load_network

    torch.set_num_threads(1)
    config = load_config(
        "cpu",
        changes=[f"schedule.steps={steps}", f"schedule.seed={seed}", "schedule.average=0.99"],
    )
    model = config.model.model_copy(update={"changes": ROWS[name]})
    began = time.perf_counter()
    weights = train(config.model_copy(update={"model": model}), folder, device="cpu")
    seconds = time.perf_counter() - began
    network, _ = load_network(weights, open_hand_layer())
    source = test_set()
    methods = {"a3net": fused(network)}
    if name == "full":
        methods |= {label: partial(method, network) for label, method in BASELINES.items()}
    found = {label: evaluate(m, source, views=VIEWS) for label, m in methods.items()}
    if name == "full":
        found["a3net, 1 view"] = evaluate(methods["a3net"], source, views=1)
        found["a3net, 2 views"] = evaluate(methods["a3net"], source, views=2)
    size = complexity(architecture("a3net").configure("landmarks", ROWS[name]), views=VIEWS)
    result = {
        "train_s": round(seconds, 1),
        "parameters": size.parameters,
        "macs": size.flops,
        "methods": {label: evaluation.to_dict() for label, evaluation in found.items()},
    }
    (folder / "result.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def summarise(runs: Path, steps: int, seed: int) -> dict[str, Any]:
    """All rows that are done, and each table with the order of its rows beside the paper's."""
    rows = {
        name: json.loads((path / "result.json").read_text(encoding="utf-8"))
        for name in ROWS
        if (path := folder_of(runs, name)) and (path / "result.json").exists()
    }
    tables = {}
    for title, lines in TABLES.items():
        known = {label: (row, paper) for label, (row, paper) in lines.items() if row in rows}
        ours = {label: mpjpe(rows[row]) for label, (row, _) in known.items()}
        agreed, pairs, separate = 0, 0, 0
        labels = list(known)
        for i, a in enumerate(labels):
            for b in labels[i + 1 :]:
                pairs += 1
                same = (ours[a]["mean"] < ours[b]["mean"]) == (known[a][1] < known[b][1])
                apart = ours[a]["high"] < ours[b]["low"] or ours[b]["high"] < ours[a]["low"]
                agreed += same
                separate += apart
        tables[title] = {
            "rows": {
                label: {"mpjpe_mm": ours[label], "paper_mpjpe_mm": known[label][1]}
                for label in labels
            },
            "pairs": pairs,
            "pairs_in_the_papers_order": agreed,
            "pairs_with_separate_intervals": separate,
        }
    return {"steps": steps, "seed": seed, "views": VIEWS, "tables": tables, "rows": rows}


def mpjpe(row: dict[str, Any]) -> dict[str, float]:
    return dict(row["methods"]["a3net"]["metrics"]["mpjpe_mm"])


def folder_of(runs: Path, name: str) -> Path:
    return runs / name.replace(": ", "_").replace("+", "_").replace(" ", "_")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="rows at a time, a thread each")
    parser.add_argument("--runs", type=Path, default=Path("runs/a3net_tables"))
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--one", choices=list(ROWS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_row(options.one, options.steps, options.seed, folder_of(options.runs, options.one))
        return
    waiting = [r for r in options.rows if not (folder_of(options.runs, r) / "result.json").exists()]
    running: dict[str, subprocess.Popen[bytes]] = {}
    while waiting or running:
        while waiting and len(running) < options.jobs:
            name = waiting.pop(0)
            print(f"{name}: begun", flush=True)
            own = ["--steps", str(options.steps), "--seed", str(options.seed)]
            running[name] = subprocess.Popen(
                [sys.executable, __file__, "--one", name, *own, "--runs", str(options.runs)]
            )
        time.sleep(1)
        for name, process in list(running.items()):
            if process.poll() is not None:
                del running[name]
                print(f"{name}: {'done' if process.returncode == 0 else 'FAILED'}", flush=True)
    path = write_report("a3net_tables", summarise(options.runs, options.steps, options.seed))
    print(path)


if __name__ == "__main__":
    main()
