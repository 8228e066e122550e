"""Several processes train as one does: the same batches, the same steps, the same end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import torch

from bridge.model.training.checkpoint import read_tensors

SCRIPT = """
import importlib.util, os, signal, sys
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

def trainer(device):
    torch.manual_seed(0)
    network = tiny.Linear(tiny.LinearConfig(), None)
    network.dropout.p = 0.0
    entry = Architecture(None, None, tiny.Linear, tiny.linear_loss)
    return Trainer(
        config, entry=entry, network=network, model_config=tiny.LinearConfig(),
        source=tiny.LinearSource(), folder=Path(sys.argv[2]), device=device,
    )

with _processes("cpu") as (device, first):
    if sys.argv[3] == "interrupt":
        run = trainer(device)
        one_step = run._one_step

        def interrupted(views):
            # Only the second process hears of it.
            if run.step == 2 and not first:
                os.kill(os.getpid(), signal.SIGTERM)
            return one_step(views)

        run._one_step = interrupted
        try:
            run.run()
        except SystemExit as end:
            print(end.code, "at", run.step)
    # The checkpoint is the first process's: the others must not look before it is there.
    if torch.distributed.is_initialized():
        torch.distributed.barrier()
    last = trainer(device)
    last.run()
threads = [task.read_text() for task in Path("/proc/self/task").glob("*/comm")]
assert not any("gloo" in name for name in threads), threads
"""


def start(folder: Path, how: str, **environment: str) -> subprocess.Popen[str]:
    tiny = Path(__file__).with_name("conftest.py")
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, tiny, folder, how],
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_interrupted_and_resumed_give_the_weights_that_one_gives(tmp_path) -> None:
    """As torchrun starts them, by environment variables, but without its own process."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": str(port)}
    running = [start(tmp_path / "one", "whole")]
    running += [start(tmp_path / "two", "interrupt", RANK=str(k), **shared) for k in range(2)]
    try:
        said = [process.communicate(timeout=120)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [0, 0, 0]
    # A process that stopped alone would leave the other waiting for its gradients for ever.
    assert said[1:] == ["143 at 3\n"] * 2
    for folder in ("one", "two"):
        assert len((tmp_path / folder / "metrics.jsonl").read_text().splitlines()) == 5
    alone = read_tensors(tmp_path / "one" / "checkpoint.safetensors")[0]
    together = read_tensors(tmp_path / "two" / "checkpoint.safetensors")[0]
    assert alone.keys() == together.keys()
    for name, value in alone.items():
        torch.testing.assert_close(value, together[name], rtol=1e-5, atol=1e-6)
