"""Apache Parquet: a column a quantity, for pandas, Polars, DuckDB, R and Spark."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from bridge.optional import require
from sdk_python._whole_file import whole_file
from sdk_python.export._blocks import Block, Progress, Source, blocks, last_shape
from sdk_python.export._columns import HANDS, KEYS, NUMBERS, numbers

__all__ = ["to_parquet"]


def to_parquet(
    recording: Source,
    path: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Writes the table of ``to_csv`` in the wide layout: two rows a pose, a column a number.

    ``time_s`` is float64, ``time_ns`` int64, ``hand`` a dictionary of left and right, all others
    float32; an absent hand's are null. The file's metadata has, under ``ghosthands``, a JSON
    object: the metadata of a recording file as texts, and ``betas`` and ``rest_joints_m``.

    Args:
        recording: What to write; a `RecordingFile` is read part by part.
        path: The file to make.
        overwrite: Replace one that exists.
        progress: Called with the poses done and their number.

    Raises:
        InputError: The recording has no poses, or the file exists or cannot be written.
        MissingDependencyError: pyarrow is not installed.
    """
    pa = require("pyarrow", extra="export")
    pq = require("pyarrow.parquet", extra="export")
    kinds = {"time_s": pa.float64(), "time_ns": pa.int64(), "hand": pa.dictionary("int8", "string")}
    columns = [(name, kinds.get(name, pa.float32())) for name in (*KEYS, *NUMBERS)]
    schema = pa.schema(columns, metadata={"ghosthands": _about(recording)})
    with (
        whole_file(path, overwrite=overwrite) as file,
        pq.ParquetWriter(
            file,
            schema,
            compression="zstd",
            use_dictionary=["hand"],
            # The bytes of floats apart: neighbouring poses share the upper ones.
            use_byte_stream_split=list(NUMBERS),
        ) as writer,
    ):
        for block in blocks(recording, progress):
            writer.write_table(_table(pa, schema, block))


def _table(pa: Any, schema: Any, block: Block) -> Any:
    poses = len(block.time_s)
    sides = np.tile(np.arange(2, dtype=np.int8), poses)
    keys = [
        pa.array(np.repeat(block.time_s, 2)),
        pa.array(np.repeat(block.time_ns, 2)),
        pa.DictionaryArray.from_arrays(pa.array(sides), pa.array(HANDS)),
    ]
    values = np.ascontiguousarray(numbers(block).T)
    # from_pandas makes NaN null: absent, not a number that went wrong
    return pa.Table.from_arrays(
        keys + [pa.array(column, from_pandas=True) for column in values], schema=schema
    )


def _about(recording: Source) -> str:
    shapes = {
        name: [None if np.isnan(hand).any() else hand.tolist() for hand in hands]
        for name, hands in zip(("betas", "rest_joints_m"), last_shape(recording), strict=True)
    }
    return json.dumps(recording.metadata.to_record() | shapes)
