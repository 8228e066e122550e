"""Draws a sheet of synthetic samples: each row one hand in four views, as rendered and as seen.

Run: ``python scripts/synthetic_sheet.py`` writes ``docs/images/synthetic.png``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from bridge.model.synthetic import SyntheticImages
from bridge.protocol.joints import BONES

FILE = Path(__file__).parents[1] / "docs/images/synthetic.png"
VIEWS, RENDERED_PX, SHOWN_PX = 4, 256, 112
GREEN = (40, 220, 60)


def main() -> None:
    """Renders and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--numbers", type=int, nargs="+", default=[100, 102, 104, 206, 207, 211])
    parser.add_argument("--file", type=Path, default=FILE)
    arguments = parser.parse_args()
    source = SyntheticImages(0, size=RENDERED_PX, landmarks=True)
    batch = source.batch(arguments.numbers, views=VIEWS, augment=True)
    pictures = (255 * batch.images).byte().permute(0, 1, 3, 4, 2).numpy()
    rows = []
    for k in range(0, len(pictures), 2):
        row = []
        for sample in (k, k + 1):
            for view in range(VIEWS):
                tile = cv2.resize(
                    pictures[sample, view], (SHOWN_PX, SHOWN_PX), interpolation=cv2.INTER_AREA
                )
                # The last view of each hand is shown as the landmark net saw it.
                if view == VIEWS - 1 and batch.present[sample, view]:
                    points = (batch.landmarks[sample, view].numpy() + 1) * SHOWN_PX / 2 - 0.5
                    for a, b in BONES:
                        ends = [tuple(round(16 * float(v)) for v in points[i]) for i in (a, b)]
                        cv2.line(tile, *ends, GREEN, 1, cv2.LINE_AA, 4)
                row.append(tile)
        rows.append(np.concatenate(row, 1))
    sheet = Image.fromarray(np.concatenate(rows, 0))
    sheet = sheet.quantize(palette=sheet.quantize(256), dither=Image.Dither.FLOYDSTEINBERG)
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(arguments.file, optimize=True)
    print(f"{arguments.file}: {arguments.file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
