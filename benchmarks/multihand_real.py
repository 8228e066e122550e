"""The multi-hand network on real pictures: what it gains by learning from videos nobody annotated.

    ghosthands data label desk0.mp4 desk1.mp4 -o LABELS/desk   # likewise LABELS/piano, LABELS/both
    python benchmarks/multihand_real.py --labels LABELS --train DIR --test DIR --begin WEIGHTS

Each row goes on from WEIGHTS (``cpu``, fully supervised, see multihand.py) with the configuration
``real``: with pictures of one recording, or of both. Rows are scored on both recordings against the
labels: the one that a row has not seen tells how it does in
another room, with another person. ``early`` learns from the first 70 % of every video and is also
scored on the last 25 %: the same rooms and persons, later. On desk_two_views hands are also
compared in 3D with calibrated triangulation (benchmarks/_desk.py). A row that is done is kept in
``--runs``.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _desk import reference_m, track, videos
from _report import write_report

from bridge.model.ensemble.finder import fitted
from bridge.model.metrics import pa_mpjpe_mm
from bridge.model.multihand import MultiHandNet
from bridge.model.multihand.labelled import LABELS, Labelled, LabelledPictures, LabelledSet
from bridge.model.multihand.labelled_scenes import LabelledScenes
from bridge.model.multihand.scoring import score_scenes, scored_pictures
from bridge.model.training.bootstrap import bootstrap_mean
from bridge.model.training.config import TrainConfig, load_config
from bridge.model.training.run import train
from bridge.model.training.weights import load_network
from bridge.protocol.joints import Side
from bridge.streams import VideoFile

ROWS = ("piano", "both", "early")
"""Folders of the labels that each row learns from."""
RECORDINGS = ("desk", "piano")
EARLY, LATE = (0.0, 0.7), (0.75, 1.0)
THRESHOLDS = (0.2, 0.3, 0.4, 0.5)
PICTURES, PASTED = 200, 100


def configured(row: str, options: argparse.Namespace) -> TrainConfig:
    changes = [f"model.begin={options.begin}", f"data.path={options.train}"]
    changes.append(f"data.options.labelled={options.labels / row}")
    if options.steps is not None:
        changes.append(f"schedule.steps={options.steps}")
    return load_config("real", network="multihand", changes=changes)


def split(labels: Path) -> None:
    """Makes the sets ``early``, ``late_desk`` and ``late_piano`` of ``desk`` and ``piano``."""
    early: list[Labelled] = []
    for name in RECORDINGS:
        found = LabelledSet.model_validate_json((labels / name / LABELS).read_bytes())
        videos: dict[str, list[Labelled]] = {}
        for picture in found.pictures:
            videos.setdefault(picture.file.rpartition("_")[0], []).append(picture)
        late: list[Labelled] = []
        for (low, high), into in ((EARLY, early), (LATE, late)):
            for pictures in videos.values():
                into += pictures[round(low * len(pictures)) : round(high * len(pictures))]
        write_part(labels / name, labels / f"late_{name}", late)
    for name in RECORDINGS:
        write_part(labels / name, labels / "early", early)


def write_part(source: Path, folder: Path, pictures: list[Labelled]) -> None:
    """Writes some pictures' labels, and links those of them that the source has."""
    folder.mkdir(exist_ok=True)
    for picture in pictures:
        if (source / picture.file).exists() and not (folder / picture.file).exists():
            (folder / picture.file).hardlink_to(source / picture.file)
    text = LabelledSet(pictures=pictures).model_dump_json()
    (folder / LABELS).write_text(text, encoding="utf-8")


def run_row(row: str, options: argparse.Namespace) -> dict[str, Any]:
    """Trains and scores one row; a row that is done is read."""
    folder = options.runs / row
    done = folder / "scores.json"
    if done.exists():
        found: dict[str, Any] = json.loads(done.read_text())
        return found
    began = time.process_time()
    config = configured(row, options)
    weights = train(config, folder, device="cpu")
    scores = {
        "steps": config.schedule.steps,
        "train_cpu_s": round(time.process_time() - began),
        **scored(weights, options),
    }
    done.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    return scores


def scored(weights: Path, options: argparse.Namespace) -> dict[str, Any]:
    """A network on both recordings, and on pasted pictures of rendered hands."""
    network, about = load_network(weights)
    assert isinstance(network, MultiHandNet)
    found: dict[str, Any] = {}
    late = tuple(f"late_{name}" for name in RECORDINGS)
    for name in RECORDINGS + (late if weights.parent.name == "early" else ()):
        source = LabelledScenes(
            LabelledPictures(options.labels / name), size=network.config.size, count=PICTURES
        )
        found[name] = {}
        for threshold in THRESHOLDS:
            network.config = replace(network.config, threshold=threshold)
            scores = score_scenes(network, source, pictures=len(source))
            found[name][str(threshold)] = scores.to_dict()
    trained = about["run"]["data"]["options"]
    pasted = scored_pictures(options.test, network.config, trained)
    found["pasted"] = {}
    for threshold in THRESHOLDS:
        network.config = replace(network.config, threshold=threshold)
        found["pasted"][str(threshold)] = score_scenes(network, pasted, pictures=PASTED).to_dict()
    found["desk_3d"] = desk(network)
    return found


def desk(network: MultiHandNet) -> dict[str, Any]:
    """The surest hand of each picture in 3D, mm after Procrustes alignment, by camera."""
    seen = [[view.hands[Side.RIGHT] for view in views] for views in track()]
    both = [None not in hands for hands in seen]
    pixels = [[hand.landmarks_px for hand in hands if hand] for hands in seen]
    first, second = np.swapaxes([p for p in pixels if len(p) == 2], 0, 1)
    reference = reference_m(first, second)
    network.config = replace(network.config, threshold=0.05)
    result: dict[str, Any] = {}
    for k, path in enumerate(videos()):
        joints = []
        with VideoFile(path) as video:
            for frame, usable in zip(video.frames(), both, strict=False):
                if not usable:
                    continue
                square, _, _ = fitted(frame.rgb(), network.config.size)
                image = torch.from_numpy(square).permute(2, 0, 1)[None].float() / 255
                with torch.inference_mode():
                    hands = network.detect(image).hands
                found = hands.joints_m[:1].double().numpy()  # the surest is first
                joints.append(found[0] if len(found) else np.full((21, 3), np.nan))
        points = np.array(joints)
        there = np.isfinite(points).all((1, 2))
        errors = np.array(
            [pa_mpjpe_mm(p, r).value for p, r in zip(points[there], reference[there], strict=True)]
        )
        result[f"cam{k}"] = {
            "frames": len(points),
            "found": int(there.sum()),
            "pa_mpjpe_mm": bootstrap_mean(errors)._asdict() if len(errors) else None,
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--labels", type=Path, required=True, help="has desk, piano and both")
    parser.add_argument("--train", type=Path, required=True, help="rendered set to train on")
    parser.add_argument("--test", type=Path, required=True, help="rendered set of another seed")
    parser.add_argument("--begin", type=Path, required=True, help="weights to go on from")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--steps", type=int, help="else the configuration's")
    parser.add_argument("--runs", type=Path, default=Path("runs/multihand_real"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    split(options.labels)
    before = options.runs / "before.json"  # as the rows' scores are kept
    if not before.exists():
        options.runs.mkdir(parents=True, exist_ok=True)
        before.write_text(json.dumps(scored(options.begin, options)), encoding="utf-8")
    rows = {"before": json.loads(before.read_text())}
    for row in ROWS:
        if row in options.rows or (options.runs / row / "scores.json").exists():
            rows[row] = run_row(row, options)
            write_report("multihand_real", {"rows": rows})
            print(f"{row}: done", flush=True)


if __name__ == "__main__":
    main()
