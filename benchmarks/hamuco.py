"""HaMuCo's Table 4 on rendered hands with simulated 2D labels: every row the same short training.

    ghosthands data render -n 4096 --seed 2002 -o /tmp/rendered/train
    ghosthands data render -n 600 --seed 1001 --steady -o /tmp/rendered/test
    ghosthands data render -n 250 --seed 1001 --views 8 --size 32 --steady -o /tmp/rendered/test8
    python benchmarks/hamuco.py
    python benchmarks/hamuco.py --rows --by-views /tmp/rendered/test8

Labels are the truth with the shipped landmark net's errors, by its noise model: one draw for each
view, never the truth itself. Every row has the same seed, samples, order and number of steps. Rows
that differ from ``full`` in the losses after the warm-up only go on from its warm-up: up to there
they are the same, step for step. A row that is done is kept in the folder ``--runs``, and refused
if it was trained otherwise; a row that was cut off goes on. ``--by-views`` scores ``full``
with one to all views of another set: the paper has 8.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _hamuco_tables import ROWS, SHARES_WARM_UP, fusion_to_single, mean, summary
from _report import RESULTS, write_report

from bridge.model.synthetic.rendered_shards import read_description

VIEWS, SCORED = 4, 500
BY_VIEWS = "by_views.json"
CONFIGS = {"rgb": "cpu", "landmarks": "landmarks"}
"""The configuration that every row of a stem is trained by."""


def budget(options: argparse.Namespace, name: str) -> dict[str, Any]:
    """All that a row's result depends on."""
    return {
        "stem": options.stem,
        "steps": options.steps,
        "seed": options.seed,
        "train": str(options.train),
        "hands": read_description(options.train).samples,
        "test": str(options.test),
        "changes": ROWS[name],
    }


def folder_of(options: argparse.Namespace, name: str) -> Path:
    return Path(options.runs) / f"{options.stem}_{options.steps}" / name


def kept(options: argparse.Namespace, name: str) -> dict[str, Any] | None:
    """A row's result, if it is done."""
    try:
        text = (folder_of(options, name) / "result.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    result: dict[str, Any] = json.loads(text)
    if result["budget"] != budget(options, name):
        raise SystemExit(f"{folder_of(options, name)} has another training: name other --runs")
    return result


def run_row(options: argparse.Namespace, name: str) -> None:
    """Trains and scores one row; writes ``result.json`` into its folder."""
    from bridge.model.hamuco.protocol import score
    from bridge.model.synthetic.rendered_set import RenderedSet
    from bridge.model.training.config import load_config
    from bridge.model.training.networks import architecture
    from bridge.model.training.run import train
    from bridge.model.training.weights import load_network

    folder = folder_of(options, name)
    config = load_config(
        CONFIGS[options.stem],
        network="hamuco",
        changes=[f"schedule.steps={options.steps}", f"schedule.seed={options.seed}"],
    )
    model = config.model.model_copy(update={"changes": ROWS[name]})
    network_config = architecture("hamuco").configure(model.preset, model.changes)
    begins = round(network_config.warm_up * options.steps)
    config = config.model_copy(
        update={
            "model": model,
            "data": config.data.model_copy(update={"path": options.train}),
            "schedule": config.schedule.model_copy(update={"save_every": begins}),
        }
    )
    if name in SHARES_WARM_UP:
        take_warm_up(folder_of(options, "full"), folder, config, network_config)
    began = time.perf_counter()
    keep = partial(keep_warm_up, folder, begins) if name == "full" else (lambda _: None)
    weights = train(config, folder, device="cpu", on_progress=keep)
    seconds = time.perf_counter() - began
    network, _ = load_network(weights)
    pictures = {"size": network_config.crop_px, "masks": False, "images": options.stem == "rgb"}
    test, learned = (
        RenderedSet(path, landmarks=True, upright=True, mesh=False, **pictures)
        for path in (options.test, options.train)
    )
    scores = {
        "test": score(network, test, views=VIEWS, samples=SCORED),
        "train": score(network, learned, views=VIEWS, samples=SCORED),
    }
    for split, errors in scores.items():
        np.savez(folder / f"{split}_errors.npz", **errors)
    result = {"budget": budget(options, name), "train_s_of_this_run": round(seconds, 1)}
    (folder / "result.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def keep_warm_up(folder: Path, begins: int, progress: Any) -> None:
    """Keeps the checkpoint of the end of the warm-up, once it is written."""
    from bridge.model.training.checkpoint import read_tensors
    from bridge.model.training.trainer import CHECKPOINT

    kept_there = folder / "warm_up.safetensors"
    if progress.step > begins and not kept_there.exists():
        _, about = read_tensors(folder / CHECKPOINT)
        if about["step"] == begins:
            shutil.copyfile(folder / CHECKPOINT, kept_there)


def take_warm_up(full: Path, folder: Path, config: Any, network_config: Any) -> None:
    """Begins a row with the full row's warm-up: the same steps that it would take itself."""
    from bridge.model.training.checkpoint import read_tensors, write_tensors
    from bridge.model.training.trainer import CHECKPOINT

    source = full / "warm_up.safetensors"
    if (folder / CHECKPOINT).exists() or not source.exists():
        return
    tensors, about = read_tensors(source)
    run = config.model_dump(mode="json", exclude={"data": {"workers"}})
    if about["run"] | {"model": run["model"]} != run:
        return
    about |= {"run": run, "config": network_config.to_dict()}
    write_tensors(folder / CHECKPOINT, tensors, about)


def results(options: argparse.Namespace) -> dict[str, Any]:
    """All rows that are done, and what they show."""
    rows = {}
    for name in ROWS:
        if kept(options, name) is None:
            continue
        folder = folder_of(options, name)
        rows[name] = {
            split: dict(np.load(folder / f"{split}_errors.npz")) for split in ("test", "train")
        }
    about = {"steps": options.steps, "seed": options.seed, "views": VIEWS, "hands": SCORED}
    counted = folder_of(options, "full") / BY_VIEWS
    if "full" in rows and counted.exists():
        about["by_views"] = json.loads(counted.read_text(encoding="utf-8"))
    return about | summary(rows)


def count_views(options: argparse.Namespace) -> None:
    """Scores ``full`` by how many views look at a hand."""
    from bridge.model.hamuco.protocol import score
    from bridge.model.synthetic.rendered_set import RenderedSet
    from bridge.model.training.weights import load_network

    folder = folder_of(options, "full")
    network, _ = load_network(folder / "weights.safetensors")
    pictures = {"masks": False, "images": options.stem == "rgb"}
    source = RenderedSet(options.by_views, landmarks=True, upright=True, mesh=False, **pictures)
    found = {}
    for views in range(1, source.description.views + 1):
        errors = score(network, source, views=views)
        found[views] = {name: mean(values) for name, values in errors.items()}
        found[views]["fusion_to_single"] = fusion_to_single(errors)
    (folder / BY_VIEWS).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def report(options: argparse.Namespace) -> None:
    """Writes the results of this stem and length; others stay as they were."""
    try:
        found = json.loads((RESULTS / "hamuco.json").read_text(encoding="utf-8"))["results"]
    except FileNotFoundError:
        found = {}
    print(
        write_report("hamuco", found | {f"{options.stem}_{options.steps}": results(options)}),
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stem", choices=list(CONFIGS), default="landmarks")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train", type=Path, default=Path("/tmp/rendered/train"))
    parser.add_argument("--test", type=Path, default=Path("/tmp/rendered/test"))
    parser.add_argument("--runs", type=Path, default=Path("runs/hamuco"))
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--by-views", type=Path, help="a set of more views to score full on")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.rows:
        if kept(options, name) is None:
            print(f"{name}: begun", flush=True)
            run_row(options, name)
            print(f"{name}: done", flush=True)
        if kept(options, "full") is not None:
            report(options)
    if options.by_views is not None:
        count_views(options)
    report(options)


if __name__ == "__main__":
    main()
