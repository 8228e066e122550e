"""Several processes train as one does: the same batches, the same steps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bridge.model.training.checkpoint import read_tensors

SCRIPT = """
import importlib.util, sys
from pathlib import Path
import torch
from bridge.model.training.config import TrainConfig
from bridge.model.training.networks import Architecture
from bridge.model.training.run import _processes
from bridge.model.training.trainer import Trainer

spec = importlib.util.spec_from_file_location("tiny", sys.argv[1])
tiny = importlib.util.module_from_spec(spec)
sys.modules["tiny"] = tiny
spec.loader.exec_module(tiny)
config = TrainConfig.model_validate(
    {"schedule": {"steps": 5, "batch": 8, "rate": 0.01, "log_every": 1, "seed": 3}}
)
with _processes("cpu") as (device, first):
    torch.manual_seed(0)
    network = tiny.Linear(tiny.LinearConfig(), None)
    network.dropout.p = 0.0
    entry = Architecture(None, None, tiny.Linear, tiny.linear_loss)
    Trainer(
        config, entry=entry, network=network, model_config=tiny.LinearConfig(),
        source=tiny.LinearSource(), folder=Path(sys.argv[2]), device=device,
    ).run()
"""


@pytest.mark.slow
def test_two_processes_give_the_weights_that_one_gives(tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    tiny = Path(__file__).with_name("conftest.py")
    weights = []
    for count in (1, 2):
        launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
        folder = tmp_path / str(count)
        subprocess.run(
            [sys.executable, *(launch if count > 1 else []), script, tiny, folder],
            check=True,
            timeout=120,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        assert len((folder / "metrics.jsonl").read_text().splitlines()) == 5
        weights.append(read_tensors(folder / "checkpoint.safetensors")[0])
    for name, value in weights[0].items():
        torch.testing.assert_close(value, weights[1][name], rtol=1e-5, atol=1e-6)
