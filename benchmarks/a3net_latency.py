"""How long A3-Net takes for one hand: PyTorch eager, torch.compile and ONNX, for 1 to 4 views.

    python benchmarks/a3net_latency.py

The shipped landmark network, and the paper's RGB network without trained weights, whose time is the
same. All in one process in turn, so that ratios to eager mode mean something on a noisy machine.
CUDA is measured where there is one.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import torch
from _report import write_report
from torch import Tensor, nn

from bridge.model.a3net import A3Net, A3NetConfig
from bridge.model.a3net.export import INPUTS, OPSET, OUTPUTS, export_onnx, parity
from bridge.model.hand.layer import open_hand_layer
from bridge.model.nets.providers import CPU, CUDA, usable_providers
from bridge.model.nets.session import open_session
from bridge.optional import require

WARM_UP, SEED = 3, 0
VIEWS = (1, 2, 3, 4)


class Whole(nn.Module):
    """The network from tensors to tensors, as it is exported."""

    def __init__(self, network: A3Net) -> None:
        super().__init__()
        self.network = network

    def forward(self, data: Tensor, confidence: Tensor | None, focal: Tensor) -> tuple[Tensor, ...]:
        present = torch.ones_like(focal, dtype=torch.bool)
        return self.network.export_forward(data, confidence, focal, present)


def median_ms(call: Callable[[], Any], rounds: int) -> float:
    """Median time of a call, after warming up."""
    for _ in range(WARM_UP):
        call()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 2)


def networks() -> Iterator[tuple[str, A3Net]]:
    """The two networks, ready for inference."""
    from bridge.model.training.weights import load_network, shipped_weights

    shipped, _ = load_network(shipped_weights("a3net"))
    assert isinstance(shipped, A3Net)
    yield "landmarks", shipped
    torch.manual_seed(SEED)
    paper = A3Net(A3NetConfig.paper(), open_hand_layer()).eval()
    yield "rgb", paper.requires_grad_(requires_grad=False)


def inputs(config: A3NetConfig, views: int, device: str) -> tuple[Tensor, Tensor | None, Tensor]:
    """One hand in some views."""
    torch.manual_seed(SEED)
    focal = torch.full((1, views), 5.0, device=device)
    if config.stem == "rgb":
        return torch.rand(1, views, 3, config.crop_px, config.crop_px, device=device), None, focal
    landmarks = torch.rand(1, views, 21, 2, device=device) - 0.5
    return landmarks, torch.full((1, views, 21), 0.9, device=device), focal


@torch.inference_mode()
def measure(
    network: A3Net, onnx: bytes, device: str, rounds: int, compiled: Collection[int]
) -> dict[str, Any]:
    """Times by number of views; of ``torch.compile`` for some of these numbers."""
    eager = Whole(network).to(device)
    session = open_session(
        require("onnxruntime", extra="bridge"),
        onnx,
        [CUDA if device == "cuda" else CPU],
        torch.get_num_threads(),
    )
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None

    def timed(module: Callable[..., Any], given: tuple[Any, ...]) -> float:
        return median_ms(lambda: (module(*given), wait()), rounds)

    results = {}
    for views in VIEWS:
        given = inputs(network.config, views, device)
        feed = dict(
            zip(
                INPUTS[network.config.stem],
                (t.cpu().numpy() for t in given if t is not None),
                strict=True,
            )
        )
        times = {
            "eager_ms": timed(eager, given),
            "onnx_ms": median_ms(lambda feed=feed: session.run(OUTPUTS, feed), rounds),
        }
        if views in compiled:
            torch._dynamo.reset()
            began = time.perf_counter()
            fast = torch.compile(eager, dynamic=False)
            fast(*given)
            times["compilation_s"] = round(time.perf_counter() - began, 1)
            times["compiled_ms"] = timed(fast, given)
            times["compiled_to_eager"] = round(times["compiled_ms"] / times["eager_ms"], 3)
        times["onnx_to_eager"] = round(times["onnx_ms"] / times["eager_ms"], 3)
        results[f"{views} views"] = times
        print(device, views, times, flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument(
        "--compile",
        type=int,
        nargs="*",
        default=[2],
        metavar="VIEWS",
        help="numbers of views for which torch.compile is measured, some minutes each",
    )
    options = parser.parse_args()
    devices = ["cpu"]
    if torch.cuda.is_available() and CUDA in usable_providers(
        require("onnxruntime", extra="bridge")
    ):
        devices.append("cuda")
    results: dict[str, Any] = {
        "rounds": options.rounds,
        "seed": SEED,
        "opset": OPSET,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    for name, network in networks():
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{name}.onnx"
            export_onnx(network, file)
            onnx = file.read_bytes()
        found: dict[str, Any] = {"onnx_mb": round(len(onnx) / 1e6, 2)}
        found["relative_difference"] = {
            f"{views} views": float(f"{worst:.2e}")
            for views, worst in parity(network, onnx).items()
        }
        for device in devices:
            found[device] = measure(network, onnx, device, options.rounds, compiled=options.compile)
            network.to("cpu")
        results[name] = found
    print(write_report("a3net_latency", results))


if __name__ == "__main__":
    main()
