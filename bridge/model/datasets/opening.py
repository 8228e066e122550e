"""Opening a dataset by its name, with options from a configuration."""

from __future__ import annotations

import logging
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.errors import InputError
from bridge.model.datasets.catalogue import open_reader, reader_options, recognise
from bridge.model.datasets.settings import SampleSettings
from bridge.optional import require

if TYPE_CHECKING:
    from bridge.model.training.sample import HandViews, SampleSource

__all__ = ["open_dataset"]

_log = logging.getLogger(__name__)


def open_dataset(
    name: str, path: Path | str, split: str = "train", **options: Any
) -> SampleSource[HandViews]:
    """One split of a dataset as samples.

    A folder with a part of a dataset can be opened too; a warning in the log then says what is
    missing, and that numbers are not those of the official split.

    Example::

        source = open_dataset("dexycb", "/data/dexycb", "test", size=256)
        views = source.batch([0, 1, 2], views=3, augment=False)

    Args:
        name: ``dexycb``, ``hanco``, ``freihand``, ``ho3d``, ``interhand26m``, or ``auto``, which
            recognises the folder.
        path: Its folder, see `FORMATS`.
        split: ``train``, ``val`` or ``test``; not all have ``val``.
        **options: Of `SampleSettings`, and the reader's own: ``hands`` (DexYCB, InterHand2.6M),
            ``variant`` (HanCo, FreiHAND), ``validated`` (HanCo).

    Raises:
        InputError: The folder, a file, the split or an option cannot be used.
        MissingDependencyError: PyTorch or PyYAML is not installed.
        ModelError: ``mano_path`` has no usable MANO files.
    """
    require("torch", extra="train")
    from bridge.model.datasets.source import DatasetSource

    folder = Path(path).expanduser()
    if name == "auto":
        name = recognise(folder)
    shared = {field.name for field in fields(SampleSettings)}
    own = reader_options(name)
    unknown = sorted(options.keys() - shared - own)
    if unknown:
        raise InputError(
            f"{name} has no option {', '.join(unknown)}: take some of"
            f" {', '.join(sorted(shared | own))}"
        )
    settings = SampleSettings(**{key: options[key] for key in options.keys() & shared})
    given = {key: options[key] for key in options.keys() & own}
    given["mano"] = settings.mano_path is not None
    reader = open_reader(name, folder, split, **given)
    for note in reader.notes:
        _log.warning("%s: %s", folder, note)
    return DatasetSource(reader, settings)
