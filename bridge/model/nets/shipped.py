"""Networks that were trained here and are shipped, as ONNX files."""

from __future__ import annotations

from importlib import resources

from bridge.errors import ModelError

__all__ = ["shipped_net"]


def shipped_net(what: str, file: str) -> bytes:
    """A network that is shipped, by its file within ``bridge.model``.

    Raises:
        ModelError: It cannot be read.
    """
    try:
        return resources.files("bridge.model").joinpath(file).read_bytes()
    except OSError as error:
        raise ModelError(
            f"{what}'s network {file} cannot be read ({error}): reinstall ghosthands, or train and "
            "export one (docs/training.md)"
        ) from error
