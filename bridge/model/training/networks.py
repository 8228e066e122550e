"""The networks that can be trained, by name: one entry each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from bridge.errors import InputError
from bridge.model.a3net import A3Net, A3NetConfig, complexity
from bridge.model.a3net.baselines import BASELINES
from bridge.model.a3net.losses import a3net_loss
from bridge.model.hamuco import HaMuCo, HaMuCoConfig, hamuco_loss
from bridge.model.hamuco import complexity as hamuco_complexity
from bridge.model.hamuco.protocol import OTHER_OUTPUTS
from bridge.model.hand.layer import HandLayer
from bridge.model.multihand import MultiHandConfig, MultiHandNet, multihand_loss
from bridge.model.multihand import complexity as multihand_complexity
from bridge.model.simahand import SimaHand, SimaHandConfig, build_svr, simahand_loss
from bridge.model.simahand import complexity as simahand_complexity
from bridge.model.training.schedule import Moment

__all__ = ["NETWORKS", "Architecture", "architecture"]


@dataclass(frozen=True, slots=True)
class Architecture:
    """What training needs of a network.

    Attributes:
        configure: A preset's name and the changes to it give the network's configuration, which
            has ``to_dict``.
        restore: The configuration of such a dict, to be filled with trained weights.
        build: The network on a hand model.
        loss: Named losses of its output for a batch at a moment of the run; ``total`` is the one
            to minimise.
        size: The network's size for so many views, a named tuple of numbers; None where nobody
            counts it.
        baselines: What ``ghosthands eval`` scores beside the network's own answer, by name: takes
            the network and a batch of views.
        export: Writes a trained network as ONNX, with what is to be known of it, and gives the
            largest difference from PyTorch, relative; None where a network has no ONNX form.
    """

    configure: Callable[[str, Mapping[str, Any]], Any]
    restore: Callable[[Mapping[str, Any]], Any]
    build: Callable[[Any, HandLayer], nn.Module]
    loss: Callable[[Any, Any, Any, Moment], dict[str, Tensor]]
    size: Callable[[Any, int], Any] | None = None
    baselines: Mapping[str, Callable[[Any, Any], Any]] = field(default_factory=dict)
    export: Callable[[Any, Path, Mapping[str, Any]], float] | None = None


def _configured(name: str, kind: Any, *presets: str) -> Callable[[str, Mapping[str, Any]], Any]:
    """Makes a network's configuration of a preset's name and changes."""

    def configure(preset: str, changes: Mapping[str, Any]) -> Any:
        if preset not in presets:
            raise InputError(f"{name} has no preset {preset!r}: choose one of {', '.join(presets)}")
        return kind.from_dict(_merged(getattr(kind, preset)().to_dict(), changes))

    return configure


def _merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Values with changes; a table of which one entry is changed keeps the others."""
    merged = dict(values)
    for key, change in changes.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(change, Mapping):
            merged[key] = {**old, **change}
        else:
            merged[key] = change
    return merged


def _restored(kind: Any) -> Callable[[Mapping[str, Any]], Any]:
    """Makes the configuration of trained weights.

    Where their training once began is of no use: nothing may be downloaded, and no path that a
    file names may be opened.
    """
    begun = ("weights", "teacher")
    return lambda values: kind.from_dict({k: v for k, v in values.items() if k not in begun})


def _exported(package: str) -> Callable[[Any, Path, Mapping[str, Any]], float]:
    """Writes a network as ONNX and says how far that is from PyTorch; see ``Architecture``."""

    def export(net: nn.Module, path: Path, about: Mapping[str, Any]) -> float:
        # Here, not above: training needs no ONNX.
        module = import_module(f"bridge.model.{package}.export")
        module.export_onnx(net, path, about=about)
        return max(module.parity(net, path.read_bytes()).values())

    return export


NETWORKS = {
    "a3net": Architecture(
        configure=_configured("a3net", A3NetConfig, "paper", "landmarks"),
        restore=_restored(A3NetConfig),
        build=A3Net,
        loss=lambda output, views, config, _moment: a3net_loss(output, views, config),
        size=complexity,
        baselines=BASELINES,
        export=_exported("a3net"),
    ),
    "hamuco": Architecture(
        configure=_configured("hamuco", HaMuCoConfig, "paper", "cpu", "landmarks"),
        restore=_restored(HaMuCoConfig),
        build=HaMuCo,
        loss=hamuco_loss,
        size=hamuco_complexity,
        baselines=OTHER_OUTPUTS,
        export=_exported("hamuco"),
    ),
    "multihand": Architecture(
        configure=_configured("multihand", MultiHandConfig, "weak", "full"),
        restore=_restored(MultiHandConfig),
        build=MultiHandNet,
        loss=multihand_loss,
        size=multihand_complexity,
        export=_exported("multihand"),
    ),
    "simahand-mvr": Architecture(
        configure=_configured("simahand-mvr", SimaHandConfig, "paper_mvr", "landmarks_mvr"),
        restore=_restored(SimaHandConfig),
        build=SimaHand,
        loss=simahand_loss,
        size=simahand_complexity,
    ),
    "simahand-svr": Architecture(
        configure=_configured("simahand-svr", SimaHandConfig, "paper", "landmarks"),
        restore=_restored(SimaHandConfig),
        build=build_svr,
        loss=simahand_loss,
        size=simahand_complexity,
        export=_exported("simahand"),
    ),
}


def architecture(name: str) -> Architecture:
    """The entry of a name.

    Raises:
        InputError: There is none; the message lists those there are.
    """
    if name not in NETWORKS:
        raise InputError(f"unknown network {name!r}: choose one of {', '.join(NETWORKS)}")
    return NETWORKS[name]
