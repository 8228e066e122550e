"""The public hand datasets as samples: DexYCB, HanCo, FreiHAND, HO3D, InterHand2.6M.

Nothing of them is shipped: each user downloads them from their owners (docs/datasets.md).
"""

from __future__ import annotations

from bridge.model.datasets.catalogue import FORMATS, DatasetFormat, recognise
from bridge.model.datasets.check import DatasetReport, check_dataset
from bridge.model.datasets.opening import open_dataset

__all__ = [
    "FORMATS",
    "DatasetFormat",
    "DatasetReport",
    "check_dataset",
    "open_dataset",
    "recognise",
]
