"""The demo's two videos: rendered once, kept in the user's cache, made to loop.

H.264 as browsers speak it: baseline profile, no B-frames, a keyframe every second, so a publisher
may pass it on without coding it again and a late viewer waits a second at most.
"""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

import bridge.model.hand
import bridge.model.render
from bridge.demo.cameras import CAMERAS
from bridge.demo.motion import HandMotion, hands_at
from bridge.demo.piece import PERIOD_S
from bridge.demo.scene import Scene
from bridge.errors import InputError

__all__ = [
    "FRAME_RATE",
    "N_FRAMES",
    "cache_directory",
    "demo_clips",
    "encode_clip",
    "render_clips",
    "scene_of",
]

logger = logging.getLogger(__name__)

FRAME_RATE = 30
N_FRAMES = round(PERIOD_S * FRAME_RATE)
"""Frames in a clip: one period of the piece, so frame ``N_FRAMES`` would be frame 0 again."""

PICTURE_MODULES = (
    "arm",
    "body",
    "cameras",
    "clips",
    "keyboard",
    "motion",
    "piece",
    "reach",
    "room",
    "scene",
    "shadow",
    "solids",
    "surfaces",
)
"""Modules of this package that change what the clips show."""

Progress = Callable[[int, int], None]

_BATCH = 10
_CODEC_OPTIONS = {
    "profile": "baseline",
    "level": "3.1",
    "preset": "veryfast",
    "crf": "19",
    "bf": "0",
    "g": str(FRAME_RATE),
    "keyint_min": str(FRAME_RATE),
    "sc_threshold": "0",
}


def cache_directory() -> Path:
    """Where rendered clips are kept: ``ghosthands`` in the system's folder for caches."""
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / "ghosthands"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "ghosthands"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ghosthands"
    return Path.home() / ".cache" / "ghosthands"


def demo_clips(
    directory: Path | None = None,
    *,
    progress: Progress | None = None,
    workers: int | None = None,
) -> dict[str, Path]:
    """The demo's clips by view name, rendered unless they are there already.

    Args:
        directory: Where to keep them; `cache_directory` where not given.
        progress: Called with frames done and frames in all; not called if nothing is to do.
        workers: Processes to render with; as many as there are cores where not given.

    Raises:
        InputError: The folder cannot be written to.
    """
    folder = cache_directory() if directory is None else directory
    version = _version()
    paths = {view: folder / f"demo-{view}-{version}.mp4" for view in CAMERAS}
    missing = [view for view, path in paths.items() if not path.is_file()]
    if not missing:
        return paths
    try:
        folder.mkdir(parents=True, exist_ok=True)
        render_clips({view: paths[view] for view in missing}, progress=progress, workers=workers)
    except OSError as error:
        raise InputError(f"cannot keep the demo's videos in {folder}: {error}") from error
    return paths


def render_clips(
    paths: Mapping[str, Path],
    *,
    frames: int = N_FRAMES,
    progress: Progress | None = None,
    workers: int | None = None,
) -> None:
    """Renders clips of the named views; each file appears when it is whole.

    Args:
        paths: View name to file.
        frames: How many frames from the start.
        progress: Called with frames done and frames in all.
        workers: Processes to render with; 1 renders in this one.
    """
    motion = hands_at(np.arange(frames) / FRAME_RATE)
    done, total = 0, frames * len(paths)
    with _Renderer(motion, workers or os.cpu_count() or 1) as renderer:
        for view, path in paths.items():
            logger.info("rendering %d frames of %s", frames, path.name)
            with _whole(path) as part:
                for _ in encode_clip(part, CAMERAS[view].size_px, renderer.pictures(view)):
                    done += 1
                    if progress is not None:
                        progress(done, total)


def encode_clip(
    path: Path, size_px: tuple[int, int], pictures: Iterator[NDArray[np.uint8]]
) -> Iterator[None]:
    """Encodes pictures to an mp4 file, yielding after each.

    Args:
        path: The file.
        size_px: ``(width, height)``.
        pictures: Planar YUV 4:2:0 (I420), ``(height * 3 / 2, width)``.
    """
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE, options=_CODEC_OPTIONS)
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, FRAME_RATE)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
            container.mux(stream.encode(frame))
            yield
        container.mux(stream.encode(None))


class _Renderer:
    """Renders in other processes, never more than a few batches ahead of who takes them."""

    def __init__(self, motion: HandMotion, workers: int) -> None:
        self._motion = motion
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> _Renderer:
        if self._workers > 1:
            # Not forked: the parent may run an event loop and threads.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def pictures(self, view: str) -> Iterator[NDArray[np.uint8]]:
        """All frames of a view in order."""
        starts = range(0, len(self._motion.wrist_m), _BATCH)
        if self._pool is None:
            for start in starts:
                yield from _render(view, start, self._motion.at(slice(start, start + _BATCH)))
            return
        ahead: deque[Future[list[NDArray[np.uint8]]]] = deque()
        for start in starts:
            part = self._motion.at(slice(start, start + _BATCH))
            ahead.append(self._pool.submit(_render, view, start, part))
            if len(ahead) > 2 * self._workers:
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()


def _render(view: str, first: int, motion: HandMotion) -> list[NDArray[np.uint8]]:
    """Some frames of a view in I420, from frame number ``first`` on."""
    cv2.setNumThreads(1)
    scene = scene_of(view)
    out = []
    for k in range(len(motion.wrist_m)):
        picture = scene.render((first + k) / FRAME_RATE, motion.at(slice(k, k + 1)))
        out.append(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8))
    return out


@cache
def scene_of(view: str) -> Scene:
    """The scene of a view, painted once a process."""
    return Scene(CAMERAS[view])


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A temporary name beside a file, which becomes the file if all goes well."""
    handle, name = tempfile.mkstemp(suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@cache
def _version() -> str:
    """Changes with whatever makes the pictures: code, hand and encoder's settings."""
    here = Path(__file__).parent
    hand, render = (Path(p.__path__[0]) for p in (bridge.model.hand, bridge.model.render))
    sources = [here / f"{module}.py" for module in PICTURE_MODULES]
    sources += [*sorted(render.glob("*.py")), hand / "open_hand.py", hand / "skinned_hand.py"]
    sources += sorted((hand / "data").glob("*.npz"))
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
