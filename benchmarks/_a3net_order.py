"""Whether rows of an ablation stand in the paper's order: pair by pair, and as a page."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.model.training.bootstrap import bootstrap_mean

TABLES: dict[str, dict[str, tuple[str, float]]] = {
    "Table 2: initial point features": {
        "visual": ("visual", 7.95),
        "visual + position": ("visual+position", 7.02),
        "visual + position + global": ("full", 6.62),
    },
    "Table 3: geometric alignment": {
        "Procrustes": ("alignment: procrustes", 7.00),
        "learned": ("full", 6.62),
        "true extrinsics": ("alignment: extrinsics", 6.31),
    },
    "Table 3: 3D alignment, fusion of the views": {
        "MLP": ("fusion: mlp", 7.11),
        "transformer": ("fusion: transformer", 6.80),
        "pooled GCN": ("full", 6.62),
    },
    "Table 3: 2D alignment": {
        "none": ("2d: none", 7.52),
        "no supervision": ("2d: unsupervised", 7.01),
        "segmentation": ("2d: segmentation", 6.83),
        "2.5D heatmap": ("2d: heatmap2.5d", 7.22),
        "2D heatmap": ("full", 6.62),
    },
    "Table 4: iterations": {
        "1": ("iterations: 1", 6.93),
        "2": ("iterations: 2", 6.71),
        "3": ("full", 6.62),
        "4": ("iterations: 4", 6.70),
    },
}
"""Rows of each table: ours, and the paper's MPJPE on DexYCB, mm."""

METHODS = {
    "first_view": "the first view alone",
    "best_view": "the best single view (an oracle chooses)",
    "aligned_mean": "mean of the views, aligned by Procrustes",
    "extrinsic_mean": "mean of the views, by true extrinsics",
    "triangulated": "triangulation with the true cameras",
    "a3net": "A3-Net",
}
"""Rows of Table 1 that can be had here, and what they are called."""


def table_order(
    lines: dict[str, tuple[str, float]],
    rows: dict[str, dict[str, Any]],
    errors: dict[str, NDArray[np.float64]],
) -> dict[str, Any]:
    """One table: its rows, and for each pair of them which is better here and in the paper.

    The interval of a pair is that of the mean difference over the same samples; it says how certain
    the test set is of the order, not how certain another training seed would be.
    """
    known = {label: line for label, line in lines.items() if line[0] in rows}
    pairs = []
    for a, b in combinations(known, 2):
        difference = bootstrap_mean(errors[known[a][0]] - errors[known[b][0]])
        theirs = known[a][1] - known[b][1]
        certain = difference.low > 0 or difference.high < 0
        agrees = (difference.mean > 0) == (theirs > 0)
        pairs.append(
            {
                "pair": [a, b],
                "difference_mm": {k: round(v, 3) for k, v in difference._asdict().items()},
                "paper_difference_mm": round(theirs, 3),
                "verdict": "undecided" if not certain else "agrees" if agrees else "differs",
            }
        )
    signs = [np.sign(p["difference_mm"]["mean"]) * np.sign(p["paper_difference_mm"]) for p in pairs]
    return {
        "rows": {
            label: {
                "mpjpe_mm": metric(rows[row], "mpjpe_mm"),
                "pa_mpjpe_mm": metric(rows[row], "pa_mpjpe_mm"),
                "paper_mpjpe_mm": paper,
            }
            for label, (row, paper) in known.items()
        },
        "pairs": pairs,
        "kendall_tau": round(float(np.mean(signs)), 3) if signs else None,
    }


def metric(row: dict[str, Any], name: str, method: str = "a3net") -> dict[str, float]:
    return dict(row["methods"][method]["metrics"][name])


def page(results: dict[str, Any]) -> str:
    """The Markdown page."""
    rows = results["rows"]
    text = [
        "# A3-Net's tables, run again",
        "",
        (
            "Written by `benchmarks/a3net_tables.py`; do not edit. "
            f"All rows: the landmark stem made small, {results['steps']} steps of 64 hands in "
            f"{results['views']} views, seed {results['seed']}, the same samples and order, "
            "scored on the fixed [synthetic test set](synthetic.md) (2,000 hands, 95 % bootstrap "
            "intervals). The paper trained RGB networks for 30 epochs on DexYCB: only the order of "
            "rows can be compared. What the numbers mean is said in [a3net.md](a3net.md)."
        ),
    ]
    if "full" in rows:
        text += ["", "## Table 1: against other ways to use the same views", ""]
        text += ["| method | MPJPE | PA-MPJPE | MPVPE |", "|---|---|---|---|"]
        for name, label in METHODS.items():
            found = rows["full"]["methods"].get(name)
            if found is not None:
                cells = (
                    shown(found["metrics"].get(k)) for k in ("mpjpe_mm", "pa_mpjpe_mm", "mpvpe_mm")
                )
                text.append(f"| {label} | {' | '.join(cells)} |")
    for title, table in results["tables"].items():
        text += ["", f"## {title}", "", "| row | here, MPJPE mm | PA | paper, MPJPE mm |"]
        text += ["|---|---|---|---|"]
        for label, row in table["rows"].items():
            text.append(
                f"| {label} | {shown(row['mpjpe_mm'])} | {row['pa_mpjpe_mm']['mean']:.2f} |"
                f" {row['paper_mpjpe_mm']:.2f} |"
            )
        verdicts = [pair["verdict"] for pair in table["pairs"]]
        agree, differ, open_ = (verdicts.count(v) for v in ("agrees", "differs", "undecided"))
        text += [""]
        text.append(
            f"Of {len(verdicts)} pairs of rows {agree} stand in the paper's order, {differ} in the "
            f"other, {open_} cannot be told apart (the paired interval holds 0); Kendall's tau "
            f"{table['kendall_tau']}."
        )
        for pair in table["pairs"]:
            if pair["verdict"] == "differs":
                a, b = pair["pair"]
                d = pair["difference_mm"]
                text.append(
                    f"- differs: {a} minus {b} is {d['mean']:+.2f} mm ({d['low']:+.2f} to"
                    f" {d['high']:+.2f}), in the paper {pair['paper_difference_mm']:+.2f}."
                )
    return "\n".join(text) + "\n"


def shown(value: dict[str, float] | None) -> str:
    return (
        "-" if value is None else f"{value['mean']:.2f} ({value['low']:.2f} to {value['high']:.2f})"
    )
