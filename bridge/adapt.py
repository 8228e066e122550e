"""Videos in, weights out: a network fine-tuned on a user's own recording, without annotation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.errors import InputError
from bridge.model.nets import HandNets
from bridge.offsets import VideoOffset
from bridge.watched import watch_videos

if TYPE_CHECKING:
    from bridge.model.hamuco.adaptation import Agreement

__all__ = ["Adaptation", "adapt_to_videos"]

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What came of it.

    Attributes:
        learned: Hands at instants that were learned from.
        before: Agreement on the part of the recording that was held out, as the network was.
        after: The same as it is now.
        offsets: When each video begins, by its view's name; empty where that was given.
        cameras_found: Whether the hands told where the cameras stand.
        notes: What was wrong with the videos and put right, for people.
        files: The weights files, the first one to be named.
    """

    learned: int
    before: Agreement
    after: Agreement
    offsets: dict[str, VideoOffset]
    cameras_found: bool
    notes: tuple[str, ...]
    files: tuple[Path, ...]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "learned_samples": self.learned,
            "cameras_found": self.cameras_found,
            "held_out_before": self.before.to_dict(),
            "held_out_after": self.after.to_dict(),
            "notes": list(self.notes),
            "offsets_s": {name: round(o.offset_s, 4) for name, o in self.offsets.items()},
        }


def adapt_to_videos(
    videos: Sequence[Path],
    output: Path,
    *,
    nets: HandNets,
    weights: Path | None = None,
    offsets_s: Sequence[float] | None = None,
    steps: int = 300,
    hold_out: float = 0.2,
    device: str = "auto",
    overwrite: bool = False,
    on_watched: Progress = lambda _done, _total: None,
    on_learned: Progress = lambda _done, _total: None,
) -> Adaptation:
    """Fine-tunes HaMuCo on videos of the same moment from several sides.

    Args:
        videos: One file a view, two at least.
        output: The weights file to write (.safetensors).
        nets: The hand nets: their keypoints are the labels.
        weights: Where to start; the shipped ones where None.
        offsets_s: How much later each video begins than the first; None to find out.
        steps: Batches of 8 hands at instants.
        hold_out: Share of the recording, its end, that is not learned from but scored on. Cameras
            are found by all of it.
        device: ``auto``, ``cpu`` or ``cuda``.
        overwrite: Whether an existing output may be replaced.
        on_watched: Called with frames watched and, where the files say, how many there are.
        on_learned: Called with steps done and in all.

    Raises:
        InputError: One video only, no hands that two views see at once, too short a recording,
            an option out of range, or an output that exists or cannot be written.
        ModelError: The weights cannot be used.
        VideoError: A file is not a readable video.
    """
    from bridge.model.hamuco import HaMuCo
    from bridge.model.hamuco.adaptation import adapt, agreement, split_in_time
    from bridge.model.hamuco.recording import RecordedHands
    from bridge.model.training.run import pick_device
    from bridge.model.training.weights import (
        hand_of,
        load_network,
        options_of,
        part_path,
        save_weights,
        shipped_weights,
    )

    if len(videos) < 2:
        raise InputError(
            "adapting learns from what several views say of one hand: give two or more videos of"
            " the same moment, filmed from different sides"
        )
    if len({path.resolve() for path in videos}) < len(videos):
        raise InputError("one of the videos is given twice: its views say nothing of each other")
    if not overwrite and (there := [p for p in (output, part_path(output, 2)) if p.exists()]):
        raise InputError(f"{there[0]} exists: give another name, or --force to replace it")
    if output.suffix != ".safetensors":
        raise InputError(f"the weights are a .safetensors file, not {output.name}")
    if steps < 1 or not 0.05 <= hold_out <= 0.5:
        raise InputError("take at least 1 step, and hold out 0.05 to 0.5 of the recording")
    place = pick_device(device)
    network, about = load_network(weights or shipped_weights("hamuco"))
    if not isinstance(network, HaMuCo):
        raise InputError(f"{weights} holds {about['network']}: adapting needs weights of hamuco")
    network.config = replace(network.config, alignment="procrustes", warm_up=0.25)
    network.to(place)

    size = network.config.crop_px if network.config.stem == "rgb" else None
    seen = watch_videos(videos, nets, size, offsets_s=offsets_s, on_progress=on_watched)
    known: dict[str, Any] = {
        "videos": len(videos),
        "size": size,
        "upright": bool(options_of(about).get("upright", True)),
    }
    learned, held_out = split_in_time(seen.hands, hold_out)
    kept = RecordedHands(held_out, **known)
    views = len(videos)
    before = agreement(network, kept, views=views)
    run = adapt(
        network,
        RecordedHands(learned, **known, rotation=seen.rotation),
        views=views,
        steps=steps,
        device=place,
        on_progress=on_learned,
    )
    after = agreement(network, kept, views=views)
    described = run.model_dump(mode="json")
    described["model"]["hand"] = hand_of(about)
    described["data"]["options"] = {"upright": known["upright"]}
    try:
        files = save_weights(
            output,
            network,
            name="hamuco",
            config=network.config,
            about={"run": described, "steps": steps, "adapted": True},
        )
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror or error}") from error
    return Adaptation(
        learned=len(learned),
        before=before,
        after=after,
        offsets=seen.offsets,
        cameras_found=seen.rotation is not None,
        notes=seen.notes,
        files=tuple(files),
    )
