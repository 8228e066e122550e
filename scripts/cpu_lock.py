"""Derives the lock for machines without a GPU from the full one.

    python scripts/cpu_lock.py requirements-train.lock requirements-train-cpu.lock [WHEEL ...]

PyPI's torch for Linux is built for CUDA and brings gigabytes of NVIDIA's packages. The CPU lock
leaves those out and asks for the CPU build, ``torch==VERSION+cpu``, with the hashes of the wheels
given here and of those that an earlier CPU lock has for the same version. Where pip finds no such
build (PyPI has none: it needs PIP_FIND_LINKS or PyTorch's own index), installing it fails at once
and the full lock serves.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

GPU_ONLY = re.compile(r"(cuda|nvidia|triton)\b")
HEADER = "# Made of requirements-train.lock by scripts/cpu_lock.py via: make lock\n"


def blocks(lock: str) -> list[str]:
    """One block for each pinned package, its hashes and comments with it."""
    body = "\n".join(line for line in lock.splitlines() if not line.startswith("#"))
    return re.split(r"\n(?=[a-z0-9])", body.strip())


def torch_block(lock: str) -> str:
    return next(block for block in blocks(lock) if block.startswith("torch=="))


def cpu_torch(version: str, former_lock: str, wheels: list[Path]) -> str:
    """The pin of the CPU build: ``version`` is ``torch==1.2.3``."""
    found = [f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}" for wheel in wheels]
    if former_lock and (former := torch_block(former_lock)).startswith(f"{version}+cpu"):
        found += re.findall(r"sha256:[0-9a-f]{64}", former)
    if not found:
        sys.exit(f"give a wheel of {version}+cpu: make lock WHEELS=...")
    return " \\\n".join([f"{version}+cpu", *(f"    --hash={h}" for h in dict.fromkeys(found))])


def main() -> None:
    full_path, cpu_path, *wheels = map(Path, sys.argv[1:])
    full = full_path.read_text(encoding="utf-8")
    former = cpu_path.read_text(encoding="utf-8") if cpu_path.exists() else ""
    version = torch_block(full).split()[0]
    kept = [
        cpu_torch(version, former, wheels) if block.startswith("torch==") else block
        for block in blocks(full)
        if not GPU_ONLY.match(block)
    ]
    # Comments that name a package that is no longer there would mislead.
    text = "\n".join(re.sub(r"\n +#.*", "", block) for block in kept)
    cpu_path.write_text(HEADER + text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
