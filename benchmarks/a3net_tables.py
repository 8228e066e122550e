"""The paper's Tables 1 to 4 on the synthetic test set: every row trained alike, and shortly.

    python benchmarks/a3net_tables.py --steps 400 --jobs 1

Each row is A3-Net's landmark stem, made smaller, with one thing changed, trained from the same seed
on the same samples for the same number of steps, and scored on the fixed test set with three views.
A row that is done is kept in the folder ``--runs`` and taken again only if it was trained alike.
Together they become results/a3net_tables.json and docs/a3net_tables.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _a3net_order import TABLES, page, table_order
from _report import write_report

VIEWS = 3
PAGE = Path(__file__).resolve().parent.parent / "docs" / "a3net_tables.md"

SMALL: dict[str, Any] = {"channels": 32, "points": 48, "fusion_channels": 48}
"""What all rows have smaller than the landmark preset."""

ROWS: dict[str, dict[str, Any]] = {
    "full": {},
    "visual": {"position": False, "global_context": False},
    "visual+position": {"global_context": False},
    "alignment: procrustes": {"alignment": "procrustes"},
    "alignment: extrinsics": {"alignment": "extrinsics"},
    "fusion: mlp": {"fusion": "mlp"},
    "fusion: transformer": {"fusion": "transformer"},
    "iterations: 1": {"iterations": 1},
    "iterations: 2": {"iterations": 2},
    "iterations: 4": {"iterations": 4},
    "2d: none": {"image_alignment": "none"},
    "2d: unsupervised": {"image_alignment": "unsupervised"},
    "2d: segmentation": {"image_alignment": "segmentation"},
    "2d: heatmap2.5d": {"image_alignment": "heatmap2.5d"},
}
"""What each row changes; ``full`` stands in every table."""


def budget(steps: int, seed: int, name: str) -> dict[str, Any]:
    """All that a row's result depends on; a kept row with another one is trained again."""
    return {"steps": steps, "seed": seed, "views": VIEWS, "changes": SMALL | ROWS[name]}


def run_row(name: str, steps: int, seed: int, folder: Path) -> None:
    """Trains and scores one row on one thread; writes ``result.json`` into its folder."""
    from bridge.model.a3net import A3Net
    from bridge.model.a3net.baselines import BASELINES
    from bridge.model.a3net.complexity import complexity
    from bridge.model.synthetic import test_set
    from bridge.model.training.config import load_config
    from bridge.model.training.evaluation import evaluate_all, fused
    from bridge.model.training.run import train
    from bridge.model.training.weights import load_network

    torch.set_num_threads(1)
    schedule = {"steps": steps, "seed": seed, "warm_up": steps // 10, "average": 0.98}
    config = load_config(
        "cpu",
        changes=[f"data.views={VIEWS}", *(f"schedule.{key}={v}" for key, v in schedule.items())],
    )
    model = config.model.model_copy(update={"changes": SMALL | ROWS[name]})
    began = time.perf_counter()
    weights = train(config.model_copy(update={"model": model}), folder, device="cpu")
    seconds = time.perf_counter() - began
    network, _ = load_network(weights)
    methods = {"a3net": fused(network)}
    if name == "full":
        methods |= {label: partial(method, network) for label, method in BASELINES.items()}
    found = evaluate_all(methods, test_set(), views=VIEWS)
    counted = network.config
    if counted.alignment == "extrinsics":  # counted without labels: as long as Procrustes
        counted = replace(counted, alignment="procrustes")
    # A fresh one: what is loaded for inference has no parameters to train.
    size = complexity(A3Net(counted, network.hand), VIEWS)
    result = {
        "budget": budget(steps, seed, name),
        "train_s": round(seconds, 1),
        "parameters": size.parameters,
        "macs": size.flops,
        "methods": {label: evaluation.to_dict() for label, evaluation in found.items()},
    }
    np.save(folder / "mpjpe_mm.npy", found["a3net"].per_sample["mpjpe_mm"])
    (folder / "result.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def kept(runs: Path, name: str, steps: int, seed: int) -> dict[str, Any] | None:
    """A row's result, if there is one of the same budget."""
    try:
        text = (folder_of(runs, name) / "result.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    result: dict[str, Any] = json.loads(text)
    return result if result["budget"] == budget(steps, seed, name) else None


def folder_of(runs: Path, name: str) -> Path:
    return runs / name.replace(": ", "_").replace("+", "_").replace(" ", "_")


def summarise(runs: Path, steps: int, seed: int) -> dict[str, Any]:
    """All rows that are done, and each table with the order of its rows beside the paper's."""
    rows = {name: row for name in ROWS if (row := kept(runs, name, steps, seed)) is not None}
    errors = {name: np.load(folder_of(runs, name) / "mpjpe_mm.npy") for name in rows}
    tables = {title: table_order(lines, rows, errors) for title, lines in TABLES.items()}
    return {"steps": steps, "seed": seed, "views": VIEWS, "tables": tables, "rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="rows at a time, a thread each")
    parser.add_argument("--runs", type=Path, default=Path("runs/a3net_tables"))
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--one", choices=list(ROWS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    same = (options.steps, options.seed)
    if options.one:
        run_row(options.one, *same, folder_of(options.runs, options.one))
        return
    waiting = [row for row in options.rows if kept(options.runs, row, *same) is None]
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
    results = summarise(options.runs, *same)
    print(write_report("a3net_tables", results))
    PAGE.write_text(page(results), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
