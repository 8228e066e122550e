"""What the small rendered set of the tests is."""

from __future__ import annotations

from pathlib import Path

from bridge.model.synthetic import rendered_shards
from bridge.model.synthetic.rendered_writer import write_rendered_set

SAMPLES, VIEWS, SIZE, SEED = 5, 3, 32, 4


def with_small_shards():
    original = rendered_shards.Description.__init__

    def init(self, **values):
        original(self, **({"shard": 2} | values))

    return init


def write(folder: Path, samples: int = SAMPLES, **options) -> None:
    write_rendered_set(folder, samples=samples, views=VIEWS, size=SIZE, seed=SEED, **options)
