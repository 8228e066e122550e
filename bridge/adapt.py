"""Videos in, weights out: a network fine-tuned on a user's own recording, without annotation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.errors import InputError
from bridge.model.nets import HandNets
from bridge.model.pose import FloatArray, ViewHands
from bridge.model.selfcal.whose import calibrate_views
from bridge.model.tracker import HandTracker
from bridge.offline import view_names
from bridge.offsets import VideoOffset, find_offsets, watch
from bridge.streams import VideoFile, synchronised
from bridge.streams.merge import check_offsets

if TYPE_CHECKING:
    from bridge.model.hamuco.adaptation import Agreement
    from bridge.model.hamuco.recording import Recorded

__all__ = ["Adaptation", "Watched", "adapt_to_videos", "watch_videos"]

_ENOUGH_S = 30.0
_MOST_INSTANTS = 2000
"""More of a recording is thinned out evenly: pictures of one second are much the same."""

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
        files: The weights files, the first one to be named.
    """

    learned: int
    before: Agreement
    after: Agreement
    offsets: dict[str, VideoOffset]
    cameras_found: bool
    files: tuple[Path, ...]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "learned_samples": self.learned,
            "cameras_found": self.cameras_found,
            "held_out_before": self.before.to_dict(),
            "held_out_after": self.after.to_dict(),
            "offsets_s": {name: round(o.offset_s, 4) for name, o in self.offsets.items()},
        }


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen in some videos.

    Attributes:
        hands: Those that two views see at once, in the order of time.
        offsets: When each video begins, by its view's name; empty where that was given.
        rotation: ``(V, 3, 3)`` from the first camera's axes to each one's; None where the hands do
            not tell.
    """

    hands: list[Recorded]
    offsets: dict[str, VideoOffset]
    rotation: FloatArray | None


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
        hold_out: Share of the recording, its end, that is only scored on.
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
        save_weights,
        shipped_weights,
    )

    if len(videos) < 2:
        raise InputError(
            "adapting learns from what several views say of one hand: give two or more videos of"
            " the same moment, filmed from different sides"
        )
    if output.exists() and not overwrite:
        raise InputError(f"{output} exists: give another name, or --force to replace it")
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
    if not seen.hands:
        raise InputError(
            "no hand was seen by two views at once: film them from nearer, in even light, with the"
            " wrists in view, and all videos at the same time"
        )
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
    cameras_found = seen.rotation is not None
    return Adaptation(len(learned), before, after, seen.offsets, cameras_found, tuple(files))


def watch_videos(
    videos: Sequence[Path],
    nets: HandNets,
    crop_px: int | None,
    *,
    offsets_s: Sequence[float] | None = None,
    on_progress: Progress = lambda _done, _total: None,
) -> Watched:
    """Finds the hands of some videos, and by them how the cameras are turned.

    Args:
        videos: One file a view.
        nets: The hand nets.
        crop_px: Width of the pictures that the network takes; None for one that takes none.
        offsets_s: How much later each begins than the first; found as `reconstruct` does if None.
        on_progress: Called with frames done and, where the files say, how many there are.

    Raises:
        InputError: Not one usable offset for each video.
        VideoError: A file is not a readable video.
    """
    from bridge.model.hamuco.recording import cut_hands

    if offsets_s is not None:
        check_offsets(offsets_s, len(videos))
    names = view_names(videos)
    offsets: dict[str, VideoOffset] = {}
    hands: list[Recorded] = []
    instants: list[tuple[float, Sequence[ViewHands]]] = []
    with ExitStack() as stack:
        files = [
            stack.enter_context(VideoFile(path, view=name, allow_cut_short=True))
            for path, name in zip(videos, names, strict=True)
        ]
        if offsets_s is None:
            found = find_offsets(videos, see=lambda k: watch(files[k], nets, max_s=_ENOUGH_S))
            offsets = dict(zip(names, found, strict=True))
            offsets_s = [offset.offset_s for offset in found]
        tracker = HandTracker(nets)
        total = files[0].frame_count
        every = max(1, -(-(total or 0) // _MOST_INSTANTS))
        for number, instant in enumerate(synchronised(files, offsets_s=offsets_s)):
            images = {frame.view: frame.rgb() for frame in instant.frames}
            seen = {view.view: view for view in tracker.track(images)}
            if number % every == 0:
                time_s = instant.time_ns / 1e9
                instants.append((time_s, list(seen.values())))
                hands += cut_hands(
                    time_s,
                    [images.get(name) for name in names],
                    [seen.get(name) for name in names],
                    crop_px,
                )
            on_progress(number + 1, total)
    calibration = calibrate_views(instants, names)
    known = calibration is not None and calibration.usable.all()
    return Watched(hands, offsets, calibration.cameras.rotation if calibration and known else None)
