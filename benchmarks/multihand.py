"""The single-stage multi-hand network: both supervisions, Table IV, and its time by hands.

    python benchmarks/multihand.py --train DIR --test DIR              # rows that are not yet done
    python benchmarks/multihand.py --train DIR --test DIR --rows weak full
    python benchmarks/multihand.py --speed

DIR are sets that ``ghosthands data render`` made (docs/multihand.md says which). A row is one
training run with the ``cpu`` configuration and its losses; all rows but ``weak`` and ``full`` have
``--steps`` steps, and begin at the flat hand with wide limits unless they say otherwise. Each is
scored on the same pictures and saved when it is done; a run that was cut off goes on. ``--speed``
measures one network pass against the two-stage path (palm detector, then the landmark net for every
hand) in one process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from _report import RESULTS, write_report

from bridge.model.hand.layer import open_hand_layer
from bridge.model.multihand import MultiHandNet
from bridge.model.multihand.config import LossWeights, MultiHandConfig
from bridge.model.multihand.pasting import PastedHands
from bridge.model.multihand.scoring import score_scenes, scored_pictures
from bridge.model.training.config import TrainConfig, load_config
from bridge.model.training.run import train
from bridge.model.training.weights import load_network, shipped_weights

NONE = {"regularisation": 0.0, "consistency": 0.0, "bones": 0.0, "photometric": 0.0}
REG, CON, BONE, PHO = ({name: getattr(LossWeights(), name)} for name in NONE)
TRUTH = {"joints": 5.0, "vertices": 5.0}


class Row(NamedTuple):
    """A training: what differs from the configuration ``cpu``."""

    losses: dict[str, float]
    paper_cm: str
    """The paper's PA-MPJPE (Table IV)."""
    augmented: bool = True
    mean_pose: str = "flat"
    limits: str = "passive"


EASE = {"mean_pose": "at_ease", "limits": "active"}
ROWS = {
    "weak": Row({}, "1.07", **EASE),
    "full": Row(TRUTH, "0.80", **EASE),
    "baseline": Row(NONE, "2.98", augmented=False),
    "reg": Row(NONE | REG, "1.66", augmented=False),
    "reg aug": Row(NONE | REG, "1.53"),
    "reg con": Row(NONE | REG | CON, "1.64", augmented=False),
    "reg con bone": Row(NONE | REG | CON | BONE, "1.43", augmented=False),
    "reg aug con": Row(NONE | REG | CON, "1.48"),
    "reg aug bone": Row(NONE | REG | BONE, "1.13"),
    "reg aug con bone": Row(NONE | REG | CON | BONE, "1.07"),
    "reg aug con bone pho": Row({}, "1.07"),
    "reg aug con bone 3d": Row(NONE | REG | CON | BONE | TRUTH, "0.80"),
    "reg aug con bone pho 3d": Row(TRUTH, "0.80"),
    "reg aug con bone pho, at ease": Row({}, "1.07", mean_pose="at_ease"),
    "reg aug con bone pho, at ease, active limits": Row({}, "1.07", **EASE),
    "reg aug con bone pho 3d, at ease, active limits": Row(TRUTH, "0.80", **EASE),
}
MAIN = ("weak", "full")
HANDS, SEED = (1, 2, 5, 10), 0
PICTURES = 100


def configured(row: str, options: argparse.Namespace) -> TrainConfig:
    """The run of a row."""
    asked = ROWS[row]
    steps = options.main_steps if row in MAIN else options.steps
    changes = [f"data.path={options.train}", f"schedule.seed={SEED}"]
    changes += [f"data.options.augmented={str(asked.augmented).lower()}"]
    changes += [f"model.changes.loss.{name}={value}" for name, value in asked.losses.items()]
    changes += [f"model.changes.mean_pose={asked.mean_pose}"]
    changes += [f"model.changes.limits={asked.limits}"]
    if steps is not None:
        # The first stage keeps its share of the run.
        usual = load_config("cpu", network="multihand")
        epoch = round(usual.data.options["epoch"] * steps / (usual.schedule.steps or steps))
        changes += [f"schedule.steps={steps}", f"data.options.epoch={epoch}"]
        changes += [f"schedule.warm_up={min(50, steps // 10)}"]
    return load_config("cpu", network="multihand", changes=changes)


def run_row(row: str, options: argparse.Namespace) -> dict[str, Any]:
    """Trains and scores one row; a row that is done is read."""
    folder = options.runs / row.replace(" ", "_")
    config = configured(row, options)
    done = folder / "scores.json"
    said = config.model_dump(mode="json")
    if done.exists() and (found := json.loads(done.read_text()))["run"] == said:
        return found
    began = time.process_time()
    weights = train(config, folder, device="cpu")
    trained = time.process_time() - began
    network, _ = load_network(weights)
    assert isinstance(network, MultiHandNet)
    source = scored_pictures(options.test, network.config, config.data.options)
    result = {
        "run": said,
        "steps": config.schedule.steps,
        "train_cpu_s": round(trained),
        "detected": score_scenes(network, source, pictures=PICTURES).to_dict(),
        "located": score_scenes(network, source, pictures=PICTURES, located=True).to_dict(),
    }
    done.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return result


def summary(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Ratios of weak to full supervision, beside the paper's 1.07 / 0.80 = 1.34."""
    found: dict[str, Any] = {}
    for way in ("detected", "located"):
        # Where nothing was found, which after few steps is a result too, there are no metrics.
        weak, full = (rows.get(name, {}).get(way, {}).get("metrics") for name in MAIN)
        if weak and full:
            found[way] = {
                metric: round(weak[metric]["mean"] / full[metric]["mean"], 3)
                for metric in ("pa_mpjpe_mm", "pa_mpvpe_mm", "epe_mm", "pixel")
            }
    return {"paper": 1.34, **found}


def speed() -> dict[str, Any]:
    """Milliseconds for one picture with 1, 2, 5 and 10 hands, medians, all ways in one process."""
    import tempfile

    from bridge.model.ensemble import MultiHand
    from bridge.model.landmarks import find
    from bridge.model.multihand.export import export_onnx
    from bridge.model.nets import HandNets
    from bridge.model.nets.providers import default_threads
    from bridge.model.palm import Palm, detect
    from bridge.model.synthetic import SyntheticImages

    network = shipped_network()
    size = network.config.size
    torch.set_num_threads(default_threads())  # as onnxruntime has
    nets = HandNets()
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(network, Path(folder) / "net.onnx")
        onnx = MultiHand(Path(folder) / "net.onnx")
    hands = SyntheticImages(SEED, epoch=64, size=128)
    rows: dict[str, Any] = {}
    for count in HANDS:
        # Ten hands fit side by side; the same sizes for all counts.
        side = size // 4
        source = PastedHands(
            hands, size=size, sides=(side, side), least=count, most=count, whole=0.0, overlap=0.1
        )
        scene = source.batch([count], views=1, augment=False)
        picture = (255 * scene.images[0].permute(1, 2, 0)).round().byte().numpy()
        points = scene.keypoints_px[0][scene.valid[0]].double().numpy()

        def single(scene: Any = scene) -> Any:
            with torch.inference_mode():
                return network.detect(scene.images)

        def given(scene: Any = scene) -> Any:
            """The network, told to take so many hands: whether it finds them all or not."""
            with torch.inference_mode():
                return network(scene)

        # What is found of a drawing differs; the second stage is timed on the true hands.
        rois = [Palm(1.0, _palm_box(p), _palm_points(p)).roi for p in points]
        crops = [(picture, roi) for roi in rois]
        rows[str(count)] = {
            "hands": len(points),
            "single_torch_ms": median_ms(single),
            "single_torch_all_hands_ms": median_ms(given),
            "single_onnx_ms": median_ms(lambda picture=picture: onnx(picture)),
            "two_stage_onnx_ms": median_ms(
                lambda picture=picture, crops=crops: (detect(nets, [picture]), find(nets, crops))
            ),
        }
        print(count, rows[str(count)], flush=True)
    last, first = rows[str(HANDS[-1])], rows[str(HANDS[0])]
    growth = {name: round(last[name] / first[name], 2) for name in first if name.endswith("_ms")}
    return {"size_px": size, "by_hands": rows, "ten_hands_over_one": growth}


def shipped_network() -> MultiHandNet:
    """The shipped network; untrained where none is shipped, which takes the same time."""
    from bridge.errors import ModelError

    try:
        network, _ = load_network(shipped_weights("multihand"))
    except ModelError:
        network = MultiHandNet(small_config(), open_hand_layer()).eval()
    assert isinstance(network, MultiHandNet)
    return network


def small_config(name: str = "cpu") -> MultiHandConfig:
    """A shipped configuration's network, with no weights to begin from."""
    model = load_config(name, network="multihand").model
    changes = {k: v for k, v in model.changes.items() if k != "weights"}
    return MultiHandConfig.from_dict(getattr(MultiHandConfig, model.preset)().to_dict() | changes)


def _palm_points(keypoints: np.ndarray) -> np.ndarray:
    """The palm net's seven points of 21 true keypoints."""
    return keypoints[[0, 5, 9, 13, 17, 1, 2]]


def _palm_box(keypoints: np.ndarray) -> np.ndarray:
    palm = _palm_points(keypoints)
    low, high = palm.min(0), palm.max(0)
    return np.concatenate([(low + high) / 2, np.maximum(high - low, 1)])


def median_ms(call: Callable[[], Any], rounds: int = 31, warm_up: int = 5) -> float:
    """Median time of a call, after warming up."""
    for _ in range(warm_up):
        call()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 2)


def sizes() -> dict[str, Any]:
    """Parameters and multiply-accumulates of the paper's network and of the small one."""
    from bridge.model.multihand import complexity

    return {
        name: complexity(MultiHandNet(small_config(name), open_hand_layer()))._asdict()
        for name in ("paper", "cpu")
    }


def kept() -> dict[str, Any]:
    """Results that are there already: rows and speed are measured apart."""
    file = RESULTS / "multihand.json"
    if not file.exists():
        return {}
    results: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["results"]
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--train", type=Path, help="rendered set to train on")
    parser.add_argument("--test", type=Path, help="rendered set of another seed")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--steps", type=int, default=300, help="of the rows of Table IV")
    parser.add_argument("--main-steps", type=int, help="of weak and full; the configuration's")
    parser.add_argument("--runs", type=Path, default=Path("runs/multihand"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--speed", action="store_true", help="measure only the time by hands")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.speed:
        found = {"sizes": sizes(), "speed": speed()}
        write_report("multihand", kept() | found)
        return
    if options.train is None or options.test is None:
        parser.error("give --train and --test, or --speed")
    for row in options.rows:
        print(f"{row}: begun", flush=True)
        found = run_row(row, options)
        results = kept()
        rows = results.get("rows", {})
        shown = {k: v for k, v in found.items() if k != "run"}
        rows[row] = {"paper_pa_cm": ROWS[row].paper_cm, **shown}
        results |= {"rows": rows, "weak_over_full": summary(rows), "test_pictures": PICTURES}
        write_report("multihand", results)
        print(f"{row}: {found['located']['metrics']}", flush=True)


if __name__ == "__main__":
    main()
